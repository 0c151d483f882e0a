"""GPS times: the same as before within a pulse, one of the usual steps of the pulse clock, or a jump."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.tokens import code_number, code_symbol, decide, fresh_model, select
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters
from lizip.entropy.coder import FAULT, MODE, Coder
from lizip.jit import kernel

STEPS = 255
"""Most steps of the clock that have a symbol of their own."""

_WIDEST = 1 << 60


@kernel
def _code_steps(coder, counters, steps):
    """Code the ascending table of steps."""
    before = np.int64(0)
    for k in range(steps.size):
        before += code_integer(coder, counters, 0, 255, steps[k] - before)
        if abs(before) >= _WIDEST:
            coder.at[FAULT] = 1
            before = np.int64(0)
        steps[k] = before


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
def _code_all(coder, same, usual, jump, depth, steps, previous, returns, values, top):
    """`previous`: index of the point before in the same flight line, -1 for none; `returns`: bit fields, `follows` << 8."""
    one = np.int64(0)
    two = np.int64(0)
    three = np.int64(0)
    was_same = np.int64(0)
    near = np.int64(0)
    far = np.int64(0)
    for i in range(values.size):
        before = values[previous[i]] if previous[i] >= 0 else np.int64(0)
        step = values[i] - before
        kind = returns[i]
        kind_before = returns[i - 1] if i else np.int64(0)
        select(same, 0, (kind >> 8) * 2 + was_same)
        select(same, 1, kind * 2 + was_same)
        select(same, 2, (kind * 4096 + kind_before) * 2 + was_same)
        select(same, 3, one * 2 + was_same)
        if decide(coder, same, 0, np.int64(0), 250, np.int64(1) if step == 0 else np.int64(0)):
            values[i] = before
            was_same = np.int64(1)
            continue
        was_same = np.int64(0)
        select(usual, 0, one)
        select(usual, 1, one * 256 + two + 70000)
        select(usual, 2, (one * 256 + two) * 256 + three + 20000000)
        select(usual, 3, kind * 4096 + kind_before)
        select(usual, 4, (kind & 255) * 65536 + one * 256 + two + (1 << 34))
        select(usual, 5, (((two * 256 + three) * 256) + one) * 4096 + kind_before + (1 << 40))
        symbol = _place(steps, step)
        symbol = code_symbol(coder, usual, np.int64(0), depth, 250, one, symbol)
        if symbol < steps.size:
            step = steps[symbol]
        else:
            guess = far
            size = bit_length(abs(near)) - 2
            scale = max(size - 4, 0)
            select(jump, 0, scale)
            select(jump, 1, bit_length(abs(near)) * 128 + bit_length(abs(far)) + (1 << 20))
            select(jump, 2, one)
            select(jump, 3, kind)
            step = guess + code_number(coder, jump, np.int64(0), scale, 250, step - guess)
            far = near
            near = step
        value = before + step
        if not 0 <= value <= top or symbol > steps.size:
            coder.at[FAULT] = 1
            value = np.int64(0)
            near = far = np.int64(0)
        values[i] = value
        three = two
        two = one
        one = symbol


def _usual_steps(values: np.ndarray, previous: np.ndarray) -> np.ndarray:
    """The steps that occur often, ascending."""
    steps = values - np.where(previous >= 0, values[previous], 0)
    known, counts = np.unique(steps[steps != 0], return_counts=True)
    often = np.flatnonzero(counts > 3)
    often = often[np.argsort(-counts[often], kind="stable")[:STEPS]]
    return np.sort(known[often])


def code_column(coder: Coder, values: np.ndarray, top: int, previous: np.ndarray, returns: np.ndarray) -> None:
    """Code (N,) int64 times from 0 to `top`, in place when decoding.

    Parameters
    ----------
    previous : (N,) int64
        Index of the point before in the same flight line, -1 where there is none.
    returns : (N,) int64
        Bit fields, plus 256 where the point continues the pulse of the point before, by its return number.
    """
    size = np.zeros(1, np.int64)
    steps = np.zeros(0, np.int64)
    if coder.at[MODE] == 0:
        steps = _usual_steps(values, previous)
        size[0] = len(steps)
    counters = fresh_counters(INTEGER_NODES)
    _code_steps(coder, counters, size)
    count = int(size[0])
    if not 0 <= count <= STEPS:
        coder.at[FAULT] = 1
        return
    if coder.at[MODE] == 1:
        steps = np.zeros(count, np.int64)
    _code_steps(coder, counters, steps)
    depth = count.bit_length()
    models = fresh_model(4, 1024, 1), fresh_model(6, 4096, 1), fresh_model(4, 1024, 1)
    _code_all(coder, *models, depth, steps, previous, returns, values, top)
