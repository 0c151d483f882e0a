"""LAZ files are compressed already; what can be coded well is their LAS content. Only that comes back then."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from lizip import storage
from lizip.errors import FormatError

_CHUNK = 1_000_000
"""Points expanded at a time."""


def las_name(path: str) -> str:
    """Name of the content of a LAZ file: x.laz becomes x.las."""
    return path[:-1] + ("S" if path.endswith("Z") else "s")


def is_laz(path: str) -> bool:
    """Whether a name is that of a LAZ file."""
    return path.lower().endswith(".laz")


def expand(source: str, sink: BinaryIO) -> None:
    """Write the content of a LAZ file as LAS, in bounded memory: all points and records, a header as laspy writes it.

    Raises
    ------
    FormatError
        When laspy cannot read the file.
    OSError
    """
    import laspy
    import lazrs

    try:
        with (
            storage.open_binary(source) as file,
            laspy.open(file, closefd=False, laz_backend=laspy.LazBackend.Lazrs) as reader,
            laspy.open(sink, "w", header=reader.header, do_compress=False, closefd=False) as writer,
        ):
            for points in reader.chunk_iterator(_CHUNK):
                writer.write_points(points)
            if reader.evlrs:
                writer.write_evlrs(reader.evlrs)
    except (laspy.LaspyException, lazrs.LazrsError, ValueError) as error:
        raise FormatError(f"{source}: cannot be expanded: {error}") from error


@contextmanager
def expanded(source: str, folder: str | None) -> Iterator[str]:
    """Yield the path of a temporary LAS file with the content of a LAZ file; it lies in `folder`.

    It has the permissions and the time of change of the LAZ file, for what is made of it.
    """
    handle, path = tempfile.mkstemp(".tmp", f".{os.path.basename(source)[:80]}.", folder)
    try:
        with os.fdopen(handle, "w+b") as sink:
            expand(source, sink)
        if not storage.is_url(source):
            shutil.copystat(source, path)
        yield path
    finally:
        os.unlink(path)
