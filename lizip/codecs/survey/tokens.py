"""How a number becomes binary decisions here, and how each decision is priced: several adaptive counters, mixed.

Like `lizip.entropy.mixing`, with two things that short streams need: a counter that has seen little has little to say,
and a number is split relative to a scale, so that few decisions are spent on it. The contexts of a number are a tuple
of places in the table of counters: the compiler unrolls over it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import FRESH, RATE, SQUASH, STRETCH
from lizip.entropy.coder import FAULT, code, code_raw
from lizip.jit import kernel

NODES = 32
"""Counters of one context of a number or of a symbol's first decisions."""

CONFIDENCE = np.array([int(256 * (n + 0.3) / (n + 1.5)) if n else 0 for n in range(256)], np.int16)
"""What the logit of a counter is multiplied with, in 1/256, after n decisions."""


_STRETCH, _SQUASH, _RATE = STRETCH.astype(np.int16), SQUASH.astype(np.uint16), RATE.astype(np.uint16)
"""The tables again, in half the room: together with the counters they must stay in the first cache."""

_LIMIT = np.int64(250)
"""Decisions after which a counter stops slowing down."""


class Model(NamedTuple):
    """The adaptive state of one column's coder with K contexts for each decision.

    Attributes
    ----------
    counters : (C,) int32
        As in `lizip.entropy.adaptive`; `slots` contexts of `NODES` counters for each of the K inputs.
    weights : (W,) int32
        Mixer weights in 2**-16, K for each node of each weight set.
    slots : int
        Contexts of each input; a power of two.
    """

    counters: np.ndarray
    weights: np.ndarray
    slots: int


def fresh_model(inputs: int, slots: int, sets: int) -> Model:
    """Make a model of `inputs` contexts with `slots` (a power of two) values each and `sets` weight sets."""
    counters = np.full(inputs * slots * NODES, FRESH, np.int32)
    return Model(counters, np.full(sets * NODES * inputs, round((1 << 16) * 1.25 / inputs), np.int32), slots)


@kernel
def scramble(x):
    """Spread any int64 over 31 bits: context keys to table places. No product passes 2**62."""
    x = (x ^ (x >> 31)) & 0x7FFFFFFF
    x *= 0x2C1B3C6D
    x = (x ^ (x >> 28)) & 0x7FFFFFFF
    x *= 0x297A2D39
    return (x ^ (x >> 30)) & 0x7FFFFFFF


@kernel
def row(model, k, key):
    """First counter of input k in the context of a key, any int64; keys from 0 to `slots` - 1 share no counters."""
    slot = key if 0 <= key < model.slots else scramble(key) & (model.slots - 1)
    return (k * model.slots + slot) * NODES


@kernel
def decide(coder, model, rows, node, weights_at, bit):
    """Code one decision: counter `node` of each of the contexts, mixed with the weights from `weights_at` on."""
    counters, weights = model.counters, model.weights
    total = np.int64(0)
    for k in range(len(rows)):
        counter = np.int64(counters[np.uint64(rows[k] + node)])
        logit = np.int64(_STRETCH[np.uint64(counter >> 18)]) * np.int64(CONFIDENCE[np.uint64(counter & 255)]) >> 8
        total += logit * np.int64(weights[np.uint64(weights_at + k)])
    probability = np.int64(_SQUASH[np.uint64(min(max(total >> 16, -3072), 3071) + 3072)])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    target = (bit << 22) - bit
    for k in range(len(rows)):
        at = np.uint64(rows[k] + node)
        counter = np.int64(counters[at])
        seen = counter & 255
        value = counter >> 8
        logit = np.int64(_STRETCH[np.uint64(value >> 10)]) * np.int64(CONFIDENCE[np.uint64(seen)]) >> 8
        weight = np.uint64(weights_at + k)
        weights[weight] = np.int32(np.int64(weights[weight]) + ((logit * error + 8192) >> 14))
        value += ((target - value) * np.int64(_RATE[np.uint64(seen)])) >> 16
        counters[at] = np.int32((value << 8) | min(seen + 1, _LIMIT))
    return bit


@kernel
def decide_alone(coder, model, at, bit):
    """Code one decision under one counter."""
    counter = np.int64(model.counters[np.uint64(at)])
    seen = counter & 255
    value = counter >> 8
    bit = code(coder, min(max((value << 2) | 2, 256), (1 << 24) - 256), bit)
    value += (((bit << 22) - bit - value) * np.int64(_RATE[np.uint64(seen)])) >> 16
    model.counters[np.uint64(at)] = np.int32((value << 8) | min(seen + 1, _LIMIT))
    return bit


