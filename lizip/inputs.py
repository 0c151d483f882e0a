"""What users hand in: paths, URLs, open files, bytes or arrays."""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip import storage

if TYPE_CHECKING:
    import numpy as np


def as_array(data: Any) -> np.ndarray:
    """An array that can come back as it is; TypeError for anything else."""
    import numpy as np

    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("a masked array would come back without its mask; give array.filled(...), or .data and .mask")
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data)
    remedy = "for a file: compress_file" if isinstance(data, (str, os.PathLike)) else "give numpy.asarray(...) of it"
    if hasattr(data, "to_numpy"):
        remedy = "give its .to_numpy() or .to_records(index=False)"
    if hasattr(data, "read"):
        remedy = "give what its .read() returns"
    raise TypeError(f"compress takes bytes or a numpy array, not {kind_of(data)}; {remedy}")


def bytes_of(data: Any) -> Any:
    """What numpy and Python read as bytes, in C order, copied where it was not; None of anything else."""
    try:
        view = memoryview(data)
    except (TypeError, ValueError):  # ValueError: arrays of dates, records whose fields overlap
        return None
    return data if view.c_contiguous else view.tobytes()


def kind_of(data: Any) -> str:
    """Name of a type, for messages."""
    return f"{type(data).__module__}.{type(data).__qualname__}".removeprefix("builtins.")


@contextmanager
def opened(path: Any) -> Iterator[BinaryIO]:
    """Seekable file of a path, of bytes, or the file itself; closed at the end if it was opened here."""
    file, owned = file_of(path)
    try:
        yield file
    finally:
        if owned:
            file.close()


def file_of(path: Any) -> tuple[BinaryIO, bool]:
    """Seekable file of a path, of bytes, or the file itself, and whether it was opened here."""
    if isinstance(path, (str, os.PathLike)):
        return storage.open_binary(path), True
    if isinstance(path, mmap.mmap) or not hasattr(path, "read"):
        content = bytes_of(path)
        if content is not None:
            return io.BytesIO(content), True
    if not hasattr(path, "read") or isinstance(path, io.TextIOBase):
        opened = ' opened as text; open it with "rb"' if isinstance(path, io.TextIOBase) else ""
        raise TypeError(f"give a path, a URL, a binary file or bytes, not {kind_of(path)}{opened}")
    if hasattr(path, "seekable") and not path.seekable():
        return io.BytesIO(path.read()), True
    return path, False
