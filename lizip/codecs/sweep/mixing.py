"""One binary decision under six adaptive counters and one given logit, mixed: the inner loop.

The arithmetic is that of `lizip.entropy.mixing.code_mixed`; written out for a fixed number of inputs, in vectors, it
takes a sixth of the time.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep.vectors import INPUTS, WEIGHT_STRIDE, learn, move, weigh
from lizip.entropy.adaptive import RATE
from lizip.entropy.adaptive import SQUASH as _SQUASH
from lizip.entropy.adaptive import STRETCH as _STRETCH
from lizip.entropy.coder import code
from lizip.jit import inlined_kernel

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
    x0, x1, x2 = logit_of(v0), logit_of(v1), logit_of(v2)
    x3, x4, x5 = logit_of(v3), logit_of(v4), logit_of(v5)
    a, b = np.uintp(set_a), np.uintp(set_b)
    total = weigh(weights, a, b, x0, x1, x2, x3, x4, x5, given)
    probability = np.int64(SQUASH[np.uintp(min(max(total >> 16, -3072), 3071) + 3072)])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    learn(weights, a, b, error, rate, x0, x1, x2, x3, x4, x5, given)
    target = (bit << 22) - bit - (1 << 21)
    r0, r1, r2 = rate_of(v0), rate_of(v1), rate_of(v2)
    r3, r4, r5 = rate_of(v3), rate_of(v4), rate_of(v5)
    move(counters, i0, i1, i2, i3, i4, i5, v0, v1, v2, v3, v4, v5, r0, r1, r2, r3, r4, r5, target, limit)
    return bit


@inlined_kernel
def logit_of(counter):
    """What a counter says, in 1/256."""
    return np.int64(STRETCH[np.uintp((counter >> 18) + 2048)])


@inlined_kernel
def rate_of(counter):
    """Step of a counter, in 2**-16."""
    return np.int64(RATE[np.uintp(counter & 255)])
