"""A cloud as it was before its coordinates were multiplied by a number: a unit of length, or any number, which is found
by ranges, which were whole ticks.

Ranges within a firing differ by whole ticks; in the spectrum of these differences the tick stands out, and against the
sensor's own it tells the factor to some millionths. The factor itself is the number near by with which every coordinate
is a product, rounded, of some float32: others leave gaps, and of numbers that leave none it is the plainest.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.relations.motion import DOUBLE, FORWARD, Motion
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.fit.motion.cells import lay_out
from lizip.sensor.fit.motion.firing import hdl32e
from lizip.sensor.fit.shuffled import is_shuffled

_LEAST_POINTS, _FIRINGS, _LEAST_DIFFERENCES = 512, 32, 256
_USUAL = 8.0
"""About how far points are off in the middle, m."""
_APART = (1, 2, 3)
"""Rings compared are so far apart: how the sensor moves they tell nearly alike."""
_NEAR, _BINS, _COARSEST = 0.02, 1 << 20, 256
"""Points nearer than this share of the farthest are none; bins of differences, and ticks in the longest, at least."""
_CLEAR = 0.35
"""Share of the whole spectrum that the tick's line has."""
_ABOUT, _EXACTLY = 2e-5, 1e-8
"""How well a line tells the factor, and how well the gaps do."""
_DIGITS, _SINGLES, _DOUBLES = 7, 400, 6001
"""Factors tried: decimals of so few digits, then so many float32 to both sides, and doubles at first."""
_SAMPLE, _FEW, _WHOLE = 30_000, 2500, 0.999
_FLOAT32 = np.dtype("<f4")
_UNITS = (1000.0, 100.0, 0.001, 0.01, 1 / 0.3048, 3.28084, 0.3048, 100 / 2.54, 39.3701)
"""Millimetres, centimetres, kilometres, hundreds of metres, feet and inches in a metre, and back."""


