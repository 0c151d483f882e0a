"""A numpy array given to `lizip.compress`: the same as a .npy file, but what comes back is an array."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lizip.errors import CorruptError, FormatError
from lizip.formats import Format, npy, opaque
from lizip.formats.records import Fields

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns


class Array(Format):
    """The bytes that `to_bytes` makes of an array. An empty layout is an array whose numbers are not plain ones."""

    name = "array"
    number = 6

    def split(self, data: memoryview, fields: int | None = None) -> Cloud:
        """Take the array apart as `npy` does; one region when that cannot."""
        cloud = npy.FORMAT.split(data) or opaque.FORMAT.split(data)
        return replace(cloud, format=self.name)

    def rowwise(self, layout: bytes) -> bool:
        """As `npy`."""
        return bool(layout) and npy.FORMAT.rowwise(layout)

    def arrays(self, layout: bytes) -> list[tuple[str, Fields]]:
        """As `npy`."""
        return npy.FORMAT.arrays(layout) if layout else []

    def fields(self, layout: bytes) -> Fields:
        """As `npy`."""
        return npy.FORMAT.fields(layout) if layout else ()

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield the bytes of the .npy file; see `from_bytes`."""
        return (npy.FORMAT if layout else opaque.FORMAT).join(layout, regions, blocks)


def to_bytes(array: np.ndarray) -> bytes:
    """Write an array as .npy, with what stands between the fields of records; FormatError for Python objects."""
    import numpy as np

    if array.dtype.hasobject:
        raise FormatError("an array of Python objects has no bytes to compress; give numbers")
    file = io.BytesIO()
    try:
        np.lib.format.write_array(file, array, allow_pickle=False)
    except ValueError as error:
        raise FormatError(f"records of this type cannot be written: {error}") from None
    if array.dtype.names is not None and array.nbytes:  # numpy leaves in the gaps whatever the memory held
        as_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        file.seek(-array.nbytes, io.SEEK_END)
        file.write(array.view(_raw(array.dtype)).tobytes("F" if as_fortran else "C"))
    return file.getvalue()


def from_bytes(data: bytes) -> np.ndarray:
    """Read back what `to_bytes` wrote; CorruptError on anything else."""
    import numpy as np

    try:
        array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise CorruptError(f"not an array: {error}") from error
    if array.dtype.names is not None and array.nbytes:
        raw = np.frombuffer(data, _raw(array.dtype), array.size, len(data) - array.nbytes)
        as_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        array.view(raw.dtype)[...] = raw.reshape(array.shape, order="F" if as_fortran else "C")
    return array


def _raw(dtype: np.dtype) -> np.dtype:
    """Records as mere bytes: what is copied like that keeps its gaps."""
    import numpy as np

    return np.dtype((np.void, dtype.itemsize))


FORMAT = Array()
