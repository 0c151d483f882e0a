"""How numbers, symbols and ranks become binary decisions: few, as a number is split relative to a scale."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decisions import NODES, decide, decide_alone, scramble
from lizip.entropy.coder import FAULT, code_raw
from lizip.jit import inlined_kernel


@inlined_kernel
def code_number(coder, model, rows, weight_set, scale, unmixed, value):
    """Code an integer (-2**60 < value < 2**60) that is usually smaller than 2**scale.

    Sign; then how often the interval [0, 2**scale) must be doubled; then the place in it, of which the first bits are
    modelled. -1 is the mirror of 0, so a centre half-way between two integers has no preferred side. The counters
    needed most stand in the first 64 bytes of a context.
    """
    positive = np.int64(1) if value >= 0 else np.int64(0)
    if unmixed:
        positive = decide_alone(coder, model, rows[1], positive)
    else:
        positive = decide(coder, model, rows, weight_set, 0, positive)
    magnitude = value if value >= 0 else -1 - value
    step = np.int64(0)
    low = np.int64(0)
    width = np.int64(scale)
    while True:
        node = 1 + 2 * step + positive if step < 2 else min(3 + step, 7)
        beyond = low + (np.int64(1) << width)
        if not decide(coder, model, rows, weight_set, node, np.int64(1) if magnitude >= beyond else np.int64(0)):
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
    first = 8 + min(step, np.int64(2)) * 3
    for turn in range(min(left, 2 if step < 2 else 1)):
        left -= 1
        node = first + 1 + place if turn else first
        bit = (rest >> left) & 1
        if unmixed:
            bit = decide_alone(coder, model, rows[0] + node, bit)
        else:
            bit = decide(coder, model, rows, weight_set, node, bit)
        place = 2 * place + bit
    while left > 0:
        bits = min(left, np.int64(32))
        left -= bits
        place = (place << bits) | code_raw(coder, rest >> left, bits)
    magnitude = low + place
    return magnitude if positive else -1 - magnitude


@inlined_kernel
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


@inlined_kernel
def code_symbol(coder, model, rows, depth, guess, value):
    """Code 0 <= value < 2**depth under six contexts: whether it is the guess; if not, its bits, most significant first.

    The bits use nodes 1 to 31 of the contexts; every five bits, others take over.
    """
    if decide(coder, model, rows, 0, 0, np.int64(1) if value == guess else np.int64(0)):
        return guess
    node = np.int64(1)
    prefix = np.int64(0)
    for left in range(depth - 1, -1, -1):
        bit = decide(coder, model, rows, 0, node, (value >> left) & 1)
        node = 2 * node + bit
        prefix = 2 * prefix + bit
        if node >= NODES:
            node = np.int64(1)
            rows = _deeper(model, rows, (prefix + 1) * 64 + left)
    return prefix


@inlined_kernel
def code_rank(coder, model, rows, value):
    """Code a rank (0 <= value < 2**16), small where frequent: bit length and bits."""
    length = np.int64(0)
    while length < 16:
        node = 1 + length
        if not decide(coder, model, rows, 0, node, np.int64(1) if value + 1 >= np.int64(2) << length else np.int64(0)):
            break
        length += 1
    if length == 0:
        return np.int64(0)
    rows = _deeper(model, rows, length)
    decoded = np.int64(1)
    for left in range(length - 1, -1, -1):
        bit = ((value + 1) >> left) & 1
        bit = decide(coder, model, rows, 0, decoded, bit) if decoded < NODES else code_raw(coder, bit, 1)
        decoded = 2 * decoded + bit
    return decoded - 1
