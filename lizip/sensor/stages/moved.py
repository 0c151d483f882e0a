"""A part whose points were moved after they had been rounded: stored ones are a transform of those that stages gave.

The last stage: what other columns follow from are the points before. Points of no return were left where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.triples import every
from lizip.packing import Unpacker
from lizip.relations.motion import Motion

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_FLOAT32 = np.dtype("<f4")


@dataclass(frozen=True)
class Moved:
    """The transform.

    Attributes
    ----------
    nothing : (3,) uint32
        Bits of the coordinates of points that stay.
    motion : Motion
    """

    nothing: np.ndarray
    motion: Motion

    @classmethod
    def of(cls, inner: np.ndarray, stored: np.ndarray, nothing: np.ndarray, moved: Motion) -> Moved:
        """Note how stored points (N, 3) float32 follow from inner ones by the transform of `moved`."""
        moving = ~stays(inner, nothing)
        return cls(nothing, Motion.of(inner[moving], stored[moving], moved.matrix, moved.arithmetic))

    def apply(self, returns: Returns) -> None:
        """Move the points of the file."""
        names = [name for name, _ in returns.schema[:3]]
        if any(name not in returns.columns or returns.columns[name].dtype != _FLOAT32 for name in names):
            raise CorruptError("the stages of a sweep are not in order")
        points = np.stack([returns.columns[name] for name in names], axis=1)
        moving = ~stays(points, self.nothing)
        points[moving] = self.motion.apply(points[moving])
        for axis, name in enumerate(names):
            returns.columns[name] = np.ascontiguousarray(points[:, axis])

    def pack(self) -> bytes:
        """Write it."""
        return self.nothing.astype("<u4").tobytes() + self.motion.pack()

    @classmethod
    def unpack(cls, data: bytes) -> Moved:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        nothing, motion = unpacker.array("<u4", 3), Motion.unpack(unpacker.take(unpacker.remaining))
        if motion.wide:
            raise CorruptError("points of a sweep were moved to float64")
        return cls(nothing, motion)


def stays(points: np.ndarray, nothing: np.ndarray) -> np.ndarray:
    """Which of points (N, 3) float32 have the bits `nothing` (3,) uint32."""
    return every(np.ascontiguousarray(points).view(np.uint32) == nothing)
