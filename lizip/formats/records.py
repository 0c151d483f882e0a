"""What formats of fixed binary records share: columns as strided views, records put together again, field lists packed.

Nothing here imports numpy before numbers are touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lizip.container import MAX_WHOLE
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varint

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns, Schema

Fields = tuple[tuple[str, str], ...]
"""Name and type code of every field, in the order of the record; numbers are little-endian in the columns."""

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
"""Type codes; the position is the number written to files."""

MAX_FIELDS = 4096
"""More columns than this are no point cloud."""

_ROWS = 1 << 16
"""Records put together at a time."""


def size_of(fields: Fields) -> int:
    """Bytes of one record."""
    return sum(int(code[1:]) for _, code in fields)


def unique(fields: Iterable[tuple[str, str]]) -> Fields:
    """Rename fields until every name is there once: PCD calls every padding field `_`."""
    taken: set[str] = set()
    result = []
    for name, code in fields:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        result.append((candidate, code))
    return tuple(result)


def pack_fields(fields: Fields) -> bytes:
    """Pack names and types for a layout."""
    packed = (bytes([TYPES.index(code)]) + pack_bytes(name.encode("utf-8", "surrogateescape")) for name, code in fields)
    return pack_varint(len(fields)) + b"".join(packed)


def unpack_fields(unpack: Unpacker) -> Fields:
    """Read what `pack_fields` wrote; CorruptError on anything else."""
    count = unpack.varint()
    if count > MAX_FIELDS:
        raise CorruptError("layout names too many fields")
    fields = []
    for _ in range(count):
        code = unpack.take(1)[0]
        if code >= len(TYPES):
            raise CorruptError("layout names an unknown type")
        fields.append((unpack.bytes().decode("utf-8", "surrogateescape"), TYPES[code]))
    if len({name for name, _ in fields}) != count:
        raise CorruptError("layout names a field twice")
    return tuple(fields)


def schema_of(fields: Fields) -> Schema:
    """The same as numpy dtypes, little-endian."""
    import numpy as np

    return tuple((name, np.dtype("<" + code)) for name, code in fields)


def record_type(fields: Fields, order: str = "<") -> np.dtype:
    """Packed numpy dtype of a record; `order` is "<" or ">"."""
    import numpy as np

    return np.dtype([(f"f{i}", order + code) for i, (_, code) in enumerate(fields)])


def columns_of(data: memoryview, offset: int, count: int, fields: Fields, order: str = "<") -> dict[str, np.ndarray]:
    """Columns of `count` records that start at byte `offset`: strided views, nothing is copied."""
    import numpy as np

    kind = record_type(fields, order)
    records = np.frombuffer(data, kind, count, offset) if count else np.empty(0, kind)
    return {name: records[f"f{i}"] for i, (name, _) in enumerate(fields)}


def native_columns(data: memoryview, offset: int, count: int, fields: Fields, order: str) -> dict[str, np.ndarray]:
    """Columns of records of either byte order; big-endian ones are copied, but for those of a large file: its pieces
    are made `native`."""
    stored = columns_of(data, offset, count, fields, order)
    if order == "<" or len(data) > MAX_WHOLE:
        return stored
    return {name: native(column) for name, column in stored.items()}


def native(column: np.ndarray) -> np.ndarray:
    """A column with little-endian numbers, bit for bit (NaN payloads included)."""
    return column.byteswap().view(column.dtype.newbyteorder("<")) if column.dtype.str[0] == ">" else column


def join_records(fields: Fields, blocks: Iterable[Columns], order: str = "<") -> Iterator[bytes]:
    """Yield the bytes of the records, some at a time."""
    import numpy as np

    for block in blocks:
        columns = [block[name] for name, _ in fields]
        count = len(columns[0])
        for start in range(0, count, _ROWS):
            records = np.empty(min(_ROWS, count - start), record_type(fields))
            for i, column in enumerate(columns):
                records[f"f{i}"] = column[start : start + _ROWS]
                if order == ">":
                    records[f"f{i}"].byteswap(inplace=True)
            yield records.tobytes()


def check_regions(regions: tuple[bytes, ...], count: int) -> None:
    """CorruptError when a file does not have the number of regions that its layout promises."""
    if len(regions) != count:
        raise CorruptError(f"{len(regions)} regions where the layout has {count}")
