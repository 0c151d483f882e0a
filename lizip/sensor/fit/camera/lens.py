"""The few numbers of a lens, and the arithmetic that turns pixels and depths into just these floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lizip.exact.ulp import from_steps, to_steps
from lizip.sensor.fit.camera.pixels import Pixels
from lizip.sensor.stages.pinhole import COUNTS_FIRST, DOUBLE, QUOTIENT, UNITS, Lens, counts_of

_SAMPLE, _MEASURED = 4096, 1 << 16
"""Points on which candidates are tried, and from which the numbers are measured."""

_DECIMALS = 9
_NEIGHBOURS = range(-2, 3)
_SINGLE = np.dtype("<f4")


def find_lens(xyz: np.ndarray, pixels: Pixels, levels: np.ndarray) -> Lens:
    """Find the lens that gives most coordinates exactly, on a sample of the points (N, 3) float32.

    `levels` are the depths that occur, float32.
    """
    sides = [axis for axis in range(3) if axis != pixels.forward]
    sides = sides[::-1] if pixels.swapped else sides
    every = np.abs(xyz[pixels.place, pixels.forward])
    step, seldom = max(1, len(every) // _SAMPLE), max(1, len(every) // _MEASURED)
    depth, best, most = every[::step], None, -1
    for unit in _units(levels):
        laws = [law for law in range(DOUBLE + 1) if law != COUNTS_FIRST or unit < len(UNITS)]
        right = dict.fromkeys(laws, 0)
        chosen: dict[int, list[Any]] = {law: [] for law in laws}
        for axis, pixel in enumerate((pixels.column, pixels.row)):
            actual = xyz[pixels.place, sides[axis]]
            deep = counts_of(unit, every[::seldom])[1]
            numbers = measured(pixel[::seldom], actual[::seldom], deep, pixels.centre[axis])
            for law in laws:
                hits = [
                    (_right(Lens(law, unit, (c, c), (f, f)), axis, pixel[::step], depth, actual[::step]), -i, c, f)
                    for i, (c, f) in enumerate(_numbers(law, unit, *numbers))
                ]
                hit, _, *found = max(hits)
                right[law] += hit
                chosen[law].append(found)
        law = max(laws, key=right.__getitem__)
        if right[law] > most:
            (c0, f0), (c1, f1) = chosen[law]
            best, most = Lens(law, unit, (c0, c1), (f0, f1)), right[law]
    assert best is not None
    return best


def measured(pixel: np.ndarray, actual: np.ndarray, deep: np.ndarray, centre: float) -> tuple[float, float]:
    """Centre and focal length by least squares; the error of a coordinate grows with it."""
    weight = 1 / (1 + np.abs(pixel - centre))
    slope, start = (float(value) for value in np.polyfit(pixel - centre, actual / deep, 1, w=weight))
    return centre - start / slope, 1 / slope


def _right(lens: Lens, axis: int, pixel: np.ndarray, depth: np.ndarray, actual: np.ndarray) -> int:
    """Coordinates that come out to the bit."""
    return int(np.count_nonzero(lens.sideways(axis, pixel, depth)[0].view(np.int32) == actual.view(np.int32)))


def _units(levels: np.ndarray) -> list[int]:
    """Units of which all depths are multiples, in float32 or double; the last stands for none."""
    found = []
    for index, unit in enumerate(UNITS):
        counts = np.rint(levels.astype(np.float64) * unit)
        quotient, product = (counts / unit).astype(np.float32), counts.astype(np.float32) * np.float32(1 / unit)
        if (quotient == levels).all() or (product == levels).all():
            found.append(index)
    return [*found[:1], len(UNITS)]


def _numbers(law: int, unit: int, centre: float, focal: float) -> Iterator[tuple[float, float]]:
    """Centres and focal lengths about the measured ones, as somebody may have written them."""
    if law == DOUBLE:
        yield from decimals_about(centre, focal)
        return
    if law == COUNTS_FIRST:
        focal = 1 / (focal * UNITS[unit])
    elif law != QUOTIENT:
        focal = 1 / focal
    singles = list(_about(focal))
    for c in dict.fromkeys([float(round(centre)), round(2 * centre) / 2, *_about(centre)]):
        for f in singles:
            yield c, f


def decimals_about(centre: float, focal: float) -> Iterator[tuple[float, float]]:
    """Centres and focal lengths as measured, as float32, and with few decimals."""
    yield centre, focal
    for f in dict.fromkeys([*(round(focal, digits) for digits in range(_DECIMALS + 1)), float(np.float32(focal))]):
        for c in dict.fromkeys(
            [*(round(centre, digits) for digits in range(_DECIMALS + 1)), float(np.float32(centre))]
        ):
            yield c, f
        yield centre, f


def _about(value: float) -> list[float]:
    """The float32 at a value, and its neighbours."""
    at = to_steps(np.array([value], _SINGLE))
    return [float(from_steps(at + away, _SINGLE)[0]) for away in (0, *(n for n in _NEIGHBOURS if n))]
