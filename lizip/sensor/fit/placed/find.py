"""The driver's law and numbers of a sensor whose lasers sit beside the axis, from points whose laser is known."""

from __future__ import annotations

import numpy as np

from lizip.exact.single import MODERN, ROUNDED
from lizip.exact.trig import DEGREE, sines_of
from lizip.sensor.fit.driver.law import Found, share_exact
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.fit.placed.align import aligned
from lizip.sensor.fit.placed.exact import find_words, refit, share_of, try_turns, turned
from lizip.sensor.fit.placed.laser import Fitted, fit_laser
from lizip.sensor.fit.placed.lasers import elevations
from lizip.sensor.fit.placed.model import ASIDE, ELEVATION, FURTHER, MORE_X, MORE_Y, TURN, UP, Scratch, make_scratch
from lizip.sensor.stages.driver import TURN_UNITS, Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import DOUBLE_DISTANCE, PLACED, PLACED_EXACT, PLACED_SINGLE, UNIT_IN_SINGLE

_HEIGHT = 0.18
"""Metres that such lasers sit above the origin, about."""
_LEAST = 64
_PROBED = 3
_LEAST_SOLVED, _LEAST_EXACT = 0.96, 0.5
_DECIMALS = 8
_LAWS = tuple(
    DriverLaw(UNIT_IN_SINGLE, angle, sine, 0)
    for angle, sine in ((PLACED, ROUNDED), (PLACED_SINGLE, MODERN), (PLACED, MODERN), (PLACED_SINGLE, ROUNDED))
)
_TURNS = np.arange(-2000, 2001)
"""0.01 degrees that lasers look aside at most."""
_MANY, _SIEVE = 16, ((24, 60), (200, 1))
"""Lasers that are asked for these, by so many points, for as many to be left."""
_FURTHER, _AROUND, _SURE = (-0.3, 3.0), 0.4, 0.985
"""Metres that are added to ranges: from, to; how far lasers differ in that."""
_TIDY, _NEAR = 1e-4, 3e-6
"""Metres in which a horizontal offset that all lasers share is printed, and how near it is found."""


def _seen(xyz: np.ndarray) -> np.ndarray:
    """Points across, along and up, as `lizip.sensor.stages.driver.FRAMES` begins."""
    return np.ascontiguousarray(np.stack([-xyz[:, 1], xyz[:, 0], xyz[:, 2]], axis=1))


