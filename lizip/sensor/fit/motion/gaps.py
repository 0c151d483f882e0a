"""Where firings lack, before any pose is known: what azimuths turn by from one firing to the next. Encoder only.

A track is followed from firing to firing at an even pace, so packets that never came have to be known before it. Where
several points of a firing stand in one place, they are where the sensor was; seen from there azimuths are good to a
step or two. Where none do, points of a ring that are about equally far away tell how far it turned all the same.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.lattice.pairs import sensor_places
from lizip.sensor.fit.motion.firing import Sensor
from lizip.sensor.stages.firing_azimuths import TURN
from lizip.sensor.stages.pose import Mount

_UNIT = TURN / (2 * np.pi)
"""0.01 degrees a radian."""
_NEAREST = 1.0
"""Points nearer than this show no azimuth, m."""
_UNKNOWN, _KNOWN = (2.5, 0.03), (0.003, 0.003)
"""How far off the sensor's place may be and how far it may have moved since the firing before, m."""
_STEP = TURN / 1085
"""What a turn of 50 ms falls by from firing to firing, 0.01 degrees."""
_SURE = 1.0
"""Steps by which the number of firings that lack may be off: the track tells it exactly."""
_LEAST = 3
"""Fewer firings than so many are put in when the track is known."""


@kernel
def _measure(points, places, slot, azimuth, near):
    """Azimuths (F, R) at the firings' begin, 0.01 degrees, as seen from `places` (F, 3), and 1 / m of how far
    points (F, R, 3) are off; both NaN where that shows nothing."""
    for i in range(points.shape[0]):
        for j in range(points.shape[1]):
            x = points[i, j, 0] - places[i, 0]
            y = points[i, j, 1] - places[i, 1]
            rho = np.sqrt(x * x + y * y)
            azimuth[i, j] = np.nan
            near[i, j] = np.nan
            if _NEAREST < rho < 1e3:
                azimuth[i, j] = arctangent2(y, x) * _UNIT + slot[j] * (_STEP / 40.0)
                near[i, j] = 1.0 / rho


def find_gaps(points: np.ndarray, sensor: Sensor, end: Mount) -> np.ndarray:
    """Find how many firings lack before each, (F,) int64, from points (F, R, 3), NaN where there are none.

    Below 0: too many rows without points stand there.
    """
    places, known = sensor_places(points)
    if not known:
        places[:] = end.shift
    azimuth, near = np.empty(points.shape[:2]), np.empty(points.shape[:2])
    _measure(points, places, sensor.rhythm.slot, azimuth, near)
    gaps = np.zeros(len(points), np.int64)
    seen = np.flatnonzero((near > 0).any(axis=1))
    before, after = seen[:-1], seen[1:]
    turned, off = _turned(azimuth, near, before, after, _KNOWN if known else _UNKNOWN)
    count = np.rint(turned / _STEP).astype(np.int64) - (after - before)
    told = (off < _SURE * _STEP) & ((count >= _LEAST) | (after > before + 1))
    gaps[after] = np.where(told, count, 0)
    return gaps


def _turned(
    azimuth: np.ndarray, near: np.ndarray, before: np.ndarray, after: np.ndarray, doubt: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """What firings turned by, 0.01 degrees, and how far off that may be, (M,) each.

    By the rings that tell it best; where no ring shows in both firings, by the farthest point of each.
    """
    first, last = near[before], near[after]
    off = _UNIT * (doubt[0] * np.abs(first - last) + doubt[1] * np.minimum(first, last))
    off[np.isnan(off)] = np.inf
    surest = off.min(axis=1)
    fallen = _fallen(azimuth[before], azimuth[after])
    some = np.isfinite(surest)
    turned = np.zeros(len(before))
    told = np.where(off <= 2 * surest[:, None] + 1.0, fallen, np.nan)
    turned[some] = np.nanmedian(told[some], axis=1)
    rest = np.flatnonzero(~some)
    one, other = (np.nanargmin(each[rest], axis=1) for each in (first, last))
    turned[rest] = _fallen(azimuth[before[rest], one], azimuth[after[rest], other])
    surest[rest] = _UNIT * doubt[0] * (first[rest, one] + last[rest, other])
    return turned, surest


def _fallen(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far azimuths have fallen, a quarter of a turn up to three quarters down."""
    return (before - after + 0.25 * TURN) % TURN - 0.25 * TURN
