"""The azimuth columns in which a sensor fired, shared by all its rings, and the grid of firings and rings they make.

Rings look to different sides at one firing. A row of the grid therefore holds, for each ring, the firing at which that
ring looked where the others did (`lags`), so that neighbours in the grid are neighbours in the scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varints

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

MOST_TURNS = 16
"""A sweep is about one turn, and often a little more."""

_LIMIT = 120
_RUN = 24
_MOST_BARREN = 1 << 16
"""Firings are at most this many more than rows of the grid, which a stream must pay for."""


@dataclass(frozen=True)
class Columns:
    """Columns in which something was fired.

    Attributes
    ----------
    turn : int
        Columns to count in: those of a full turn, or of as many turns as the file holds.
    fired : (K,) int64
        Distinct columns, 0 to turn - 1, ascending from the first one after the widest gap, then on past 0.
    closed : bool
        Whether the scan goes all the way round, so that the last firing is next to the first.
    """

    turn: int
    fired: np.ndarray
    closed: bool

    def lags(self, shifts: np.ndarray) -> np.ndarray:
        """Firings by which to move each ring so that rows look one way, (R,) int64, from shifts (R,) in columns."""
        span = self.turn if self.closed else int((self.fired[-1] - self.fired[0]) % self.turn) + 1
        return (2 * shifts * len(self.fired) + span) // (2 * span)

    def ranks(self, columns: np.ndarray) -> np.ndarray:
        """Index of each column (N,) among the firings, -1 where none was fired."""
        rank = np.full(self.turn, -1, np.int64)
        rank[self.fired] = np.arange(len(self.fired))
        return rank[columns % self.turn]


def whole_turn(start: int, firings: int, turn: int) -> Columns:
    """Columns of a grid of which every column is stored: all from the start on."""
    return Columns(turn, (start + np.arange(firings)) % turn, firings == turn)


@dataclass(frozen=True)
class Firings:
    """Where the cells of the grid were fired.

    Attributes
    ----------
    turns : int
        Turns of the sensor to count columns in.
    base : int
        Index of the firing in row 0 of a ring without lag.
    body : bytes
        The columns, coded; empty where they are `firings` ones from `start` on.
    start, firings : int
        First column and number of firings.
    closed : bool
        See `Columns`; of a whole turn it follows.
    """

    turns: int
    base: int
    start: int
    firings: int
    closed: bool
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, columns: Columns, base: int, turns: int = 1) -> Firings:
        """Code columns; see `Columns` and the attributes."""
        fired, start, count = columns.fired, int(columns.fired[0]), len(columns.fired)
        plain = whole_turn(start, count, columns.turn)
        stage = cls(turns, base, start, count, columns.closed)
        if plain.closed == columns.closed and (plain.fired == fired).all():
            return stage
        steps = np.diff(fired) % columns.turn
        return replace(stage, body=encode_stream(_code_steps, fresh_counters(_RUN * 2 * INTEGER_NODES), steps))

    def columns(self, turn: int) -> Columns:
        """Decode the columns, of `turn` to count in; raises CorruptError."""
        if not 0 < self.firings <= turn or self.start >= turn:
            raise CorruptError("impossible firing columns")
        if not self.body:
            return whole_turn(self.start, self.firings, turn)
        steps = np.zeros(self.firings - 1, np.int64)
        decode_stream(self.body, _code_steps, fresh_counters(_RUN * 2 * INTEGER_NODES), steps)
        if (steps < 1).any() or int(np.minimum(steps, turn).sum()) >= turn:
            raise CorruptError("impossible firing columns")
        fired = np.cumsum(np.concatenate([[self.start], steps])) % turn
        return Columns(turn, fired, self.closed)

    def apply(self, returns: Returns) -> None:
        """Find the returns in the grid, ring after ring, and what was fired when."""
        returns.need("beams")
        if self.firings > len(returns.ranges) + _MOST_BARREN:
            raise CorruptError("more firings than a grid can have")
        columns = self.columns(self.turns * returns.beams.columns)
        lags = columns.lags(returns.beams.leads)
        returns.fired, returns.base = columns, self.base
        placed = place_returns(returns.ranges, columns, self.base, lags)
        returns.ring, returns.row, returns.firing, returns.ticks = placed
        returns.column = columns.fired[returns.firing]

    def pack(self) -> bytes:
        """Write the stage."""
        form = self.closed + 2 * bool(self.body)
        head = pack_varints([form, self.turns, self.firings, self.start]) + pack_signed(self.base)
        return head + self.body

    @classmethod
    def unpack(cls, data: bytes) -> Firings:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form, turns, firings, start = (unpacker.varint() for _ in range(4))
        base, body = unpacker.signed(), unpacker.take(unpacker.remaining)
        if form > 3 or not 0 < turns <= MOST_TURNS or bool(form & 2) != bool(body) or abs(base) > 1 << 32:
            raise CorruptError("impossible firing columns")
        return cls(turns, base, start, firings, bool(form & 1), body)


@kernel
def _code_steps(coder, counters, steps):
    """Code the steps between firings; sensors alternate between two or so, in runs of nearly constant length."""
    last = np.int64(1)
    usual = np.int64(1)
    run = np.int64(0)
    for i in range(steps.size):
        same = np.int64(last == usual)
        context = (min(run, np.int64(_RUN - 1)) * 2 + same) * INTEGER_NODES
        step = 1 + code_integer(coder, counters, context, _LIMIT, np.int64(steps[i]) - 1)
        step = min(max(step, 0), np.int64(1) << 40)
        if step == last and step != usual:
            usual = step
            run = np.int64(0)
        elif step == usual:
            run += 1
        else:
            run = np.int64(0)
        steps[i] = step
        last = step


def place_returns(
    ranges: np.ndarray, columns: Columns, base: int, lags: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Turn grid cells (J, R), 0 = no return, into returns, ring after ring, each in the order of the rows.

    Returns
    -------
    ring, row, rank : (M,) int64
        Cell of each return and the index of its firing.
    ticks : (M,) int32
    """
    if columns.closed and ranges.shape[0] != len(columns.fired):
        raise CorruptError("grid has not as many rows as there were firings")
    at = np.zeros(ranges.shape[1], np.int64)
    count = _count(ranges, at)
    ring, row, rank, ticks = (np.empty(count, kind) for kind in (np.int64, np.int64, np.int64, np.int32))
    ahead = (lags + base) % len(columns.fired) if columns.closed else lags + base
    if not _place_all(ranges, ahead, len(columns.fired), columns.closed, at, ring, row, rank, ticks):
        raise CorruptError("a return lies outside of the firings")
    return ring, row, rank, ticks


