"""Which cells have a return, four rings a symbol."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.rows import fresh_rows
from lizip.entropy.symbols import code_in_two
from lizip.jit import kernel

AT_ONCE = 4
_PATTERNS = 1 << AT_ONCE
_OF_PAST = 4 * _PATTERNS * _PATTERNS
"""Rows by the last two symbols of a group and the flags beside it."""


class FlagModel(NamedTuple):
    """What adapts: rows; the last symbol of each group of rings, and the one before."""

    rows: np.ndarray
    last: np.ndarray
    before: np.ndarray


def groups_of(rings: int) -> int:
    """Symbols of a firing."""
    return -(-rings // AT_ONCE)


def fresh_flags(rings: int) -> FlagModel:
    """Make the model of a grid in its first state."""
    groups = groups_of(rings)
    rows = fresh_rows(_OF_PAST + groups * _PATTERNS)
    return FlagModel(rows, np.zeros(groups + 1, np.int64), np.zeros(groups + 1, np.int64))


@kernel
def code_flags(coder, now, ranges, first, last, model):
    """Code whether cells of the firings `first` to `last` - 1 have a return: a range (F, R) int32 above 0.

    Decoding, those that have get the range 1. Returns what `now` becomes.
    """
    rings = ranges.shape[1]
    decoding = coder.log.size == 0
    for firing in range(first, last):
        above = np.int64(0)
        for group in range((rings + AT_ONCE - 1) // AT_ONCE):
            begin, end = AT_ONCE * group, min(AT_ONCE * group + AT_ONCE, rings)
            was = np.int64(model.last[group])
            symbol = np.int64(0)
            if not decoding:
                for r in range(begin, end):
                    symbol |= np.int64(ranges[firing, r] > 0) << (r - begin)
            past = (np.int64(model.before[group]) << AT_ONCE | was) << 2
            a = past | above << 1 | (np.int64(model.last[group + 1]) & 1)
            symbol, now = code_in_two(coder, now, model.rows, a, _OF_PAST + (group << AT_ONCE | was), symbol)
            model.before[group] = was
            model.last[group] = symbol
            above = symbol >> (AT_ONCE - 1)
            if decoding:
                for r in range(begin, end):
                    ranges[firing, r] = np.int32((symbol >> (r - begin)) & 1)
    return now
