"""Where the scan has been, and what that says of where it goes: the features of the axes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.survey.grid import FOUND
from lizip.jit import inlined_kernel

HISTORY = 6
"""Pulses remembered."""

WIDTHS = (4, 8, 12)
"""Features of each axis, in order of coding, besides neighbours; multiples of four."""

WIDTH = WIDTHS[2] + FOUND

KINDS = 12
"""Kinds of return, in the same pulse, after one, or after a gap."""

GAP = 6.0
"""Pulses missing before the scan is thought to have moved elsewhere."""


class Pulses(NamedTuple):
    """What is known of all points beforehand.

    Attributes
    ----------
    clock : (N,) float64
        Time in pulse periods.
    same : (N,) int64
        Whether a point belongs to the pulse of the point before.
    kinds : (N,) int64
        0 only return, 1 first, 2 last, 3 between.
    """

    clock: np.ndarray
    same: np.ndarray
    kinds: np.ndarray


class ScanHistory(NamedTuple):
    """Where the scan has been.

    Attributes
    ----------
    past : (N + HISTORY, 4) float64
        The three axes in order of coding and the clock, of all pulses so far, after HISTORY zeros.
    rates : (3,) float64
        Change of each axis in a pulse.
    features : (3, WIDTH) float64
    errors : (3,) int64
        Value less centre, of the axes coded last.
    levels : (3, 4 + KINDS) int64
        Running sizes of the errors, in 1/16.
    last : (16,) int64
        Last point of each kind.
    at : (2,) int64
        Row of the last pulse in `past`; pulses since the last gap.
    """

    past: np.ndarray
    rates: np.ndarray
    features: np.ndarray
    errors: np.ndarray
    levels: np.ndarray
    last: np.ndarray
    at: np.ndarray


def fresh_history(count: int) -> ScanHistory:
    """Make the state before the first of `count` points."""
    return ScanHistory(
        np.zeros((count + HISTORY, 4)),
        np.zeros(3),
        np.zeros((3, WIDTH)),
        np.zeros(3, np.int64),
        np.full((3, 4 + KINDS), 256, np.int64),
        np.zeros(16, np.int64),
        np.array([HISTORY - 1, 0], np.int64),
    )


@inlined_kernel
def pulses_passed(history, pulses, i):
    """Whether point i is of the same pulse, or after a gap; else pulses since the last one, whole ones and the rest."""
    if i == 0:
        return np.int64(0), True, 0.0, 0.0
    if pulses.same[i]:
        return np.int64(1), False, 0.0, 0.0
    elapsed = pulses.clock[i] - history.past[history.at[0], 3]
    if not abs(elapsed) <= GAP:
        return np.int64(0), True, 0.0, 0.0
    step = np.rint(elapsed)
    if step == 0.0:
        step = 1.0 if elapsed >= 0 else -1.0
    return np.int64(0), False, step, elapsed - step


@inlined_kernel
def remember(history, pulses, i, same, gap, first, second, third):
    """Add point i to the history; the last return of a pulse stands for it."""
    at = history.at
    history.last[pulses.kinds[i]] = i
    if not same:
        at[0] += 1
        at[1] = 0 if gap else at[1] + 1
        history.past[at[0], 3] = pulses.clock[i]
    history.past[at[0], 0] = np.float64(first)
    history.past[at[0], 1] = np.float64(second)
    history.past[at[0], 2] = np.float64(third)


@inlined_kernel
def update_rates(history, gap):
    """Rates over the longest run of pulses without a gap; returns the number of usable lags."""
    past, rates = history.past, history.rates
    newest = history.at[0]
    lags = min(history.at[1], HISTORY - 1)
    span = past[newest, 3] - past[newest - lags, 3]
    scale = 1.0 / span if lags > 0 and abs(span) >= 0.5 else 0.0
    for axis in range(3):
        rates[axis] = (past[newest, axis] - past[newest - lags, axis]) * scale
    return np.int64(0) if gap else lags


@inlined_kernel
def gather_first(features, history, alike, base, step, same, lags):
    """Features of the axis coded first: its rate, the last point of the same kind, the pulse before the last."""
    features[0] = step * history.rates[0]
    features[1] = 1.0 if same else step
    features[2] = alike - base
    features[3] = history.past[history.at[0] - 1, 0] - base if lags > 0 else 0.0


@inlined_kernel
def gather_second(features, history, change, place, step, rest, lags):
    """Features of the axis coded second; `place` is the last value over the extent, -1 to 1."""
    rates = history.rates
    features[0] = change
    features[1] = step
    features[2] = step * rates[1]
    features[3] = step * rates[0]
    features[4] = rest
    features[5] = change * place
    features[6] = _swerve(history, 1, lags)
    features[7] = _swerve(history, 0, lags)


@inlined_kernel
def gather_third(features, history, change, change_second, place, step, rest, lags):
    """Features of the axis coded last."""
    rates = history.rates
    features[0] = change
    features[1] = change_second
    features[2] = step
    features[3] = step * rates[2]
    features[4] = step * rates[1]
    features[5] = step * rates[0]
    features[6] = rest
    features[7] = change * place
    features[8] = _swerve(history, 2, lags)
    features[9] = history.features[1, 6]
    features[10] = history.features[1, 7]
    features[11] = 1.0


@inlined_kernel
def _swerve(history, axis, lags):
    """How the last move differed from the rate."""
    if lags == 0:
        return 0.0
    past, newest = history.past, history.at[0]
    pulses = past[newest, 3] - past[newest - 1, 3]
    return past[newest, axis] - past[newest - 1, axis] - history.rates[axis] * pulses


@inlined_kernel
def gather_neighbours(features, start, values, grid, base):
    """Further features: what the neighbours in a plane say."""
    for q in range(FOUND):
        j = grid.found[q]
        features[start + q] = np.float64(values[j]) - base if j >= 0 else 0.0