@kernel
def _count(ranges, at):
    """Fill at (R,) with the number of returns of all rings before; returns that of all."""
    for j in range(ranges.shape[0]):
        for r in range(ranges.shape[1]):
            at[r] += np.int64(ranges[j, r] != 0)
    total = np.int64(0)
    for r in range(at.size):
        total += at[r]
        at[r] = total - at[r]
    return total


@kernel
def _place_all(ranges, ahead, firings, closed, at, ring, row, rank, ticks):
    """Fill cells, ranks and ticks, each ring from its place `at` (R,) on; returns whether all are of a firing."""
    for j in range(ranges.shape[0]):
        for r in range(ranges.shape[1]):
            if ranges[j, r] == 0:
                continue
            firing = j + ahead[r]
            if closed and firing >= firings:
                firing -= firings
            if not 0 <= firing < firings:
                return False
            k = at[r]
            at[r] += 1
            ring[k], row[k], rank[k], ticks[k] = r, j, firing, ranges[j, r]
    return True


def rows_of(columns: Columns, base: int, lags: np.ndarray, ring: np.ndarray, rank: np.ndarray, rows: int) -> np.ndarray:
    """Rows (K,) of cells given by ring and index of the firing (K,): the inverse; raises CorruptError."""
    row = rank - lags[ring]
    row = row % len(columns.fired) if columns.closed else row - base
    if len(row) and not 0 <= int(row.min()) <= int(row.max()) < rows:
        raise CorruptError("a point lies outside of the grid")
    return row
