"""Which numbers a column is of: the form that leaves least to be coded. Encoder only.

A form has to say nearly all values, not all: a few that a program touched would else cost each of the others a dozen
bits (one rotated point among centimetres, a sentinel among float32). They are kept apart: `lizip.codecs.floats.odd`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lizip.codecs.floats.numbers import (
    ALPHABET,
    BINARY,
    DIVIDED,
    INTEGER,
    MANTISSA,
    MOST_BINARY,
    MULTIPLIED,
    ORDINAL,
    WIDE,
    Numbers,
    from_integers,
    to_integers,
)
from lizip.exact.ulp import bits_of

_PIECE = 1 << 16
_SAMPLE = 2048
_WORTH = 4
"""So many last bits of a mantissa have to be 0 that leaving them out is worth a trial."""

_EXPONENTS = {2: 3, 4: 8, 8: 10}
_EXACT = {2: 1 << 10, 4: 1 << 24, 8: 1 << 53}
_RARE, _RARE_IN_SAMPLE = 128, 64
"""One value in so many may be odd, and in a sample of few."""

_GAP = 4
"""Bytes for where an odd value is, and for the decisions: more than it takes, as they are not sure to be saved."""


def find_numbers(column: np.ndarray) -> Numbers:
    """Find the form of a column that says every value and leaves least to be coded."""
    return _find(column, 0, 0)[0]


def find_nearly(column: np.ndarray, listed: bool = True) -> tuple[Numbers, np.ndarray]:
    """Find the form that is best if a few values may be odd, and the rows (M,) int64 of those, ascending.

    Where few values can be `listed`, odd ones cost no more than others.
    """
    nearly, odd = _find(column, len(column) // _RARE, _RARE_IN_SAMPLE)
    if not len(odd):
        return nearly, odd
    exact, none = _find(column, 0, 0)
    saved = 0 if listed and exact.alphabet else _bits_of_range(exact) - _bits_of_range(nearly)
    return (nearly, odd) if saved * len(column) > len(odd) * 8 * (column.dtype.itemsize + _GAP) else (exact, none)


def _bits_of_range(numbers: Numbers) -> int:
    """Bits of the largest integer that is coded."""
    return numbers.top.bit_length() if numbers.top >= 0 else 8 * numbers.size


def _find(column: np.ndarray, most: int, rare: int) -> tuple[Numbers, np.ndarray]:
    """As `find_nearly`, with at most so many odd values."""
    hole = _hole_of(column)
    for candidate in _proposals(column, rare):
        form = replace(candidate, hole=hole) if candidate.form >= DIVIDED else candidate
        told = _told(column, form, most)
        if told is not None:
            odd = np.flatnonzero(~told)
            regular = told & ~np.isnan(column) if form.hole else told
            return _narrow_down(column if regular.all() else column[regular], form), odd
    raise AssertionError("the last form is always right")


def _hole_of(column: np.ndarray) -> bytes:
    """Bytes of the NaN that stands for what is missing in a column, if some is."""
    if column.dtype.kind != "f":
        return b""
    missing = np.isnan(column)
    return column[np.argmax(missing)].tobytes() if missing.any() and not missing.all() else b""


def _proposals(column: np.ndarray, rare: int) -> Iterator[Numbers]:
    """Forms that say a sample, but for one value in `rare` (0: all of it), best first; the last is always right."""
    size = column.dtype.itemsize
    if column.dtype.kind != "f":
        yield Numbers(INTEGER, size)
        return
    sample = np.ascontiguousarray(column[:: max(1, len(column) // _SAMPLE)])
    sample = sample[~np.isnan(sample)]
    most = len(sample) // rare if rare else 0
    sizes = [narrow for narrow in (2, 4) if narrow < size and _survives(sample, narrow).sum() >= len(sample) - most]
    sizes.append(size)
    for form, single in ((DIVIDED, False), (MULTIPLIED, False), (MULTIPLIED, True)):
        for exponent in range(_EXPONENTS[sizes[0]] if not single or sizes[0] == 4 else 0):
            candidate = Numbers(form, sizes[0], exponent, True, single=single)
            if len(sample) and _told(sample, candidate, most) is not None:
                yield candidate
    wide = max(4, next(narrow for narrow in sizes if narrow > 2 or narrow == size))
    yield from (each for each in _binary(sample, wide) if _told(sample, each, 0) is not None)
    for narrow in sizes:
        yield Numbers(ORDINAL, narrow)


def _binary(sample: np.ndarray, size: int) -> Iterator[Numbers]:
    """Multiples of a power of two, ordinals of a shorter mantissa, in floats of `size` bytes; the coarser first."""
    with np.errstate(all="ignore"):
        values = sample.astype(f"<f{size}")
    sizes = np.abs(values[np.isfinite(values) & (values != 0)]).astype(np.float64)
    if not len(sizes):
        return
    mantissa = MANTISSA[size]
    together = int(np.bitwise_or.reduce(bits_of(values).astype(np.int64) & ((1 << mantissa) - 1)))
    spare = (together & -together).bit_length() - 1 if together else mantissa
    exponents = np.frexp(sizes)[1]
    finest = min(mantissa + 1 - int(exponents.max()), MOST_BINARY)
    places = next((k for k in range(finest + 1) if not np.remainder(sizes * 2.0**k, 1).any()), -1)
    short, whole = Numbers(ORDINAL, size, spare), Numbers(DIVIDED, size, BINARY + places, True)
    proposals = [short] * (spare >= _WORTH) + [whole] * (places >= 0)
    # the mean step of ordinals against that of multiples, as powers of two
    yield from proposals if exponents.mean() - 1 - mantissa + spare > -places else reversed(proposals)


def _told(column: np.ndarray, numbers: Numbers, most: int) -> np.ndarray | None:
    """Which values (N,) bool come back from their integers, or are the hole; None when more than `most` do not."""
    plain = numbers.form == ORDINAL and not numbers.exponent
    told = np.ones(len(column), bool)
    if numbers.form == INTEGER or (plain and numbers.size == column.dtype.itemsize):
        return told
    hole = np.frombuffer(numbers.hole, f"<i{column.dtype.itemsize}")
    for start in range(0, len(column), _PIECE):
        piece = np.ascontiguousarray(column[start : start + _PIECE])
        if plain:
            good = _survives(piece, numbers.size)
        else:
            integers = to_integers(piece, numbers)
            good = bits_of(from_integers(integers, numbers, column.dtype)) == bits_of(piece)
            if numbers.form != ORDINAL:
                good &= np.abs(integers) < _EXACT[numbers.size]
        if numbers.hole:
            good |= bits_of(piece) == hole[0]
        told[start : start + _PIECE] = good
        most -= len(piece) - int(np.count_nonzero(good))
        if most < 0:
            return None
    return told


def _survives(piece: np.ndarray, size: int) -> np.ndarray:
    """Which values keep all their bits in a narrower float, (N,) bool."""
    with np.errstate(all="ignore"):
        narrow = piece.astype(f"<f{size}")
    return bits_of(narrow.astype(piece.dtype)) == bits_of(piece)


def _narrow_down(column: np.ndarray, numbers: Numbers) -> Numbers:
    """Find offset, divisor and, where few values occur, the values."""
    low, high, divisor, negative_zero = WIDE, -WIDE, 0, False
    found: np.ndarray | None = np.empty(0, np.int64)
    for start in range(0, len(column), _PIECE):
        piece = np.ascontiguousarray(column[start : start + _PIECE])
        integers = to_integers(piece, numbers)
        low, high = min(low, int(integers.min())), max(high, int(integers.max()))
        if high - low >= WIDE or max(high, -low) >= WIDE:
            return numbers
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
