"""The bytes of a file that is compressed, read or mapped, and whether it stays what it is meanwhile."""

from __future__ import annotations

import mmap
import os
import shutil
import stat
import tempfile
from contextlib import nullcontext
from typing import BinaryIO

from lizip.errors import StorageError
from lizip.storage.places import StrPath, is_url, naming, open_binary

WHOLE = 1 << 26
"""Files up to so many bytes are read, larger ones mapped; one that is cut short while mapped would kill the process."""


class Source:
    """The bytes of a file, and the means to notice that it changed while they were read.

    Attributes
    ----------
    data : memoryview
        The whole file; a map of it when it is large.
    status : os.stat_result or None
        Of a regular local file when it was opened.

    Parameters
    ----------
    path : path or URL
    stream : BinaryIO, optional
        Where the bytes come from, in place of the file: a pipe, for instance. Much of it, and of what comes through a
        network, lies in a temporary file without a name meanwhile.
    """

    def __init__(self, path: StrPath, stream: BinaryIO | None = None):
        self.path = path
        self._map: mmap.mmap | None = None
        self.status: os.stat_result | None = None
        with open_binary(path) if stream is None else nullcontext(stream) as file, naming(path):
            if stream is None and not is_url(path):
                status = os.fstat(file.fileno())
                self.status = status if stat.S_ISREG(status.st_mode) else None
            if self.status and self.status.st_size > WHOLE:
                self._keep(file)
                return
            begin = file.read(WHOLE + 1)
            self.data = memoryview(begin)
            if len(begin) > WHOLE:
                with tempfile.TemporaryFile() as spool:
                    spool.write(begin)
                    shutil.copyfileobj(file, spool, 1 << 20)
                    spool.flush()
                    self._keep(spool)

    def _keep(self, file: BinaryIO) -> None:
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.data = memoryview(self._map)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        # Columns may still be views of the map; it is closed when the last of them is gone.
        self.data = memoryview(b"")
        self._map = None

    def release(self) -> None:
        """Give back the memory of the pages read so far; they can be read again."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def check_unchanged(self) -> None:
        """Raise StorageError when the file's size, time of change or identity is not what it was when opened."""
        check_unchanged(self.path, self.status)


def check_unchanged(path: StrPath, status: os.stat_result | None) -> None:
    """Raise StorageError when a file is not the one it was; where no status was known there is nothing to compare."""
    if status is not None and _identity(status) != _identity(os.stat(path)):
        raise StorageError(f"{os.fspath(path)}: the file changed while it was being read; try again")


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev
