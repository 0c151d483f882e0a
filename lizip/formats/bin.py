"""Raw sweeps: float32 little-endian records without a header, as KITTI, nuScenes and many loggers write them.

Nothing in the file says how many fields a record has; `guess_fields` finds it from the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.errors import CorruptError, FormatError
from lizip.formats.records import Fields, check_regions, columns_of, join_records, schema_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns, Schema

NAMES = ("x", "y", "z", "intensity", "ring")
MAX_FORCED = 64
_CANDIDATES = (3, 4, 5, 6)
_PERIOD = 60
"""A multiple of every candidate: blocks of the sample start at a record whatever their number of fields."""


class Bin:
    """Records of 3 to 6 float32 (more when forced); a last record cut short is a region."""

    name = "bin"
    number = 1

    def split(self, data: memoryview, fields: int | None = None) -> Cloud | None:
        """Take the records apart; None when the bytes do not look like float32 points."""
        from lizip.cloud import Cloud

        count = guess_fields(data) if fields is None else fields
        if count is None:
            return None
        if not 1 <= count <= MAX_FORCED:
            raise FormatError(f"a record of {count} fields: give 1 to {MAX_FORCED}")
        layout = bytes([count])
        points = len(data) // (4 * count)
        tail = bytes(data[points * 4 * count :])
        return Cloud(self.name, layout, columns_of(data, 0, points, self.fields(layout)), (tail,) if tail else ())

    def rowwise(self, layout: bytes) -> bool:
        """Always."""
        return True

    def fields(self, layout: bytes) -> Fields:
        """x y z intensity ring f5 f6 ..."""
        if len(layout) != 1 or not 1 <= layout[0] <= MAX_FORCED:
            raise CorruptError("impossible number of fields")
        return tuple((NAMES[i] if i < len(NAMES) else f"f{i}", "f4") for i in range(layout[0]))

    def schema(self, layout: bytes) -> Schema:
        """Names of the fields, all float32."""
        return schema_of(self.fields(layout))

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the records, then the odd tail."""
        fields = self.fields(layout)
        check_regions(regions, min(len(regions), 1))
        yield from join_records(fields, blocks)
        yield from regions


def guess_fields(data: memoryview) -> int | None:
    """Find how many float32 a record has.

    Two things tell the right number from the others: neighbouring records are alike (few bits change from one to the
    next), and every column has its own distribution of sign, exponent and leading mantissa bits. Both are measured in
    bits a number on samples of the file, added, and the smallest sum wins; so the file's size decides only ties.

    Parameters
    ----------
    data : memoryview
        The file.

    Returns
    -------
    int or None
        3 to 6, or None when the bytes do not look like float32 points.
    """
    words = _sample(data)
    if len(words) == 0 or not _plausible(words):
        return None
    whole = [k for k in _CANDIDATES if len(data) % (4 * k) == 0]
    if len(words) < 2 * _PERIOD:
        return min(whole, key=lambda k: abs(k - 4)) if whole else None
    cost = {k: _cost(words, k) - 0.5 * (k in whole) for k in _CANDIDATES}
    if cost[6] > cost[3] - 1.0:  # two records of three fields are alike too
        del cost[6]
    return min(cost, key=cost.__getitem__)


def _sample(data: memoryview) -> np.ndarray:
    """Up to four runs of whole periods from all over the file, as (M,) uint32."""
    import numpy as np

    words = np.frombuffer(data, "<u4", len(data) // 4)
    run = 64 * _PERIOD
    if len(words) <= 4 * run:
        return words
    starts = [(len(words) - run) * i // 3 // _PERIOD * _PERIOD for i in range(4)]
    return np.concatenate([words[start : start + run] for start in starts])


def _plausible(words: np.ndarray) -> bool:
    """Whether nearly all words are zero, NaN as every program writes it, or (a tenth at least) from 1e-9 to 1e9."""
    import numpy as np

    size = words & 0x7FFFFFFF
    ordinary = (size >= np.float32(1e-9).view("u4")) & (size <= np.float32(1e9).view("u4"))
    special = (size == 0) | (size == 0x7FC00000) | (size == 0x7F800000)
    return bool(ordinary.mean() >= 0.1 and (ordinary | special).mean() >= 0.95)


def _cost(words: np.ndarray, fields: int) -> float:
    """Bits a number: of the change from the record before, plus entropy of the leading bits given the column."""
    import numpy as np

    ordinal = np.where(words >> 31, -(words & 0x7FFFFFFF).astype(np.int64), words.astype(np.int64))
    change = np.log2(1.0 + np.abs(ordinal[fields:] - ordinal[:-fields])).mean()
    leading = (words >> 21).astype(np.int64)
    column = np.arange(len(words)) % fields
    _, joint = np.unique(column << 11 | leading, return_counts=True)
    per_column = np.bincount(column)
    entropy = (per_column * np.log2(per_column)).sum() - (joint * np.log2(joint)).sum()
    return float(change + entropy / len(words))


FORMAT = Bin()
