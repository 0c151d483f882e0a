"""Columns as whole numbers: how what is coded becomes values (docs/format/floats.md, Numbers of a column)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes, demand

INTEGER, ORDINAL, DIVIDED, MULTIPLIED = range(4)


class Numbers(NamedTuple):
    """Of one column."""

    form: int
    negative_zero: bool
    size: int
    smooth: bool
    exponent: int
    offset: int
    step: int
    top: int
    values: list[int]
    single: bool
    hole: bytes

    @property
    def alphabet(self) -> int:
        """How many symbols are coded; 0: numbers."""
        symbols = (len(self.values) or self.top + 1) + bool(self.hole)
        return symbols if symbols <= 256 and not self.smooth else 0

    @property
    def divisor(self) -> float:
        """Steps a unit."""
        return float(10**self.exponent) if self.exponent < 16 else 2.0 ** (self.exponent - 16)

    def restored(self, coded: list[int], kind: np.dtype) -> np.ndarray:
        """The values of a column of some type."""
        missing = [bool(self.hole) and each == 0 for each in coded]
        if self.hole:
            coded = [max(each - 1, 0) for each in coded]
        values = self._values(coded, kind)
        values.view(f"<u{kind.itemsize}")[missing] = int.from_bytes(self.hole, "little")
        return values

    def _values(self, coded: list[int], kind: np.dtype) -> np.ndarray:
        if self.values:
            coded = [self.values[each] for each in coded]
        if self.top >= 0:
            coded = [each * self.step + self.offset for each in coded]
        whole = np.array(coded, np.int64)
        if self.form == INTEGER:
            return (whole ^ np.int64(-(1 << 63))).view(np.uint64) if kind == np.dtype("<u8") else whole.astype(kind)
        narrow = np.dtype(f"<f{self.size}")
        with np.errstate(all="ignore"):
            if self.form == ORDINAL:
                whole = np.where(whole < 0, ~(~whole << self.exponent), whole << self.exponent)
                return floats_at(whole, narrow).astype(kind)
            below = (whole < 0) & self.negative_zero
            real = (whole + below).astype(np.float64)
            factor = float(f"1e-{self.exponent}")
            factor = float(np.float32(factor)) if self.single else factor
            real = real / self.divisor if self.form == DIVIDED else real * factor
            return np.where(below, -np.abs(real), real).astype(narrow).astype(kind)


def floats_at(ordinals: np.ndarray, kind: np.dtype) -> np.ndarray:
    """The floats of a type at ordinals."""
    width = kind.itemsize
    mask = np.int64((1 << (8 * width - 1)) - 1)
    return np.where(ordinals < 0, ordinals ^ mask, ordinals).astype(f"<i{width}").view(kind)


def read_numbers(head: Bytes, item_size: int) -> Numbers:
    """From the plan, for a column of items of so many bytes."""
    flags, kind = head.u8(), head.u8()
    hole = head.take(item_size) if kind & 128 else b""
    offset, step, top = head.signed(), head.varint(), head.signed()
    values: list[int] = []
    if flags & 8:
        steps = Bytes(head.string())
        while steps.left:
            values.append((values[-1] if values else 0) + steps.varint())
    demand(flags < 128 and step > 0, "a column has impossible numbers")
    size = 1 << (flags >> 4 & 3)
    signed, smooth, single = bool(flags & 4), bool(flags & 64), bool(kind & 64)
    return Numbers(flags & 3, signed, size, smooth, kind & 63, offset, step, top, values, single, hole)
