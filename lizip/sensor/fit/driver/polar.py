"""Points of a sensor at rest at the origin, seen from there: range ticks, lasers by elevation, azimuth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN, arctangent2
from lizip.jit import kernel
from lizip.sensor.stages.driver import MAX_LASERS

TICKS = (0.01, 0.005, 0.004, 0.0025, 0.002, 0.001)
"""Range resolutions of packets (m), the coarsest first: multiples of one are multiples of its parts too."""

_ON_TICK = 0.9
_GAP = 4e-7
"""Elevations (rad) of one laser lie closer than this to each other; float32 points are good to some 1e-7."""
_LEAST_GAP = 2e-5
"""Lasers lie at least this far apart (0.001 degrees)."""
_LEAST_OF_LASER = 4
_SCATTERED = 0.02


class Polar(NamedTuple):
    """Points by laser.

    Attributes
    ----------
    order : (K,) int64
        Places in the file of the points that belong to a laser, laser after laser, each in file order.
    bounds : (L + 1,) int64
        Where each laser begins; lasers from the highest down.
    xyz : (K, 3) float32
    level, azimuth : (K,) float64
        Distance from the axis (m), angle from x towards y, 0 to a turn (rad).
    ticks : (K,) int64
    tick : float
        Metres a tick.
    decimal : int
        What coordinates were rounded to, see `lizip.sensor.stages.rounding`.
    """

    order: np.ndarray
    bounds: np.ndarray
    xyz: np.ndarray
    level: np.ndarray
    azimuth: np.ndarray
    ticks: np.ndarray
    tick: float
    decimal: int = 0

    @property
    def laser(self) -> np.ndarray:
        """Laser of each point, (K,) int64."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))


@kernel
def _measure(xyz, level, reach, elevation, azimuth):
    for i in range(xyz.shape[0]):
        x = np.float64(xyz[i, 0])
        y = np.float64(xyz[i, 1])
        z = np.float64(xyz[i, 2])
        flat = np.sqrt(x * x + y * y)
        level[i] = flat
        reach[i] = np.sqrt(flat * flat + z * z)
        elevation[i] = arctangent2(z, flat)
        angle = arctangent2(y, x)
        azimuth[i] = angle + TURN if angle < 0.0 else angle


def find_tick(reach: np.ndarray) -> float | None:
    """The coarsest range resolution that distances (K,) are multiples of, to float32; None when there is none."""
    for tick in TICKS:
        away = reach / tick
        limit = 4e-7 * away + 1e-3
        on = (np.abs(away - np.rint(away)) < limit).mean() > _ON_TICK
        if on and (limit < 0.25).mean() > _ON_TICK:
            return tick
    return None


def find_polar(xyz: np.ndarray, valid: np.ndarray, decimal: int = 0) -> Polar | None:
    """Sort points by laser.

    Parameters
    ----------
    xyz : (N, 3) float32
    valid : (N,) bool
        Finite points that are not the origin.
    decimal : int
        Their rounding.

    Returns
    -------
    Polar or None
        None when ranges keep to no tick or elevations to no few lasers.
    """
    at = np.flatnonzero(valid)
    some = np.ascontiguousarray(xyz[at[:: 1 + len(at) // 2048]])
    shape = (4, len(some))
    level, reach, elevation, azimuth = np.empty(shape)
    _measure(some, level, reach, elevation, azimuth)
    tick = find_tick(reach)
    # far more elevations than lasers: no need to look at all points
    if tick is None or len(np.unique(np.rint(elevation / _LEAST_GAP))) > 2 * MAX_LASERS:
        return None
    points = np.ascontiguousarray(xyz[at])
    level, reach, elevation, azimuth = np.empty((4, len(at)))
    _measure(points, level, reach, elevation, azimuth)
    sort = np.argsort(-elevation, kind="stable")
    rising = -elevation[sort]
    starts = np.flatnonzero(np.diff(rising, prepend=-9.0) > _LEAST_GAP)
    ends = np.append(starts[1:], len(rising))
    width = np.abs(rising[ends - 1] - rising[starts])
    real = (ends - starts >= _LEAST_OF_LASER) & (width < _LEAST_GAP)
    count = int(np.count_nonzero(real))
    kept = np.repeat(real, ends - starts)
    if not 2 <= count <= MAX_LASERS or np.count_nonzero(~kept) > _SCATTERED * len(kept):
        return None
    laser = np.repeat(np.cumsum(real) - 1, ends - starts)[kept]
    inside = sort[kept]
    inside = inside[np.lexsort((inside, laser))]
    bounds = np.concatenate([[0], np.cumsum((ends - starts)[real])])
    ticks = np.rint(reach[inside] / tick).astype(np.int64)
    return Polar(at[inside], bounds, points[inside], level[inside], azimuth[inside], ticks, tick, decimal)
