"""What a key frame says of the sweeps that follow it: for each cell of the grid what is expected there.

A prior is an (F, R, FACTS) int32 array: the expected range in ticks (0: unknown), and the mean of it and those beside
it on its ring, in sixteenths; how rough the ring is there, in sixteenths of a tick (-1: unknown), which is what the
range is off by; which of the cell, those beside it, above and below it had a return (a pattern of five bits; -1:
unknown); the intensity, and the mean of it and those beside it, in its upper eight bits (-1: unknown). Of a background
(`lizip.codecs.sweep.background`) mean and intensity are those of many sweeps, and there are two more: the kind of the
spread (else 0), and how often there is a return (else -1).

In the coding loop it is three more candidates for the range, and more contexts for flag, range and intensity.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.model import token
from lizip.entropy.adaptive import quarter_octave
from lizip.jit import inlined_kernel, kernel

RANGE, SMOOTH, ROUGH, SEEN, LEVEL, LEVELS, KIND, SHARE = range(8)
FACTS = 8

MEAN, LIGHT, TIMES = range(3)
KNOWN = 3
_MOST_TIMES = 32

_ROUGH_CLASSES = 18
"""Of how rough a cell is; the last: nothing is expected; before it: not known."""
KINDS = 24
"""What a background says of how ranges of a cell are spread."""
SHARES = 16
"""And of how often it returns: parts of all sweeps."""
CLASSES = _ROUGH_CLASSES + KINDS

FLAG_CONTEXTS = (33 + SHARES + 1) * 64
RANGE_CONTEXTS = CLASSES * 12
LEVEL_CONTEXTS = 257 * 4
MIX_CONTEXTS = CLASSES * 4 + 5


@inlined_kernel
def expected_range(prior, firing, r):
    """Range in ticks, 0 when unknown."""
    return np.int64(prior[firing, r, RANGE])


@inlined_kernel
def prior_candidates(history, prior, firing, r, guess):
    """Write three more candidates: what is expected, its mean, and that moved on by what the ring was off."""
    own = r + 1
    smooth = (np.int64(prior[firing, r, SMOOTH]) + 8) >> 4
    change = np.int64(history[own, m.CHANGE]) >> 4
    before = np.int64(history[own, m.BEFORE])
    guess[m.CANDIDATES] = np.int64(prior[firing, r, RANGE])
    guess[m.CANDIDATES + 1] = smooth
    guess[m.CANDIDATES + 2] = guess[0] + smooth - before if before > 0 else smooth + change


@inlined_kernel
def centre_with_prior(history, prior, firing, r, guess, near):
    """As `blended_centre`, of all candidates; near to the last range, or to an expected one where that is better.

    Where a background knows a single surface, and expected ranges are better, it is the background's.
    """
    own = r + 1
    reach = guess[0]
    least = 2 * np.int64(history[own, m.ERROR]) + np.int64(history[r, m.ERROR])
    for i in range(m.EXPECTED):
        error = 2 * np.int64(history[own, m.OFF + i]) + np.int64(history[r, m.OFF + i])
        if error < least:
            least = error
            reach = guess[m.CANDIDATES + i]
    kind = np.int64(prior[firing, r, KIND])
    if kind > 0 and kind & 1 and reach != guess[0]:
        return min(max(np.int64(prior[firing, r, RANGE]), 1), m.MAX_RANGE)
    total = 0.0
    weights = 0.0
    for i in range(m.CANDIDATES + m.EXPECTED):
        offset = guess[i] - reach
        at = m.ERROR + i if i < m.CANDIDATES else m.OFF + i - m.CANDIDATES
        error = 2 * np.int64(history[own, at]) + np.int64(history[r, at])
        weight = np.float64(m.BLEND[np.uintp(min(error >> 2, np.int64(4095)))]) if abs(offset) <= near else 0.0
        total += weight * np.float64(offset)
        weights += weight
    return min(max(reach + np.int64(np.floor(total / weights + 0.5)), 1), m.MAX_RANGE)


@inlined_kernel
def learn_prior(history, prior, firing, r, guess, expected, value):
    """Update what a ring is off, and its candidates' running errors."""
    own = r + 1
    smooth = np.int64(0)
    if expected > 0:
        smooth = (np.int64(prior[firing, r, SMOOTH]) + 8) >> 4
        for i in range(m.EXPECTED):
            miss = min(abs(value - guess[m.CANDIDATES + i]), 600) << 3
            history[own, m.OFF + i] += (miss - history[own, m.OFF + i]) >> 3
        change = min(max(value - smooth, -4096), 4096) << 4
        history[own, m.CHANGE] += (change - history[own, m.CHANGE]) >> 3
    history[own, m.BEFORE] = smooth


