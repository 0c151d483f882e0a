"""The whole numbers behind the headings of the firings, and where their zero is. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, TURN, arctangent2, sincos
from lizip.jit import kernel
from lizip.sensor.fit.chunked.firings import BACK, STEP, Firings
from lizip.sensor.stages.slots import TURN as UNITS
from lizip.sensor.stages.slots import Lasers, angles

UNIT = 0.01 * DEGREE
_WINDOW, _HOP = 36, 12
_RATES = np.linspace(-1.0, 1.0, 321) * 55.296e-6 / UNIT
"""Yaw rates tried, units a firing: -1 to 1 rad/s."""

_COHERENT = 0.6
_MEAN_STEP = STEP / UNIT
_LARGEST_STEP = 29
"""Units from firing to firing beyond which one was missed."""

_CANDIDATES, _SAMPLES = 48, 4000
_CAP = 3e-7


class Azimuths(NamedTuple):
    """Whole azimuths.

    Attributes
    ----------
    azimuth : (F,) int64
        Of all firings of whole packets, ascending, not wrapped; those not seen are interpolated.
    seen : (F,) bool
    firing : (N,) int64
        The returns' firings, numbered anew.
    yaw : (F,) float64
        What the heading (rad) has beside minus the azimuth: smooth, and only known up to whole units.
    worst : float
        99 % of the firings are within this many units of a whole number.
    """

    azimuth: np.ndarray
    seen: np.ndarray
    firing: np.ndarray
    yaw: np.ndarray
    worst: float


@kernel
def _phasors(turns, out):
    for i in range(turns.size):
        sine, cosine = sincos(2.0 * np.pi * (turns.flat[i] - np.rint(turns.flat[i])))
        out[i, 0] = cosine
        out[i, 1] = sine


@kernel
def _best_rates(phasors, table, window, hop, out):
    """Fill out (W, 3): number of the best rate of each window, phase (turns) at its middle, coherence."""
    rates = table.shape[0] // window
    for k in range(out.shape[0]):
        first = k * hop
        best = -1.0
        for r in range(rates):
            real = 0.0
            imaginary = 0.0
            for i in range(window):
                c, s = phasors[first + i, 0], phasors[first + i, 1]
                a, b = table[r * window + i, 0], table[r * window + i, 1]
                real += a * c + b * s
                imaginary += a * s - b * c
            square = real * real + imaginary * imaginary
            if square > best:
                best = square
                out[k, 0] = r
                out[k, 1] = arctangent2(imaginary, real) / (2.0 * np.pi)
        out[k, 2] = np.sqrt(best) / window


def smooth_yaw(heading: np.ndarray, seen: np.ndarray, coherent: float = _COHERENT) -> np.ndarray | None:
    """Yaw (F,) in units, up to a whole number, that headings (F,), rad, have beside whole units.

    Phase and rate in windows, where those `seen` (F,) are `coherent`, followed from one window to the next.
    """
    count = len(heading)
    phasors = np.empty((count, 2))
    _phasors(heading / UNIT, phasors)
    phasors[~seen] = 0.0
    table = np.empty((len(_RATES) * _WINDOW, 2))
    _phasors(np.outer(_RATES, np.arange(_WINDOW) - (_WINDOW - 1) / 2), table)
    middle = np.arange(0, count - _WINDOW + 1, _HOP) + (_WINDOW - 1) / 2
    best = np.empty((len(middle), 3))
    _best_rates(phasors, table, _WINDOW, _HOP, best)
    good = np.flatnonzero(best[:, 2] > coherent)
    if len(good) < 8:
        return None
    middle, phase, rate = middle[good], best[good, 1], _RATES[best[good, 0].astype(np.int64)]
    yaw = phase.copy()
    for i in range(1, len(good)):
        gap = middle[i] - middle[i - 1]
        between = 0.5 * (rate[i] + rate[i - 1])
        if gap > _HOP:
            between = 0.5 * (np.median(rate[max(0, i - 4) : i]) + np.median(rate[i : i + 4]))
        expected = yaw[i - 1] + between * gap
        yaw[i] = expected + phase[i] - expected - np.rint(phase[i] - expected)
    place = np.arange(count)
    smooth = np.interp(place, middle, yaw)
    smooth = np.where(place < middle[0], yaw[0] + rate[0] * (place - middle[0]), smooth)
    return np.where(place > middle[-1], yaw[-1] + rate[-1] * (place - middle[-1]), smooth)


def find_azimuths(heading: np.ndarray, found: Firings, packet: int) -> Azimuths | None:
    """Round headings (F,) in radians to whole azimuths, and count firings over gaps by them."""
    seen, heading = np.flatnonzero(found.seen), heading.copy()
    turned = np.diff(heading[seen])
    heading[seen[1:]] -= TURN * np.cumsum(np.ceil(turned / TURN - BACK))
    yaw = smooth_yaw(heading, found.seen)
    if yaw is None:
        return None
    rest = heading / UNIT - yaw
    whole = np.rint(rest).astype(np.int64)
    worst = float(np.quantile(np.abs(rest - whole)[seen], 0.99))
    step, gap = -np.diff(whole[seen]), np.diff(seen)
    counted = np.maximum(1, np.rint(step / _MEAN_STEP).astype(np.int64))
    gap = np.where((gap > 1) | (step > _LARGEST_STEP), counted, 1)
    number = np.concatenate([[0], np.cumsum(gap)])
    count = -(-(int(number[-1]) + 1) // packet) * packet
    renumbered = np.zeros(len(heading), np.int64)
    renumbered[seen] = number
    i = np.arange(count)
    values = np.interp(i, number, -whole[seen].astype(np.float64))
    beyond = i > number[-1]
    values[beyond] += _MEAN_STEP * (i[beyond] - number[-1])
    known = np.zeros(count, bool)
    known[number] = True
    smooth = np.interp(i, number, yaw[seen])
    return Azimuths(np.rint(values).astype(np.int64), known, renumbered[found.firing], smooth * UNIT, worst)


@kernel
def _errors_of(units, out):
    """Fill out (units,) with how far the float32 radians of each azimuth are from the true ones."""
    for i in range(units):
        x = ((np.float32(i) * np.float32(0.01)) * np.float32(np.pi)) / np.float32(180)
        out[i] = np.float64(x) - np.float64(i) * UNIT


@kernel
def _firing_means(firing, error, limit, sums):
    for i in range(firing.size):
        if abs(error[i]) < limit:
            sums[firing[i], 0] += error[i]
            sums[firing[i], 1] += 1.0


def _likely_origins(azimuth: np.ndarray, firing: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Shifts (K,) of the azimuths under which float32 errors of the radians look most like those of the firings."""
    sums = np.zeros((len(azimuth), 2))
    _firing_means(firing, error, 2e-6, sums)
    seen = sums[:, 1] > 3
    mean = np.where(seen, sums[:, 0] / np.maximum(sums[:, 1], 1), 0.0)
    # what is smooth is the poses' matter
    window = np.ones(_SMOOTH)
    smooth = np.convolve(mean, window, "same") / np.maximum(np.convolve(seen.astype(float), window, "same"), 1.0)
    high = np.where(seen, np.clip(mean - smooth, -4e-7, 4e-7), 0.0)
    table = np.empty(UNITS)
    _errors_of(UNITS, table)
    table -= np.polyval(np.polyfit(np.arange(UNITS), table, 1), np.arange(UNITS))
    measured = np.bincount(azimuth % UNITS, np.rint(high * 1e9), UNITS)
    # whole numbers below 2**40: the transform's rounding cannot show
    spectrum = np.conj(np.fft.rfft(measured)) * np.fft.rfft(np.rint(-table * 1e9))
    likeness = np.rint(np.fft.irfft(spectrum, UNITS))
    return np.argsort(-likeness, kind="stable")[:_CANDIDATES]


