"""Where the returns stand among the points of a file, and what the others hold: exceptions, and points of no return.

A point of no return is NaN, or one and the same position over and over (the origin mostly).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, counted, rest
from lizip.packing import Unpacker
from lizip.sensor.stages.exceptions import decode_exceptions, encode_exceptions

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_CLASSES, _LIMIT = 8, 250


@dataclass(frozen=True)
class Places(Packed):
    """Exceptions and missing points of a file.

    Attributes
    ----------
    exceptions : bytes
        Places and bits of the coordinates of points that are no returns on the grid; empty: there are none.
    missing : bytes
        Bits of the coordinates of missing points, and their places, where those follow no grid; empty: there are none.
    """

    exceptions: bytes = counted(default=b"")
    missing: bytes = rest(default=b"")

    @classmethod
    def of(
        cls, xyz: np.ndarray, listed: np.ndarray, missing: np.ndarray | None = None, nothing: np.ndarray | None = None
    ) -> Places:
        """Make the stage.

        Parameters
        ----------
        xyz : (N, 3) float32
        listed : (E,) int64
            Places of exceptions.
        missing : (N,) bool, optional
            Points whose coordinates have the bits `nothing` (3,) uint32, and that are neither returns nor listed.
        """
        body = b""
        if missing is not None and missing.any():
            assert nothing is not None
            body = nothing.astype("<u4").tobytes() + encode_places(missing)
        return cls(encode_exceptions(listed, np.ascontiguousarray(xyz[listed]).view(np.uint32)), body)

    def apply(self, returns: Returns) -> None:
        """Put the coordinates into the file's order."""
        returns.need("xyz")
        schema, count = returns.schema, returns.count
        if len(schema) < 3:
            raise CorruptError("a sweep without coordinates")
        places, words = decode_exceptions(self.exceptions, 3, count)
        absent = count - len(returns.xyz) - len(places)
        grid = np.zeros((3, count), np.uint32)
        if returns.place is None:
            if absent < 0 or bool(absent) != bool(self.missing):
                raise CorruptError("sweep does not hold as many points as its file")
            free = np.ones(count, np.bool_)
            if absent:
                unpacker = Unpacker(self.missing)
                grid[:] = unpacker.array("<u4", 3)[:, None]
                free = ~decode_places(unpacker.take(unpacker.remaining), absent, count)
            if not free[places].all():
                raise CorruptError("a point of a sweep is there twice")
            free[places] = False
            returns.place = np.flatnonzero(free)
        elif self.missing:
            raise CorruptError("the stages of a sweep are not in order")
        else:
            grid[:] = returns.nothing[:, None]
        if not _put(np.ascontiguousarray(returns.xyz).view(np.uint32), returns.place, grid):
            raise CorruptError("a point of a sweep has an impossible place")
        grid[:, places] = words.T
        names = [name for name, _ in schema[:3]]
        returns.columns.update(zip(names, grid.view(np.float32), strict=True))


@kernel
def _put(words, place, grid):
    """Put words (M, 3) into columns (3, N) at their places; returns whether all are there."""
    for i in range(place.size):
        k = place[i]
        if not 0 <= k < grid.shape[1]:
            return False
        for axis in range(3):
            grid[axis, k] = words[i, axis]
    return True


@kernel
def _code_gaps(coder, counters, gaps):
    """Code numbers of missing points before each of the others, given how many there were before the last two."""
    last = np.int64(0)
    before = np.int64(0)
    for i in range(gaps.size):
        context = min(bit_length(last), _CLASSES - 1) * _CLASSES + min(bit_length(before), _CLASSES - 1)
        gap = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, gaps[i])
        gaps[i] = min(max(gap, 0), np.int64(1) << 40)
        before = last
        last = gaps[i]


def encode_places(missing: np.ndarray) -> bytes:
    """Write which points are missing, (N,) bool, where they follow no grid."""
    ends = np.append(np.flatnonzero(~missing), len(missing))
    gaps = np.diff(ends, prepend=-1) - 1
    return encode_stream(_code_gaps, fresh_counters(_CLASSES * _CLASSES * INTEGER_NODES), gaps)


def decode_places(stream: bytes, missing: int, count: int) -> np.ndarray:
    """Read what `encode_places` wrote: `missing` of `count` points; (count,) bool. Raises CorruptError."""
    if not 0 <= missing <= count:
        raise CorruptError("impossible number of missing points")
    gaps = np.zeros(count - missing + 1, np.int64)
    decode_stream(stream, _code_gaps, fresh_counters(_CLASSES * _CLASSES * INTEGER_NODES), gaps)
    if int(np.minimum(gaps, count + 1).sum()) != missing:
        raise CorruptError("missing points do not add up")
    places = np.ones(count, np.bool_)
    places[np.cumsum(gaps[:-1] + 1) - 1] = False
    return places
