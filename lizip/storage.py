"""Where files are read and written: local paths, and URLs through fsspec. A target is published whole or not at all."""

from __future__ import annotations

import glob
import mmap
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from lizip.errors import LizipError, StorageError

StrPath = str | os.PathLike[str]

_WHOLE = 1 << 26
"""Files up to so many bytes are read, larger ones mapped; one that is cut short while mapped would kill the process."""


def is_url(path: StrPath) -> bool:
    """Whether a path names something for fsspec (`s3://bucket/key`) rather than a local file."""
    return "://" in os.fspath(path)


def _file_system(url: StrPath) -> tuple[Any, str]:
    """File system and path of a URL."""
    try:
        import fsspec
    except ImportError:
        raise LizipError(f"{os.fspath(url)}: URLs need fsspec; install it with: pip install 'lizip[remote]'") from None
    return fsspec.core.url_to_fs(os.fspath(url))


def open_binary(path: StrPath) -> BinaryIO:
    """Open a local file or URL for reading; seekable."""
    if is_url(path):
        system, name = _file_system(path)
        return system.open(name, "rb")
    return open(path, "rb")


def exists(path: StrPath) -> bool:
    """Whether there is something at a local path or URL."""
    if is_url(path):
        system, name = _file_system(path)
        return system.exists(name)
    return os.path.lexists(path)


def remove(path: StrPath) -> None:
    """Delete a local file or what a URL names."""
    if is_url(path):
        system, name = _file_system(path)
        system.rm_file(name)
    else:
        os.unlink(path)


def is_folder(path: StrPath) -> bool:
    """Whether a local path or URL is a folder."""
    if is_url(path):
        system, name = _file_system(path)
        return system.isdir(name)
    return os.path.isdir(path)


def files_below(folder: StrPath) -> list[str]:
    """All regular files in a folder and the folders below it, sorted; links to folders are not followed."""
    if is_url(folder):
        system, name = _file_system(folder)
        base, start = os.fspath(folder).rstrip("/"), len(name.rstrip("/"))
        return sorted(base + path[start:] for path in system.find(name))
    found = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    return sorted(filter(os.path.isfile, found))


def matching(pattern: str) -> list[str]:
    """All files that a pattern with `*`, `?`, `[...]` or `**` names, sorted; local or URL."""
    if is_url(pattern):
        system, name = _file_system(pattern)
        return sorted(map(system.unstrip_protocol, system.glob(name)))
    return sorted(glob.glob(pattern, recursive=True))


def make_folder(path: StrPath) -> None:
    """Make a local folder and those above it; object stores need none."""
    if not is_url(path):
        os.makedirs(path, exist_ok=True)


class Source:
    """The bytes of a file, and the means to notice that it changed while they were read.

    Attributes
    ----------
    data : memoryview
        The whole file; a map of it when it is large.
    status : os.stat_result or None
        Of a regular local file when it was opened.
    """

    def __init__(self, path: StrPath):
        self.path = path
        self._map: mmap.mmap | None = None
        self.status: os.stat_result | None = None
        with open_binary(path) as file:
            if not is_url(path):
                status = os.fstat(file.fileno())
                self.status = status if stat.S_ISREG(status.st_mode) else None
            if self.status and self.status.st_size > _WHOLE:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                self.data = memoryview(self._map)
            else:
                self.data = memoryview(file.read())

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
        if self.status is None:
            return
        if _identity(self.status) != _identity(os.stat(self.path)):
            raise StorageError(f"{os.fspath(self.path)}: the file changed while it was being read; try again")


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


def check_target(source: StrPath | None, target: StrPath, force: bool) -> None:
    """Refuse a target that is the source, or that exists when not forced; raises StorageError."""
    name = os.fspath(target)
    if source is not None and _same(source, target):
        raise StorageError(f"{name}: source and target are the same file")
    if not is_url(target) and os.path.isdir(target):
        raise StorageError(f"{name}: is a folder; name a file")
    if not force and exists(target):
        raise StorageError(f"{name}: exists already; give force (-f) to replace it")


def _same(source: StrPath, target: StrPath) -> bool:
    if is_url(source) or is_url(target):
        return os.fspath(source) == os.fspath(target)
    return os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target)


@contextmanager
def publishing(target: StrPath, *, force: bool = False, status: os.stat_result | None = None) -> Iterator[BinaryIO]:
    """Yield a temporary file, readable and writable; when the block ends well it becomes the target, else it is gone.

    Parameters
    ----------
    target : path or URL
        Locally the temporary stands in the same folder and is renamed, with fsync before and after; remotely it is a
        local one and is uploaded.
    force : bool
        Replace what stands there by then.
    status : os.stat_result, optional
        Permissions and time of change the target shall have.

    Raises
    ------
    StorageError
        When the target came into being meanwhile.
    """
    if is_url(target):
        with tempfile.NamedTemporaryFile(prefix="lizip-") as file:
            yield file
            file.flush()
            check_target(None, target, force)
            system, name = _file_system(target)
            with system.transaction:
                system.put_file(file.name, name)
        return
    final = Path(target)
    temporary = final.with_name(f".{final.name[:80]}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if status is not None:
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
            os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
        check_target(None, target, force)
        os.replace(temporary, final)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where folders can be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
