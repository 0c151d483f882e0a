"""Lasers that never returned anything, where every cell is stored: how many there are, and what signs their zeros have.

Some sensors fire a part of their lasers in turn, and some look at the sky. A driver computes their zeros all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.sensor.fit.driver.further import Sequence
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.driver import MAX_LASERS, Driver
from lizip.sensor.stages.driver_arithmetic import DOUBLE_ANGLES, FINE_ANGLES

_SAMPLE = 4000
_AGREE = 0.98
_STEEP = 1 << 6
"""Any elevation that is not level, in the units of its driver."""
_WIDEST, _STEPS = 20.0, (1.0, 0.1)
"""Degrees of offsets that are tried, coarsely and finely."""
_FEW = 300


class Fired(NamedTuple):
    """A grid, the stages from it to points, and the places (M,) of the points in the file."""

    ranges: np.ndarray
    stages: list[Stage]
    place: np.ndarray


def block_size(points: Sequence, count: int, lasers: int) -> int:
    """Cells of a block in a file of `count` that holds all of them; that of the lasers seen where nothing tells."""
    some = points.take(slice(None, None, 1 + len(points.place) // _SAMPLE))
    seen = np.unique(some.laser)
    for size in range(lasers, MAX_LASERS + 1):
        if count % size:
            continue
        at, usual = some.place % size, np.zeros(lasers, np.int64)
        usual[some.laser[::-1]] = at[::-1]
        if (usual[some.laser] == at).mean() > _AGREE and len(np.unique(usual[seen])) == len(seen):
            return size
    return lasers


def with_silent(driver: Driver, lasers: int) -> Driver:
    """The same with further lasers, up to so many, of which nothing is known."""
    more = np.zeros(lasers - len(driver.elevations.numbers), np.int64)
    elevations, offsets = (
        printed._replace(numbers=np.concatenate([printed.numbers, more]))
        for printed in (driver.elevations, driver.offsets)
    )
    return replace(driver, elevations=elevations, offsets=offsets)


def tell_silent(fired: Fired, xyz: np.ndarray, seen: int) -> Fired:
    """Let lasers from number `seen` on look where the zeros of a file (N, 3) have their signs, as far as possible."""
    returns = Returns(fired.ranges, None, (), len(xyz))
    *stages, driver = fired.stages
    assert isinstance(driver, Driver)
    for stage in stages:
        stage.apply(returns)
    law = driver.law.angle
    units = 25600.0 if law in FINE_ANGLES else 10.0**driver.offsets.decimals if law in DOUBLE_ANGLES else 0.0
    elevations, offsets = driver.elevations.numbers.copy(), driver.offsets.numbers.copy()
    for laser in range(seen, len(elevations)):
        which = np.flatnonzero(returns.ring == laser)
        signs, azimuth = np.signbit(xyz[fired.place[which]]), returns.column[which]
        elevations[laser] = -_STEEP if 2 * np.count_nonzero(signs[:, 2]) > len(which) else _STEEP
        if units:
            alone = replace(
                driver,
                elevations=driver.elevations._replace(numbers=elevations[laser : laser + 1]),
                offsets=driver.offsets._replace(numbers=offsets[laser : laser + 1]),
            )
            offsets[laser] = _offset(alone, azimuth, signs, units)
    elevation, offset = (
        printed._replace(numbers=numbers)
        for printed, numbers in ((driver.elevations, elevations), (driver.offsets, offsets))
    )
    return fired._replace(stages=[*stages, replace(driver, elevations=elevation, offsets=offset)])


def _offset(driver: Driver, azimuth: np.ndarray, signs: np.ndarray, units: float) -> int:
    """Offset of one laser, `units` a degree, under which most zeros (F, 3) have their signs at azimuths (F,)."""
    best, width = 0.0, _WIDEST
    for step in _STEPS:
        some = slice(None, None, 1 + len(azimuth) // _FEW if step == _STEPS[0] else 1)
        none = np.zeros(len(azimuth[some]), np.int64)
        tried = best + np.arange(-width, width + step / 2, step)
        right = []
        for degrees in tried:
            numbers = np.array([round(degrees * units)])
            one = replace(driver, offsets=driver.offsets._replace(numbers=numbers))
            points = one.points(none, azimuth[some], none)
            right.append(np.count_nonzero(np.signbit(points[:, :2]) == signs[some, :2]))
        equal = np.flatnonzero(np.array(right) == max(right))
        best, width = float(tried[equal[len(equal) // 2]]), step
    return round(best * units)
