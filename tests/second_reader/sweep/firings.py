"""Where cells were fired: columns of a turn (docs/format/sweep.md, stages 2 to 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, integer, tree
from second_reader.sweep.returns import Returns


class Fired(NamedTuple):
    """Columns to count in; those in which something was fired; whether they close a turn."""

    turn: int
    columns: np.ndarray
    closed: bool

    def lags(self, leads: np.ndarray) -> np.ndarray:
        """Firings by which each ring is moved."""
        span = self.turn if self.closed else int((self.columns[-1] - self.columns[0]) % self.turn) + 1
        return (2 * leads * len(self.columns) + span) // (2 * span)


def _code_steps(stream: Stream, count: int) -> list[int]:
    counters, steps = Counters(), []
    last = usual = 1
    run = 0
    for _ in range(count):
        step = 1 + integer(stream, counters, min(run, 23) * 2 + (last == usual), 120)
        if step == last and step != usual:
            usual, run = step, 0
        else:
            run = run + 1 if step == usual else 0
        steps.append(step)
        last = step
    return steps


def firings(head: Bytes, returns: Returns) -> None:
    """Stage 2."""
    form, turns, count, start = head.varints(4)
    base, turn = head.signed(), turns * returns.beams.columns
    if form & 2:
        steps = ans.decode(head.rest(), _code_steps, count - 1)
        fired = Fired(turn, np.cumsum([start, *steps]) % turn, bool(form & 1))
    else:
        fired = Fired(turn, (start + np.arange(count)) % turn, count == turn)
    ring, row = np.nonzero(returns.ranges.T)
    firing = row + (fired.lags(returns.beams.leads) + base)[ring]
    if fired.closed:
        firing %= count
    demand(not len(firing) or 0 <= firing.min() <= firing.max() < count, "a return lies outside of the firings")
    returns.fired, returns.base = fired, base
    returns.ring, returns.row, returns.firing = ring, row, firing
    returns.ticks, returns.column = returns.ranges[row, ring], fired.columns[firing]


def own_columns(head: Bytes, returns: Returns) -> None:
    """Stage 3."""
    fired, ring = returns.fired, returns.ring
    steps = np.diff(fired.columns) % fired.turn
    steps = np.append(steps, steps[-1:]) if len(steps) else np.zeros(len(fired.columns), np.int64)
    change = np.clip(np.diff(steps, append=steps[-1:]), -1, 1) + 1
    speed = np.clip(steps - int(np.sort(steps)[len(steps) // 2]) + 4, 0, 8)
    contexts = (ring * 9 + speed[returns.firing]) * 3 + change[returns.firing]

    def code(stream: Stream) -> list[int]:
        counters, large, away = Counters(), Counters(), []
        for context in contexts.tolist():
            symbol = tree(stream, counters, context << 3, 3, 250)
            away.append(symbol - 3 if symbol < 7 else integer(stream, large, 0, 250))
        return away

    returns.column = returns.column + np.array(ans.decode(head.rest(), code), np.int64)


def steps_of_firings(head: Bytes, returns: Returns) -> None:
    """Stage 4."""
    fired, usual, body, shares = returns.fired, head.signed(), head.string(), []
    while head.left:
        shares.append(head.signed())

    def code(stream: Stream) -> list[int]:
        counters, rest = Counters(), []
        for _ in fired.columns:
            rest.append(integer(stream, counters, int(bool(rest) and rest[-1] != 0), 250))
        return rest

    gaps = np.diff(fired.columns) % fired.turn
    gaps = np.append(gaps, gaps[-1:] if len(gaps) else [0])
    steps = np.array(ans.decode(body, code), np.int64) + gaps
    returns.ahead = 1e-7 * np.cumsum(shares)[returns.ring] * (steps[returns.firing] - usual)
