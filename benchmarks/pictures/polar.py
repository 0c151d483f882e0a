"""What hides in a file's coordinates: a few neighbouring points, on the grid of the file and on that of the sensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.pictures.canvas import BLUE, RED, SMALL, label, new_figure, to_png
from benchmarks.pictures.grid import points_of
from lizip.errors import FormatError
from lizip.formats import split

HALF = 0.03
"""Half the width of the close-up, m."""

_RUN = 5
_NEAREST, _FARTHEST = 3.0, 5.0
_SLANT = np.radians(25)


def polar_grid(path: str | Path, name: str | None = None) -> bytes:
    """Draw a sweep from above and a few of its points close up: as stored, and as azimuth column and range tick.

    Parameters
    ----------
    path : path
        A sweep of a sensor at rest, ring by ring, in millimetres, as those of KITTI.
    name : str, optional
        Shown in place of the file's name.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    FormatError
        When the sweep is none of these, or has nothing smooth near the sensor.
    """
    from lizip.sensor.fit.azimuth_rings import calibrate
    from lizip.sensor.fit.explain import explain, match_rings
    from lizip.sensor.fit.rings import split_rings

    xyz = np.ascontiguousarray(points_of(split(Path(path).read_bytes())), np.float32)
    bounds = split_rings(*np.nan_to_num(xyz[:, :2].T), 192)
    calibration = None if bounds is None else calibrate(xyz, bounds)
    if calibration is None:
        raise FormatError(f"{path}: not a sweep in rings of whole millimetres")
    ring = np.repeat(match_rings(xyz, bounds, calibration), np.diff(bounds)).astype(np.int32)
    explained = explain(xyz, ring, calibration, 1)
    run = _choose(explained, ring)
    if run is None:
        raise FormatError(f"{path}: no smooth surface near the sensor to show")
    figure, axes = new_figure(1, 2, 9.0, 4.5)
    centre = explained.points(run)[:, :2].mean(axis=0)
    _overview(axes[0, 0], xyz, centre, name or Path(path).name)
    _close_up(axes[0, 1], xyz, explained, calibration, ring[run[0]], run, centre)
    return to_png(figure)


def _choose(explained, ring: np.ndarray) -> np.ndarray | None:
    """Neighbouring points of one ring on a smooth surface, at about the slant wanted; None when there are none."""
    points = explained.points()
    first = np.arange(len(points) - _RUN)
    last = first + _RUN - 1
    reach = np.sqrt((points[:, :2] ** 2).sum(axis=1))
    ticks = np.stack([explained.ticks[first + k] for k in range(_RUN)])
    fired = np.stack([explained.firing[first + k] for k in range(_RUN)])
    whole = np.all([explained.kept[first + k] for k in range(_RUN)], axis=0) & (ring[first] == ring[last])
    whole &= (reach[first] > _NEAREST) & (reach[first] < _FARTHEST) & (np.ptp(ticks, axis=0) <= 7)
    whole &= (np.ptp(ticks, axis=0) >= 3) & (np.diff(fired, axis=0) == 2).all(axis=0)
    if not whole.any():
        return None
    turned = np.arctan2(points[first, 1], points[first, 0])
    found = first[whole][np.argmin(np.abs(turned[whole] - _SLANT) + 0.1 * reach[first][whole])]
    return found + np.arange(_RUN)


def _overview(axis, xyz: np.ndarray, centre: np.ndarray, name: str) -> None:
    """Draw the points around the sensor from above."""
    axis.plot(xyz[:, 0], xyz[:, 1], ",", color=BLUE, alpha=0.5)
    axis.plot(*centre, "o", color=RED, markersize=11, markerfacecolor="none", markeredgewidth=2)
    axis.plot(0, 0, "+", color="black", markersize=9)
    axis.set_xlim(-25, 25)
    axis.set_ylim(-25, 25)
    axis.set_aspect("equal")
    label(axis, f"{name}, from above", "x (m)", "y (m)")


def _close_up(axis, xyz, explained, calibration, beam: int, run: np.ndarray, centre: np.ndarray) -> None:
    """Draw the columns and ticks of a beam around some of its points."""
    own_column = (explained.firing[run] - calibration.beams.shifts[beam]).astype(np.int32)
    columns = np.arange(own_column.min() - 8, own_column.max() + 9, dtype=np.int32)
    middle = int(np.median(explained.ticks[run]))
    ticks = np.arange(middle - 32, middle + 33, dtype=np.int32)
    grid = _points(calibration, beam, *np.meshgrid(columns, ticks, indexing="ij"))
    fine = dict(color=BLUE, linewidth=0.5, alpha=0.6)
    scale = 1e3
    shown = (grid[..., :2] - centre) * scale
    axis.plot(shown[..., 0].T, shown[..., 1].T, **fine)
    axis.plot(shown[..., 0], shown[..., 1], **fine)
    stored, model = (xyz[run, :2] - centre) * scale, (explained.points(run)[:, :2] - centre) * scale
    axis.plot(*model.T, "o", color=BLUE, markersize=5, label="the sensor: range tick on a beam's column")
    axis.plot(*stored.T, "s", color=RED, markersize=8, markerfacecolor="none", label="the file: whole millimetres")
    edge = HALF * scale
    axis.set_xlim(-edge, edge)
    axis.set_ylim(-edge, edge)
    axis.set_aspect("equal")
    title = (
        f"neighbours in a ring; {calibration.beams.tick * 1e3:g} mm by {360 / calibration.beams.columns:.2g} degrees"
    )
    label(axis, title, "x (mm, from the middle)", "y (mm)")
    axis.figure.legend(fontsize=SMALL, loc="outside lower right", ncols=2, frameon=False)


def _points(calibration, beam: int, column: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Points (*shape, 3) of one beam at columns and ticks of any one shape."""
    beams = np.full(column.size, beam, np.int32)
    return calibration.points(beams, column.ravel(), ticks.ravel()).reshape(*column.shape, 3)
