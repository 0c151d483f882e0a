"""The token of a residual: zero or bit length under two mixed contexts, sign, two modelled mantissa bits, raw rest.

Like `adaptive.code_integer`, with fewer decisions for the short lengths that are common, a second context for the
length, and every int64 a legal value: what lies too far from its prediction escapes as 64 raw bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import bit_length, code_bit, code_tree, fresh_counters
from lizip.entropy.coder import MODE, code_raw
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.jit import inlined_kernel

LENGTHS = 64
"""Counters of the length tree in one context: 31 lengths or 15, then one tree for all that is longer."""

_SIGN = 0
_MANTISSA = 64
_LONG = _MANTISSA + 4 * 64
_SHARED = _LONG + 64
"""Counters of a bank: the part of a token that does not depend on its contexts."""

_FAR = 63
"""Length class of a value further than 2**61 from its prediction."""

_LIMIT = 250


class Tokens(NamedTuple):
    """Adaptive state of the tokens of one column.

    Attributes
    ----------
    lengths : (contexts * LENGTHS,) int32
        Length trees under the first context, then those under the second.
    second : int
        Where these begin.
    shared : (banks * S,) int32
        Signs, mantissa bits and long lengths of each bank.
    weights : (banks * 2 * LENGTHS,) int32
        Mixer weights of the two contexts, one pair for each node of the length tree.
    """

    lengths: np.ndarray
    second: int
    shared: np.ndarray
    weights: np.ndarray


def fresh_tokens(first: int, second: int, banks: int = 1) -> Tokens:
    """Make token models with so many contexts of either kind, for `banks` kinds of numbers."""
    lengths, shared = fresh_counters((first + second) * LENGTHS), fresh_counters(banks * _SHARED)
    return Tokens(lengths, first * LENGTHS, shared, fresh_weights(banks * LENGTHS, (0.55, 0.55)))


@inlined_kernel
def code_residual(coder, tokens, bank, first, second, depth, predicted, value):
    """Code an int64 by its difference from a prediction.

    Parameters
    ----------
    coder : Coder
    tokens : Tokens
    bank : int64
        Kind of number.
    first, second : int64
        The two contexts of the length.
    depth : int64
        4 or 5: lengths below 2**depth - 1 take one tree of this depth, longer ones a second tree.
    predicted, value : int64
        `value` is ignored when decoding.

    Returns
    -------
    value : int64
    """
    length = np.int64(0)
    difference = np.int64(0)
    if coder.at[MODE] == 0:
        length = np.int64(_FAR)
        if abs((value >> 3) - (predicted >> 3)) < 1 << 58:
            difference = value - predicted
            length = bit_length(abs(difference))
    length = _code_length(coder, tokens, bank, first * LENGTHS, tokens.second + second * LENGTHS, depth, length)
    if length == 0:
        return predicted
    if length >= _FAR:
        high = code_raw(coder, value >> 32, 32)
        return ((high - ((high >> 31) << 32)) << 32) | code_raw(coder, value, 32)
    shared = tokens.shared
    base = bank * _SHARED
    sign = code_bit(coder, shared, base + _SIGN + length, _LIMIT, np.int64(difference < 0))
    difference = _code_mantissa(coder, shared, base + _MANTISSA, length, abs(difference))
    return predicted - difference if sign else predicted + difference


@inlined_kernel
def _code_length(coder, tokens, bank, first, second, depth, length):
    """Code the bit length 0 to 63."""
    escape = np.int64((1 << depth) - 1)
    short = min(length, escape)
    node = np.int64(1)
    weights = bank * 2 * LENGTHS
    for shift in range(depth - 1, -1, -1):
        bit = (short >> shift) & 1
        nodes, sets = (first + node, second + node), (weights + 2 * node,)
        node = 2 * node + code_mixed(coder, tokens.lengths, nodes, (), tokens.weights, sets, _LIMIT, 16, bit)
    short = node - (1 << depth)
    if short < escape:
        return short
    return code_tree(coder, tokens.shared, bank * _SHARED + _LONG, 6, _LIMIT, length)


@inlined_kernel
def _code_mantissa(coder, shared, base, length, magnitude):
    """Code what follows the leading one of a magnitude of `length` bits: two modelled bits, the rest raw."""
    low = length - 1
    decoded = np.int64(1)
    for _ in range(min(low, 2)):
        low -= 1
        index = base + length * 4 + decoded
        decoded = 2 * decoded + code_bit(coder, shared, index, _LIMIT, (magnitude >> low) & 1)
    while low > 0:
        bits = min(low, 32)
        low -= bits
        decoded = (decoded << bits) | code_raw(coder, magnitude >> low, bits)
    return decoded
