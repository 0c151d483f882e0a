"""A column of any number type <-> integers that are near each other where the values are: the least that says them all.

Integers as they are; floats that are decimals (multiples of 0.1 to 1e-9, or whole), or multiples of a power of two,
as multiples of that step, NaN for what is missing below them all; other floats as ordinals, which count the
representable numbers, those of a shorter mantissa where all have one (float16 stored as float32). Then a common offset
and divisor are taken out, and few different values become places in a list. `lizip.codecs.floats.forms` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint

INTEGER, ORDINAL, DIVIDED, MULTIPLIED = range(4)
"""Form of the integers: the column's own; float ordinals; value = integer / 10**e; value = integer * 10**-e."""

BINARY = 16
"""An exponent of `DIVIDED` from here on means 2**(exponent - BINARY), not a power of ten."""

MOST_BINARY = 40
MANTISSA = {4: 23, 8: 52}

ALPHABET = 256
"""Most values that are coded as symbols of an alphabet, what stands for missing ones among them."""

WIDE = 1 << 62
_SINGLE, _HOLE = 64, 128


@dataclass(frozen=True)
class Numbers:
    """How one column becomes integers.

    Attributes
    ----------
    form : int
        `INTEGER`, `ORDINAL`, `DIVIDED` or `MULTIPLIED`.
    size : int
        Bytes of the narrowest float type that holds all values (a float64 column may hold float32 values).
    exponent : int
        Decimal places of `DIVIDED` and `MULTIPLIED` (or binary ones, see `BINARY`); of `ORDINAL`, how many of the
        mantissa's last bits are 0 in all values and left out.
    signed_zero : bool
        -0.0 occurs among decimals: it is -1, and what is below moves down by one.
    offset, step : int
        integer = offset + step * coded.
    top : int
        Largest coded integer; -1 when not known to be small (then `offset` and `step` do nothing).
    values : tuple of int
        When not empty, coded integers in ascending order; their places are coded instead.
    smooth : bool
        Few values, but they follow each other like numbers, not like symbols.
    single : bool
        Of `MULTIPLIED`: by the float32 nearest to 10**-e, as programs do that turn integers into float32.
    hole : bytes
        When not empty: bytes of the NaN that stands for missing values; coded as 0, and all else one higher.
    """

    form: int
    size: int
    exponent: int = 0
    signed_zero: bool = False
    offset: int = 0
    step: int = 1
    top: int = -1
    values: tuple[int, ...] = ()
    smooth: bool = False
    single: bool = False
    hole: bytes = b""

    @property
    def alphabet(self) -> int:
        """How many symbols are coded; 0 when they are coded as numbers; 1 when the column is constant."""
        symbols = (len(self.values) or self.top + 1) + bool(self.hole)
        return symbols if symbols <= ALPHABET and not self.smooth else 0

    @property
    def divisor(self) -> float:
        """Of `DIVIDED`: steps a unit."""
        return float(10**self.exponent) if self.exponent < BINARY else 2.0 ** (self.exponent - BINARY)

    @property
    def factor(self) -> float:
        """Of `MULTIPLIED`: a step."""
        factor = float(f"1e-{self.exponent}")
        return float(np.float32(factor)) if self.single else factor

    def pack(self) -> bytes:
        """Write for `unpack`."""
        flags = (
            self.form
            | self.signed_zero << 2
            | bool(self.values) << 3
            | (self.size.bit_length() - 1) << 4
            | self.smooth << 6
        )
        kind = self.exponent | _SINGLE * self.single | _HOLE * bool(self.hole)
        out = bytes([flags, kind]) + self.hole + pack_signed(self.offset) + pack_varint(self.step)
        out += pack_signed(self.top)
        if self.values:
            steps = [b - a for a, b in zip((0, *self.values), self.values, strict=False)]
            out += pack_bytes(b"".join(map(pack_varint, steps)))
        return out

    @classmethod
    def unpack(cls, unpack: Unpacker, dtype: np.dtype) -> Numbers:
        """Read what `pack` wrote for a column of this type; CorruptError when it cannot have."""
        flags, kind = unpack.take(2)
        form, size, exponent, single = flags & 3, 1 << (flags >> 4 & 3), kind & 63, bool(kind & _SINGLE)
        hole = unpack.take(dtype.itemsize) if kind & _HOLE else b""
        offset, step, top = unpack.signed(), unpack.varint(), unpack.signed()
        values: list[int] = []
        if flags & 8:
            steps = Unpacker(unpack.bytes())
            while steps.remaining and len(values) <= ALPHABET:
                values.append((values[-1] if values else 0) + steps.varint())
            steps.finish()
        sane = size == dtype.itemsize if form == INTEGER else dtype.kind == "f" and 2 <= size <= max(dtype.itemsize, 4)
        sane = sane and _is_possible(form, size, exponent) and 1 <= step < WIDE
        sane = sane and abs(offset) < WIDE and -1 <= top < WIDE and max(values, default=0) < WIDE
        sane = sane and not (single and form != MULTIPLIED) and not (hole and (top < 0 or form < DIVIDED))
        if not sane or flags >> 7 or len(values) > ALPHABET or (form == INTEGER) != (dtype.kind != "f"):
            raise CorruptError("column with impossible numbers")
        return cls(
            form, size, exponent, bool(flags & 4), offset, step, top, tuple(values), bool(flags >> 6), single, hole
        )

    def to_coded(self, column: np.ndarray) -> np.ndarray:
        """Turn values into coded integers, (n,) int64."""
        integers = to_integers(column, self)
        if self.top < 0:
            return integers
        coded = integers - np.int64(self.offset)
        if self.step > 1:
            coded //= np.int64(self.step)
        if self.values:
            coded = np.searchsorted(np.array(self.values, np.int64), coded)
        return np.where(np.isnan(column), 0, coded + 1) if self.hole else coded

    def to_values(self, coded: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Turn coded integers, (n,) int64, back into values; never fails, whatever a hostile stream holds."""
        missing = coded == 0
        if self.hole:
            coded = coded - 1
        if self.values:
            coded = np.array(self.values, np.int64)[np.clip(coded, 0, len(self.values) - 1)]
        if self.top >= 0:
            coded = coded * np.int64(self.step) + np.int64(self.offset)
        values = from_integers(coded, self, dtype)
        if self.hole:
            bits = f"<u{dtype.itemsize}"
            values.view(bits)[missing] = np.frombuffer(self.hole, bits)
        return values


def _is_possible(form: int, size: int, exponent: int) -> bool:
    """Whether a form has such exponents."""
    if form == ORDINAL:
        return exponent <= MANTISSA.get(size, 0)
    return exponent <= 9 or (form == DIVIDED and BINARY <= exponent <= BINARY + MOST_BINARY)


def to_integers(column: np.ndarray, numbers: Numbers) -> np.ndarray:
    """Values -> int64 of the form; decimals and shorter mantissas are right only of values that the form says."""
    if numbers.form == INTEGER:
        if column.dtype == np.dtype("<u8"):
            return np.ascontiguousarray(column).view(np.int64) ^ np.int64(-(1 << 63))
        return column.astype(np.int64)
    if numbers.form == ORDINAL:
        with np.errstate(all="ignore"):
            return to_ordinals(column.astype(f"<f{numbers.size}")) >> numbers.exponent
    with np.errstate(all="ignore"):
        wide = column.astype(np.float64)
        scaled = wide * numbers.divisor if numbers.form == DIVIDED else wide / numbers.factor
        scaled = np.rint(scaled)
        integers = np.where(np.abs(scaled) < 2.0**60, scaled, 0).astype(np.int64)
    if numbers.signed_zero:
        integers -= np.signbit(column)
    return integers


def from_integers(integers: np.ndarray, numbers: Numbers, dtype: np.dtype) -> np.ndarray:
    """The inverse of `to_integers`."""
    if numbers.form == INTEGER:
        if dtype == np.dtype("<u8"):
            return (integers ^ np.int64(-(1 << 63))).view(np.uint64)
        return integers.astype(dtype)
    if numbers.form == ORDINAL:
        # what is left out is 0, whichever way the ordinals count
        whole = np.where(integers < 0, ~(~integers << numbers.exponent), integers << numbers.exponent)
        with np.errstate(all="ignore"):
            return from_ordinals(whole, np.dtype(f"<f{numbers.size}")).astype(dtype)
    negative = integers < 0 if numbers.signed_zero else np.zeros(len(integers), bool)
    wide = (integers + negative).astype(np.float64)
    with np.errstate(all="ignore"):
        wide = wide / numbers.divisor if numbers.form == DIVIDED else wide * numbers.factor
        return np.where(negative, -np.abs(wide), wide).astype(f"<f{numbers.size}").astype(dtype)
