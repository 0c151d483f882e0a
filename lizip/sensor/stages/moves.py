"""Ranges that are a little nearer or further than the coarse ones: of points that would be just beyond a bound.

A bound holds for each coordinate, so that it is reached first where a ray is almost along an axis: ranges are moved in
stretches of a ring. The context of whether one is, is how often those of its ring were lately, and of the ring before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.entropy.mixing import code_mixed, fresh_weights
from lizip.entropy.vectors import stride_of
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.sensor.stages.beams import MAX_TICKS

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_RATES = 12
"""Classes of a rate in 2**-16: bit lengths of what is above 2**-10."""
_LIMIT, _MIX_RATE = 120, 15
_BY_SLOW = 2 * _RATES
_BY_ABOVE = _BY_SLOW + _RATES * _RATES
_SIGN = _BY_ABOVE + _RATES * _RATES
_REST = _SIGN + 3
_COUNTERS = _REST + INTEGER_NODES
_STRIDE = stride_of(3)


@kernel
def _code_moves(coder, counters, weights, lately, ranges, moves):
    """Code, or decode, moves (F, R) int64 of ranges (F, R) int32; `lately` (3, R) zeros: rates of each ring's, fast and
    slow, in 2**-16, and its last sign + 1."""
    for i in range(ranges.shape[0]):
        beside = np.int64(0)
        above = np.int64(0)
        for j in range(ranges.shape[1]):
            if ranges[i, j] == 0:
                continue
            fast = min(bit_length(lately[0, j] >> 6), np.int64(_RATES - 1))
            slow = min(bit_length(lately[1, j] >> 6), np.int64(_RATES - 1))
            rows = (fast * 2 + beside, _BY_SLOW + slow * _RATES + fast, _BY_ABOVE + above * _RATES + slow)
            sets = beside * _STRIDE, (2 + slow) * _STRIDE
            moved = np.int64(1) if moves[i, j] != 0 else np.int64(0)
            moved = code_mixed(coder, counters, rows, (), weights, sets, _LIMIT, _MIX_RATE, moved)
            lately[0, j] += ((moved << 16) - lately[0, j]) >> 2
            lately[1, j] += ((moved << 16) - lately[1, j]) >> 5
            beside = moved
            above = fast
            if moved == 0:
                continue
            nearer = np.int64(1) if moves[i, j] < 0 else np.int64(0)
            nearer = code_bit(coder, counters, _SIGN + lately[2, j], _LIMIT, nearer)
            lately[2, j] = 1 + nearer
            size = code_integer(coder, counters, np.int64(_REST), _LIMIT, abs(moves[i, j]) - 1)
            size = min(abs(size), np.int64(MAX_TICKS)) + 1
            moves[i, j] = -size if nearer == 1 else size


def _fresh(rings: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return fresh_counters(_COUNTERS), fresh_weights(2 + _RATES, [0.55 / 3] * 3), np.zeros((3, rings), np.int64)


@dataclass(frozen=True)
class Moves(Packed):
    """By how many ticks, or halves of them, ranges are further than the coarse ones."""

    body: bytes = rest()

    @classmethod
    def of(cls, ranges: np.ndarray, moves: np.ndarray) -> Moves:
        """Code the moves (F, R) of ranges (F, R), 0 where nothing returned."""
        arrays = np.ascontiguousarray(ranges, np.int32), np.array(moves, np.int64)
        return cls(encode_stream(_code_moves, *_fresh(ranges.shape[1]), *arrays))

    def apply(self, returns: Returns) -> None:
        """Move ranges."""
        ranges = np.ascontiguousarray(returns.ranges, np.int32)
        moves = np.zeros(ranges.shape, np.int64)
        decode_stream(self.body, _code_moves, *_fresh(ranges.shape[1]), ranges, moves)
        moves += ranges
        if not ((moves > 0) & (moves < MAX_TICKS) | (ranges == 0)).all():
            raise CorruptError("a range is out of bounds")
        returns.ranges = moves.astype(np.int32)
