"""How a binary decision is priced here: by several adaptive counters, mixed.

A counter that has seen little has little to say, as short streams need it. The contexts of a decision are six places in
the table of counters, the most telling first; how many of them are mixed is part of the model's type, so that what the
further ones would need is not even compiled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import code_bit, fresh_counters
from lizip.entropy.mixing import code_doubted, fresh_weights
from lizip.entropy.vectors import first, further
from lizip.jit import inlined_kernel

INPUTS = {"fast": 2, "default": 2, "max": 6}
"""Contexts mixed for a decision, by level; written to files."""

NODES = 32
"""Counters of one context of a number or of a symbol's first decisions."""

_LIMIT = np.int64(250)
"""Decisions after which a counter stops slowing down."""


class Model(NamedTuple):
    """The adaptive state of one column's coder: as many contexts are mixed for a decision as `mixed` has entries.

    Attributes
    ----------
    counters : (C,) int32
        As in `lizip.entropy.adaptive`; `slots` contexts of `NODES` counters for each of the K inputs.
    weights : (W,) int32
        Mixer weights in 2**-16: `stride_of(K)` for each node of each weight set.
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
    weights = fresh_weights(parts * sets * NODES, [1.25 / inputs] * inputs)
    return Model(fresh_counters(parts * inputs * slots * NODES), weights, slots, (0,) * inputs)


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
def _stride(inputs):
    """`stride_of` the inputs, of which there are at most eight."""
    if inputs <= 2:
        return np.int64(2)
    return np.int64(4) if inputs <= 4 else np.int64(8)


@inlined_kernel
def decide(coder, model, rows, weight_set, node, bit):
    """Code one decision: counter `node` of each of the contexts, mixed with the weights of that node in a set."""
    places = further(first(rows, model.mixed), node)
    sets = ((weight_set * NODES + node) * _stride(len(model.mixed)),)
    return code_doubted(coder, model.counters, places, model.weights, sets, _LIMIT, 14, bit)


@inlined_kernel
def decide_alone(coder, model, at, bit):
    """Code one decision under one counter."""
    return code_bit(coder, model.counters, at, _LIMIT, bit)
