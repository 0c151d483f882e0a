"""Poses of a sensor from a track with few knots, by screw motion between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.linear import rotate
from lizip.exact.screw import Track, poses_at, rotations_of, vector_of, vectors_between
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

QUANTA = np.ldexp(1.0, np.array([-13, -34, -34, -34, -30, -30, -30]))
"""Units of a knot's numbers: microseconds, rotation vector (rad) from the first knot, position (m)."""

_LARGEST = 1 << 58
_MOST_TURN = 1 << 37
"""Of the first knot's rotation vector: 8 rad."""

_LIMIT = 255


@kernel
def _code(coder, counters, numbers):
    """Code numbers (K, 7) int64 of knots as second differences, a context each number."""
    for k in range(numbers.shape[0]):
        for p in range(numbers.shape[1]):
            expected = np.int64(0)
            if k == 1:
                expected = numbers[0, p]
            elif k > 1:
                expected = 2 * numbers[k - 1, p] - numbers[k - 2, p]
            context = p + numbers.shape[1] * min(k, 2)
            rest = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, numbers[k, p] - expected)
            # a hostile stream may hold anything: keep the sums inside 64 bits
            numbers[k, p] = min(max(expected + rest, -_LARGEST), _LARGEST)


@dataclass(frozen=True)
class Screw:
    """A track of poses from the sensor's frame to the stored one.

    Attributes
    ----------
    turn : (3,) int64
        Rotation vector of the first knot.
    count : int
        Knots.
    body : bytes
        Their numbers, coded.
    """

    turn: tuple[int, int, int]
    count: int
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, track: Track) -> Screw:
        """Code a track; times in us."""
        first = np.rint(vector_of(track.turns[0]) / QUANTA[1:4]).astype(np.int64)
        base = rotations_of((first * QUANTA[1:4])[None])[0]
        numbers = np.empty((len(track.times), 7))
        numbers[:, 0] = track.times
        numbers[:, 1:4] = vectors_between(track.turns, np.broadcast_to(base, track.turns.shape))
        numbers[:, 4:] = track.places
        whole = np.rint(numbers / QUANTA).astype(np.int64)
        return cls(tuple(first.tolist()), len(whole), encode_stream(_code, fresh_counters(21 * INTEGER_NODES), whole))

    def track(self) -> Track:
        """Decode the track; raises CorruptError."""
        whole = np.zeros((self.count, 7), np.int64)
        decode_stream(self.body, _code, fresh_counters(21 * INTEGER_NODES), whole)
        numbers = whole * QUANTA
        if (np.diff(numbers[:, 0]) <= 0).any() or (np.abs(numbers[:, 1:4]) > 1).any():
            raise CorruptError("impossible knots of a track")
        base = rotations_of((np.array(self.turn) * QUANTA[1:4])[None])[0]
        # each is a turn after the first: (turn base) x
        turns = np.stack([rotate(base.T, turn).T for turn in rotations_of(numbers[:, 1:4])])
        return Track(numbers[:, 0].copy(), turns, numbers[:, 4:].copy())

    def apply(self, returns: Returns) -> None:
        """Find the poses."""
        returns.need("pose_times")
        poses = poses_at(self.track(), returns.pose_times)
        returns.turns, returns.shifts = poses.turns, poses.places

    def pack(self) -> bytes:
        """Write the stage."""
        return b"".join(map(pack_signed, self.turn)) + pack_varint(self.count) + self.body

    @classmethod
    def unpack(cls, data: bytes) -> Screw:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        turn = (unpacker.signed(), unpacker.signed(), unpacker.signed())
        count, body = unpacker.varint(), unpacker.take(unpacker.remaining)
        # a number takes two decisions at the least, but those may cost nothing
        if max(map(abs, turn)) > _MOST_TURN or not 2 <= count <= 1 << 12:
            raise CorruptError("impossible knots of a track")
        return cls(turn, count, body)
