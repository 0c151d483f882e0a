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
_UNKNOWN, _KNOWN = (2.5, 0.03), (0.004, 0.004)
"""How far off the sensor's place may be and how far it may have moved since the firing before, m."""
_STEP = TURN / 1085
"""What a turn of 50 ms falls by from firing to firing, 0.01 degrees."""
_SURE = 0.4
"""Steps by which half of the rings that tell may be off."""
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
    """What firings turned by, 0.01 degrees, and how far off that may be, (M,) each, by the rings that tell it best."""
    fallen = (azimuth[before] - azimuth[after] + 0.25 * TURN) % TURN - 0.25 * TURN
    off = doubt[0] * np.abs(near[before] - near[after]) + doubt[1] * np.minimum(near[before], near[after])
    off = np.where(np.isnan(off), np.inf, _UNIT * off)
    surest = off.min(axis=1)
    some = np.isfinite(surest)
    fallen = np.where(off <= 2 * surest[:, None] + 1.0, fallen, np.nan)
    turned = np.zeros(len(before))
    turned[some] = np.nanmedian(fallen[some], axis=1)
    return turned, surest