def undo_scale(xyz: np.ndarray, others: list[np.ndarray]) -> tuple[np.ndarray, Motion] | None:
    """Find points (N, 3) float32 whose multiple points xyz (N, 3) float32 are, beside further columns; None when they
    are in metres, and not those of an HDL-32E multiplied by some other number."""
    if len(xyz) < _LEAST_POINTS or is_shuffled(xyz):
        return None
    sample = np.ascontiguousarray(xyz[:: max(1, 3 * len(xyz) // _SAMPLE)]).ravel()
    sample = sample[np.isfinite(sample) & (sample != 0)]
    factor, arithmetic = _unit_of_length(sample)
    if not factor:
        found = _tick(xyz, others)
        if found is None or abs(found / hdl32e().tick - 1.0) < _ABOUT:
            return None
        factor, arithmetic = _find_factor(found / hdl32e().tick, sample)
        if _share(sample, factor) < _WHOLE:
            return None
    inner, _ = _divided(xyz, factor)
    matrix = np.concatenate([factor * np.eye(3), np.zeros((3, 1))], axis=1)
    return inner, Motion.of(inner, xyz, matrix, arithmetic)


def _unit_of_length(sample: np.ndarray) -> tuple[float, int]:
    """The unit of length in a metre that all of a sample (M,) were multiplied by, and the arithmetic; 0.0 if by none.

    Numbers that were not leave no gaps where products do.
    """
    few = sample[:: max(1, len(sample) // _FEW)]
    for unit in _UNITS if len(few) >= _LEAST_POINTS else ():
        for factor, arithmetic in ((float(np.float32(unit)), FORWARD), (unit, DOUBLE)):
            if _share(few, factor) == 1.0 == _share(sample, factor):
                return factor, arithmetic
    return 0.0, FORWARD


def _tick(xyz: np.ndarray, others: list[np.ndarray]) -> float | None:
    """What ranges of points (N, 3), m, are whole multiples of."""
    missing, nothing = find_missing(xyz)
    if missing.all():
        return None
    # by powers of two, a sensor's surroundings become about as large as usual
    octaves = np.rint(np.log2(_USUAL / max(float(np.median(np.abs(xyz[~missing]).max(axis=1))), 1e-30)))
    unit = np.float32(2.0 ** (octaves if abs(octaves) > 2 else 0))
    laid = lay_out(xyz * unit, others, missing, (nothing.view(_FLOAT32) * unit).view(np.uint32))
    if laid is None:
        return None
    points = laid.spread(xyz * unit)[-_FIRINGS:]
    distance = np.sqrt((points * points).sum(axis=2))
    if np.isnan(distance).all():
        return None
    with np.errstate(invalid="ignore"):
        distance[~(distance > _NEAR * np.nanmax(distance))] = np.nan
    differences = np.concatenate([(distance[:, lag:] - distance[:, :-lag]).ravel() for lag in _APART])
    differences = np.abs(differences[np.isfinite(differences)])
    if len(differences) < _LEAST_DIFFERENCES or not differences.any():
        return None
    frequency = _strongest(differences)
    return None if frequency is None else 1.0 / (frequency * float(unit))


def _strongest(differences: np.ndarray) -> float | None:
    """The frequency that stands out in differences (M,); None if none does."""
    longest = float(differences.max())
    step = longest / (_BINS // 2 - 1)
    spectrum = np.abs(np.fft.rfft(np.bincount((differences / step).astype(np.int64), minlength=_BINS)))
    spectrum[: 2 * _COARSEST] = 0
    at = int(np.argmax(spectrum[: _BINS // 4]))
    if spectrum[at] < _CLEAR * len(differences):
        return None
    frequency, width = at / (step * _BINS), 1.0 / longest
    for _ in range(6):
        near = frequency + width * np.linspace(-1, 1, 17)
        phase = 2 * np.pi * near[:, None] * differences
        frequency = float(near[np.argmax(np.hypot(np.cos(phase).sum(axis=1), np.sin(phase).sum(axis=1)))])
        width /= 4
    return frequency


def _find_factor(about: float, sample: np.ndarray) -> tuple[float, int]:
    """The factor near about one of which a sample (M,) are products, and the arithmetic."""
    for digits in range(1, _DIGITS + 1):
        plain = float(f"{about:.{digits}g}")
        for factor, arithmetic in ((float(np.float32(plain)), FORWARD), (plain, DOUBLE)):
            if abs(plain / about - 1.0) < _ABOUT and _share(sample, factor) == 1.0:
                return factor, arithmetic
    few = sample[:: max(1, len(sample) // _FEW)]
    place = int(to_ordinals(np.array([about], _FLOAT32))[0])
    singles = from_ordinals(np.arange(place - _SINGLES, place + _SINGLES + 1), _FLOAT32).astype(np.float64)
    single = max(singles.tolist(), key=lambda factor: _share(few, factor))
    if _share(sample, single) == 1.0:
        return single, FORWARD
    best, width = about, _ABOUT
    for count, tested in ((_DOUBLES, few), (61, sample), (61, sample)):
        near = best * (1.0 + width * np.linspace(-1, 1, count))
        best = max(near.tolist(), key=partial(_share, tested))
        width *= 8.0 / count
    share = _share(sample, best)
    decimals = (float(f"{best:.{digits}g}") for digits in range(1, 13))
    plausible = (each for each in decimals if abs(each / best - 1.0) < _EXACTLY)
    plain = next((each for each in plausible if _share(sample, each) >= share), best)
    return (plain, DOUBLE) if share > _share(sample, single) else (single, FORWARD)


def _share(sample: np.ndarray, factor: float) -> float:
    return float(_divided(sample, factor)[1].mean())


def _divided(products: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Floats whose products with a factor these are, as far as there are any; and where there are."""
    with np.errstate(all="ignore"):
        quotient = (products / np.float64(factor)).astype(_FLOAT32)
        right = (quotient * np.float64(factor)).astype(_FLOAT32) == products
        for limit in (np.float32(-np.inf), np.float32(np.inf)):
            near = np.nextafter(quotient, limit)
            better = ~right & ((near * np.float64(factor)).astype(_FLOAT32) == products)
            quotient, right = np.where(better, near, quotient), right | better
    return quotient, right