@kernel
def code_number(coder, model, rows, weight_set, scale, mixed, value):
    """Code an integer (-2**60 < value < 2**60) that is usually smaller than 2**scale.

    Sign; then how often the interval [0, 2**scale) must be doubled; then the place in it, of which the first bits are
    modelled: under all contexts when `scale` is at most `mixed`, else, as they are nearly random then, under one
    counter each. -1 is the mirror of 0, so a centre half-way between two integers has no preferred side. The counters
    needed most stand in the first 64 bytes of a context.
    """
    inputs = len(rows)
    base = weight_set * NODES * inputs
    positive = decide(coder, model, rows, 0, base, np.int64(1) if value >= 0 else np.int64(0))
    magnitude = value if value >= 0 else -1 - value
    step = np.int64(0)
    low = np.int64(0)
    width = np.int64(scale)
    while True:
        node = 1 + 2 * step + positive if step < 2 else min(3 + step, 7)
        beyond = low + (np.int64(1) << width)
        if not decide(
            coder, model, rows, node, base + node * inputs, np.int64(1) if magnitude >= beyond else np.int64(0)
        ):
            break
        low = beyond
        step += 1
        width = scale + step - 1
        if width >= 60:
            coder.at[FAULT] = 1
            return np.int64(0)
    rest = magnitude - low
    place = np.int64(0)
    left = width
    first = 8 + min(step, 2) * 3
    for turn in range(min(left, 2 if step < 2 else 1)):
        left -= 1
        node = first + 1 + place if turn else first
        bit = (rest >> left) & 1
        if scale > mixed:
            bit = decide_alone(coder, model, rows[0] + node, bit)
        else:
            bit = decide(coder, model, rows, node, base + node * inputs, bit)
        place = 2 * place + bit
    while left > 0:
        bits = min(left, 32)
        left -= bits
        place = (place << bits) | code_raw(coder, rest >> left, bits)
    magnitude = low + place
    return magnitude if positive else -1 - magnitude


@kernel
def _deeper(model, rows, prefix):
    """The contexts of a symbol's next five bits, by those of the bits before."""
    mask = model.slots - 1
    return (
        (0 * model.slots + (scramble(rows[0] * 65599 + prefix) & mask)) * NODES,
        (1 * model.slots + (scramble(rows[1] * 65599 + prefix) & mask)) * NODES,
        (2 * model.slots + (scramble(rows[2] * 65599 + prefix) & mask)) * NODES,
        (3 * model.slots + (scramble(rows[3] * 65599 + prefix) & mask)) * NODES,
        (4 * model.slots + (scramble(rows[4] * 65599 + prefix) & mask)) * NODES,
        (5 * model.slots + (scramble(rows[5] * 65599 + prefix) & mask)) * NODES,
    )


@kernel
def code_symbol(coder, model, rows, depth, guess, value):
    """Code 0 <= value < 2**depth under six contexts: whether it is the guess; if not, its bits, most significant first.

    The bits use nodes 1 to 31 of the contexts; every five bits, others take over.
    """
    inputs = len(rows)
    if decide(coder, model, rows, 0, 0, np.int64(1) if value == guess else np.int64(0)):
        return guess
    node = np.int64(1)
    prefix = np.int64(0)
    for left in range(depth - 1, -1, -1):
        bit = decide(coder, model, rows, node, node * inputs, (value >> left) & 1)
        node = 2 * node + bit
        prefix = 2 * prefix + bit
        if node >= NODES:
            node = np.int64(1)
            rows = _deeper(model, rows, (prefix + 1) * 64 + left)
    return prefix


@kernel
def code_rank(coder, model, rows, guess, value):
    """Code a rank (0 <= value < 2**16), small where frequent: whether it is the guess; else bit length and bits."""
    inputs = len(rows)
    if decide(coder, model, rows, 0, 0, np.int64(1) if value == guess else np.int64(0)):
        return guess
    length = np.int64(0)
    while length < 16:
        node = 1 + length
        if not decide(
            coder, model, rows, node, node * inputs, np.int64(1) if value + 1 >= np.int64(2) << length else np.int64(0)
        ):
            break
        length += 1
    if length == 0:
        return np.int64(0)
    rows = _deeper(model, rows, length)
    decoded = np.int64(1)
    for left in range(length - 1, -1, -1):
        bit = ((value + 1) >> left) & 1
        bit = decide(coder, model, rows, decoded, decoded * inputs, bit) if decoded < NODES else code_raw(coder, bit, 1)
        decoded = 2 * decoded + bit
    return decoded - 1