_SMOOTH = 25
"""Firings over which errors are taken to be smooth, but for those of the float32."""

_LEAST_COST = 1e-12
"""What all errors together come to at the least (rad)."""


class Seen(NamedTuple):
    """What tells the origin of the azimuths.

    Attributes
    ----------
    firing, laser : (N,) int64
    error : (N,) float64
        Azimuth of the stored point less that of the model, rad.
    """

    firing: np.ndarray
    laser: np.ndarray
    error: np.ndarray


def find_origin(lasers: Lasers, upside_down: bool, azimuth: np.ndarray, seen: Seen) -> tuple[int, float]:
    """How many units (0 to `UNITS` - 1) to add to azimuths (F,), by the float32 errors of the radians.

    Returns also how much worse the next best is; 1: no better.
    """
    if not len(seen.firing) or len(azimuth) < _SMOOTH:  # they tell nothing
        return 0, 1.0
    candidates = _likely_origins(azimuth, seen.firing, seen.error)
    every = max(1, len(seen.firing) // _SAMPLES)
    firing, laser, error = seen.firing[::every], seen.laser[::every], seen.error[::every]
    sign = 1.0 if upside_down else -1.0
    before = sign * angles(lasers, upside_down, azimuth % UNITS, firing, laser).astype(np.float64)
    costs = []
    for candidate in [0, *candidates.tolist()]:
        alpha = angles(lasers, upside_down, (azimuth + candidate) % UNITS, firing, laser)
        moved = sign * alpha.astype(np.float64) + candidate * UNIT - before
        left = error - (moved - TURN * np.rint(moved / TURN))
        costs.append(float(np.minimum(np.abs(left - np.median(left)), _CAP).mean()))
    order = np.argsort(costs, kind="stable")
    margin = costs[order[1]] / max(costs[order[0]], _LEAST_COST) if len(costs) > 1 else 1.0
    return int([0, *candidates][order[0]]), margin
