"""One binary decision under six adaptive counters and one given logit, mixed: unrolled, because it is the inner loop.

The arithmetic is that of `lizip.entropy.mixing.code_mixed`; written out for a fixed number of inputs it stays in
registers and takes a quarter of the time.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import RATE
from lizip.entropy.adaptive import SQUASH as _SQUASH
from lizip.entropy.adaptive import STRETCH as _STRETCH
from lizip.entropy.coder import code
from lizip.jit import inlined_kernel, kernel

INPUTS = 6
"""Adaptive counters that have a say in each decision."""

WEIGHT_STRIDE = 8
"""Weights in a set: one for each counter, one for the given logit, one unused (half a cache line)."""

LOGIT_LIMIT = 2047
"""Largest magnitude of a given logit, in 1/256."""

SQUASH = _SQUASH.astype(np.uint16)
STRETCH = _STRETCH.astype(np.int16)
"""The shared tables in their narrowest types: they compete with the counters for the first-level cache."""


def fresh_grid_weights(sets: int, counters: float, given: float) -> np.ndarray:
    """Make weights (sets * WEIGHT_STRIDE,) int32: two sets together give the counters the sum `counters`."""
    weights = np.zeros((sets, WEIGHT_STRIDE), np.int32)
    weights[:, :INPUTS] = round(65536 * counters / 2 / INPUTS)
    weights[:, INPUTS] = round(65536 * given / 2)
    return weights.ravel()


@inlined_kernel
def code_six(coder, counters, c0, c1, c2, c3, c4, c5, given, weights, set_a, set_b, limit, rate, bit):
    """Code one decision; returns it.

    Parameters
    ----------
    counters : (C,) int32
        (Probability of a one - 1/2) in 2**-22 << 8 | decisions seen, so that zeros are fresh; else as in
        `lizip.entropy.adaptive`. `c0` to `c5` index the six in use (distinct, within bounds).
    given : int64
        A further opinion as a logit in 1/256, within +-LOGIT_LIMIT; 0 says nothing.
    weights : (W,) int32
        `set_a` and `set_b` are the first indices of two sets of WEIGHT_STRIDE weights; their sum weighs the inputs.
    limit : int64
        Count at which a counter stops slowing down, at most 255.
    rate : int64
        Weights move by 2**-rate of input times error.
    """
    i0, i1, i2 = np.uintp(c0), np.uintp(c1), np.uintp(c2)
    i3, i4, i5 = np.uintp(c3), np.uintp(c4), np.uintp(c5)
    v0, v1, v2 = np.int64(counters[i0]), np.int64(counters[i1]), np.int64(counters[i2])
    v3, v4, v5 = np.int64(counters[i3]), np.int64(counters[i4]), np.int64(counters[i5])
    x0, x1 = np.int64(STRETCH[np.uintp((v0 >> 18) + 2048)]), np.int64(STRETCH[np.uintp((v1 >> 18) + 2048)])
    x2, x3 = np.int64(STRETCH[np.uintp((v2 >> 18) + 2048)]), np.int64(STRETCH[np.uintp((v3 >> 18) + 2048)])
    x4, x5 = np.int64(STRETCH[np.uintp((v4 >> 18) + 2048)]), np.int64(STRETCH[np.uintp((v5 >> 18) + 2048)])
    a0, a1, a2, a3 = np.uintp(set_a), np.uintp(set_a + 1), np.uintp(set_a + 2), np.uintp(set_a + 3)
    a4, a5, a6 = np.uintp(set_a + 4), np.uintp(set_a + 5), np.uintp(set_a + 6)
    b0, b1, b2, b3 = np.uintp(set_b), np.uintp(set_b + 1), np.uintp(set_b + 2), np.uintp(set_b + 3)
    b4, b5, b6 = np.uintp(set_b + 4), np.uintp(set_b + 5), np.uintp(set_b + 6)
    total = (
        x0 * (np.int64(weights[a0]) + np.int64(weights[b0])) + x1 * (np.int64(weights[a1]) + np.int64(weights[b1]))
    ) + (x2 * (np.int64(weights[a2]) + np.int64(weights[b2])) + x3 * (np.int64(weights[a3]) + np.int64(weights[b3])))
    total += (
        x4 * (np.int64(weights[a4]) + np.int64(weights[b4])) + x5 * (np.int64(weights[a5]) + np.int64(weights[b5]))
    ) + (given * (np.int64(weights[a6]) + np.int64(weights[b6])))
    probability = np.int64(SQUASH[np.uintp(min(max(total >> 16, -3072), 3071) + 3072)])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    half = np.int64(1) << rate >> 1
    step = (x0 * error + half) >> rate
    weights[a0] = np.int32(weights[a0] + step)
    weights[b0] = np.int32(weights[b0] + step)
    step = (x1 * error + half) >> rate
    weights[a1] = np.int32(weights[a1] + step)
    weights[b1] = np.int32(weights[b1] + step)
    step = (x2 * error + half) >> rate
    weights[a2] = np.int32(weights[a2] + step)
    weights[b2] = np.int32(weights[b2] + step)
    step = (x3 * error + half) >> rate
    weights[a3] = np.int32(weights[a3] + step)
    weights[b3] = np.int32(weights[b3] + step)
    step = (x4 * error + half) >> rate
    weights[a4] = np.int32(weights[a4] + step)
    weights[b4] = np.int32(weights[b4] + step)
    step = (x5 * error + half) >> rate
    weights[a5] = np.int32(weights[a5] + step)
    weights[b5] = np.int32(weights[b5] + step)
    step = (given * error + half) >> rate
    weights[a6] = np.int32(weights[a6] + step)
    weights[b6] = np.int32(weights[b6] + step)
    target = (bit << 22) - bit - (1 << 21)
    counters[i0] = _moved(v0, target, limit)
    counters[i1] = _moved(v1, target, limit)
    counters[i2] = _moved(v2, target, limit)
    counters[i3] = _moved(v3, target, limit)
    counters[i4] = _moved(v4, target, limit)
    counters[i5] = _moved(v5, target, limit)
    return bit


@kernel
def _moved(counter, target, limit):
    """Counter after a decision: its probability moved towards `target` (-2**21 or 2**21 - 1), its count one up."""
    seen = counter & 255
    value = counter >> 8
    value += ((target - value) * np.int64(RATE[np.uintp(seen)])) >> 16
    return np.int32((value << 8) | min(seen + 1, limit))
