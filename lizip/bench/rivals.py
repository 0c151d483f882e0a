"""What people use instead of lizip, behind one small interface, each saying what it loses. For `lizip bench`.

Every rival is given the same `Subject` and called in one thread. Their libraries are imported when a rival is used.
"""

from __future__ import annotations

from collections.abc import Iterable

from lizip.bench.lossless import GENERAL, LIZIP
from lizip.bench.lossy import DRACO, LASZIP
from lizip.bench.subject import Rival

PUBLISHED = {"nuscenes": 43.7, "argoverse": 53.5}
"""Bits a point of the LiZIP paper's own method (arXiv 2603.23162): voxel sort, MLP, byte shuffle, lzma; x, y, z only,
to 10 um, order lost. From the paper, not run here. The paper's data are other sweeps of the same sets."""

RIVALS = {rival.name: rival for rival in (*LIZIP, *GENERAL, LASZIP, *DRACO)}
"""By name, in the order of the tables."""


def choose(names: Iterable[str] | None = None) -> list[Rival]:
    """Rivals by name, or all. Case does not matter; `lizip` is all its levels, `lizip --default` that one alone.

    Raises
    ------
    ValueError
        When a name is unknown.
    """
    if names is None:
        return list(RIVALS.values())
    chosen: list[Rival] = []
    for name in names:
        wanted = name.strip().casefold()
        if wanted == "lizip --default":
            chosen.append(RIVALS["lizip"])
            continue
        found = [r for r in RIVALS.values() if wanted in (r.name.casefold(), r.name.split()[0].casefold())]
        if not found:
            raise ValueError(f"unknown rival {name!r}; known are {', '.join(RIVALS)}")
        exact = [r for r in found if r.name.casefold() == wanted]
        chosen += exact if exact and wanted != "lizip" else found
    return list(dict.fromkeys(chosen))
