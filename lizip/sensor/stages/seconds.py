"""Further returns of a firing: a laser's pulse may come back twice or more often, and each time is a point.

`Seconds` puts each right behind the return before it, coded given that one; `ReturnOrder` puts them where files of some
drivers have them. A sensor that reports the last and the strongest return mostly reports one and the same twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.packing import Unpacker, pack_varints

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_LIMIT = 250
_HISTORIES = 8
_OLD = 4
"""Firings after which a laser's last second return says nothing about the next."""
_MOST_PLACES = 1 << 12
_MOST_TICKS = (1 << 24) - 1
_SAME = _HISTORIES * 4
_RANGES = _SAME + _HISTORIES * 2
_COUNTERS = _RANGES + 2 * INTEGER_NODES

BEHIND, BY_FIRING, APART, BY_BANK, BY_GROUP = range(5)
"""Where further returns stand: each right behind the return before it; behind all of their firing that came before;
behind all of the sweep; behind those of a bank, that is of so many lasers that follow one another in a firing; behind
those of a group of firings."""


@dataclass(frozen=True)
class Seconds(Packed):
    """Which returns are followed by a further one of the same laser and firing, and its range.

    Where files hold all cells twice, each is followed by one, of range 0 where there is none. Of what was said to be a
    further return before, only that may be followed by one more.
    """

    body: bytes = rest()

    @classmethod
    def of(cls, returns: Returns, second: np.ndarray) -> Seconds:
        """Code the ticks (M,) int64 of the return that follows each of `returns`, 0 where there is none."""
        last = _last(returns)
        ticks = second[last].astype(np.int64)
        return cls(encode_stream(_code_seconds, *_fresh(returns), *_given(returns, last), ticks))

    def ranges(self, returns: Returns) -> np.ndarray:
        """Ticks (M,) int64 of the return that follows each of `returns`, 0 where there is none."""
        returns.need("ring", "ticks")
        last, second = _last(returns), np.zeros(len(returns.ring), np.int64)
        ticks = np.zeros(len(last), np.int64)
        decode_stream(self.body, _code_seconds, *_fresh(returns), *_given(returns, last), ticks)
        if len(ticks) and not 0 <= int(ticks.min()) <= int(ticks.max()) <= _MOST_TICKS:
            raise CorruptError("a second range is out of bounds")
        second[last] = ticks
        return second

    def apply(self, returns: Returns) -> None:
        """Put the further returns behind those that they follow."""
        second = self.ranges(returns) * (2 if returns.halved else 1)
        if returns.every is not None or returns.place is not None:
            raise CorruptError("the stages of a sweep are not in order")
        copies = np.full(len(second), 2) if returns.doubled else 1 + (second > 0)
        if int(copies.sum()) > returns.count:
            raise CorruptError("more returns than points")
        if returns.nth is None:
            returns.nth = np.zeros(len(copies), np.int64)
        returns.take(np.repeat(np.arange(len(copies)), copies))
        behind = np.cumsum(copies)[copies > 1] - 1
        returns.ticks[behind] = second[copies > 1]
        returns.nth[behind] += 1


