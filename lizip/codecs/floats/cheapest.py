"""A number predicted in several ways: coded from the way that has been closest lately, its misses being the context."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import bit_length
from lizip.entropy.tokens import Tokens, code_residual, fresh_tokens
from lizip.jit import inlined_kernel, kernel

CANDIDATES = 6
"""Ways to predict a number."""

_FAST, _SLOW = CANDIDATES, CANDIDATES + 1
_CLASSES = 24
_PAIRS = 256
_FAR = 62


class Cheapest(NamedTuple):
    """Adaptive state for some kinds of numbers ("banks").

    Attributes
    ----------
    tokens : Tokens
    costs : (banks, CANDIDATES + 2) int64
        Decayed log2 of the miss of every candidate; then, quickly and slowly decayed, that of the one taken; in 1/256
        bits.
    distance : (CANDIDATES,) float64
        Misses of the candidates.
    bits : (CANDIDATES,) int64
        The same bytes.
    """

    tokens: Tokens
    costs: np.ndarray
    distance: np.ndarray
    bits: np.ndarray


def fresh_cheapest(banks: int) -> Cheapest:
    """Make models that have seen nothing, for so many kinds of numbers."""
    costs = np.zeros((banks, CANDIDATES + 2), np.int64)
    costs[:] = 1023 << 8
    distance = np.zeros(CANDIDATES)
    tokens = fresh_tokens(banks * _CLASSES * _CLASSES, banks * _PAIRS, banks)
    return Cheapest(tokens, costs, distance, distance.view(np.int64))


@kernel
def miss(value, predicted):
    """Bit length of the difference of two int64; 62 when they are far apart."""
    if abs((value >> 3) - (predicted >> 3)) < 1 << 58:
        return bit_length(abs(value - predicted))
    return np.int64(_FAR)


@inlined_kernel
def onward(a, b, c):
    """a + b - c where nothing can overflow, else a."""
    if abs(a >> 2) < 1 << 58 and abs(b >> 2) < 1 << 58 and abs(c >> 2) < 1 << 58:
        return a + b - c
    return a


@inlined_kernel
def cheapest(models, bank):
    """Index of the candidate that has been closest lately."""
    costs = models.costs
    best = 0
    for k in range(1, CANDIDATES):
        if costs[bank, k] < costs[bank, best]:
            best = k
    return best


@inlined_kernel
def learn_distances(models, bank, taken):
    """Take the misses in `models.distance`, positive and finite, into the candidates' costs.

    The bits of a float64, as an integer, are its log2 but for a curve inside each octave.
    """
    costs = models.costs
    for k in range(CANDIDATES):
        costs[bank, k] += ((models.bits[k] >> 44) - costs[bank, k]) >> 6
    latest = models.bits[taken] >> 44
    costs[bank, _FAST] += (latest - costs[bank, _FAST]) >> 2
    costs[bank, _SLOW] += (latest - costs[bank, _SLOW]) >> 4


@inlined_kernel
def code_predicted(coder, models, bank, depth, grain, near, before, predicted, value):
    """Code an int64 `value` (ignored when decoding) of the kind `bank` by its difference from `predicted`; returns it.

    `depth` is that of `code_residual`, `grain` the log2 of one step of the number, as the costs measure it; `near` and
    `before` are bit lengths of the residuals of two neighbours, as contexts.
    """
    fast = min(max((models.costs[bank, _FAST] - grain) >> 8, 0), _CLASSES - 1)
    slow = min(max((models.costs[bank, _SLOW] - grain) >> 8, 0), _CLASSES - 1)
    first = (bank * _CLASSES + fast) * _CLASSES + slow
    second = bank * _PAIRS + min(near >> 1, 15) * 16 + min(before >> 1, 15)
    return code_residual(coder, models.tokens, bank, first, second, depth, predicted, value)
