"""By how much roundings missed: whether any of a point's six did, and the integers of those that did.

The context of whether is how near the roundings came to their ties, measured in expected errors; that of an integer its
expected error: against the unit when larger than it, else against the distance to the tie.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_bit, code_integer, fresh_counters
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.entropy.vectors import stride_of
from lizip.jit import kernel

FAR, STORED = 0, 3
"""The six roundings: far axes 0 to 2 and stored x, y, z."""

TIES = 40
"""Classes of a tie's distance in expected errors, half octaves."""

_CLASSES, _NEAR = 48, 12
"""Classes of an integer's expected error; the first `_NEAR` of the distance to the tie, the rest in units."""
_LIMIT = 250
_HALF_OCTAVE = 1.4142135623730951
_LARGEST = np.int64(1) << 40

# counters of whether anything was missed
_SECOND, _LATELY, _SLOWLY = 8, 10, 5
_BY_WHICH = TIES * _SECOND
_BY_LATELY = _BY_WHICH + TIES * 6 * _SLOWLY
_BY_AXES = _BY_LATELY + TIES * _LATELY
SAME = _BY_AXES + TIES * TIES // 4

# of whether an integer is 0, and of what it is else
_LIVELY = 8
_BY_LIVELY = 6 * _CLASSES * 4
_BY_TIE = _BY_LIVELY + 6 * _CLASSES * 2 * _LIVELY
_ZEROS = _BY_TIE + 6 * 3 * TIES * 2
_REST = 6 * _CLASSES * 4

_STRIDE = stride_of(4)
"""Of either mixer's weights: one has four inputs, one three."""


class Models(NamedTuple):
    """Counters and mixer weights of whether anything was missed, of whether an integer is 0, and of what it is else."""

    some: np.ndarray
    some_weights: np.ndarray
    zero: np.ndarray
    zero_weights: np.ndarray
    units: np.ndarray


class Work(NamedTuple):
    """What is known of the point at hand, and of those lately.

    `point` (3,) predicted far coordinates, `error` (3,) expected, `place` (3,) stored places if nothing was missed,
    `tie` (6,) classes of the ties' distances, `first` (3,) place of the firing's first
    no-return, `rates` (2,) of points with corrections, fast and slow, in 2**-16, `lively` (6,) how often roundings
    missed lately; `seen` (2,): this point's integers so far that were not 0, and the rounding nearest to its tie.
    """

    point: np.ndarray
    error: np.ndarray
    place: np.ndarray
    tie: np.ndarray
    first: np.ndarray
    rates: np.ndarray
    lively: np.ndarray
    seen: np.ndarray


@kernel
def _class(sigma, unit, miss):
    """Context of an integer in units: `sigma` is the expected error, `miss` how far rounding moved the prediction."""
    level = np.int64(0)
    if sigma < 0.5 * unit:
        distance = 0.5 * unit - abs(miss)
        bound = 0.125 * sigma
        while level < _NEAR - 1 and distance > bound:
            bound *= 2.0
            level += 1
        return level
    bound = unit
    while level < _CLASSES - _NEAR - 1 and sigma > bound:
        bound *= _HALF_OCTAVE
        level += 1
    return _NEAR + level


@kernel
def _code_zero(coder, models, work, which, where, context, away):
    """Code whether the integer of a rounding is 0."""
    found = work.seen[0]
    lively = bit_length(work.lively[which] >> 3)
    rows = (
        context,
        _BY_LIVELY + (where * 2 + min(found, np.int64(1))) * _LIVELY + lively,
        _BY_TIE + ((which * 3 + min(found, np.int64(2))) * TIES + work.tie[which]) * 2 + (context & 1),
    )
    sets = which * _STRIDE, (6 + lively) * _STRIDE
    return code_mixed(coder, models.zero, rows, (), models.zero_weights, sets, _LIMIT, 15, away) == 0


@kernel
def code_units(coder, models, work, which, sigma, unit, miss, value):
    """Code one integer, of the rounding `which`, counted against where rounding moved the prediction."""
    where = which * _CLASSES + _class(sigma, unit, miss)
    nearest = np.int64(1) if work.seen[1] == which else np.int64(0)
    context = where * 4 + 2 * min(work.seen[0], np.int64(1)) + nearest
    flip = miss > 0.0
    if flip:
        value = -value
    if _code_zero(coder, models, work, which, where, context, np.int64(1) if value != 0 else np.int64(0)):
        return np.int64(0)
    work.seen[0] += 1
    work.lively[which] += 64
    negative = code_bit(coder, models.units, context, _LIMIT, np.int64(1) if value < 0 else np.int64(0))
    rest = code_integer(coder, models.units, _REST + where * INTEGER_NODES, _LIMIT, abs(value) - 1)
    magnitude = min(max(rest, np.int64(0)), _LARGEST) + 1
    return -magnitude if (negative == 1) != flip else magnitude


@kernel
def code_some(coder, models, work, some):
    """Code whether anything was missed; leaves which rounding came nearest to its tie."""
    tie = work.tie
    near = np.int64(TIES)
    second = np.int64(TIES)
    for k in range(6):
        if tie[k] < near:
            second = near
            near = tie[k]
            work.seen[1] = k
        elif tie[k] < second:
            second = tie[k]
    which = work.seen[1]
    rows = (
        near * _SECOND + min(second - near, np.int64(_SECOND - 1)),
        _BY_WHICH + (near * 6 + which) * _SLOWLY + min(bit_length(work.rates[1] >> 6), 2 * _SLOWLY - 1) // 2,
        _BY_LATELY + near * _LATELY + min(bit_length(work.rates[0] >> 6), _LATELY - 1),
        _BY_AXES + (min(tie[0], tie[1]) >> 1) * (TIES // 2) + (tie[2] >> 1),
    )
    sets = near * _STRIDE, (TIES + which) * _STRIDE
    some = code_mixed(coder, models.some, rows, (), models.some_weights, sets, _LIMIT, 15, some)
    for k in range(6):
        work.lively[k] = (3 * work.lively[k]) >> 2
    work.rates[0] += ((some << 16) - work.rates[0]) >> 3
    work.rates[1] += ((some << 16) - work.rates[1]) >> 6
    return some


def fresh_misses() -> tuple[Models, Work]:
    """Make models that have seen nothing, and room for a point."""
    some, zero = fresh_counters(SAME + 1), fresh_counters(_ZEROS)
    weights = fresh_weights(TIES + 6, [0.55 / 4] * 4), fresh_weights(6 + _LIVELY, [0.55 / 3] * 3)
    models = Models(some, weights[0], zero, weights[1], fresh_counters(_REST + 6 * _CLASSES * INTEGER_NODES))
    integers = (np.zeros(size, np.int64) for size in (3, 6, 3, 2, 6, 2))
    return models, Work(np.zeros(3), np.zeros(3), *integers)
