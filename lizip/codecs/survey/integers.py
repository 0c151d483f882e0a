"""Columns of any type <-> small integers: constants, multiples, decimals and tables of a few values are stripped off.

A column becomes planes: int64 arrays of values from 0 to less than 2**58. Nearly always one; numbers that are too
wide for that become one plane for each 32-bit half, records of no numeric type one for each byte, and floats that leap
about one for sign and exponent and one for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.packing import Unpacker, pack_signed, pack_varint

CONSTANT, AFFINE, DECIMAL, ORDINAL, TABLE, SPLIT, PARTS = range(7)
"""How a column was stripped; written to files."""

_SPAN = 1 << 58
_TABLE_LIMIT = 4096
_LOOK = 1 << 14
"""Values that tell how a column of floats goes on."""

_DECIMALS = range(8)
_MANTISSA = {2: 10, 4: 23, 8: 52}
"""Bits of a float behind sign and exponent."""


@dataclass(frozen=True)
class IntegerColumn:
    """A column without what is the same everywhere.

    Attributes
    ----------
    header : bytes
        What `restore` needs besides the planes.
    planes : tuple of numpy.ndarray
        (N,) int64 each, 0 <= value <= top.
    tops : tuple of int
        The largest value of each plane.
    """

    header: bytes
    planes: tuple[np.ndarray, ...] = ()
    tops: tuple[int, ...] = ()


@dataclass(frozen=True)
class ColumnTransform:
    """A header read back.

    Attributes
    ----------
    tops : tuple of int
        The largest value of each plane.
    """

    kind: int
    dtype: np.dtype
    tops: tuple[int, ...] = ()
    constant: bytes = b""
    offset: int = 0
    step: int = 1
    decimals: int = 0
    table: np.ndarray | None = None
    parts: tuple[ColumnTransform, ...] = ()


def _ordinals(column: np.ndarray) -> np.ndarray:
    """Numbers as int64 in their own order; floats by their bits, one to one and in order (-0.0 below 0.0)."""
    if column.dtype.kind == "f":
        return to_ordinals(column)
    return column.view(np.int64) if column.dtype == np.dtype("<u8") else column.astype(np.int64)


def _from_ordinals(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return from_ordinals(values, dtype) if dtype.kind == "f" else values.astype(dtype)


def _decimal(column: np.ndarray) -> tuple[int, np.ndarray] | None:
    """The smallest d and the integers k with column == k / 10**d exactly."""
    with np.errstate(all="ignore"):
        probe = column[:: max(1, len(column) // 64)]
        for decimals in _DECIMALS:
            power = float(10**decimals)
            for part in (probe, column):
                scaled = np.rint(part.astype(np.float64) * power)
                if not (np.abs(scaled) < 2.0**53).all():
                    break
                steps = scaled.astype(np.int64)
                if not (bits_of(_of_decimals(steps, decimals, part.dtype)) == bits_of(part)).all():
                    break
            else:
                return decimals, steps
    return None


def _of_decimals(steps: np.ndarray, decimals: int, dtype: np.dtype) -> np.ndarray:
    """The floats nearest to decimals."""
    return (steps / float(10**decimals)).astype(dtype)


def _leaps(ordinals: np.ndarray, mantissa: int) -> bool:
    """Whether exponents tell more of floats than the floats before them do."""
    _, counts = np.unique(ordinals >> mantissa, return_counts=True)
    entropy = np.log2(len(ordinals)) - (counts * np.log2(counts)).sum() / len(ordinals)
    changes = np.log2(1.0 + np.abs(np.diff(ordinals.astype(np.float64))))
    return bool(len(changes) and entropy + mantissa < changes.mean())


def _few(ordinals: np.ndarray, extent: int) -> np.ndarray | None:
    """The values that occur, sorted, where they are few and far between in so many steps."""
    limit = min(_TABLE_LIMIT, len(ordinals) // 16, (extent - 1) // 16)
    if not limit:
        return None
    for part in (ordinals[: 2 * limit], ordinals[: 4 * _TABLE_LIMIT], ordinals):
        ordered = np.sort(part)
        known = ordered[np.append(True, ordered[1:] != ordered[:-1])]
        if len(known) > limit:
            return None
    return known


def common_step(values: np.ndarray) -> int:
    """The greatest common divisor of (N,) int64; soon known where it is one."""
    return 1 if np.gcd.reduce(values[:256]) == 1 else int(np.gcd.reduce(values))


def _affine(kind: int, ordinals: np.ndarray, decimals: int = 0) -> IntegerColumn | None:
    """Take off offset and step; or number the values that occur, where they are few and far between."""
    low, high = int(ordinals.min()), int(ordinals.max())
    wide = high - low >= _SPAN
    head = bytes([kind, decimals]) + pack_signed(low)
    values = ordinals if wide else ordinals - low
    step = 1 if wide else common_step(values)
    extent = (high - low) // step
    if extent >= 256 and (known := _few(ordinals, extent)) is not None:
        gaps = [(b - a) // step for a, b in zip(known[:-1].tolist(), known[1:].tolist(), strict=True)]
        table = pack_varint(step) + pack_varint(len(gaps)) + b"".join(map(pack_varint, gaps))
        return IntegerColumn(
            bytes([TABLE]) + head + table, (np.searchsorted(known, ordinals).astype(np.int64),), (len(gaps),)
        )
    if wide:
        return None
    return IntegerColumn(
        head + pack_varint(step) + pack_varint(extent), (values if step == 1 else values // step,), (extent,)
    )


def integerise(column: np.ndarray) -> IntegerColumn:
    """Strip a contiguous column of at least one value, of any little-endian type."""
    raw = column.view(np.uint8).reshape(len(column), -1)
    if (raw[0] == raw[:256]).all() and (raw[0] == raw).all():
        return IntegerColumn(bytes([CONSTANT]) + raw[0].tobytes())
    if column.dtype.kind not in "iuf":
        return _split(raw, 1)
    if column.dtype.kind != "f":
        return _affine(AFFINE, _ordinals(column)) or _split(raw, 4)
    if column.dtype.itemsize > 2 and (decimal := _decimal(column)):
        return _affine(DECIMAL, decimal[1], decimal[0]) or _split(raw, 4)
    ordinals = _ordinals(column)
    stripped = _affine(ORDINAL, ordinals)
    mantissa = _MANTISSA[column.dtype.itemsize]
    if (stripped is None or stripped.header[0] == ORDINAL) and _leaps(ordinals[:_LOOK], mantissa):
        halves = ordinals >> mantissa, ordinals & ((1 << mantissa) - 1)
        return _joined(bytes([PARTS]), [integerise(half) for half in halves])
    return stripped or _split(raw, 4)


def _split(raw: np.ndarray, size: int) -> IntegerColumn:
    parts = [
        integerise(np.ascontiguousarray(raw[:, at : at + size]).view(f"<u{size}").ravel())
        for at in range(0, raw.shape[1], size)
    ]
    return _joined(bytes([SPLIT, size]), parts)


def _joined(head: bytes, parts: Sequence[IntegerColumn]) -> IntegerColumn:
    """Several parts as one column."""
    header = head + b"".join(part.header for part in parts)
    planes = tuple(plane for part in parts for plane in part.planes)
    return IntegerColumn(header, planes, tuple(top for part in parts for top in part.tops))


def _range(kind: int, dtype: np.dtype) -> tuple[int, int]:
    """Smallest and largest integer that a stripped column of this kind and type can hold."""
    if kind == DECIMAL:
        return -(1 << 53), 1 << 53
    if dtype.kind == "u" and dtype.itemsize < 8:
        return 0, (1 << 8 * dtype.itemsize) - 1
    half = 1 << 8 * dtype.itemsize - 1
    return -half, half - 1


def read_transform(unpack: Unpacker, dtype: np.dtype) -> ColumnTransform:
    """Read the header of a stripped column of the given type; CorruptError when it cannot be one."""
    kind = unpack.take(1)[0]
    if kind == CONSTANT:
        return ColumnTransform(kind, dtype, constant=unpack.take(dtype.itemsize))
    if kind == SPLIT:
        size = unpack.take(1)[0]
        if size not in (1, 4) or dtype.itemsize % size or (size == 4 and dtype.itemsize != 8):
            raise CorruptError("column cannot be split like that")
        parts = tuple(read_transform(unpack, np.dtype(f"<u{size}")) for _ in range(dtype.itemsize // size))
        return ColumnTransform(kind, dtype, tuple(top for part in parts for top in part.tops), parts=parts)
    if kind == PARTS:
        if dtype.kind != "f":
            raise CorruptError("column has a coding of another type")
        parts = tuple(read_transform(unpack, np.dtype("<i8")) for _ in range(2))
        return ColumnTransform(kind, dtype, tuple(top for part in parts for top in part.tops), parts=parts)
    inner = unpack.take(1)[0] if kind == TABLE else kind
    decimals = unpack.take(1)[0]
    if (
        dtype.kind not in "iuf"
        or inner not in (AFFINE, DECIMAL, ORDINAL)
        or decimals not in (_DECIMALS if inner == DECIMAL else (0,))
    ):
        raise CorruptError("column has an unknown coding")
    if (inner == DECIMAL and dtype.kind != "f") or (inner == ORDINAL) != (dtype.kind == "f" and inner != DECIMAL):
        raise CorruptError("column has a coding of another type")
    offset, step, top = unpack.signed(), unpack.varint(), unpack.varint()
    table = None
    last = top
    if kind == TABLE:
        gaps = [unpack.varint() for _ in range(min(top, unpack.remaining + 1))]
        last = sum(gaps)
    least, most = _range(inner, dtype)
    if not 0 < top < _SPAN or step < 1 or offset < least or offset + last * step > most:
        raise CorruptError("column has an impossible range")
    if kind == TABLE:
        table = np.array([offset + step * at for at in accumulate(gaps, initial=0)], np.int64)
        offset, step = 0, 1
    return ColumnTransform(inner, dtype, (top,), offset=offset, step=step, decimals=decimals, table=table)


def restore(transform: ColumnTransform, planes: tuple[np.ndarray, ...], count: int) -> np.ndarray:
    """Put a column of `count` values together again; every plane within its top."""
    dtype = transform.dtype
    if transform.kind == CONSTANT:
        return np.frombuffer(transform.constant * count, dtype)
    if transform.kind == SPLIT:
        columns = _parts_of(transform, planes, count)
        raw = np.concatenate([column.view(np.uint8).reshape(count, -1) for column in columns], axis=1)
        return np.ascontiguousarray(raw).view(dtype).ravel()
    if transform.kind == PARTS:
        high, low = _parts_of(transform, planes, count)
        return _from_ordinals((high << _MANTISSA[dtype.itemsize]) + low, dtype)
    (values,) = planes
    values = transform.table[values] if transform.table is not None else values * transform.step + transform.offset
    if transform.kind == DECIMAL:
        return _of_decimals(values, transform.decimals, dtype)
    return _from_ordinals(values, dtype)


def _parts_of(transform: ColumnTransform, planes: tuple[np.ndarray, ...], count: int) -> list[np.ndarray]:
    """The columns that a column was made of."""
    columns, at = [], 0
    for part in transform.parts:
        columns.append(restore(part, planes[at : at + len(part.tops)], count))
        at += len(part.tops)
    return columns
