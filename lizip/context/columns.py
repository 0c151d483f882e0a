"""Any further column of a cloud: small alphabets under mixed contexts, other integers by their cheapest prediction.

Both look at the point before, the neighbour that the coordinates' pointer found, the neighbour beside it (the ring next
to it), and one column that was coded before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.context.cheapest import CANDIDATES, cheapest, code_cheapest, fresh_cheapest, miss
from lizip.context.rays import HISTORY
from lizip.entropy.adaptive import fresh_counters
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.entropy.tokens import Tokens
from lizip.jit import kernel

_CONTEXTS = 1024
_INPUTS = 6
_LIMIT = 120


class Links(NamedTuple):
    """Neighbours of every point, as lags of at least 1; rows as in `pointer.Track`.

    Attributes
    ----------
    lag, beside : (M,) int64
        Points back to the one pointed to, and to the one in the line beside it.
    """

    lag: np.ndarray
    beside: np.ndarray


class SymbolModels(NamedTuple):
    """Adaptive state of a column of small integers.

    Attributes
    ----------
    counters : (INPUTS * CONTEXTS << depth,) int32
    weights : (W,) int32
    rows, logits : (INPUTS,) int64
        Scratch.
    """

    counters: np.ndarray
    weights: np.ndarray
    rows: np.ndarray
    logits: np.ndarray


class NumberModels(NamedTuple):
    """Adaptive state of a column of integers of any size.

    Attributes
    ----------
    tokens, costs
        See `fresh_cheapest`.
    predictions : (CANDIDATES,) int64
        Scratch.
    length : (M,) int64
        Bit lengths of the residuals.
    """

    tokens: Tokens
    costs: np.ndarray
    predictions: np.ndarray
    length: np.ndarray


def fresh_symbols(depth: int) -> SymbolModels:
    """Make models for symbols below 2**depth, depth 1 to 8."""
    sets = (1 << depth) + 256
    weights = fresh_weights(sets, _INPUTS, 1.5)
    scratch = np.zeros(_INPUTS, np.int64)
    return SymbolModels(fresh_counters(_INPUTS * _CONTEXTS << depth), weights, scratch, scratch.copy())


def fresh_numbers(segment: int) -> NumberModels:
    """Make models for int64 numbers in segments of so many points."""
    lengths = np.full(HISTORY + segment, 12, np.int64)
    return NumberModels(*fresh_cheapest(1), np.zeros(CANDIDATES, np.int64), lengths)


@kernel
def code_symbols(coder, models, links, given, depth, count, values):
    """Code `count` symbols below 2**depth.

    Parameters
    ----------
    coder : Coder
    models : SymbolModels
    links : Links
    given : (M,) int64
        Another column (or a class of the range) as context, 0 to 63.
    depth : int64
        1 to 8.
    count : int64
        Points in this segment.
    values : (M,) int64
        From row `HISTORY` on; filled when decoding.
    """
    rows = models.rows
    coarse = max(depth - 4, 0)
    span = np.int64(_CONTEXTS) << depth
    for j in range(HISTORY, HISTORY + count):
        row = j - links.lag[j]
        a = values[row]
        b = values[j - links.beside[j]]
        far = values[max(row - links.lag[row], 0)]
        before = values[j - 1]
        rows[0] = a << depth
        rows[1] = span + ((((a >> coarse) << 4) | (b >> coarse)) << depth)
        rows[2] = 2 * span + ((((before >> coarse) << 4) | (values[j - 2] >> coarse)) << depth)
        rows[3] = 3 * span + (((given[j] << 4) | (a >> coarse)) << depth)
        rows[4] = 4 * span + ((((a >> coarse) << 6) | ((2 * b + far + before) << 6 >> (depth + 2))) << depth)
        rows[5] = 5 * span + (b << depth)
        pair = _INPUTS * ((np.int64(1) << depth) + (a >> coarse) * 16 + (b >> coarse))
        value = values[j]
        node = np.int64(1)
        for shift in range(depth - 1, -1, -1):
            bit = (value >> shift) & 1
            sets = _INPUTS * node
            bit = code_mixed(coder, models.counters, rows, node, models.logits, models.weights, sets, pair, _LIMIT, bit)
            node = 2 * node + bit
        values[j] = node - (np.int64(1) << depth)


@kernel
def _onward(a, b, c):
    """a + b - c where nothing can overflow, else a."""
    if abs(a >> 2) < 1 << 58 and abs(b >> 2) < 1 << 58 and abs(c >> 2) < 1 << 58:
        return a + b - c
    return a


@kernel
def code_numbers(coder, models, links, given, depth, count, values):
    """Code `count` int64 numbers of any size.

    Parameters
    ----------
    coder : Coder
    models : NumberModels
    links : Links
    given : (M,) int64
        Another column whose steps this one may follow.
    depth : int64
        See `code_residual`.
    count : int64
        Points in this segment.
    values : (M,) int64
        From row `HISTORY` on; filled when decoding.
    """
    predictions = models.predictions
    length = models.length
    for j in range(HISTORY, HISTORY + count):
        row = j - links.lag[j]
        beside = j - links.beside[j]
        before = values[j - 1]
        predictions[0] = before
        predictions[1] = values[row]
        predictions[2] = _onward(before, before, values[j - 2])
        predictions[3] = _onward(before, values[row], values[max(j - 1 - links.lag[j - 1], 0)])
        predictions[4] = values[beside]
        predictions[5] = _onward(before, given[j], given[j - 1])
        best = cheapest(models.costs, 0)
        value = code_cheapest(
            coder, models.tokens, models.costs, 0, depth, length[row], length[j - 1], predictions, values[j]
        )
        values[j] = value
        length[j] = miss(value, predictions[best])
