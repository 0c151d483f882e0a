"""Temporaries: known by name, private, and locked as long as somebody writes them.

A run that was killed leaves its temporaries; they are never taken for input, and since the lock ends with the process,
the next run knows which of them nobody writes any more.
"""

from __future__ import annotations

import io
import os
import re
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from lizip.errors import LizipWarning

try:
    import fcntl
except ImportError:  # Windows: a file that is open there cannot be deleted, which is as good as a lock
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\..*\.lizip-[0-9a-f]{16}\.tmp", re.DOTALL)

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

_OLD = 86400.0
"""Seconds without a change after which a temporary is stale where files cannot be locked."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a temporary of lizip's."""
    return _NAME.fullmatch(name) is not None


class _Raw(io.FileIO):
    """The file itself; its errors carry the name that the user knows."""

    def __init__(self, handle: int, known_as: str):
        super().__init__(handle, "r+b")
        self._known_as = known_as

    def _named(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(super(), method)(*arguments)
        except OSError as error:
            error.filename = self._known_as
            raise

    def write(self, data: Any) -> int:
        return cast(int, self._named("write", data))

    def readinto(self, buffer: Any) -> int:
        return cast(int, self._named("readinto", buffer))

    def readall(self) -> bytes:
        return cast(bytes, self._named("readall"))

    def truncate(self, size: int | None = None) -> int:
        return cast(int, self._named("truncate", size))


@contextmanager
def temporary_file(folder: str, stem: str, known_as: str) -> Iterator[tuple[io.BufferedRandom, str]]:
    """Yield a new file that only its owner may read, and its path; it is gone after the block if it is still there.

    Parameters
    ----------
    folder : str
    stem : str
        Begins its name, for whoever looks into the folder.
    known_as : str
        Path that the errors of this file carry.
    """
    path = ""
    file: io.BufferedRandom | None = None
    try:
        while file is None:
            path = os.path.join(folder, f".{_short(stem)}.lizip-{os.urandom(8).hex()}.tmp")
            try:
                raw = _Raw(os.open(path, _NEW, 0o600), known_as)
            except OSError as error:
                error.filename = known_as
                raise
            if _locked(raw.fileno(), path):
                file = io.BufferedRandom(raw)
            else:
                raw.close()
        yield file, path
    finally:
        if file is not None:
            with suppress(OSError):  # bytes that cannot be written have been reported, or are not wanted any more
                file.close()
        _unlink(path)


def _short(stem: str) -> str:
    """A beginning of a name that leaves room for the rest; file systems count bytes."""
    return os.fsencode(stem)[:80].decode(errors="ignore")


def _locked(handle: int, path: str) -> bool:
    """Lock a new file; False when another run took it for stale in the moment before."""
    try:
        return try_lock(handle) and (fcntl is None or os.path.samestat(os.fstat(handle), os.stat(path)))
    except FileNotFoundError:
        return False


def try_lock(handle: int) -> bool:
    """Lock an open file as long as it is open; False when another has. Where there are no locks, nobody has."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks; see _OLD
        return True


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        warnings.warn(f"{path}: a temporary file could not be removed: {error.strerror}", LizipWarning, stacklevel=4)


def remove_stale(folder: str) -> None:
    """Remove the temporaries in a folder ("": here) that nobody writes any more; those that cannot be removed stay."""
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            if is_temporary(entry.name):
                remove_if_stale(entry.path)


def remove_if_stale(path: str) -> None:
    """Remove a temporary unless somebody writes it, or it cannot be removed."""
    with suppress(OSError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            _remove_if_stale(path)


def _remove_if_stale(path: str) -> None:
    if fcntl is None:
        os.unlink(path)
        return
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except PermissionError:  # the mode of a read-only source
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if time.time() - status.st_mtime < _OLD:
                return
        os.unlink(path)
    finally:
        os.close(handle)
