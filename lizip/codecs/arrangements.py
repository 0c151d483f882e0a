"""Records of points as bytes, in the orders that general coders like: as they stand, in planes, in differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lizip.errors import CorruptError

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns, Schema


ROWS, PLANES, DIFFERENCES = range(3)

ARRANGEMENTS = (ROWS, PLANES, DIFFERENCES)


def record_size(schema: Schema) -> int:
    """Bytes of one point when its columns stand side by side."""
    return sum(dtype.itemsize for _, dtype in schema)


def _record_type(schema: Schema) -> np.dtype:
    import numpy as np

    return np.dtype([(f"f{i}", dtype) for i, (_, dtype) in enumerate(schema)])


def records_of(cloud: Cloud, part: slice) -> np.ndarray:
    """Some points as packed records, (n,) structured; field i is called f<i>."""
    import numpy as np

    records = np.empty(len(range(*part.indices(cloud.count))), _record_type(cloud.schema))
    for i, column in enumerate(cloud.columns.values()):
        records[f"f{i}"] = column[part]
    return records


def _planes(data: np.ndarray) -> bytes:
    """All first bytes, then all second bytes, ... of the items of an array."""
    return data.view("u1").reshape(len(data), -1).T.tobytes()


def arrange(records: np.ndarray, arrangement: int, schema: Schema) -> bytes:
    """Put the bytes of the records into the order of an arrangement."""
    import numpy as np

    if arrangement == ROWS:
        return records.tobytes()
    if arrangement == PLANES:
        return _planes(records)
    parts = []
    for i, (_, dtype) in enumerate(schema):
        bits = np.ascontiguousarray(records[f"f{i}"]).view(f"<u{dtype.itemsize}")
        parts.append(_planes(np.diff(bits, prepend=bits.dtype.type(0))))
    return b"".join(parts)


def disarrange(data: bytes, arrangement: int, schema: Schema) -> Columns:
    """Take the columns of the records out of an arrangement."""
    import numpy as np

    size = record_size(schema)
    rows = len(data) // size
    numbers = np.frombuffer(data, "u1")
    if arrangement == ROWS:
        records = numbers.view(_record_type(schema))
        return {name: records[f"f{i}"] for i, (name, _) in enumerate(schema)}
    if arrangement not in ARRANGEMENTS:
        raise CorruptError("records are arranged in an unknown way")
    columns = {}
    offset = 0
    for name, dtype in schema:
        stop = offset + dtype.itemsize * rows
        planes = numbers[offset:stop].reshape(dtype.itemsize, rows)
        bits = np.ascontiguousarray(planes.T).reshape(-1).view(f"<u{dtype.itemsize}")
        if arrangement == DIFFERENCES:
            bits = np.cumsum(bits, dtype=bits.dtype)
        columns[name] = bits.view(dtype)
        offset = stop
    return columns
