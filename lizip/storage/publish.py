"""How a target comes into being: written beside its place, synced, dressed like the source, then put there at once.

What a file system cannot do (permissions, times, hard links, syncing folders) costs a warning, not the result.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from lizip.errors import LizipWarning, StorageError, TargetExistsError
from lizip.storage.places import StrPath, exists, is_url, naming, open_binary, remotely
from lizip.storage.temporary import temporary_file

_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.EBADF}
"""What file systems answer that do not have an operation."""

_PIECE = 1 << 20

_umask_lock = threading.Lock()


def check_target(source: StrPath | None, target: StrPath, force: bool) -> None:
    """Refuse a target that is the source, or that exists when not forced; raises StorageError."""
    name = os.fspath(target)
    if source is not None and _same(source, target):
        raise StorageError(f"{name}: source and target are the same file")
    if not is_url(target) and os.path.isdir(target):
        raise StorageError(f"{name}: is a folder; name a file")
    if not force and exists(target):
        raise _in_the_way(target)


def _in_the_way(target: StrPath) -> TargetExistsError:
    return TargetExistsError(f"{os.fspath(target)}: exists already; give force (-f) to replace it")


def _same(source: StrPath, target: StrPath) -> bool:
    if is_url(source) or is_url(target):
        return os.fspath(source) == os.fspath(target)
    return os.path.exists(target) and os.path.exists(source) and os.path.samefile(source, target)


@contextmanager
def publishing(
    target: StrPath, *, force: bool = False, status: os.stat_result | None = None, confirm: bool = False
) -> Iterator[BinaryIO]:
    """Yield a temporary file, readable and writable; when the block ends well it becomes the target, else it is gone.

    Parameters
    ----------
    target : path or URL
        Locally the temporary stands in the same folder and is put in place, with fsync before and after; remotely it is
        a local one and is uploaded.
    force : bool
        Replace what stands there by then.
    status : os.stat_result, optional
        Permissions and time of change the target shall have; until then only its owner may read it.
    confirm : bool
        Read an uploaded target back and compare.

    Raises
    ------
    TargetExistsError
        When the target came into being meanwhile.
    StorageError, OSError
        These carry the name of the target.
    """
    name = os.fspath(target)
    folder, stem = (tempfile.gettempdir(), name.rsplit("/", 1)[-1]) if is_url(target) else os.path.split(name)
    with temporary_file(folder, stem, name) as (file, path):
        yield file
        with naming(target):
            file.flush()
            if is_url(target):
                _upload(path, name, force)
                if confirm:
                    _compare(file, name)
                return
            _attempt(lambda: os.fsync(file.fileno()), name, "could not be synced", _CANNOT)
            dress(path, name, status)
            if os.name == "nt":  # nothing that is open can be renamed there
                file.close()
            _place(path, name, force)
    with naming(target):
        _sync_folder(folder or ".", name)


def _attempt(action: Callable[[], None], name: str, consequence: str, only: set[int] | None = None) -> None:
    """Do what not every file system can; a failure (of the kinds in `only`) costs a warning."""
    try:
        action()
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        warnings.warn(f"{name}: {consequence}: {error.strerror or error}", LizipWarning, stacklevel=4)


def dress(path: str, name: str, status: os.stat_result | None) -> None:
    """Give a file permissions and times of another, or those of any new file; `name` is what warnings call it."""
    mode = 0o666 & ~_umask() if status is None else stat.S_IMODE(status.st_mode) & 0o777
    _attempt(lambda: os.chmod(path, mode), name, "permissions could not be set")
    if status is not None:
        times = (status.st_atime_ns, status.st_mtime_ns)
        _attempt(lambda: os.utime(path, ns=times), name, "the time of change could not be set")


def _umask() -> int:
    """The umask; it can only be read by setting it."""
    with _umask_lock:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask


def _place(path: str, target: str, force: bool) -> None:
    """Make a finished temporary the target; atomic, and not over what is there unless forced."""
    if force:
        os.replace(path, target)
        return
    try:
        os.link(path, target)
    except FileExistsError:
        raise _in_the_way(target) from None
    except OSError:  # no hard links there: an empty file keeps the place
        _reserve(target)
        try:
            os.replace(path, target)
        except BaseException:
            with suppress(OSError):
                if os.path.getsize(target) == 0:
                    os.unlink(target)
            raise


def _reserve(target: str) -> None:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise _in_the_way(target) from None


def _sync_folder(folder: str, name: str) -> None:
    """Make a new name last through a power cut, where folders can be synced."""
    if os.name == "nt":
        return

    def sync() -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    _attempt(sync, name, "its folder could not be synced", _CANNOT)


def _upload(path: str, url: str, force: bool) -> None:
    if not force and exists(url):
        raise _in_the_way(url)
    with remotely(url) as (system, name), system.transaction:
        system.put_file(path, name)


def _compare(file: BinaryIO, url: str) -> None:
    """Raise StorageError unless a store gives back what was put there."""
    file.seek(0)
    with remotely(url), open_binary(url) as stored:
        while piece := file.read(_PIECE):
            if stored.read(len(piece)) != piece:
                raise StorageError(f"{url}: what was uploaded does not come back the same")
        if stored.read(1):
            raise StorageError(f"{url}: what was uploaded does not come back the same")
