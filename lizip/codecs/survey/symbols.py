"""Columns of few values (returns, classes, flags): each in the contexts of its neighbours in order and in space."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decisions import fresh_model, row, scramble
from lizip.codecs.survey.tokens import code_symbol
from lizip.entropy.coder import FAULT, Coder, mark
from lizip.jit import kernel

LIMIT = 1 << 16
"""Most values of a column that is coded as symbols."""

_SUCCESSORS = 1 << 12


@kernel
def _code_all(coder, model, references, hints, depth, successors, values, top):
    one = np.int64(0)
    two = np.int64(0)
    three = np.int64(0)
    older = np.int64(0)
    wide = references.shape[1]
    for i in range(values.size):
        mark(coder, i)
        near = values[references[i, 0]] if wide > 0 and i else one
        other = values[references[i, 1]] if wide > 1 and i else two
        first, second = hints[i, 0], hints[i, 1]
        rows = (
            row(model, 0, ((near * 65537 + other) * 257 + first) * 5 + 4),
            row(model, 1, ((second * 65537 + near) * 65537 + one) * 5 + 3),
            row(model, 2, (((older * 257 + three) & 0xFFFFFF) * 65537 + two * 257 + one) * 3 + 2),
            row(model, 3, ((first * 65537 + one) * 65537 + two) * 3 + 1),
            row(model, 4, (first * 65537 + one) * 3),
            row(model, 5, ((second * 257 + first) * 8 + min(older & 7, 7)) * 7),
        )
        place = scramble(((one * 65537 + two) * 257 + near) * 3 + first) & (successors.size - 1)
        guess = np.int64(successors[place])
        value = code_symbol(coder, model, rows, depth, guess, values[i])
        if value > top:
            coder.at[FAULT] = 1
            value = np.int64(0)
        values[i] = value
        successors[place] = value
        older = ((older << 3) ^ three) & 0xFFFF
        three = two
        two = one
        one = value


def code_column(
    coder: Coder, values: np.ndarray, top: int, references: np.ndarray, hints: np.ndarray, inputs: int
) -> None:
    """Code (N,) int64 values from 0 to `top` < `LIMIT`, in place when decoding.

    `references` (N, R) int64 are up to two earlier points that are like this one, `hints` (N, 2) int64 what other
    columns say, below 2**24.
    """
    successors = np.zeros(_SUCCESSORS, np.int32)
    depth = top.bit_length()
    _code_all(coder, fresh_model(inputs, 2048, 1), references, hints, depth, successors, values, top)
