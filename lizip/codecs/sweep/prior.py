"""What a sweep says of the next one of its sensor: for each cell of the grid what is expected there.

A prior is an (F, R, FACTS) int32 array: the expected range in sixteenths of a tick (0: unknown, or nothing came back so
far), how far ranges were from what was expected (likewise), the share of returns in 1/256 (-1: unknown), the expected
intensity in sixteenths of its upper eight bits (-1: unknown), and the number of returns that this rests on.

In the coding loop it is one more candidate for the range, and one more context each for flag, range and intensity.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.model import token
from lizip.entropy.adaptive import quarter_octave
from lizip.jit import inlined_kernel, kernel

RANGE, SPREAD, SEEN, LEVEL, COUNT = range(5)
FACTS = 5

CLASSES = 17
"""Of the spread of a cell; the last: nothing is expected."""

FLAG_CONTEXTS = 17 * 64
RANGE_CONTEXTS = CLASSES * m.TOKENS
LEVEL_CONTEXTS = 257 * 4
MIX_CONTEXTS = CLASSES * 4 + 5

_FRESH_SPREAD = 16 * 8
_SURPRISE = 16 * 24
"""A range so much (and eight times the spread) off shows another surface, whose memory begins anew."""


@inlined_kernel
def expected_range(prior, firing, r):
    """Range in ticks, 0 when unknown."""
    return (np.int64(prior[firing, r, RANGE]) + 8) >> 4


@inlined_kernel
def prior_candidates(history, r, guess, expected):
    """Write two more candidates: what is expected, and that moved on by what the ring was off at its last return."""
    own = r + 1
    change = np.int64(history[own, m.CHANGE]) >> 4
    before = np.int64(history[own, m.BEFORE])
    guess[m.CANDIDATES] = expected
    guess[m.CANDIDATES + 1] = guess[0] + expected - before if before > 0 else expected + change


@inlined_kernel
def centre_with_prior(history, r, guess, near):
    """As `blended_centre`, of all candidates; near to the last range, or to the expected one where that is better."""
    own = r + 1
    reach = guess[0]
    least = 2 * np.int64(history[own, m.ERROR]) + np.int64(history[r, m.ERROR])
    for i in range(2):
        error = 2 * np.int64(history[own, m.OFF + i]) + np.int64(history[r, m.OFF + i])
        if error < least:
            least = error
            reach = guess[m.CANDIDATES + i]
    total = 0.0
    weights = 0.0
    for i in range(m.CANDIDATES + 2):
        offset = guess[i] - reach
        at = m.ERROR + i if i < m.CANDIDATES else m.OFF + i - m.CANDIDATES
        error = 2 * np.int64(history[own, at]) + np.int64(history[r, at])
        weight = np.float64(m.BLEND[np.uintp(min(error >> 2, 4095))]) if abs(offset) <= near else 0.0
        total += weight * np.float64(offset)
        weights += weight
    return min(max(reach + np.int64(np.floor(total / weights + 0.5)), 1), m.MAX_RANGE)


@inlined_kernel
def learn_prior(history, own, guess, expected, value):
    """Update what a ring is off, and its candidates' running errors."""
    if expected > 0:
        for i in range(2):
            miss = min(abs(value - guess[m.CANDIDATES + i]), 600) << 3
            history[own, m.OFF + i] += (miss - history[own, m.OFF + i]) >> 3
        change = min(max(value - expected, -4096), 4096) << 4
        history[own, m.CHANGE] += (change - history[own, m.CHANGE]) >> 3
    history[own, m.BEFORE] = expected


@inlined_kernel
def spread_class(prior, firing, r, expected):
    """Class of how far ranges of a cell were from what was expected."""
    if expected <= 0:
        return np.int64(CLASSES - 1)
    return min(quarter_octave(np.int64(prior[firing, r, SPREAD]) >> 2) >> 1, CLASSES - 2)


@inlined_kernel
def flag_context(prior, firing, r, past, up, down):
    """Context of a return flag: the share of returns of the cell and of the ring above, and flags that are known."""
    seen = np.int64(prior[firing, r, SEEN]) >> 4
    above = np.int64(prior[firing, r - 1, SEEN]) >> 6 if r > 0 else seen >> 2
    seen = seen if seen >= 0 else np.int64(16)
    return seen * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4 + (above & 3)


@inlined_kernel
def range_context(kind, expected, centre):
    """Context of a residual: the class of the spread, and where what is expected lies from the centre."""
    return kind * m.TOKENS + (token(expected - centre) if expected > 0 else np.int64(0))


@inlined_kernel
def level_contexts(prior, firing, r, expected, value, levels, bits, fine):
    """Contexts of an intensity: the one expected, and how well the range met its own; the same beside the last one.

    And the set of weights, which is chosen by how well the range met its own (4: nothing is expected).
    """
    level = np.int64(prior[firing, r, LEVEL])
    if level < 0 or value <= 0:
        return np.int64(256 * 4), levels * levels + fine, np.int64(CLASSES * 4 + 4)
    level = min((level + 8) >> 4, 255)
    off = abs(value - expected)
    match = np.int64(0) if off < 12 else np.int64(1) if off < 50 else np.int64(2) if off < 200 else np.int64(3)
    some = level >> max(bits - 6, 0) if bits < 8 else quarter_octave(level)
    return level * 4 + match, some * levels + fine, CLASSES * 4 + match


@kernel
def remember(prior, known, ranges, intensity, bits, most):
    """Let a prior learn from the sweep that it was made for, in place.

    Parameters
    ----------
    prior : (F, R, FACTS) int32
    known : int64
        0 when the prior says nothing yet.
    ranges, intensity : (F, R) int32
        Intensity is not touched when `bits` is 0.
    most : int64
        How many returns the expected range rests on at most.
    """
    low = max(bits - 8, 0)
    for f in range(ranges.shape[0]):
        for r in range(ranges.shape[1]):
            value = np.int64(ranges[f, r]) << 4
            count = np.int64(prior[f, r, COUNT]) if known else 0
            seen = np.int64(prior[f, r, SEEN]) if known else -1
            now = np.int64(255) if value else np.int64(0)
            rest = min(count, most) + 1
            prior[f, r, SEEN] = now if seen < 0 else seen + ((now - seen) // 3)
            if not value:
                if not count:
                    prior[f, r, RANGE] = 0
                    prior[f, r, SPREAD] = _FRESH_SPREAD
                    prior[f, r, LEVEL] = -1
                    prior[f, r, COUNT] = 0
                continue
            level = (np.int64(intensity[f, r]) >> low) << 4 if bits else np.int64(-1)
            before = np.int64(prior[f, r, RANGE])
            spread = np.int64(prior[f, r, SPREAD])
            miss = abs(value - before)
            if count == 0 or miss > _SURPRISE + 8 * spread:
                prior[f, r, RANGE] = value
                prior[f, r, SPREAD] = _FRESH_SPREAD if count == 0 else min(2 * spread, 1 << 20)
                prior[f, r, LEVEL] = level
                prior[f, r, COUNT] = 1
                continue
            prior[f, r, RANGE] = before + (value - before) // rest
            prior[f, r, SPREAD] = spread + (miss - spread) // (rest + 1)
            if bits:
                prior[f, r, LEVEL] = prior[f, r, LEVEL] + (level - np.int64(prior[f, r, LEVEL])) // rest
            prior[f, r, COUNT] = min(rest, 255)
