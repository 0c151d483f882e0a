"""Second returns of a firing, each right after the first in the file, coded given the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_LIMIT = 250
_HISTORIES = 8
_OLD = 4
"""Firings after which a laser's last second return says nothing about the next."""
_MOST_TICKS = (1 << 24) - 1


@dataclass(frozen=True)
class Seconds(Packed):
    """Which returns are followed by a second one of the same laser and firing, and its range."""

    body: bytes = rest()

    @classmethod
    def of(cls, ring: np.ndarray, first: np.ndarray, second: np.ndarray, rings: int) -> Seconds:
        """Code second returns: ring, range and second range (0: none) of first returns (M,) in the file's order."""
        return cls(encode_stream(_code_seconds, *_fresh(rings), ring, first, second.copy()))

    def ranges(self, returns: Returns) -> np.ndarray:
        """Ticks (M,) int64 of the second return of each first one, 0 where there is none."""
        returns.need("ring", "ticks")
        rings, second = returns.ranges.shape[1], np.zeros(len(returns.ring), np.int64)
        ring, first = np.ascontiguousarray(returns.ring, np.int64), returns.ticks.astype(np.int64)
        decode_stream(self.body, _code_seconds, *_fresh(rings), ring, first, second)
        if len(second) and not 0 <= int(second.min()) <= int(second.max()) <= _MOST_TICKS:
            raise CorruptError("a second range is out of bounds")
        return second

    def apply(self, returns: Returns) -> None:
        """Put the second returns after the first."""
        second = self.ranges(returns) * (2 if returns.halved else 1)
        behind = np.flatnonzero(second)
        returns.take(np.repeat(np.arange(len(second)), 1 + (second > 0)))
        returns.ticks[behind + np.arange(1, len(behind) + 1)] = second[behind]


def _fresh(rings: int) -> tuple[np.ndarray, np.ndarray]:
    return fresh_counters(_HISTORIES * 4 + 2 * INTEGER_NODES), np.zeros((rings, 3), np.int64)


@kernel
def _code_seconds(coder, counters, lately, ring, first, second):
    """Code whether there is a second return, as there was for the laser lately and for the point before; its range.

    `lately` (R, 3) holds of each laser: which of its last firings had one, how long ago, and its range.
    """
    before = np.int64(0)
    for i in range(ring.size):
        r = ring[i]
        context = ((lately[r, 0] & (_HISTORIES - 1)) * 2 + before) * 2
        has = code_bit(coder, counters, context, _LIMIT, np.int64(second[i] != 0))
        lately[r, 0] = lately[r, 0] << 1 & 0xFF | has
        lately[r, 1] = min(lately[r, 1] + 1, 1 << 20)
        before = has
        value = np.int64(0)
        if has:
            recent = lately[r, 2] > 0 and lately[r, 1] <= _OLD
            guess = lately[r, 2] if recent else first[i]
            base = _HISTORIES * 4 + (0 if recent else INTEGER_NODES)
            value = guess + code_integer(coder, counters, base, _LIMIT, second[i] - guess)
            value = min(max(value, 0), np.int64(1) << 40)
            lately[r, 1] = 0
            lately[r, 2] = value
        second[i] = value
