"""A column of any number type <-> integers that are near each other where the values are: the least that says them all.

Integers as they are; floats that are all decimals (multiples of 0.1 to 1e-9, or whole), or multiples of a power of two,
as multiples of that step; other floats as ordinals, which count the representable numbers, those of a shorter mantissa
where all have one (float16 stored as float32). Then a common offset and divisor are taken out, and few
different values become places in a list. Every step is exact for every bit pattern: NaN payloads, infinities and -0.0
are ordinals like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint

INTEGER, ORDINAL, DIVIDED, MULTIPLIED = range(4)
"""Form of the integers: the column's own; float ordinals; value = integer / 10**e; value = integer * 10**-e."""

BINARY = 16
"""An exponent of `DIVIDED` from here on means 2**(exponent - BINARY), not a power of ten."""

ALPHABET = 256
"""Most values that are coded as symbols of an alphabet."""

_PIECE = 1 << 16
_SAMPLE = 2048
_MANTISSA = {4: 23, 8: 52}
_MOST_BINARY = 40
_WORTH = 4
"""So many last bits of a mantissa have to be 0 that leaving them out is worth a trial."""
_EXPONENTS = {2: 3, 4: 8, 8: 10}
_EXACT = {2: 1 << 10, 4: 1 << 24, 8: 1 << 53}
_WIDE = 1 << 62


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

    @property
    def alphabet(self) -> int:
        """How many symbols are coded; 0 when they are coded as numbers; 1 when the column is constant."""
        if self.smooth:
            return 0
        if self.values:
            return len(self.values)
        return self.top + 1 if 0 <= self.top < ALPHABET else 0

    @property
    def divisor(self) -> float:
        """Of `DIVIDED`: steps a unit."""
        return float(10**self.exponent) if self.exponent < BINARY else 2.0 ** (self.exponent - BINARY)

    def pack(self) -> bytes:
        """Write for `unpack`."""
        flags = (
            self.form
            | self.signed_zero << 2
            | bool(self.values) << 3
            | (self.size.bit_length() - 1) << 4
            | self.smooth << 6
        )
        out = bytes([flags, self.exponent]) + pack_signed(self.offset) + pack_varint(self.step)
        out += pack_signed(self.top)
        if self.values:
            steps = [b - a for a, b in zip((0, *self.values), self.values, strict=False)]
            out += pack_bytes(b"".join(map(pack_varint, steps)))
        return out

    @classmethod
    def unpack(cls, unpack: Unpacker, dtype: np.dtype) -> Numbers:
        """Read what `pack` wrote for a column of this type; CorruptError when it cannot have."""
        flags, exponent = unpack.take(2)
        form, size = flags & 3, 1 << (flags >> 4 & 3)
        offset, step, top = unpack.signed(), unpack.varint(), unpack.signed()
        values: list[int] = []
        if flags & 8:
            steps = Unpacker(unpack.bytes())
            while steps.remaining and len(values) <= ALPHABET:
                values.append((values[-1] if values else 0) + steps.varint())
            steps.finish()
        sane = size == dtype.itemsize if form == INTEGER else dtype.kind == "f" and 2 <= size <= max(dtype.itemsize, 4)
        sane = sane and _is_possible(form, size, exponent) and 1 <= step < _WIDE
        sane = sane and -1 <= top < _WIDE and max(values, default=0) < _WIDE
        if not sane or flags >> 7 or len(values) > ALPHABET or (form == INTEGER) != (dtype.kind != "f"):
            raise CorruptError("column with impossible numbers")
        return cls(form, size, exponent, bool(flags & 4), offset, step, top, tuple(values), bool(flags >> 6))

    def to_coded(self, column: np.ndarray) -> np.ndarray:
        """Turn values into coded integers, (n,) int64."""
        integers = _to_integers(column, self)
        if self.top < 0:
            return integers
        coded = integers - np.int64(self.offset)
        if self.step > 1:
            coded //= np.int64(self.step)
        return np.searchsorted(np.array(self.values, np.int64), coded) if self.values else coded

    def to_values(self, coded: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Turn coded integers, (n,) int64, back into values; never fails, whatever a hostile stream holds."""
        if self.values:
            coded = np.array(self.values, np.int64)[np.clip(coded, 0, len(self.values) - 1)]
        if self.top >= 0:
            coded = coded * np.int64(self.step) + np.int64(self.offset)
        return _to_values(coded, self, dtype)


def find_numbers(column: np.ndarray) -> Numbers:
    """Find the form of a column that leaves least to be coded; one pass over it for each form tried."""
    numbers = next(filter(lambda candidate: _holds(column, candidate), _proposals(column)))
    return _narrow_down(column, numbers)


def _proposals(column: np.ndarray) -> Iterator[Numbers]:
    """Forms that a sample allows, best first; the last is always right."""
    size = column.dtype.itemsize
    if column.dtype.kind != "f":
        yield Numbers(INTEGER, size)
        return
    sample = np.ascontiguousarray(column[:: max(1, len(column) // _SAMPLE)])
    sizes = [narrow for narrow in (2, 4) if narrow < size and _survives(sample, narrow)] + [size]
    for form in (DIVIDED, MULTIPLIED):
        for exponent in range(_EXPONENTS[sizes[0]]):
            candidate = Numbers(form, sizes[0], exponent, True)
            if _holds(sample, candidate):
                yield candidate
                break
    wide = max(4, next(narrow for narrow in sizes if narrow > 2 or narrow == size))
    yield from filter(partial(_holds, sample), _binary(sample, wide))
    for narrow in sizes:
        yield Numbers(ORDINAL, narrow)


def _binary(sample: np.ndarray, size: int) -> Iterator[Numbers]:
    """Multiples of a power of two, ordinals of a shorter mantissa, in floats of `size` bytes; the coarser first."""
    with np.errstate(all="ignore"):
        values = sample.astype(f"<f{size}")
    sizes = np.abs(values[np.isfinite(values) & (values != 0)]).astype(np.float64)
    if not len(sizes):
        return
    mantissa = _MANTISSA[size]
    together = int(np.bitwise_or.reduce(bits_of(values).astype(np.int64) & ((1 << mantissa) - 1)))
    spare = (together & -together).bit_length() - 1 if together else mantissa
    exponents = np.frexp(sizes)[1]
    finest = min(mantissa + 1 - int(exponents.max()), _MOST_BINARY)
    places = next((k for k in range(finest + 1) if not np.remainder(sizes * 2.0**k, 1).any()), -1)
    short, whole = Numbers(ORDINAL, size, spare), Numbers(DIVIDED, size, BINARY + places, True)
    proposals = [short] * (spare >= _WORTH) + [whole] * (places >= 0)
    # the mean step of ordinals against that of multiples, as powers of two
    yield from proposals if exponents.mean() - 1 - mantissa + spare > -places else reversed(proposals)


def _holds(column: np.ndarray, numbers: Numbers) -> bool:
    """Whether every value comes back from its integer."""
    plain = numbers.form == ORDINAL and not numbers.exponent
    if numbers.form == INTEGER or (plain and numbers.size == column.dtype.itemsize):
        return True
    for start in range(0, len(column), _PIECE):
        piece = np.ascontiguousarray(column[start : start + _PIECE])
        if plain:
            if not _survives(piece, numbers.size):
                return False
            continue
        integers = _to_integers(piece, numbers)
        if numbers.form != ORDINAL and np.abs(integers).max() >= _EXACT[numbers.size]:
            return False
        if not np.array_equal(bits_of(_to_values(integers, numbers, column.dtype)), bits_of(piece)):
            return False
    return True


def _survives(piece: np.ndarray, size: int) -> bool:
    """Whether values keep all their bits in a narrower float."""
    with np.errstate(all="ignore"):
        narrow = piece.astype(f"<f{size}")
    return np.array_equal(bits_of(narrow.astype(piece.dtype)), bits_of(piece))


def _narrow_down(column: np.ndarray, numbers: Numbers) -> Numbers:
    """Find offset, divisor and, where few values occur, the values."""
    low, high, divisor, negative_zero = _WIDE, -_WIDE, 0, False
    found: np.ndarray | None = np.empty(0, np.int64)
    for start in range(0, len(column), _PIECE):
        piece = np.ascontiguousarray(column[start : start + _PIECE])
        integers = _to_integers(piece, numbers)
        low, high = min(low, int(integers.min())), max(high, int(integers.max()))
        if high - low >= _WIDE or max(high, -low) >= _WIDE:
            return numbers if not numbers.signed_zero else replace(numbers, signed_zero=True)
        if divisor != 1:
            divisor = int(np.gcd.reduce(integers - low, initial=divisor))
        if numbers.signed_zero:
            negative_zero = negative_zero or bool((np.signbit(piece) & (piece == 0)).any())
        found = _few(found, integers)
    if numbers.signed_zero and not negative_zero:
        return _narrow_down(column, replace(numbers, signed_zero=False))
    step = 1 if numbers.signed_zero else max(divisor, 1)
    numbers = replace(numbers, offset=low, step=step, top=(high - low) // step)
    if numbers.top >= ALPHABET and found is not None:
        numbers = replace(numbers, values=tuple(((found - low) // step).tolist()))
    return numbers


def _few(found: np.ndarray | None, integers: np.ndarray) -> np.ndarray | None:
    """Add to the different values found so far; None when there are too many."""
    if found is None:
        return None
    low, high = int(integers.min()), int(integers.max())
    if high - low < _PIECE:
        different = np.flatnonzero(np.bincount(integers - low)) + low
    elif len(np.unique(integers[:_SAMPLE])) > ALPHABET:
        return None
    else:
        different = np.unique(integers)
    found = np.union1d(found, different)
    return found if len(found) <= ALPHABET else None


def _is_possible(form: int, size: int, exponent: int) -> bool:
    """Whether a form has such exponents."""
    if form == ORDINAL:
        return exponent <= _MANTISSA.get(size, 0)
    return exponent <= 9 or (form == DIVIDED and BINARY <= exponent <= BINARY + _MOST_BINARY)


def _to_integers(column: np.ndarray, numbers: Numbers) -> np.ndarray:
    """Values -> int64 of the form; decimals are right only where `_holds` says so."""
    if numbers.form == INTEGER:
        if column.dtype == np.dtype("<u8"):
            return np.ascontiguousarray(column).view(np.int64) ^ np.int64(-(1 << 63))
        return column.astype(np.int64)
    if numbers.form == ORDINAL:
        with np.errstate(all="ignore"):
            return to_ordinals(column.astype(f"<f{numbers.size}")) >> numbers.exponent
    with np.errstate(all="ignore"):
        wide = column.astype(np.float64)
        scaled = wide * numbers.divisor if numbers.form == DIVIDED else wide / float(f"1e-{numbers.exponent}")
        scaled = np.rint(scaled)
        integers = np.where(np.abs(scaled) < 2.0**60, scaled, 0).astype(np.int64)
    if numbers.signed_zero:
        integers -= np.signbit(column)
    return integers


def _to_values(integers: np.ndarray, numbers: Numbers, dtype: np.dtype) -> np.ndarray:
    """The inverse of `_to_integers`."""
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
        wide = wide / numbers.divisor if numbers.form == DIVIDED else wide * float(f"1e-{numbers.exponent}")
        return np.where(negative, -np.abs(wide), wide).astype(f"<f{numbers.size}").astype(dtype)
