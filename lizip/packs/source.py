"""Any part of a pack, wherever it lies, for several threads and processes: a file, a URL read by ranges."""

from __future__ import annotations

import io
import os
import threading
from typing import Any, BinaryIO

from lizip import storage
from lizip.inputs import file_of


class Bytes:
    """Random access to the bytes of a file.

    Parameters
    ----------
    place : path, URL, bytes or binary file object
        A path or URL is opened again in every process that needs it, so an object of this class can be pickled and
        survives a fork.

    Attributes
    ----------
    size : int
        Bytes when it was opened.
    name : str
    """

    def __init__(self, place: storage.StrPath | bytes | BinaryIO):
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._path: str | None = None
        self._process = os.getpid()
        if isinstance(place, (str, os.PathLike)):
            self.name = self._path = os.fspath(place)
            self._file = storage.open_binary(self._path)
        else:
            self._file, _ = file_of(place)
            self.name = str(getattr(self._file, "name", "<bytes>"))
        with storage.naming(self.name):
            self.size = self._file.seek(0, io.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """Read so many bytes, or those there are."""
        with self._lock, storage.naming(self.name):
            if self._file is None or self._process != os.getpid():  # a position is shared with the parent of a fork
                if self._path is not None:
                    self._file = storage.open_binary(self._path)
                self._process = os.getpid()
            assert self._file is not None, "a pack from a file object is never without it"
            self._file.seek(offset)
            return self._file.read(length)

    def close(self) -> None:
        """Close what was opened here."""
        if self._path is not None and self._file is not None:
            self._file.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        if self._path is None:
            raise TypeError("a pack that was opened from a file object cannot go to another process; give its path")
        return {"_path": self._path, "name": self.name, "size": self.size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock, self._file, self._process = threading.Lock(), None, os.getpid()
