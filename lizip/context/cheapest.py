"""A number predicted in several ways: coded from the way that has been cheapest lately, with that cost as context."""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import bit_length
from lizip.entropy.tokens import Tokens, code_residual, fresh_tokens
from lizip.jit import kernel

CANDIDATES = 6
"""Ways to predict a number."""

_CLASSES = 48
_PAIRS = 256
_FAR = 62


def fresh_cheapest(banks: int) -> tuple[Tokens, np.ndarray]:
    """Make token models and (banks, CANDIDATES + 1) int64 running costs for so many kinds of numbers.

    A cost is the decayed bit length of a candidate's residuals in 1/256 bits; the last column is that of the one taken.
    """
    costs = np.full((banks, CANDIDATES + 1), 12 << 8, np.int64)
    return fresh_tokens(banks * _CLASSES, banks * _PAIRS, banks), costs


@kernel
def miss(value, predicted):
    """Bit length of the difference of two int64; 62 when they are far apart."""
    if abs((value >> 3) - (predicted >> 3)) < 1 << 58:
        return bit_length(abs(value - predicted))
    return np.int64(_FAR)


@kernel
def cheapest(costs, bank):
    """Index of the candidate with the lowest running cost."""
    best = 0
    for k in range(1, CANDIDATES):
        if costs[bank, k] < costs[bank, best]:
            best = k
    return best


@kernel
def code_cheapest(coder, tokens, costs, bank, depth, near, before, predictions, value):
    """Code an int64 from the cheapest of its predictions, and learn what each would have cost.

    Parameters
    ----------
    coder : Coder
    tokens, costs
        From `fresh_cheapest`.
    bank : int64
        Kind of number.
    depth : int64
        See `code_residual`.
    near, before : int64
        Lengths of the residuals of two neighbours, as contexts.
    predictions : (CANDIDATES,) int64
    value : int64
        Ignored when decoding.

    Returns
    -------
    value : int64
    """
    best = cheapest(costs, bank)
    first = min((3 * costs[bank, CANDIDATES] + costs[bank, best]) >> 9, _CLASSES - 1)
    second = min(near >> 1, 15) * 16 + min(before >> 1, 15)
    value = code_residual(
        coder, tokens, bank, bank * _CLASSES + first, bank * _PAIRS + second, depth, predictions[best], value
    )
    for k in range(CANDIDATES):
        costs[bank, k] += ((miss(value, predictions[k]) << 8) - costs[bank, k]) >> 4
    costs[bank, CANDIDATES] += ((miss(value, predictions[best]) << 8) - costs[bank, CANDIDATES]) >> 2
    return value
