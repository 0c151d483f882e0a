"""How a number becomes binary decisions here, and how each decision is priced: several adaptive counters, mixed.

Like `lizip.entropy.mixing`, with two things that short streams need: a counter that has seen little has little to say,
and a number is split relative to a scale, so that few decisions are spent on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import FRESH, RATE, SQUASH, STRETCH
from lizip.entropy.coder import FAULT, code, code_raw
from lizip.jit import kernel

NODES = 32
"""Counters of one context of a number or of a symbol's first decisions."""

CONFIDENCE = np.array([int(256 * (n + 0.3) / (n + 1.5)) if n else 0 for n in range(256)], np.int32)
"""What the logit of a counter is multiplied with, in 1/256, after n decisions."""


class Model(NamedTuple):
    """The adaptive state of one column's coder.

    Attributes
    ----------
    counters : (C,) int32
        As in `lizip.entropy.adaptive`; `slots` contexts of `NODES` counters for each of the K inputs.
    weights : (W,) int32
        Mixer weights, K for each node of each weight set, in 2**-16.
    rows : (K,) int64
        First counter of the context of each input, for the number being coded.
    logits : (K,) int64
        Scratch.
    keys : (K,) int64
        Key of each context.
    slots : int
        Contexts of each input; a power of two.
    """

    counters: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    logits: np.ndarray
    keys: np.ndarray
    slots: int


def fresh_model(inputs: int, slots: int, sets: int) -> Model:
    """Make a model of `inputs` contexts with `slots` (a power of two) values each and `sets` weight sets."""
    counters = np.full(inputs * slots * NODES, FRESH, np.int32)
    weights = np.full(sets * NODES * inputs, round((1 << 16) * 1.25 / inputs), np.int32)
    return Model(counters, weights, *(np.zeros(inputs, np.int64) for _ in range(3)), slots)


@kernel
def scramble(x):
    """Spread any int64 over 31 bits: context keys to table places. No product passes 2**62."""
    x = (x ^ (x >> 31)) & 0x7FFFFFFF
    x *= 0x2C1B3C6D
    x = (x ^ (x >> 28)) & 0x7FFFFFFF
    x *= 0x297A2D39
    return (x ^ (x >> 30)) & 0x7FFFFFFF


@kernel
def select(model, k, key):
    """Choose the context of input k by any int64; keys from 0 to `slots` - 1 share no counters with each other."""
    slot = key if 0 <= key < model.slots else scramble(key) & (model.slots - 1)
    model.keys[k] = key
    model.rows[k] = (k * model.slots + slot) * NODES


@kernel
def decide(coder, model, node, weights_at, limit, bit):
    """Code one decision: `node` of every selected context, mixed with the weights from `weights_at` on."""
    counters, weights, rows, logits, _, _ = model
    total = np.int64(0)
    for k in range(rows.size):
        counter = np.int64(counters[rows[k] + node])
        logit = (np.int64(STRETCH[counter >> 18]) * np.int64(CONFIDENCE[counter & 255])) >> 8
        logits[k] = logit
        total += logit * np.int64(weights[weights_at + k])
    probability = np.int64(SQUASH[min(max(total >> 16, -3072), 3071) + 3072])
    bit = code(coder, probability << 8, bit)
    error = (bit << 16) - probability
    target = (bit << 22) - bit
    for k in range(rows.size):
        weights[weights_at + k] = np.int32(np.int64(weights[weights_at + k]) + ((logits[k] * error + 8192) >> 14))
        at = rows[k] + node
        counter = np.int64(counters[at])
        seen = counter & 255
        value = counter >> 8
        value += ((target - value) * np.int64(RATE[seen])) >> 16
        counters[at] = np.int32((value << 8) | min(seen + 1, limit))
    return bit


@kernel
def code_number(coder, model, weight_set, scale, limit, value):
    """Code an integer (-2**60 < value < 2**60) that is usually smaller than 2**scale.

    Sign; then how often the interval [0, 2**scale) must be doubled; then the place in it, of which three bits are
    modelled. -1 is the mirror of 0, so a centre half-way between two integers has no preferred side.
    """
    inputs = model.rows.size
    base = weight_set * NODES * inputs
    positive = decide(coder, model, 0, base, limit, np.int64(1) if value >= 0 else np.int64(0))
    magnitude = value if value >= 0 else -1 - value
    step = np.int64(0)
    low = np.int64(0)
    width = np.int64(scale)
    while True:
        node = 1 + 2 * step + positive if step < 2 else min(3 + step, 14)
        more = decide(
            coder,
            model,
            node,
            base + node * inputs,
            limit,
            np.int64(1) if magnitude >= low + (np.int64(1) << width) else np.int64(0),
        )
        if more == 0:
            break
        low += np.int64(1) << width
        step += 1
        width = scale + step - 1
        if width >= 60:
            coder.at[FAULT] = 1
            return np.int64(0)
    rest = magnitude - low
    group = min(step, 3)
    place = np.int64(0)
    left = width
    if left > 0:
        left -= 1
        node = 15 + group * 3
        place = decide(coder, model, node, base + node * inputs, limit, (rest >> left) & 1)
    if left > 0:
        left -= 1
        node = 16 + group * 3 + place
        place = 2 * place + decide(coder, model, node, base + node * inputs, limit, (rest >> left) & 1)
        if step == 0 and left > 0:
            left -= 1
            node = 27 + place
            place = 2 * place + decide(coder, model, node, base + node * inputs, limit, (rest >> left) & 1)
    while left > 0:
        bits = min(left, 32)
        left -= bits
        place = (place << bits) | code_raw(coder, rest >> left, bits)
    magnitude = low + place
    return magnitude if positive else -1 - magnitude


@kernel
def code_symbol(coder, model, weight_set, depth, limit, guess, value):
    """Code 0 <= value < 2**depth: whether it is the guess, and if not, its bits from the most significant on.

    The bits use nodes 1 to 31 of the selected contexts; below that, every five bits, contexts are selected anew.
    """
    inputs = model.rows.size
    base = weight_set * NODES * inputs
    if decide(coder, model, 0, base, limit, np.int64(1) if value == guess else np.int64(0)):
        return guess
    node = np.int64(1)
    prefix = np.int64(0)
    for left in range(depth - 1, -1, -1):
        bit = decide(coder, model, node, base + node * inputs, limit, (value >> left) & 1)
        node = 2 * node + bit
        prefix = 2 * prefix + bit
        if node >= NODES:
            node = np.int64(1)
            for k in range(inputs):
                select(model, k, (model.keys[k] & 0xFFFFFFFFFF) * 65599 + (prefix + 1) * 97 + left)
    return prefix
