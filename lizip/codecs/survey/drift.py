"""Columns that mostly stay as they are and now and then move a little, as the scan angle does: when, and how far."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decisions import decide, fresh_model, row
from lizip.codecs.survey.tokens import code_number
from lizip.entropy.coder import FAULT, Coder, mark
from lizip.jit import kernel

_LONGEST = 63


@kernel
def _code_all(coder, model, previous, same, pace, values, top):
    since = np.int64(0)
    move = np.int64(0)
    move_before = np.int64(0)
    still = np.int64(1)
    for i in range(values.size):
        mark(coder, i)
        before = values[previous[i]] if previous[i] >= 0 else np.int64(0)
        pulse = same[i]
        moved = min(max(move, np.int64(-128)), np.int64(127)) + 128
        moved_before = min(max(move_before, np.int64(-128)), np.int64(127)) + 128
        lately = min(since, np.int64(_LONGEST))
        rows = (
            row(model, 0, ((before & 0xFFFFF) * 256 + moved) * 2 + pulse),
            row(model, 1, (pace[i] * 64 + min(since >> 2, _LONGEST)) * 2 + pulse),
            row(model, 2, (moved * 256 + moved_before) * 4 + pulse * 2 + still),
            row(model, 3, lately * 4 + pulse * 2 + still),
            row(model, 4, ((lately >> 1) * 256 + moved) * 2 + pulse),
            row(model, 5, ((before & 0xFFFFF) * 64 + pace[i]) * 2 + pulse),
        )
        step = values[i] - before
        if decide(coder, model, rows, 0, 31, np.int64(1) if step == 0 else np.int64(0)):
            values[i] = before
            still = np.int64(1)
            since += 1 - pulse
            continue
        still = np.int64(0)
        value = before + code_number(coder, model, rows, 0, 0, False, step)
        if not 0 <= value <= top:
            coder.at[FAULT] = 1
            value = np.int64(0)
        values[i] = value
        move_before = move
        move = value - before
        since = np.int64(0)


def code_column(
    coder: Coder, values: np.ndarray, top: int, previous: np.ndarray, same: np.ndarray, pace: np.ndarray, inputs: int
) -> None:
    """Code (N,) int64 values from 0 to `top`, in place when decoding.

    Each is compared with point previous[i], -1 for none; `same` says whether a point belongs to the pulse of the point
    before, `pace` is the class of the time since then, 0 to 63; all (N,) int64.
    """
    _code_all(coder, fresh_model(inputs, 1024, 1), previous, same, pace, values, top)
