"""Ranges where coordinates were rounded more coarsely than a tick: any that comes out right will do, the steadiest is
taken. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.stages.beams import MAX_TICKS
from lizip.sensor.stages.rounding import HALF, rounding_units

_STEEP = 1e-6
"""A coordinate that moves by less than this share of a tick says nothing of the range."""
_TOLD = 1.5
"""Ticks are told apart where they are at least so many steps of the rounding long."""
_SURE = 1e-3
"""Share of a rounding step by which points stay away from its ends."""


def is_coarse(decimal: int, tick: float) -> bool:
    """Whether a rounding (see `lizip.sensor.stages.rounding`) leaves a choice of ranges, if only of a few."""
    return decimal >= HALF or (decimal > 0 and tick * decimal < _TOLD)


def settle_ranges(
    xyz: np.ndarray, ring: np.ndarray, decimal: int, points: np.ndarray, ahead: np.ndarray, ticks: np.ndarray
) -> None:
    """Choose ranges anew, in place.

    Parameters
    ----------
    xyz : (N, 3) float32
        Stored points, in the order of the file.
    ring : (N,) int32
        Negative where points are to be left alone.
    decimal : int
        Their rounding.
    points, ahead : (N, 3) float64
        Model points at `ticks`, and a tick further.
    ticks : (N,) int32
        0 where there is no range.
    """
    units = rounding_units(xyz, decimal)
    steady = np.zeros(int(ring.max(initial=0)) + 1, np.int64)
    _settle(xyz, ring, units, points, ahead, steady, ticks)


@kernel
def _settle(xyz, ring, units, points, ahead, steady, ticks):
    """Carry out `settle_ranges`; `steady` (R,) is the range of each ring so far."""
    for i in range(ring.size):
        if ring[i] < 0 or ticks[i] <= 0:
            continue
        low, high = -1e9, 1e9
        best_low, best_high = -1e9, 1e9
        widest = 0.0
        for axis in range(3):
            pace = ahead[i, axis] - points[i, axis]
            unit = np.float64(units[i, axis])
            if abs(pace) < _STEEP * unit:
                continue
            middle = (np.float64(xyz[i, axis]) - points[i, axis]) / pace
            half = (0.5 - _SURE) * unit / abs(pace)
            if abs(pace) > widest:
                # the axis along which the beam goes most says most surely where the point is
                widest = abs(pace)
                best_low, best_high = middle - half, middle + half
            low, high = max(low, middle - half), min(high, middle + half)
        if np.ceil(low) > np.floor(high):
            low, high = best_low, best_high
        if not (low > -1e6 and high < 1e6):
            continue
        wanted = np.float64(steady[ring[i]] - ticks[i])
        first, last = np.ceil(low), np.floor(high)
        chosen = min(max(wanted, first), last) if first <= last else np.rint(0.5 * (low + high))
        tick = np.int64(ticks[i]) + np.int64(chosen)
        if 0 < tick < MAX_TICKS:
            ticks[i] = np.int32(tick)
            steady[ring[i]] = tick
