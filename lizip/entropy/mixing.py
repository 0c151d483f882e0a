"""One binary decision under several adaptive counters at once, mixed in the logistic domain with integer weights.

As in paq8 (Mahoney 2005): each counter's probability becomes a logit, a weighted sum of logits becomes the probability
that is coded, and the weights follow the error. An input has a weight in each of several sets, chosen by different
contexts; they are added. Everything is written for any number of inputs, known when it is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.entropy.adaptive import HALF, RATE, SQUASH, STRETCH
from lizip.entropy.coder import code
from lizip.entropy.vectors import doubted, items_at, learn, logits_of, move, stride_of, weigh
from lizip.jit import inlined_kernel

WEIGHT_ONE = 1 << 16
"""A mixer weight of one."""

LOGIT_LIMIT = 2047
"""Largest magnitude of a given logit, in 1/256."""

CONFIDENCE = np.array([int(256 * (n + 0.3) / (n + 1.5)) if n else 0 for n in range(256)], np.int16)
"""What the logit of a counter is worth after n decisions, in 1/256: short streams need it."""


REFINED_STEPS = 33
"""Places of a row of refinements: a probability each, for logits 128/256 apart."""

_REFINED_RATE = 6
"""Refinements move by 2**-6 of the error."""


def fresh_weights(sets: int, shares: Sequence[float]) -> np.ndarray:
    """Make weights (sets * S,) int32, each set with these weights of its inputs; S is `stride_of(len(shares))`."""
    weights = np.zeros((sets, stride_of(len(shares))), np.int32)
    weights[:, : len(shares)] = [round(WEIGHT_ONE * share) for share in shares]
    return weights.ravel()


def fresh_refinements(rows: int) -> np.ndarray:
    """Make rows of refinements that say what they are asked, (rows * REFINED_STEPS,) int32: 24-bit probabilities."""
    logits = np.minimum(3072 - 2048 + 128 * np.arange(REFINED_STEPS), SQUASH.size - 1)
    return np.tile(SQUASH[logits].astype(np.int32) << 8, rows)


@inlined_kernel
def code_mixed(coder, counters, places, given, weights, sets, limit, rate, bit):
    """Code one decision; returns it.

    Parameters
    ----------
    counters : (C,) int32
        As in `lizip.entropy.adaptive`.
    places : tuple of K int64
        Indices of the counters in use: distinct, within bounds.
    given : tuple of int64
        Further opinions as logits in 1/256, within +-LOGIT_LIMIT; 0 says nothing.
    weights : (W,) int32
    sets : tuple of int64
        Where the sets of weights in use begin, each of `stride_of` the number of inputs; their sum weighs the inputs.
    limit : int64
        Count at which a counter stops slowing down, at most 255.
    rate : int64
        Weights move by 2**-rate of input times error.
    """
    values = items_at(counters, places)
    logits = logits_of(values, STRETCH) + given
    return _code(coder, counters, places, values, logits, weights, sets, limit, rate, bit)


@inlined_kernel
def code_doubted(coder, counters, places, weights, sets, limit, rate, bit):
    """The same, where a counter that has seen little has little to say."""
    values = items_at(counters, places)
    logits = doubted(logits_of(values, STRETCH), values, CONFIDENCE)
    return _code(coder, counters, places, values, logits, weights, sets, limit, rate, bit)


@inlined_kernel
def code_refined(coder, counters, places, given, weights, sets, limit, rate, refinements, row, bit):
    """As `code_mixed`, under doubt, and what the mixer says is refined by how often that came true.

    Half of the probability is the mixer's, half what a row of refinements holds for such a logit (the secondary
    estimation of paq8).

    Parameters
    ----------
    refinements : (rows * REFINED_STEPS,) int32
        As `fresh_refinements` makes them.
    row : int64
        The row in use.
    """
    values = items_at(counters, places)
    logits = doubted(logits_of(values, STRETCH), values, CONFIDENCE) + given
    total = weigh(weights, sets, logits) >> 16
    probability = _squashed(total)
    logit = min(max(total, -2047), 2047) + 2048
    share = logit & 127
    at = np.uintp(row * REFINED_STEPS + (logit >> 7))
    low, high = np.int64(refinements[at]), np.int64(refinements[at + np.uintp(1)])
    refined = (low * (128 - share) + high * share) >> 7
    bit = code(coder, ((probability << 8) + refined) >> 1, bit)
    goal = (bit << 24) - bit
    refinements[at] = np.int32(low + (((goal - low) * (128 - share)) >> (7 + _REFINED_RATE)))
    refinements[at + np.uintp(1)] = np.int32(high + (((goal - high) * share) >> (7 + _REFINED_RATE)))
    _learn(counters, places, values, logits, weights, sets, limit, rate, probability, bit)
    return bit


@inlined_kernel
def _code(coder, counters, places, values, logits, weights, sets, limit, rate, bit):
    """Code a decision by the weighted sum of logits; weights and counters learn from it."""
    probability = _squashed(weigh(weights, sets, logits) >> 16)
    bit = code(coder, probability << 8, bit)
    _learn(counters, places, values, logits, weights, sets, limit, rate, probability, bit)
    return bit


@inlined_kernel
def _squashed(logit):
    """16-bit probability of a logit in 1/256."""
    return np.int64(SQUASH[np.uintp(min(max(logit, -3072), 3071) + 3072)])


@inlined_kernel
def _learn(counters, places, values, logits, weights, sets, limit, rate, probability, bit):
    """Let weights and counters learn from a decision that was given this probability."""
    learn(weights, sets, (bit << 16) - probability, rate, logits)
    move(counters, places, values, RATE, (bit << 22) - bit - HALF, limit)
