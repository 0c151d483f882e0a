"""What becomes of one column of a file, and the arithmetic by which it follows from others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.relations.polar import Convention, to_cartesian, to_polar

KEPT, NARROW, SPLIT, PACKED, POLAR, EQUAL, MEAN = range(7)
"""What becomes of a column: coded as it is; as the float32 it holds; byte by byte; made of others' bits; computed from
others, what differs is coded; left out, being another under a second name; a
mean of multiples of a step, coded as such."""

NARROWED = (np.dtype("<f8"), np.dtype("<f2"))
"""Types that a column coded as float32 may have: codecs know coordinates as that."""

COUNTED = tuple(np.dtype(code) for code in ("i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"))
"""Likewise of coordinates that a motion makes whole numbers."""

SOURCES = {KEPT: (0,), NARROW: (0,), SPLIT: (0,), PACKED: (3, 4), POLAR: (3,), EQUAL: (1,), MEAN: (0,)}

NUMBERS = {POLAR: 4, MEAN: 1}
"""How many sources a kind has, and how many numbers."""


@dataclass(frozen=True)
class Rule:
    """What becomes of one column.

    Attributes
    ----------
    kind : int
        `KEPT` and following.
    sources : tuple of int
        Places of the columns it follows from.
    numbers : tuple of int
        POLAR: what is computed, the packed `Convention`, the scale (integers are so many a unit), and 1 where something
        is left to be coded. MEAN: units of which values were multiples.
    """

    kind: int = KEPT
    sources: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def rest(self) -> bool:
        """Whether a computed column leaves something to be coded."""
        return self.kind == POLAR and bool(self.numbers[3])


def packed(sources: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Numbers of 4 bytes made of the lowest bytes of others, the first uppermost: r, g, b, or alpha before them."""
    bits = np.zeros(len(sources[0]), np.uint32)
    for source in sources:
        bits = (bits << np.uint32(8)) | (source.astype(np.int64) & 255).astype(np.uint32)
    return bits.view(dtype)


def predicted(rule: Rule, sources: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """What a computed column would be, in its type."""
    what, convention, scale, _ = rule.numbers
    out = np.empty(len(sources[0]))
    with np.errstate(all="ignore"):
        inputs = [source.astype(np.float64) for source in sources]
    convert = to_cartesian if what < 3 else to_polar
    with np.errstate(all="ignore"):
        convert(*inputs, what, Convention.unpack(convention), out)
        if dtype.kind == "f":
            return out.astype(dtype)
        limits = np.iinfo(dtype)
        most = float(min(limits.max, 1 << 53))
        return np.clip(np.rint(out * float(scale)), float(max(limits.min, -(1 << 53))), most).astype(dtype)


def difference(column: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """What is left of a column, in units of the last place, as integers of its size (they may wrap around)."""
    return (_counted(column) - _counted(expected)).astype(f"<i{column.dtype.itemsize}")


def applied(expected: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Undo `difference`."""
    counted = (_counted(expected) + rest.astype(np.int64)).astype(f"<i{expected.dtype.itemsize}")
    if expected.dtype.kind == "f":
        return from_ordinals(counted.astype(np.int64), expected.dtype)
    return counted.view(expected.dtype)


def _counted(column: np.ndarray) -> np.ndarray:
    return to_ordinals(column) if column.dtype.kind == "f" else bits_of(column).astype(np.int64)
