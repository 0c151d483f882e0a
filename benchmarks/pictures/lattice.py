"""nuScenes' secret: the stored floats look like noise, turned back into the map they lie on a lattice."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.pictures.canvas import BLUE, label, new_figure, to_png
from lizip.errors import FormatError
from lizip.formats import split

FINER = 100
"""Points are drawn whose stored float32 is so many times finer than the map's: the near ones."""

NEAREST = 1.0
"""Nearer points (m) are no returns."""


def hidden_lattice(path: str | Path, name: str | None = None) -> bytes:
    """Draw a coordinate of a sweep modulo float32's spacing in the map, as stored and turned into the map's axes.

    Parameters
    ----------
    path : path
        A sweep whose points went through map coordinates in float32, as those of nuScenes.
    name : str, optional
        Shown in place of the file's name.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    FormatError
        When no lattice shows.
    """
    from lizip.sensor.fit.lattice.frame import find_far_frame, ulp
    from lizip.sensor.fit.missing import find_missing
    from lizip.sensor.fit.motion.cells import lay_out

    columns = list(split(Path(path).read_bytes()).columns.values())
    floats = len(columns) > 3 and all(column.dtype == np.dtype("<f4") for column in columns[:3])
    xyz = np.stack(columns[:3], axis=1) if floats else np.zeros((0, 3), "<f4")
    laid = lay_out(xyz, columns[3:], *find_missing(xyz))
    frame = find_far_frame(laid.spread(xyz)) if laid else None
    if frame is None or not frame.rounded[0]:
        raise FormatError(f"{path}: its points do not lie on a lattice of map coordinates")
    points = xyz.astype(np.float64)
    in_map = points @ frame.axes[0] + frame.offset[0]
    spacing = float(np.median(ulp(in_map)))
    near = np.flatnonzero((np.abs(points).max(axis=1) > NEAREST) & (ulp(points).max(axis=1) * FINER < spacing))
    figure, axes = new_figure(1, 2, 9.0, 3.2, sharey=True)
    power = f"$2^{{{round(np.log2(spacing))}}}$"
    for axis, values, title in (
        (axes[0, 0], points[near, 0], f"{name or Path(path).name}: x as the file has it"),
        (axes[0, 1], in_map[near], "the same points: x in the map's axes"),
    ):
        phase = (values / spacing + 0.5) % 1.0 - 0.5
        axis.plot(phase, ".", color=BLUE, markersize=1.8, markeredgewidth=0)
        label(axis, title, "near points, in the order of the file", "")
        axis.set_ylim(-0.5, 0.5)
    axes[0, 0].set_ylabel(f"remainder of x, in units of\n{power} m = {spacing * 1e3:.2g} mm", fontsize=10)
    return to_png(figure)
