"""Where each return of a spinning sensor stands in its file: firing after firing or ring after ring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed
from lizip.packing import Unpacker, pack_varint, pack_varints
from lizip.sensor.stages.beams import MAX_BEAMS
from lizip.sensor.stages.firings import rows_of

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

FIRINGS, RINGS, ALL_FIRINGS, ALL_RINGS = range(4)
"""Firing after firing or ring after ring; returns only, or all cells of a grid with something where none returned."""


@dataclass(frozen=True)
class Order:
    """All that fixes the place of a return in the file.

    Attributes
    ----------
    kind : int
        See `FIRINGS` and following.
    places : (R,) int64
        Place of each ring among those of a firing, or of the file.
    starts : (R,) int64
        Firing column at which each ring begins (all alike unless rings follow one another).
    nothing : (3,) uint32
        Bits of the coordinates of a point that is no return; counts where all cells are stored.
    """

    kind: int
    places: np.ndarray
    starts: np.ndarray
    nothing: np.ndarray

    @property
    def whole(self) -> bool:
        """Whether every cell of the grid is a point of the file."""
        return self.kind in (ALL_FIRINGS, ALL_RINGS)

    def keys(self, ring: np.ndarray, column: np.ndarray, rank: np.ndarray, span: int, firings: int) -> np.ndarray:
        """Integers (M,) int64 in the order of the file, from ring, column and rank of the firing (M,).

        The rank counts only where every cell is stored, where the integers are the places themselves; columns count in
        `span`.
        """
        since = rank if self.whole else (column - self.starts[ring]) % span
        if self.kind in (FIRINGS, ALL_FIRINGS):
            return since * len(self.places) + self.places[ring]
        return self.places[ring] * (firings if self.whole else span) + since

    def apply(self, returns: Returns) -> None:
        """Put the returns in the order of the file."""
        returns.need("fired", "ring", "firing", "row")
        rings, fired = len(self.places), returns.fired
        if rings != returns.ranges.shape[1] or int(self.starts.max(initial=0)) >= fired.turn:
            raise CorruptError("impossible order of points")
        firings = len(fired.fired)
        if self.whole and firings * rings != returns.count:
            raise CorruptError("sweep does not hold as many points as its file")
        keys = self.keys(returns.ring, fired.fired[returns.firing], returns.firing, fired.turn, firings)
        sort = np.argsort(keys, kind="stable")
        returns.take(sort)
        if self.whole:
            returns.place = keys[sort]
            returns.nothing = self.nothing
            lit_ring, lit_rank = self.cells(firings)
            lags = fired.lags(returns.beams.leads)
            rows = len(returns.ranges)
            returns.every = lit_ring, lit_rank, rows_of(fired, returns.base, lags, lit_ring, lit_rank, rows)

    def cells(self, firings: int) -> tuple[np.ndarray, np.ndarray]:
        """Ring and index of the firing of every point of a whole grid, in the order of the file."""
        rings = len(self.places)
        index = np.arange(firings * rings)
        if self.kind == ALL_FIRINGS:
            return index % rings, index // rings
        return index // firings, index % firings

    def pack(self) -> bytes:
        """Write the stage."""
        same = bool((self.starts == self.starts[0]).all())
        plain = bool((self.places == np.arange(len(self.places))).all())
        head = pack_varints([self.kind + 4 * same + 8 * plain, len(self.places)])
        head += self.nothing.astype("<u4").tobytes() if self.whole else b""
        head += b"".join(pack_varint(int(start)) for start in (self.starts[:1] if same else self.starts))
        return head + (b"" if plain else pack_varints(map(int, self.places)))

    @classmethod
    def unpack(cls, data: bytes) -> Order:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        form, rings = unpacker.varint(), unpacker.varint()
        if form > 15 or not 0 < rings <= MAX_BEAMS:
            raise CorruptError("impossible order of points")
        kind = form & 3
        whole = kind in (ALL_FIRINGS, ALL_RINGS)
        nothing = unpacker.array("<u4", 3) if whole else np.zeros(3, np.uint32)
        starts = [unpacker.varint()] * rings if form & 4 else [unpacker.varint() for _ in range(rings)]
        places = list(range(rings)) if form & 8 else [unpacker.varint() for _ in range(rings)]
        unpacker.finish()
        if sorted(places) != list(range(rings)) or max(starts) >= 1 << 32:
            raise CorruptError("impossible order of points")
        return cls(kind, np.array(places, np.int64), np.array(starts, np.int64), nothing)


@dataclass(frozen=True)
class AzimuthOrder(Packed):
    """Ring after ring, each in ascending azimuth of the unrounded points from 0 to a turn."""

    def apply(self, returns: Returns) -> None:
        """Put the returns in the order of the file."""
        returns.need("points", "ring")
        keys = np.empty(len(returns.ring))
        azimuth_keys(returns.points, returns.ring, keys)
        if returns.nth is not None:  # further returns stay behind the first
            keys = keys[np.maximum.accumulate(np.where(returns.nth == 0, np.arange(len(keys)), 0))]
        returns.take(sorted_rings(returns.ring, keys))


@kernel
def azimuth_keys(points, ring, keys):
    """Fill keys (N,) float64 that sort by ring, then by azimuth of points (N, 3) from 0 to a turn.

    In place of the angle stands what grows with it, from 0 to 4: y / (|x| + |y|) and its reflections.
    """
    for i in range(ring.size):
        x, y = points[i, 0], points[i, 1]
        reach = abs(x) + abs(y)
        rise = y / reach if reach > 0.0 else 0.0
        if x < 0.0:
            rise = 2.0 - rise
        elif y < 0.0:
            rise += 4.0
        keys[i] = 8.0 * ring[i] + rise


def sorted_rings(ring: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Order (N,) int64 in which keys (N,) ascend, those of a later ring being larger; of equal ones the first first."""
    order = np.empty(len(ring), np.int64)
    if not _sort_rings(ring, keys, order):
        order = np.argsort(keys, kind="stable")
    return order


_MOST_STEPS = 16
"""Steps a return, on the average, after which insertion gives up."""


@kernel
def _sort_rings(ring, keys, order):
    """Sort by insertion: rings ascend but for where azimuth passes zero. Returns whether it was not too much work."""
    first = 0
    steps = 0
    while first < ring.size:
        last = first + 1
        begin = first
        while last < ring.size and ring[last] == ring[first]:
            if keys[last] < keys[last - 1] - 2.0:
                begin = last
            last += 1
        if last < ring.size and ring[last] < ring[first]:
            return False
        for k in range(first, last):
            i = begin + (k - first)
            if i >= last:
                i -= last - first
            m = k
            while m > first and (keys[order[m - 1]] > keys[i] or (keys[order[m - 1]] == keys[i] and order[m - 1] > i)):
                order[m] = order[m - 1]
                m -= 1
            order[m] = i
            steps += k - m
            if steps > _MOST_STEPS * ring.size:
                return False
        first = last
    return True
