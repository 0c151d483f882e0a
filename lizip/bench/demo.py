"""Shows the product on made-up sweeps: compressed, brought back, compared, beside gzip and LASzip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import lizip
from lizip import simulator
from lizip.bench.measure import Result, measure
from lizip.bench.rivals import RIVALS

SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "kitti.bin": ("HDL-64E, as KITTI stores it", partial(simulator.kitti, 1)),
    "nuscenes.pcd.bin": ("HDL-32E, as nuScenes stores it", partial(simulator.nuscenes, 1)),
    "airborne.las": ("airborne survey", partial(simulator.airborne_las, 1)),
}
"""File name -> what it is, and what makes it."""

_SHOWN = ("lizip", "gzip -9", "LASzip")


def show(folder: Path) -> Iterator[tuple[str, list[Result]]]:
    """Make the samples in a folder, compress each to a file and bring it back, and measure; yields what each is.

    Raises
    ------
    LizipError
        When a file does not come back byte for byte.
    """
    there = [RIVALS[name] for name in _SHOWN if not RIVALS[name].missing]
    for name, (description, make) in SAMPLES.items():
        path = folder / name
        path.write_bytes(make())
        packed = lizip.compress_file(path, force=True)
        lizip.decompress_file(packed, folder / f"back-{name}", force=True)
        yield description, [result for result in measure([str(path)], there, 0.0) if result.files]
