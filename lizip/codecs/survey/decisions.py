"""How a binary decision is priced here: by several adaptive counters, mixed.

Like `lizip.entropy.mixing`, but a counter that has seen little has little to say, as short streams need it. The
contexts of a decision are six places in the table of counters, the most telling first; how many of them are mixed is
part of the model's type, so that what the further ones would need is not even compiled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import FRESH, RATE, SQUASH, STRETCH
from lizip.entropy.coder import code
from lizip.jit import inlined_kernel

INPUTS = {"fast": 2, "default": 2, "max": 6}
"""Contexts mixed for a decision, by level; written to files."""

NODES = 32
"""Counters of one context of a number or of a symbol's first decisions."""

CONFIDENCE = np.array([int(256 * (n + 0.3) / (n + 1.5)) if n else 0 for n in range(256)], np.int16)
"""What the logit of a counter is multiplied with, in 1/256, after n decisions."""


_STRETCH, _SQUASH, _RATE = STRETCH.astype(np.int16), SQUASH.astype(np.uint16), RATE.astype(np.uint16)
"""The tables again, in half the room: together with the counters they must stay in the first cache."""

_LIMIT = np.int64(250)
"""Decisions after which a counter stops slowing down."""


class Model(NamedTuple):
    """The adaptive state of one column's coder: as many contexts are mixed for a decision as `mixed` has entries.

    Attributes
    ----------
    counters : (C,) int32
        As in `lizip.entropy.adaptive`; `slots` contexts of `NODES` counters for each of the K inputs.
    weights : (W,) int32
        Mixer weights in 2**-16, K for each node of each weight set.
    slots : int
        Contexts of each input; a power of two.
    mixed : tuple of K int
        Only its length counts: the compiler knows it, and leaves out whatever the further contexts would need.
    """

    counters: np.ndarray
    weights: np.ndarray
    slots: int
    mixed: tuple[int, ...]


def fresh_model(inputs: int, slots: int, sets: int, parts: int = 1) -> Model:
    """Make a model of `inputs` contexts with `slots` (a power of two) values each and `sets` weight sets.

    A model of several parts has `parts * inputs` tables of contexts; a decision mixes `inputs` of them.
    """
    counters = np.full(parts * inputs * slots * NODES, FRESH, np.int32)
    weights = np.full(parts * sets * NODES * inputs, round((1 << 16) * 1.25 / inputs), np.int32)
    return Model(counters, weights, slots, (0,) * inputs)


@inlined_kernel
def scramble(x):
    """Spread any int64 over 31 bits: context keys to table places. No product passes 2**62."""
    x = (x ^ (x >> 31)) & 0x7FFFFFFF
    x *= 0x2C1B3C6D
    x = (x ^ (x >> 28)) & 0x7FFFFFFF
    x *= 0x297A2D39
    return (x ^ (x >> 30)) & 0x7FFFFFFF


@inlined_kernel
def row(model, k, key):
    """First counter of input k in the context of a key, any int64; keys from 0 to `slots` - 1 share no counters."""
    slot = key if 0 <= key < model.slots else scramble(key) & (model.slots - 1)
    return (k * model.slots + slot) * NODES


@inlined_kernel
def _logit(counter):
    """What a counter says, in 1/256, the less the fewer decisions it has seen."""
    return np.int64(_STRETCH[np.uint64(counter >> 18)]) * np.int64(CONFIDENCE[np.uint64(counter & 255)]) >> 8


@inlined_kernel
def _learn(counters, at, counter, weights, weight_at, weight, logit, bit, error):
    """Move one weight by its input's share of the error, and one counter towards the decision."""
    weights[weight_at] = np.int32(weight + ((logit * error + 8192) >> 14))
    seen = counter & 255
    value = counter >> 8
    value += (((bit << 22) - bit - value) * np.int64(_RATE[np.uint64(seen)])) >> 16
    counters[at] = np.int32((value << 8) | min(seen + 1, _LIMIT))


@inlined_kernel
def decide(coder, model, rows, node, weights_at, bit):
    """Code one decision: counter `node` of each of the contexts, mixed with the weights from `weights_at` on.

    Written out, so that all stays in registers; the branches are settled when it is compiled.
    """
    counters, weights = model.counters, model.weights
    inputs = len(model.mixed)
    i0, i1, i2 = np.uint64(rows[0] + node), np.uint64(rows[1] + node), np.uint64(rows[2] + node)
    w0, w1, w2 = np.uint64(weights_at), np.uint64(weights_at + 1), np.uint64(weights_at + 2)
    c0, c1, c2 = np.int64(counters[i0]), np.int64(counters[i1]), np.int64(0)
    m0, m1, m2 = np.int64(weights[w0]), np.int64(weights[w1]), np.int64(0)
    x0, x1, x2 = _logit(c0), _logit(c1), np.int64(0)
    total = x0 * m0 + x1 * m1
    if inputs > 2:
        c2 = np.int64(counters[i2])
        m2 = np.int64(weights[w2])
        x2 = _logit(c2)
        total += x2 * m2
    i3, i4, i5 = np.uint64(0), np.uint64(0), np.uint64(0)
    w3, w4, w5 = np.uint64(weights_at + 3), np.uint64(weights_at + 4), np.uint64(weights_at + 5)
    c3, c4, c5 = np.int64(0), np.int64(0), np.int64(0)
    m3, m4, m5 = np.int64(0), np.int64(0), np.int64(0)
    x3, x4, x5 = np.int64(0), np.int64(0), np.int64(0)
    if inputs > 3:
        i3 = np.uint64(rows[3] + node)
        c3 = np.int64(counters[i3])
        m3 = np.int64(weights[w3])
        x3 = _logit(c3)
        total += x3 * m3
    if inputs > 4:
        i4 = np.uint64(rows[4] + node)
        c4 = np.int64(counters[i4])
        m4 = np.int64(weights[w4])
        x4 = _logit(c4)
        total += x4 * m4
    if inputs > 5:
        i5 = np.uint64(rows[5] + node)
        c5 = np.int64(counters[i5])
        m5 = np.int64(weights[w5])
        x5 = _logit(c5)
        total += x5 * m5
    probability = np.int64(_SQUASH[np.uint64(min(max(total >> 16, -3072), 3071) + 3072)])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    _learn(counters, i0, c0, weights, w0, m0, x0, bit, error)
    _learn(counters, i1, c1, weights, w1, m1, x1, bit, error)
    if inputs > 2:
        _learn(counters, i2, c2, weights, w2, m2, x2, bit, error)
    if inputs > 3:
        _learn(counters, i3, c3, weights, w3, m3, x3, bit, error)
    if inputs > 4:
        _learn(counters, i4, c4, weights, w4, m4, x4, bit, error)
    if inputs > 5:
        _learn(counters, i5, c5, weights, w5, m5, x5, bit, error)
    return bit


@inlined_kernel
def decide_alone(coder, model, at, bit):
    """Code one decision under one counter."""
    counter = np.int64(model.counters[np.uint64(at)])
    seen = counter & 255
    value = counter >> 8
    bit = code(coder, min(max((value << 2) | 2, 256), (1 << 24) - 256), bit)
    value += (((bit << 22) - bit - value) * np.int64(_RATE[np.uint64(seen)])) >> 16
    model.counters[np.uint64(at)] = np.int32((value << 8) | min(seen + 1, _LIMIT))
    return bit