def find_placed(xyz: np.ndarray, laser: np.ndarray) -> tuple[Polar, Found] | None:
    """Find the law and numbers under which points xyz (N, 3) float32 of lasers (N,), negative for none, come out.

    Returns
    -------
    tuple or None
        Points by laser, and the driver; None where it is none of this kind.
    """
    scratch, known = make_scratch(), np.flatnonzero(laser >= 0)
    sort = known[np.argsort(laser[known], kind="stable")]
    bounds = np.searchsorted(laser[sort], np.arange(int(laser.max()) + 2))
    sizes = np.diff(bounds)
    fitted: dict[int, Fitted] = {}
    points = {k: _seen(xyz[sort[bounds[k] : bounds[k + 1]]]) for k in np.flatnonzero(sizes >= _LEAST).tolist()}
    failed = 0
    for k in sorted(points, key=lambda k: -sizes[k]):
        wide = points[k].astype(np.float64)
        rises = np.empty(len(wide))
        elevations(points[k], _HEIGHT, rises)
        found = fit_laser(scratch, wide, float(np.sort(rises)[len(rises) // 2]))
        if found is not None:
            fitted[k] = found
        else:
            failed += int(sizes[k])
        if failed > (1 - _LEAST_SOLVED) * len(sort):
            return None
    solved = sum(int(sizes[k]) for k in fitted)
    if solved < _LEAST_SOLVED * len(xyz[laser >= 0]) or len({each.tick for each in fitted.values()}) != 1:
        return None
    places = {k: sort[bounds[k] : bounds[k + 1]] for k in fitted}
    fitted = aligned(fitted, places)
    order = sorted(fitted, key=lambda k: -fitted[k].numbers[ELEVATION])
    polar = _polar(xyz, [places[k] for k in order], fitted[order[0]].tick)
    best = None
    if not _is_two_point(fitted):
        aside, law = _aside(fitted), DriverLaw(DOUBLE_DISTANCE, PLACED_EXACT, ROUNDED, 1)
        same = {k: refit(scratch, law, fitted[k], points[k], aside, table=False)[0] for k in order}
        driver, ticks, azimuth = _in_double(law, same, order)
        best = _share(driver, polar, ticks, azimuth)
    if best is None or best[1].share < _LEAST_EXACT:
        best = _in_single(scratch, fitted, points, order, polar)
    return best if best[1].share > _LEAST_EXACT else None


def _is_two_point(fitted: dict[int, Fitted]) -> bool:
    return any(each.numbers[[MORE_X, MORE_Y]].any() for each in fitted.values())


def _polar(xyz: np.ndarray, places: list[np.ndarray], tick: float) -> Polar:
    order = np.concatenate(places)
    bounds = np.concatenate([[0], np.cumsum([len(each) for each in places])])
    none = np.zeros(len(order))
    return Polar(order, bounds, np.ascontiguousarray(xyz[order]), none, none, none.astype(np.int64), tick)


def _share(driver: Driver, polar: Polar, ticks: np.ndarray, azimuth: np.ndarray) -> tuple[Polar, Found]:
    polar = polar._replace(ticks=ticks)
    return polar, Found(driver, azimuth, share_exact(driver, polar, azimuth, slice(None)))


def _aside(fitted: dict[int, Fitted]) -> float | None:
    """The horizontal offset that all lasers share but for the side; None where they differ."""
    middle = float(np.sort([abs(each.numbers[ASIDE]) for each in fitted.values()])[len(fitted) // 2])
    tidy = round(middle / _TIDY) * _TIDY
    return tidy if abs(middle - tidy) < _NEAR else None


def _in_double(law: DriverLaw, fitted: dict[int, Fitted], order: list[int]) -> tuple[Driver, np.ndarray, np.ndarray]:
    """As PCL computes: angles in degrees; what is above is not turned with the beam."""
    numbers = np.array([fitted[k].numbers for k in order])
    sine, cosine = sines_of(numbers[:, ELEVATION])
    up = numbers[:, UP] / cosine
    further = numbers[:, FURTHER] - numbers[:, UP] * sine / cosine
    more = np.zeros(len(order))
    angles = [numbers[:, ELEVATION] / DEGREE, -numbers[:, TURN] / DEGREE]
    printed = [
        Printed(np.rint(each * 10.0**_DECIMALS).astype(np.int64), _DECIMALS, False)
        for each in (*angles, up, numbers[:, ASIDE], further, more, more)
    ]
    tick = fitted[order[0]].tick
    driver = Driver(law, tick, printed[0], printed[1], places=tuple(printed[2:]))
    azimuth = np.concatenate([fitted[k].azimuth for k in order]) + TURN_UNITS // 4
    return driver, np.concatenate([fitted[k].ticks for k in order]), azimuth % TURN_UNITS


def _in_single(
    scratch: Scratch, fitted: dict[int, Fitted], points: dict[int, np.ndarray], order: list[int], polar: Polar
) -> tuple[Polar, Found]:
    """As velodyne_pointcloud computes."""
    likely = sorted(order, key=lambda k: -len(points[k]))[:_PROBED]
    law, middle = _LAWS[0], round(-fitted[likely[0]].numbers[TURN] / UNIT)
    fitted = {k: turned(each, middle) for k, each in fitted.items()}
    aside = _aside(fitted)
    # the azimuths of all lasers are known but for one whole number that they share
    fitted = {k: refit(scratch, law, each, points[k], aside, table=False)[0] for k, each in fitted.items()}
    turns, many = _TURNS, sorted(order, key=lambda k: -len(points[k]))[:_MANY]
    for sample, left in _SIEVE:
        total = np.sum([try_turns(law, fitted[k], points[k], turns, sample) for k in many], axis=0)
        turns = turns[np.argsort(-total, kind="stable")[:left]]
    fitted = {k: turned(each, int(turns[0])) for k, each in fitted.items()}
    words = {k: find_words(scratch, law, fitted[k], points[k], aside, _FURTHER) for k in likely}
    surest = max(likely, key=lambda k: words[k][1])
    law = max(_LAWS, key=lambda each: share_of(each, fitted[surest].tick, words[surest][0], points[surest]))
    if law != _LAWS[0]:
        words = {k: find_words(scratch, law, fitted[k], points[k], aside, _FURTHER) for k in likely}
    middle = float(np.sort([each.words[4] for each, _ in words.values()])[len(words) // 2])
    near = middle - _AROUND, middle + _AROUND
    for k in order:
        if k not in words:
            words[k] = find_words(scratch, law, fitted[k], points[k], aside, near)
    numbers = np.array([words[k][0].words for k in order]).astype(np.float32)
    printed = [Printed(each.view(np.uint32).astype(np.int64), -1, False) for each in np.ascontiguousarray(numbers.T)]
    driver = Driver(law, polar.tick, printed[0], printed[1], places=tuple(printed[2:]))
    ticks, azimuth = (np.concatenate([getattr(words[k][0], name) for k in order]) for name in ("ticks", "azimuth"))
    return _share(driver, polar, ticks, azimuth)
