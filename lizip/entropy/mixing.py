"""One binary decision under several adaptive counters at once, mixed in the logistic domain with integer weights.

As in paq8 (Mahoney 2005): each counter's probability becomes a logit, a weighted sum of logits becomes the probability
that is coded, and the weights follow the error. Two weight sets, chosen by different contexts, are added.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import RATE, SQUASH, STRETCH
from lizip.entropy.coder import code
from lizip.jit import inlined_kernel, kernel

WEIGHT_ONE = 1 << 16
"""A mixer weight of one."""


def fresh_weights(sets: int, inputs: int, total: float = 1.1) -> np.ndarray:
    """Make weights (sets * inputs,) int32 such that two sets together weigh the inputs equally, with sum `total`."""
    return np.full(sets * inputs, round(WEIGHT_ONE * total / 2 / inputs), np.int32)


@kernel
def code_mixed(coder, counters, rows, node, logits, weights, set_a, set_b, limit, bit):
    """Code one decision under `rows.size` counters and further given logits.

    Parameters
    ----------
    counters : (C,) int32
    rows : (K,) int64
        Base of each context in `counters`; `node` is added to it.
    logits : (M,) int64
        Its first K entries are filled here; the rest are given inputs (a network's opinion), in 1/256, within +-2047.
    weights : (W,) int32
        Mixer weights; `set_a` and `set_b` are the first indices of two sets of M weights each.
    limit : int64
        Count at which a counter stops slowing down, at most 255.
    """
    known = rows.size
    total = np.int64(0)
    for k in range(known):
        logits[k] = np.int64(STRETCH[counters[rows[k] + node] >> 18])
    for k in range(logits.size):
        total += logits[k] * (np.int64(weights[set_a + k]) + np.int64(weights[set_b + k]))
    probability = np.int64(SQUASH[min(max(total >> 16, -3072), 3071) + 3072])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    for k in range(logits.size):
        step = (logits[k] * error + 16384) >> 15
        weights[set_a + k] = np.int32(np.int64(weights[set_a + k]) + step)
        weights[set_b + k] = np.int32(np.int64(weights[set_b + k]) + step)
    target = (bit << 22) - bit
    for k in range(known):
        counter = np.int64(counters[rows[k] + node])
        seen = counter & 255
        value = counter >> 8
        value += ((target - value) * np.int64(RATE[seen])) >> 16
        counters[rows[k] + node] = np.int32((value << 8) | min(seen + 1, limit))
    return bit


SIX = 6
"""Counters of `code_six`, and weights in each of its sets."""


@inlined_kernel
def code_six(coder, counters, c0, c1, c2, c3, c4, c5, weights, set_a, set_b, limit, bit):
    """Code one decision under six counters: `code_mixed` unrolled, which keeps it in registers and twice as fast.

    Parameters
    ----------
    counters : (C,) int32
        `c0` to `c5` index the six in use; different ones, within bounds.
    weights : (W,) int32
        `set_a` and `set_b` are the first indices of two sets of `SIX`.
    limit : int64
        Count at which a counter stops slowing down, at most 255.
    """
    i0, a0, b0 = np.uintp(c0), np.uintp(set_a + 0), np.uintp(set_b + 0)
    i1, a1, b1 = np.uintp(c1), np.uintp(set_a + 1), np.uintp(set_b + 1)
    i2, a2, b2 = np.uintp(c2), np.uintp(set_a + 2), np.uintp(set_b + 2)
    i3, a3, b3 = np.uintp(c3), np.uintp(set_a + 3), np.uintp(set_b + 3)
    i4, a4, b4 = np.uintp(c4), np.uintp(set_a + 4), np.uintp(set_b + 4)
    i5, a5, b5 = np.uintp(c5), np.uintp(set_a + 5), np.uintp(set_b + 5)
    v0 = np.int64(counters[i0])
    v1 = np.int64(counters[i1])
    v2 = np.int64(counters[i2])
    v3 = np.int64(counters[i3])
    v4 = np.int64(counters[i4])
    v5 = np.int64(counters[i5])
    x0 = np.int64(STRETCH[np.uintp(v0 >> 18)])
    x1 = np.int64(STRETCH[np.uintp(v1 >> 18)])
    x2 = np.int64(STRETCH[np.uintp(v2 >> 18)])
    x3 = np.int64(STRETCH[np.uintp(v3 >> 18)])
    x4 = np.int64(STRETCH[np.uintp(v4 >> 18)])
    x5 = np.int64(STRETCH[np.uintp(v5 >> 18)])
    total = x0 * (np.int64(weights[a0]) + np.int64(weights[b0]))
    total += x1 * (np.int64(weights[a1]) + np.int64(weights[b1]))
    total += x2 * (np.int64(weights[a2]) + np.int64(weights[b2]))
    total += x3 * (np.int64(weights[a3]) + np.int64(weights[b3]))
    total += x4 * (np.int64(weights[a4]) + np.int64(weights[b4]))
    total += x5 * (np.int64(weights[a5]) + np.int64(weights[b5]))
    probability = np.int64(SQUASH[np.uintp(min(max(total >> 16, -3072), 3071) + 3072)])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    _adjust(weights, a0, b0, (x0 * error + 16384) >> 15)
    _adjust(weights, a1, b1, (x1 * error + 16384) >> 15)
    _adjust(weights, a2, b2, (x2 * error + 16384) >> 15)
    _adjust(weights, a3, b3, (x3 * error + 16384) >> 15)
    _adjust(weights, a4, b4, (x4 * error + 16384) >> 15)
    _adjust(weights, a5, b5, (x5 * error + 16384) >> 15)
    target = (bit << 22) - bit
    counters[i0] = _moved(v0, target, limit)
    counters[i1] = _moved(v1, target, limit)
    counters[i2] = _moved(v2, target, limit)
    counters[i3] = _moved(v3, target, limit)
    counters[i4] = _moved(v4, target, limit)
    counters[i5] = _moved(v5, target, limit)
    return bit


@inlined_kernel
def _adjust(weights, a, b, step):
    """Move the same input's weights in both sets."""
    weights[a] = np.int32(np.int64(weights[a]) + step)
    weights[b] = np.int32(np.int64(weights[b]) + step)


@inlined_kernel
def _moved(counter, target, limit):
    """Counter after a decision: its probability moved towards `target` (0 or 2**22 - 1), its count one up."""
    seen = counter & 255
    value = counter >> 8
    value += ((target - value) * np.int64(RATE[np.uintp(seen)])) >> 16
    return np.int32((value << 8) | min(seen + 1, limit))
