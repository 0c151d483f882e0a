"""GPS times: the same as before within a pulse, one of the usual steps of the pulse clock, or a jump."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decisions import decide, fresh_model, row
from lizip.codecs.survey.numbers import code_parameters
from lizip.codecs.survey.tokens import code_number, code_rank
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, fresh_counters
from lizip.entropy.coder import FAULT, MODE, Coder, mark
from lizip.jit import kernel

STEPS = 255
"""Most steps of the clock that have a symbol of their own."""

_WIDEST = 1 << 60

_SUCCESSORS = 1 << 16
"""Pairs of ranks, of which what followed the last time is the first guess."""


@kernel
def _place(steps, step):
    """Index of a step in the ascending table; its size where it is not there."""
    low = np.int64(0)
    high = np.int64(steps.size)
    while low < high:
        middle = (low + high) >> 1
        if steps[middle] < step:
            low = middle + 1
        else:
            high = middle
    return low if low < steps.size and steps[low] == step else np.int64(steps.size)


@kernel
def _code_all(coder, same, usual, jump, steps, known, ranks, successors, previous, returns, values, top):
    """Code all times; see `code_column` for `previous` and `returns`."""
    encoding = coder.at[MODE] == 0
    one = np.int64(0)
    two = np.int64(0)
    three = np.int64(0)
    was_same = np.int64(0)
    hits = np.int64(0)
    near = np.int64(0)
    far = np.int64(0)
    for i in range(values.size):
        mark(coder, i)
        before = values[previous[i]] if previous[i] >= 0 else np.int64(0)
        step = values[i] - before
        kind = returns[i]
        kind_before = returns[i - 1] if i else np.int64(0)
        rows = (
            row(same, 0, (kind >> 8) * 2 + was_same),
            row(same, 1, kind * 2 + was_same),
            row(same, 2, (kind * 4096 + kind_before) * 2 + was_same),
            row(same, 3, one * 2 + was_same),
            np.int64(0),
            np.int64(0),
        )
        if decide(coder, same, rows, 0, 0, np.int64(1) if step == 0 else np.int64(0)):
            values[i] = before
            was_same = np.int64(1)
            continue
        was_same = np.int64(0)
        place = (one * 256 + two) & (successors.size - 1)
        guess = np.int64(successors[place])
        rows = (
            row(usual, 0, 16 + one * 256 + guess if hits else np.int64(0)),
            row(usual, 1, (one * 256 + two) * 256 + guess + 70000),
            row(usual, 2, ((one * 256 + two) * 256 + three) * 256 + guess + (1 << 36)),
            row(usual, 3, (hits * 4096 + kind) * 4096 + kind_before),
            row(usual, 4, ((kind & 255) * 65536 + one * 256 + two) * 256 + guess + (1 << 42)),
            row(usual, 5, ((((two * 256 + three) * 256) + one) * 256 + guess) * 4096 + kind_before + (1 << 50)),
        )
        rank = np.int64(0)
        if encoding:
            found = _place(known, step)
            rank = ranks[found] if found < known.size else steps.size
        if decide(coder, usual, rows, 0, 0, np.int64(1) if rank == guess else np.int64(0)):
            rank = guess
            hits = (hits * 2 + 1) & 7
        else:
            hits = (hits * 2) & 7
            rows = (
                row(usual, 0, (1 << 17) + one * 256 + guess),
                row(usual, 1, one + (1 << 25)),
                row(usual, 2, (one * 256 + two) * 256 + guess + (1 << 26)),
                row(usual, 3, kind * 4096 + kind_before + (1 << 37)),
                row(usual, 4, (kind & 255) * 65536 + one * 256 + two + (1 << 34)),
                row(usual, 5, (((two * 256 + three) * 256) + one) * 4096 + kind_before + (1 << 40)),
            )
            rank = code_rank(coder, usual, rows, rank)
        successors[place] = rank
        if rank < steps.size:
            step = steps[rank]
        else:
            guess = far
            scale = max(bit_length(abs(near)) - 6, 0)
            rows = (
                row(jump, 0, scale),
                row(jump, 1, bit_length(abs(near)) * 128 + bit_length(abs(far)) + (1 << 20)),
                row(jump, 2, one),
                row(jump, 3, kind),
                np.int64(0),
                np.int64(0),
            )
            step = guess + code_number(coder, jump, rows, 0, scale, False, step - guess)
            far = near
            near = step
        value = before + step
        if not 0 <= value <= top or rank > steps.size:
            coder.at[FAULT] = 1
            value = np.int64(0)
            near = far = np.int64(0)
        values[i] = value
        three = two
        two = one
        one = rank


def _usual_steps(values: np.ndarray, previous: np.ndarray) -> np.ndarray:
    """The steps that occur often, the most frequent first."""
    steps = values - np.where(previous >= 0, values[previous], 0)
    known, counts = np.unique(steps[steps != 0], return_counts=True)
    often = np.flatnonzero(counts > 3)
    return known[often[np.argsort(-counts[often], kind="stable")[:STEPS]]]


def code_column(
    coder: Coder, values: np.ndarray, top: int, previous: np.ndarray, returns: np.ndarray, inputs: int
) -> None:
    """Code (N,) int64 times from 0 to `top`, in place when decoding.

    Parameters
    ----------
    previous : (N,) int64
        Index of the point before in the same flight line, -1 where there is none.
    returns : (N,) int64
        Bit fields, plus 256 where the point continues the pulse of the point before, by its return number.
    """
    steps = _usual_steps(values, previous) if coder.at[MODE] == 0 else np.zeros(0, np.int64)
    size = np.array([len(steps)], np.int64)
    counters = fresh_counters(INTEGER_NODES)
    code_parameters(coder, counters, size)
    if not 0 <= size[0] <= STEPS:
        coder.at[FAULT] = 1
        return
    moves = np.diff(steps, prepend=0) if coder.at[MODE] == 0 else np.zeros(size[0], np.int64)
    code_parameters(coder, counters, moves)
    steps = np.cumsum(moves)
    if (np.abs(steps) >= _WIDEST).any():
        coder.at[FAULT] = 1
        return
    ranks = np.argsort(steps, kind="stable")
    few = min(inputs, 4)
    models = fresh_model(few, 1024, 1), fresh_model(inputs, 1024, 1), fresh_model(few, 1024, 1)
    _code_all(
        coder, *models, steps, steps[ranks], ranks, np.zeros(_SUCCESSORS, np.int32), previous, returns, values, top
    )