@dataclass(frozen=True)
class ReturnOrder:
    """Where further returns stand in the file.

    Attributes
    ----------
    kind : int
        `BY_FIRING`, `APART`, `BY_BANK` or `BY_GROUP`.
    places : (R,) int64
        Place of each ring among those of a firing, which begins where it falls. Empty: firings are those of the model.
        `BY_BANK`: places at which banks begin, ascending.
    groups : bytes
        Coded: which firings begin a group.
    """

    kind: int
    places: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    groups: bytes = b""

    @classmethod
    def of_groups(cls, begins: np.ndarray) -> ReturnOrder:
        """Further returns behind groups of firings, given which of them (F,) begin one."""
        return cls(BY_GROUP, groups=encode_stream(code_marks, fresh_counters(MARKS), begins.astype(np.int64)))

    def apply(self, returns: Returns) -> None:
        """Put them there; firings are what stands together in the file."""
        returns.need("nth", "firing", "ring")
        assert returns.nth is not None
        nth, together = returns.nth, np.zeros(len(returns.nth), np.int64)
        if self.kind == BY_FIRING and not len(self.places):
            together = np.cumsum(np.diff(returns.firing, prepend=returns.firing[:1]) != 0)
        elif self.kind == BY_GROUP:
            begins = np.zeros(returns.firings, np.int64)
            decode_stream(self.groups, code_marks, fresh_counters(MARKS), begins)
            together = np.cumsum(begins)[returns.firing]
        elif self.kind == BY_BANK:
            if returns.places is None:
                raise CorruptError("the stages of a sweep are not in order")
            bank = np.searchsorted(self.places, returns.places[returns.ring], side="right")
            changed = (np.diff(returns.firing, prepend=returns.firing[:1]) != 0) | (
                np.diff(bank, prepend=bank[:1]) != 0
            )
            together = np.cumsum(changed)
        elif self.kind == BY_FIRING:
            if len(self.places) != returns.ranges.shape[1]:
                raise CorruptError("impossible order of returns")
            place = self.places[returns.ring]
            together = np.cumsum((np.diff(place, prepend=place[:1]) <= 0) & (nth == 0))
        returns.take(np.lexsort((nth, together)))
        if returns.doubled:
            if len(nth) != returns.count:
                raise CorruptError("a sweep does not hold as many points as its file")
            returns.place, returns.nothing = np.arange(returns.count), np.zeros(3, np.uint32)

    def pack(self) -> bytes:
        """Write the stage."""
        return pack_varints([self.kind, *self.places.tolist()]) + self.groups

    @classmethod
    def unpack(cls, data: bytes) -> ReturnOrder:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        kind = unpacker.varint()
        if kind == BY_GROUP:
            return cls(kind, groups=unpacker.take(unpacker.remaining))
        if kind not in (BY_FIRING, APART, BY_BANK):
            raise CorruptError("impossible order of returns")
        places = []
        while unpacker.remaining:
            places.append(unpacker.varint())
        rising = all(one < other for one, other in pairwise(places)) and places and places[-1] < _MOST_PLACES
        if not (rising if kind == BY_BANK else sorted(places) == list(range(len(places)))):
            raise CorruptError("impossible order of returns")
        return cls(kind, np.array(places, np.int64))


MARKS = 32
"""Counters of `code_marks`."""


@kernel
def code_marks(coder, counters, marks):
    """Code which of some things (F,) are marked; they come at even distances."""
    since = np.int64(0)
    for i in range(marks.size):
        marks[i] = code_bit(coder, counters, min(since, np.int64(MARKS - 1)), _LIMIT, marks[i])
        since = np.int64(0) if marks[i] else since + 1


def _last(returns: Returns) -> np.ndarray:
    """Returns (K,) that may be followed by a further one: where something returned, the last of each cell so far."""
    heard = returns.ticks > 0
    if returns.nth is None:
        return np.flatnonzero(heard)
    return np.flatnonzero(heard & (returns.nth == returns.nth.max(initial=0)))


def _fresh(returns: Returns) -> tuple[np.ndarray, np.ndarray]:
    return fresh_counters(_COUNTERS), np.zeros((returns.ranges.shape[1], 4), np.int64)


def _given(returns: Returns, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ring and whole ticks (K,) int64 of the returns `last`."""
    ticks = returns.ticks[last].astype(np.int64)
    return returns.ring[last].astype(np.int64), ticks // 2 if returns.halved else ticks


@kernel
def _code_seconds(coder, counters, lately, ring, first, second):
    """Code whether there is a second return, as there was for the laser lately and for the point before; its range.

    `lately` (R, 4) holds of each laser: which of its last firings had one, how long ago that was, its range, and which
    of the last ones had the range of the first.
    """
    before = np.int64(0)
    alike = np.int64(0)
    for i in range(ring.size):
        r = ring[i]
        context = ((lately[r, 0] & (_HISTORIES - 1)) * 2 + before) * 2
        has = code_bit(coder, counters, context, _LIMIT, np.int64(second[i] != 0))
        lately[r, 0] = lately[r, 0] << 1 & 0xFF | has
        lately[r, 1] = min(lately[r, 1] + 1, 1 << 20)
        before = has
        value = np.int64(0)
        if has:
            context = _SAME + (lately[r, 3] & (_HISTORIES - 1)) * 2 + alike
            alike = code_bit(coder, counters, context, _LIMIT, np.int64(second[i] == first[i]))
            lately[r, 3] = lately[r, 3] << 1 & 0xFF | alike
            value = first[i]
            if not alike:
                recent = lately[r, 2] > 0 and lately[r, 1] <= _OLD
                guess = lately[r, 2] if recent else first[i]
                base = _RANGES + (0 if recent else INTEGER_NODES)
                value = guess + code_integer(coder, counters, base, _LIMIT, second[i] - guess)
                value = min(max(value, np.int64(0)), np.int64(1) << 40)
                lately[r, 1] = 0
                lately[r, 2] = value
        second[i] = value
