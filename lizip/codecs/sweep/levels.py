"""What an intensity is expected to be: a blend of those known nearby, how far off that has been, and what follows.

Intensities count here in sixteenths of their upper eight bits. From the expected one and its running error follows how
likely each decision of the tree is, if errors are spread as the logistic distribution: an opinion that needs not be
learned node by node, for the mixer.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.entropy.adaptive import SQUASH, STRETCH, bit_length
from lizip.jit import inlined_kernel

LEVEL_BLEND = np.array([(1 << 60) // (4 * e + 8) ** 4 for e in range(2048)], np.int64)
"""Weight of a guess with running error 4 e (times 24): about its inverse fourth power."""

NEAR = np.array([round(65536 / (1 + (k / 22) ** 2)) for k in range(256)], np.int64)
"""How much a neighbour counts that is so far off in range: in steps of about 1/8192 of it, or half a tick."""

CERTAIN = 1 << 16
"""A chance of one."""


@inlined_kernel
def _beside(history, r, flag, rings, left, up):
    """Mean of five intensities beside a cell of ring `r`, those nearest in range counting most.

    Ranges are those of the latest returns; of the ring itself the latest is that of the cell. `left` and `up` are its
    last intensity and that of the ring above.
    """
    own = r + 1
    second = np.int64(history[own, m.SECOND + flag])
    down = np.int64(history[own + 1, m.FIRST + flag]) if r < rings - 1 else left
    up2 = np.int64(history[r - 1, m.FIRST + flag]) if r > 1 else up
    if flag == 0:
        return (16 * (10 * left + 6 * second + 9 * up + 9 * down + 4 * up2) + 19) // 38
    value = np.int64(history[own, m.HELD])
    shift = max(bit_length(value) - 14, -1)
    last = _near(value, np.int64(history[own, m.HELD + 1]), shift)
    weight_left = 10 * last
    weight_second = 6 * _near(value, np.int64(history[own, m.HELD + 2]), shift)
    weight_up = 9 * (_near(value, np.int64(history[r, m.HELD]), shift) if r > 0 else last)
    weight_down = 9 * (_near(value, np.int64(history[own + 1, m.HELD]), shift) if r < rings - 1 else last)
    weight_up2 = 4 * (_near(value, np.int64(history[r - 1, m.HELD]), shift) if r > 1 else last)
    total = weight_left * left + weight_second * second + weight_up * up + weight_down * down + weight_up2 * up2
    weights = weight_left + weight_second + weight_up + weight_down + weight_up2
    return np.int64(16.0 * np.float64(total) / np.float64(weights) + 0.5)


@inlined_kernel
def _near(value, other, shift):
    """How much a neighbour of this range counts."""
    off = abs(value - other)
    return np.int64(NEAR[np.uintp(min(off >> shift if shift >= 0 else off << 1, 255))])


@inlined_kernel
def guess_level(history, r, flag, guess):
    """Write the guesses for an intensity of ring `r` into `guess` (int64).

    They are the mean of the ring's last three, that of the ring above, that with what the ring has changed since, and
    the mean of those beside.
    """
    own = r + 1
    rings = history.shape[0] - 2
    left = np.int64(history[own, m.FIRST + flag])
    second, third = np.int64(history[own, m.SECOND + flag]), np.int64(history[own, m.THIRD + flag])
    up, before = left, left
    if r > 0:
        up, before = np.int64(history[r, m.FIRST + flag]), np.int64(history[r, m.SECOND + flag])
    guess[0] = 16 * (left + second + third) // 3
    guess[1] = 16 * up
    guess[2] = 16 * min(max(left + up - before, np.int64(0)), np.int64(255))
    guess[3] = _beside(history, r, flag, rings, left, up)


@inlined_kernel
def expected_level(history, r, flag, guess):
    """Mean of the guesses, weighed by the inverse fourth power of their running errors; and 2**24 over the spread."""
    own, first = r + 1, m.LEVEL_ERROR + 5 * flag
    weights, total = np.float64(0.0), np.float64(0.0)
    for k in range(m.GUESSES):
        error = 2 * np.int64(history[own, first + k]) + np.int64(history[r, first + k])
        weight = np.float64(LEVEL_BLEND[np.uintp(min(error >> 2, np.int64(2047)))])
        weights += weight
        total += weight * np.float64(guess[k])
    spread = 2 * np.int64(history[own, first + m.GUESSES]) + np.int64(history[r, first + m.GUESSES])
    return np.int64(np.floor(total / weights + 0.5)), np.int64(
        np.float64(1 << 24) / np.float64(5 + (spread * 205 >> 13))
    )


@inlined_kernel
def chance_below(expected, sharp, split):
    """16-bit chance that an intensity is below a split."""
    x = ((16 * np.int64(split) - 8 - expected) * sharp) >> 16
    return np.int64(SQUASH[np.uintp(min(max(x, -3072), 3071) + 3072)])


@inlined_kernel
def logit_above(low, chance, high):
    """Logit in 1/256 that it is not below the split, its chance being known to lie between two others."""
    share = np.float64((high - chance + 8) << 12) / np.float64(high - low + 16)
    return np.int64(STRETCH[np.uintp(np.int64(share))])


@inlined_kernel
def learn_level(history, r, flag, guess, expected, level):
    """Update the running errors, eight times those of the upper eight bits, and the spread, sixteen times that."""
    own, first = r + 1, m.LEVEL_ERROR + 5 * flag
    for k in range(m.GUESSES):
        miss = abs(16 * level - guess[k]) >> 1
        history[own, first + k] += (miss - history[own, first + k]) >> 3
    miss = abs(16 * level - expected) << 3
    history[own, first + m.GUESSES] += (miss - history[own, first + m.GUESSES]) >> 2
