"""The few values of a column that its form does not say: kept apart, with their rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint, pack_varints


@dataclass(frozen=True)
class Odd:
    """Values (M,) of a column's type, and their rows (M,) int64, ascending; what is coded there is of no account."""

    rows: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, column: np.ndarray, rows: np.ndarray) -> Odd:
        """Those at some rows of a column."""
        return cls(rows, column[rows])

    def pack(self) -> bytes:
        """Write for `unpack`."""
        gaps = np.diff(self.rows, prepend=-1) - 1
        return pack_varint(len(self.rows)) + pack_varints(gaps.tolist()) + self.values.tobytes()

    @classmethod
    def unpack(cls, unpack: Unpacker, dtype: np.dtype) -> Odd:
        """Read what `pack` wrote; CorruptError when it cannot have; how many points there are, `check` is told."""
        count = unpack.varint()
        if count > unpack.remaining:
            raise CorruptError("more odd values than there are bytes")
        gaps = [unpack.varint() for _ in range(count)]
        if sum(gaps) >= 1 << 62:
            raise CorruptError("odd values beyond all points")
        return cls(np.cumsum(np.array(gaps, np.int64) + 1) - 1, unpack.array(dtype.str, count))

    def check(self, count: int) -> None:
        """Raise CorruptError when some are beyond so many points."""
        if len(self.rows) and self.rows[-1] >= count:
            raise CorruptError("odd values beyond all points")

    def smoothed(self, column: np.ndarray) -> np.ndarray:
        """A column (N,) in which the last value before each odd one stands for it, or the first one behind."""
        if not len(self.rows):
            return column
        regular = np.ones(len(column), bool)
        regular[self.rows] = False
        latest = np.maximum.accumulate(np.where(regular, np.arange(len(column)), -1))
        return column[np.maximum(latest, int(np.argmax(regular)))]

    def put(self, values: np.ndarray, start: int) -> None:
        """Put those among the rows from `start` on into values (n,) of the column, in place."""
        low, high = np.searchsorted(self.rows, (start, start + len(values)))
        # as integers: a float may change on its way if it is a NaN
        bits = f"<u{values.dtype.itemsize}"
        values.view(bits)[self.rows[low:high] - start] = self.values[low:high].view(bits)
