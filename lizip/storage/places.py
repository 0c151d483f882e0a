"""Local paths and URLs alike: open, list, delete. Whatever a remote store raises becomes an error with its URL."""

from __future__ import annotations

import errno
import glob
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, cast

from lizip import extras
from lizip.errors import LizipError, LizipWarning, StorageError
from lizip.storage.temporary import is_temporary, remove_if_stale

StrPath = str | os.PathLike[str]

_DRIVERS = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "sftp": "paramiko",
    "ssh": "paramiko",
}
"""Protocol -> the package fsspec needs for it."""


def is_url(path: StrPath) -> bool:
    """Whether a path names something for fsspec (`s3://bucket/key`) rather than a local file."""
    return "://" in os.fspath(path)


@contextmanager
def naming(path: StrPath) -> Iterator[None]:
    """Give every OSError of the block this path: it is what the user knows, not a temporary or nothing at all."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise


@contextmanager
def remotely(url: StrPath) -> Iterator[Any]:
    """Yield file system and path of a URL; what its store raises, if no OSError, becomes a StorageError."""
    name = os.fspath(url)
    fsspec = extras.load("fsspec", "remote", f"{name}: URLs need fsspec")
    try:
        yield fsspec.core.url_to_fs(name)
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
    except OSError as error:
        error.filename = error.filename or name
        raise
    except (LizipError, MemoryError):
        raise
    except ImportError as error:
        protocol = name.split("://")[0]
        package = _DRIVERS.get(protocol)
        remedy = f"install it with: pip install {package}" if package else " ".join(str(error).split())
        raise StorageError(f"{name}: {protocol}:// needs {package or 'a package of its own'}; {remedy}") from None
    except Exception as error:
        raise StorageError(f"{name}: {' '.join(str(error).split()) or type(error).__name__}") from error


def open_binary(path: StrPath) -> BinaryIO:
    """Open a local file or URL for reading; seekable."""
    if is_url(path):
        with remotely(path) as (system, name):
            return cast(BinaryIO, system.open(name, "rb"))
    return open(path, "rb")


def exists(path: StrPath) -> bool:
    """Whether there is something at a local path or URL."""
    if is_url(path):
        with remotely(path) as (system, name):
            return bool(system.exists(name))
    return os.path.lexists(path)


def remove(path: StrPath) -> None:
    """Delete a local file or what a URL names."""
    if is_url(path):
        with remotely(path) as (system, name):
            system.rm_file(name)
    else:
        os.unlink(path)


def is_folder(path: StrPath) -> bool:
    """Whether a local path or URL is a folder."""
    if is_url(path):
        with remotely(path) as (system, name):
            return bool(system.isdir(name))
    return os.path.isdir(path)


def matching(pattern: str) -> list[str]:
    """All files that a pattern with `*`, `?`, `[...]` or `**` names, sorted; local or URL."""
    if is_url(pattern):
        with remotely(pattern) as (system, name):
            return sorted(map(system.unstrip_protocol, system.glob(name)))
    return sorted(glob.glob(pattern, recursive=True))


def make_folder(path: StrPath) -> None:
    """Make a local folder and those above it; object stores need none."""
    if not is_url(path):
        os.makedirs(path, exist_ok=True)


class Found(NamedTuple):
    """What a folder holds: a file, or something that cannot be taken and why."""

    path: str
    error: Exception | None = None


def files_below(folder: StrPath, clean: bool = False) -> Iterator[Found]:
    """Everything in a folder and the folders below it but lizip's own temporaries, sorted; the names of a folder are
    read when it is come to.

    Folders that cannot be read, links that lead nowhere and what is neither file nor folder come with an error. Links
    to folders are not followed; a warning names those that lead out of `folder`. With `clean` temporaries that nobody
    writes any more are removed on the way.
    """
    if is_url(folder):
        with remotely(folder) as (system, name):
            base, start = os.fspath(folder).rstrip("/"), len(name.rstrip("/"))
            paths = sorted(system.find(name))
        yield from (Found(base + path[start:]) for path in paths)
    else:
        yield from _local_below(os.fspath(folder), clean)


def _local_below(folder: str, clean: bool) -> Iterator[Found]:
    """The same of a local folder."""
    root = os.path.join(os.path.realpath(folder), "")
    open_folders = [_Folder(folder, clean)]
    while open_folders:
        here = open_folders[-1]
        if here.error is not None:
            yield Found(os.fsdecode(here.error.filename), here.error)
            here.error = None
        if not here.names:
            open_folders.pop()
            continue
        name = here.names.pop()
        path = os.path.join(here.path, name)
        if name.endswith(os.sep):
            open_folders.append(_Folder(path.removesuffix(os.sep), clean))
        elif name in here.odd:
            yield from _entry(here.odd[name], root)
        else:
            yield Found(path)


class _Folder:
    """What is left of a folder that is being gone through.

    Attributes
    ----------
    names : list of str
        Last first; those of folders end in a slash, so that all paths below come in order, too.
    odd : dict of str to os.DirEntry
        What is neither folder nor file.
    error : OSError or None
        Why there may be more.
    """

    def __init__(self, path: str, clean: bool):
        self.path = path
        self.names: list[str] = []
        self.odd: dict[str, os.DirEntry[str]] = {}
        self.error: OSError | None = None
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        self.names.append(entry.name + os.sep)
                    elif not is_temporary(entry.name):
                        self.names.append(entry.name)
                        if not entry.is_file(follow_symlinks=False):
                            self.odd[entry.name] = entry
                    elif clean:
                        remove_if_stale(entry.path)
        except OSError as error:
            self.error = error
        self.names.sort(reverse=True)


def _entry(entry: os.DirEntry[str], root: str) -> list[Found]:
    try:
        if entry.is_file():
            return [Found(entry.path)]
        mode = entry.stat().st_mode
    except FileNotFoundError:
        return [Found(entry.path, StorageError(f"{entry.path}: the link leads nowhere"))] if entry.is_symlink() else []
    except OSError as error:
        return [Found(entry.path, error)]
    if stat.S_ISDIR(mode):
        if not os.path.join(os.path.realpath(entry.path), "").startswith(root):
            warnings.warn(f"{entry.path}: links to folders are not followed", LizipWarning, stacklevel=3)
        return []
    kinds = ((stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISREG, "file that has just appeared"))
    kind = next((word for test, word in kinds if test(mode)), "device")
    return [Found(entry.path, StorageError(f"{entry.path}: is a {kind}, not a file"))]