@inlined_kernel
def rough_class(prior, firing, r, expected):
    """Class of how rough a cell is, or of how its ranges are known to be spread."""
    if expected <= 0:
        return np.int64(_ROUGH_CLASSES - 1)
    kind = np.int64(prior[firing, r, KIND])
    if kind > 0:
        return _ROUGH_CLASSES - 1 + kind
    rough = np.int64(prior[firing, r, ROUGH])
    return np.int64(_ROUGH_CLASSES - 2) if rough < 0 else min(quarter_octave(rough >> 2) >> 1, _ROUGH_CLASSES - 3)


@inlined_kernel
def pace(kind):
    """Count at which counters of a residual stop slowing down, and the rate of its weights: what stands is learned
    slowly."""
    steady = kind >= _ROUGH_CLASSES
    return (np.int64(m.SLOW), np.int64(16)) if steady else (np.int64(m.MEDIUM), np.int64(15))


@inlined_kernel
def flag_context(prior, firing, r, past, up, down):
    """Context of a return flag: which returns were there, how strong, or how often, and flags that are known."""
    share = np.int64(prior[firing, r, SHARE])
    if share >= 0:
        return (33 + share) * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4
    seen = np.int64(prior[firing, r, SEEN])
    strong = min(quarter_octave(max(np.int64(prior[firing, r, LEVELS]), 0)) >> 2, 3) if seen & 1 else np.int64(0)
    seen = seen if seen >= 0 else np.int64(32)
    return seen * 64 + (past & 3) * 16 + (up & 1) * 8 + (down & 1) * 4 + strong


@inlined_kernel
def range_context(kind, expected, centre):
    """Context of a residual: the class of the spread, and where what is expected lies from the centre."""
    return kind * 12 + (token(expected - centre) >> 2 if expected > 0 else np.int64(0))


@inlined_kernel
def level_contexts(prior, firing, r, expected, value, levels, bits, fine):
    """Contexts of an intensity: the mean there, and how well the range met its own; that there beside the last one.

    And the set of weights, which is chosen by how well the range met its own (4: nothing is expected).
    """
    level = np.int64(prior[firing, r, LEVEL])
    if level < 0 or value <= 0:
        return np.int64(256 * 4), levels * levels + fine, np.int64(CLASSES * 4 + 4)
    off = abs(value - expected)
    match = np.int64(0) if off < 12 else np.int64(1) if off < 50 else np.int64(2) if off < 200 else np.int64(3)
    some = level >> max(bits - 6, 0) if bits < 8 else quarter_octave(level)
    return np.int64(prior[firing, r, LEVELS]) * 4 + match, some * levels + fine, CLASSES * 4 + match


@kernel
def expect(ranges, intensity, near, bits, prior):
    """Fill a prior (F, R, FACTS) with what a grid makes expect.

    Parameters
    ----------
    ranges, intensity : (F, R) int32
        Intensity is not touched when `bits` is 0.
    near : int64
        Ticks within which ranges belong to one surface.
    bits : int64
        Bit length of the largest intensity.
    prior : (F, R, FACTS) int32
    """
    low = max(bits - 8, 0)
    rows, rings = ranges.shape
    for f in range(rows):
        for r in range(rings):
            value = np.int64(ranges[f, r])
            left = np.int64(ranges[f - 1, r]) if f > 0 else np.int64(0)
            right = np.int64(ranges[f + 1, r]) if f < rows - 1 else np.int64(0)
            seen = np.int64(value > 0) + 2 * np.int64(left > 0) + 4 * np.int64(right > 0)
            seen += 8 * np.int64(r > 0 and ranges[f, r - 1] > 0) + 16 * np.int64(r < rings - 1 and ranges[f, r + 1] > 0)
            prior[f, r, SEEN] = seen
            level = np.int64(intensity[f, r]) >> low if bits and value else np.int64(-1)
            mean, count = level, 1
            smooth = value << 4
            if value:
                joined = left > 0 and right > 0 and abs(left - value) <= near and abs(right - value) <= near
                smooth = ((left + value + right) << 4) // 3 if joined else smooth
                if bits:
                    for side, there in ((-1, left), (1, right)):
                        if there > 0 and abs(there - value) <= near:
                            mean += np.int64(intensity[f + side, r]) >> low
                            count += 1
            elif left > 0 and right > 0 and abs(left - right) <= near:
                value = (left + right) >> 1
                smooth = (left + right) << 3
            prior[f, r, RANGE] = value
            prior[f, r, SMOOTH] = smooth
            prior[f, r, LEVEL] = level
            prior[f, r, LEVELS] = mean // count
            total, found = np.int64(0), 0
            for g in range(max(f - 1, 1), min(f + 2, rows - 1)):
                one, two, three = np.int64(ranges[g - 1, r]), np.int64(ranges[g, r]), np.int64(ranges[g + 1, r])
                if one > 0 and two > 0 and three > 0:
                    total += abs(one - 2 * two + three)
                    found += 1
            prior[f, r, ROUGH] = 8 * total // found if found else -1
            prior[f, r, KIND], prior[f, r, SHARE] = 0, -1


@kernel
def remember(known, ranges, intensity, near, bits):
    """Add a grid to what is known of its cells.

    A range that is not near the mean counts against it, and takes its place when nothing speaks for that any more.

    Parameters
    ----------
    known : (F, R, KNOWN) int32
        Mean range in sixteenths of a tick (0: no return), mean of the upper eight bits of the intensity in sixteenths,
        and how often they came, less how often others did.
    ranges, intensity, near, bits
        As for `expect`.
    """
    low = max(bits - 8, 0)
    for f in range(ranges.shape[0]):
        for r in range(ranges.shape[1]):
            value = np.int64(ranges[f, r]) << 4
            level = (np.int64(intensity[f, r]) >> low) << 4 if bits and value else np.int64(0)
            mean, times = np.int64(known[f, r, MEAN]), np.int64(known[f, r, TIMES])
            if times and (value > 0) == (mean > 0) and abs(value - mean) <= near << 4:
                times = min(times + 1, np.int64(_MOST_TIMES))
                known[f, r, MEAN] = mean + (value - mean + (times >> 1)) // times
                light = np.int64(known[f, r, LIGHT])
                known[f, r, LIGHT] = light + (level - light + (times >> 1)) // times
                known[f, r, TIMES] = times
            elif times > 1:
                known[f, r, TIMES] = times - 1
            else:
                known[f, r, MEAN], known[f, r, LIGHT], known[f, r, TIMES] = value, level, 1


@kernel
def measure_shifts(prior, ranges, first, near, block, costs):
    """Add to costs (B, S) how far ranges (F, R), `block` rows of them each, are from what is expected, shifted by
    `first`, `first` + 1, ... rows: in quarters of a bit."""
    far = 8 * near
    for f in range(ranges.shape[0]):
        for k in range(costs.shape[1]):
            at = f + first + k
            total = np.int64(0)
            for r in range(ranges.shape[1]):
                value = np.int64(ranges[f, r])
                if value > 0:
                    expected = np.int64(prior[at, r, RANGE]) if 0 <= at < prior.shape[0] else np.int64(0)
                    total += quarter_octave(min(abs(value - expected), far) if expected > 0 else far)
            costs[f // block, k] += total
