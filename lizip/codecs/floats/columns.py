"""Any further column of a cloud: small alphabets under mixed contexts, other integers by their cheapest prediction.

Both look at the point before, the neighbour that the coordinates' pointer found, the neighbour beside it (the ring next
to it), and one column that was coded before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.floats.cheapest import (
    CANDIDATES,
    Cheapest,
    cheapest,
    code_predicted,
    fresh_cheapest,
    learn_distances,
    miss,
    onward,
)
from lizip.codecs.floats.track import HISTORY
from lizip.entropy.adaptive import fresh_counters
from lizip.entropy.coder import mark
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.entropy.vectors import further, stride_of
from lizip.jit import kernel

_WIDE = 1024
"""Contexts of the two inputs that need most."""

_SIX = 6
"""Contexts of a symbol."""
_STRIDE = stride_of(_SIX)

_LIMIT = 120
_WHOLE = np.int64(1023 << 8)
"""log2 of one, as costs measure it."""


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
    counters : (C << depth,) int32
    weights : (W,) int32
        One set for each node of the tree, and one for each pair of neighbours.
    """

    counters: np.ndarray
    weights: np.ndarray


class NumberModels(NamedTuple):
    """Adaptive state of a column of integers of any size.

    Attributes
    ----------
    numbers : Cheapest
    predictions : (CANDIDATES,) int64
        Scratch.
    length : (M,) int64
        Bit lengths of the residuals.
    """

    numbers: Cheapest
    predictions: np.ndarray
    length: np.ndarray


def fresh_symbols(depth: int) -> SymbolModels:
    """Make models for symbols below 2**depth, depth 1 to 8."""
    contexts = 4 * 256 + 2 * _WIDE
    return SymbolModels(fresh_counters(contexts << depth), fresh_weights((1 << depth) + 256, [0.75 / _SIX] * _SIX))


def fresh_numbers(segment: int) -> NumberModels:
    """Make models for int64 numbers in segments of so many points."""
    lengths = np.full(HISTORY + segment, 12, np.int64)
    return NumberModels(fresh_cheapest(1), np.zeros(CANDIDATES, np.int64), lengths)


@kernel
def code_symbols(coder, models, links, given, depth, count, values):
    """Code `count` symbols below 2**depth, depth 1 to 8: values (M,) int64 from row `HISTORY` on, filled when decoding.

    `given` (M,) int64 is another column (or a class of the range) as context, 0 to 63.
    """
    counters, weights = models.counters, models.weights
    coarse = max(depth - 4, 0)
    span = np.int64(256) << depth
    wide = np.int64(_WIDE) << depth
    for j in range(HISTORY, HISTORY + count):
        mark(coder, j - HISTORY)
        row = j - links.lag[j]
        near = values[row]
        beside = values[j - links.beside[j]]
        far = values[max(row - links.lag[row], 0)]
        before = values[j - 1]
        near_class, beside_class = near >> coarse, beside >> coarse
        mean = (2 * beside + far + before) << 6 >> (depth + 2)
        rows = (
            near << depth,
            span + (beside << depth),
            2 * span + (((near_class << 4) | beside_class) << depth),
            3 * span + ((((before >> coarse) << 4) | (values[j - 2] >> coarse)) << depth),
            4 * span + (((given[j] << 4) | near_class) << depth),
            4 * span + wide + (((near_class << 6) | mean) << depth),
        )
        pair = _STRIDE * ((np.int64(1) << depth) + near_class * 16 + beside_class)
        value = values[j]
        node = np.int64(1)
        for shift in range(depth - 1, -1, -1):
            nodes, sets = further(rows, node), (_STRIDE * node, pair)
            node = 2 * node + code_mixed(coder, counters, nodes, (), weights, sets, _LIMIT, 15, (value >> shift) & 1)
        values[j] = node - (np.int64(1) << depth)


@kernel
def code_numbers(coder, models, links, given, depth, count, values):
    """Code `count` numbers of any size: values (M,) int64 from row `HISTORY` on, filled when decoding.

    `given` (M,) int64 is another column whose steps this one may follow.
    """
    numbers = models.numbers
    predictions = models.predictions
    length = models.length
    for j in range(HISTORY, HISTORY + count):
        mark(coder, j - HISTORY)
        row = j - links.lag[j]
        beside = j - links.beside[j]
        before = values[j - 1]
        predictions[0] = before
        predictions[1] = values[row]
        predictions[2] = onward(before, before, values[j - 2])
        predictions[3] = onward(before, values[row], values[max(j - 1 - links.lag[j - 1], 0)])
        predictions[4] = values[beside]
        predictions[5] = onward(before, given[j], given[j - 1])
        best = cheapest(numbers, 0)
        predicted = predictions[best]
        value = code_predicted(coder, numbers, 0, depth, _WHOLE, length[row], length[j - 1], predicted, values[j])
        values[j] = value
        length[j] = miss(value, predicted)
        for k in range(CANDIDATES):
            numbers.distance[k] = abs(np.float64(value) - np.float64(predictions[k])) + 1.0
        learn_distances(numbers, 0, best)
