"""Poses of a sensor from a track with few knots, by screw motion between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.linear import rotate
from lizip.exact.screw import Track, poses_at, rotations_of, vector_of, vectors_between
from lizip.packed import Packed, rest, three_signed, whole
from lizip.sensor.stages.knots import decode_knots, encode_knots

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

QUANTA = np.ldexp(1.0, np.array([-13, -34, -34, -34, -30, -30, -30]))
"""Units of a knot's numbers: microseconds, rotation vector (rad) from the first knot, position (m)."""

COARSE = np.array([13, 10, 10, 10, 14, 14, 14])
"""Powers of two by which the units of coarser tracks are larger: a microsecond, 6e-8 rad, 15 um."""

_MOST_TURN = 1 << 37
"""Of the first knot's rotation vector: 8 rad."""

_MOST_KNOTS = 1 << 12
"""A stream of many may cost nothing."""


@dataclass(frozen=True)
class Screw(Packed):
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

    turn: tuple[int, int, int] = three_signed(_MOST_TURN)
    count: int = whole(_MOST_KNOTS, 2)
    body: bytes = rest()

    @classmethod
    def of(cls, track: Track, coarse: bool = False) -> Screw:
        """Code a track, times in us; a coarser one where numbers are to be multiples of `COARSE` units."""
        shift = COARSE if coarse else np.zeros(7, np.int64)
        first = _whole(vector_of(track.turns[0]), QUANTA[1:4], shift[1:4])
        base = rotations_of((first * QUANTA[1:4])[None])[0]
        numbers = np.empty((len(track.times), 7))
        numbers[:, 0] = track.times
        numbers[:, 1:4] = vectors_between(track.turns, np.broadcast_to(base, track.turns.shape))
        numbers[:, 4:] = track.places
        units = _whole(numbers, QUANTA, shift)
        return cls(tuple(first.tolist()), len(units), encode_knots(units))

    def track(self) -> Track:
        """Decode the track; raises CorruptError."""
        numbers = decode_knots(self.body, self.count, 7) * QUANTA
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


def _whole(numbers: np.ndarray, quanta: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Numbers in units, multiples of 2**shift, int64."""
    return np.rint(numbers / np.ldexp(quanta, shift)).astype(np.int64) << shift
