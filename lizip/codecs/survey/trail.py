"""Where the scan has been, and what that says of where it goes: the features of the axes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel

HISTORY = 6
"""Pulses remembered."""

WIDTHS = (12, 16, 24)
"""Features of each axis, in order of coding; multiples of four, the rest are zeros."""

WIDTH = WIDTHS[2]

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


class Trail(NamedTuple):
    """Where the scan has been.

    Attributes
    ----------
    past : (4, HISTORY) float64
        The three axes in order of coding and the clock, of the last pulses; the newest first.
    rates : (3,) float64
        Change of each axis in a pulse.
    features : (3, WIDTH) float64
    errors : (3, N) int64
        Value less centre.
    levels : (3, 4 + KINDS) int64
        Running sizes of the errors, in 1/16.
    last : (16,) int64
        Last point of each return number and count.
    guesses : (8,) float64
        Further opinions on the axis being coded.
    """

    past: np.ndarray
    rates: np.ndarray
    features: np.ndarray
    errors: np.ndarray
    levels: np.ndarray
    last: np.ndarray
    guesses: np.ndarray


def fresh_trail(count: int) -> Trail:
    """Make the state before the first of `count` points."""
    return Trail(
        np.zeros((4, HISTORY)),
        np.zeros(3),
        np.zeros((3, WIDTH)),
        np.zeros((3, count), np.int64),
        np.full((3, 4 + KINDS), 256, np.int64),
        np.zeros(16, np.int64),
        np.zeros(8),
    )


@kernel
def pulses_passed(trail, pulses, known, i):
    """Whether point i is of the same pulse, or after a gap; else pulses since the last one, whole ones and the rest."""
    same = pulses.same[i] if i else np.int64(0)
    elapsed = pulses.clock[i] - trail.past[3, 0] if known else 1.0
    step, rest = 0.0, 0.0
    gap = not abs(elapsed) <= GAP
    if not (same or gap):
        step = np.rint(elapsed)
        if step == 0.0:
            step = 1.0 if elapsed >= 0 else -1.0
        rest = elapsed - step
    return same, gap, step, rest


@kernel
def remember(trail, pulses, i, first, second, third):
    """Add point i to the trail; the last return of a pulse stands for it."""
    past = trail.past
    trail.last[pulses.kinds[i]] = i
    if not (pulses.same[i] and i):
        for k in range(HISTORY - 1, 0, -1):
            for axis in range(4):
                past[axis, k] = past[axis, k - 1]
        past[3, 0] = pulses.clock[i]
    past[0, 0] = np.float64(first)
    past[1, 0] = np.float64(second)
    past[2, 0] = np.float64(third)


@kernel
def update_rates(trail, known, gap):
    """Rates over the longest run of pulses without a gap; returns the number of usable lags."""
    past, rates = trail.past, trail.rates
    lags = 0
    for k in range(1, min(known, HISTORY)):
        if not abs(past[3, k - 1] - past[3, k]) <= GAP:
            break
        lags = k
    span = past[3, 0] - past[3, lags]
    scale = 1.0 / span if lags > 0 and abs(span) >= 0.5 else 0.0
    for axis in range(3):
        rates[axis] = (past[axis, 0] - past[axis, lags]) * scale
    return 0 if gap else lags


@kernel
def gather_first(features, trail, values, grid, last, point, step, same, lags):
    """Features of the axis coded first: rate, neighbours at the place where the point is expected, earlier pulses."""
    base = np.float64(values[point - 1])
    features[0] = step * trail.rates[0]
    features[1] = 1.0 if same else step
    features[2] = np.float64(values[last]) - base
    for q in range(4):
        j = grid.found[q]
        features[3 + q] = np.float64(values[j]) - base if j >= 0 else 0.0
        features[7 + q] = trail.past[0, q + 1] - base if q < lags and not same else 0.0
    if same and lags > 0:
        features[7] = trail.past[0, 1] - base


@kernel
def gather_second(features, trail, change, place, step, rest, lags):
    """Features of the axis coded second; `place` is the last value over the extent, -1 to 1."""
    past, rates = trail.past, trail.rates
    features[0] = change
    features[1] = step
    features[2] = step * rates[1]
    features[3] = step * rates[0]
    features[4] = rest
    features[5] = change * place
    for q in range(4):
        pulses = past[3, q] - past[3, q + 1]
        features[6 + 2 * q] = past[1, q] - past[1, q + 1] - rates[1] * pulses if q < lags else 0.0
        features[7 + 2 * q] = past[0, q] - past[0, q + 1] - rates[0] * pulses if q < lags else 0.0


@kernel
def gather_third(features, trail, values, grid, point, change, change_second, place, step, rest, lags):
    """Features of the axis coded last; neighbours in the plane of the other two."""
    past, rates = trail.past, trail.rates
    base = np.float64(values[point - 1])
    features[0] = change
    features[1] = change_second
    features[2] = step
    features[3] = step * rates[2]
    features[4] = step * rates[1]
    features[5] = step * rates[0]
    features[6] = rest
    features[7] = change * place
    for q in range(4):
        pulses = past[3, q] - past[3, q + 1]
        features[8 + 3 * q] = past[2, q] - past[2, q + 1] - rates[2] * pulses if q < lags else 0.0
        features[9 + 3 * q] = trail.features[1, 6 + 2 * q]
        features[10 + 3 * q] = trail.features[1, 7 + 2 * q]
    for q in range(3):
        j = grid.found[q]
        features[20 + q] = np.float64(values[j]) - base if j >= 0 else 0.0
