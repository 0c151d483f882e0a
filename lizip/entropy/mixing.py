"""One binary decision under several adaptive counters at once, mixed in the logistic domain with integer weights.

As in paq8 (Mahoney 2005): each counter's probability becomes a logit, a weighted sum of logits becomes the probability
that is coded, and the weights follow the error. Two weight sets, chosen by different contexts, are added.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import RATE, SQUASH, STRETCH
from lizip.entropy.coder import code
from lizip.jit import kernel

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
