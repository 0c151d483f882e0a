"""Folders of compiled kernels: what one process had to compile, the next finds.

A file holds one kernel, with a checksum: what is damaged, cut or empty is not there. A folder that cannot be written
gives way to one of the user's own among the temporary files, and when that cannot be written either, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

from lizip.errors import LizipWarning

_MAGIC = b"lizip kernel\n"
_DIGEST = 16


def pack(returns: str, code: bytes) -> bytes:
    """Put a kernel into a file: what it returns (see `abi.entry`) and its machine code."""
    body = returns.encode() + b"\n" + code
    return _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST).digest() + body


def unpack(content: bytes) -> tuple[str, bytes] | None:
    """What `pack` put in; None when the content is not whole."""
    at = len(_MAGIC) + _DIGEST
    digest, body = content[len(_MAGIC) : at], content[at:]
    if content[: len(_MAGIC)] != _MAGIC or hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        return None
    returns, _, code = body.partition(b"\n")
    return returns.decode(), code


def get(name: str) -> tuple[str, bytes] | None:
    """Find a kernel in the cache; None when it is not there or damaged."""
    folder = place()
    if folder is None:
        return None
    try:
        return unpack((folder / name).read_bytes())
    except OSError:
        return None


def put(name: str, returns: str, code: bytes) -> None:
    """Keep a kernel for later processes; where that fails (disk full) it is compiled again next time."""
    folder = place()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        _write(folder / name, pack(returns, code))


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def cache_root() -> Path | None:
    """Folder of the compiled kernels: NUMBA_CACHE_DIR, or `lizip` in the user's cache folder; None without a home."""
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(configured)
    base: str | Path | None = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    if not base:
        with contextlib.suppress(RuntimeError):  # no home folder
            base = Path.home() / ".cache"
    return Path(base) / "lizip" if base else None


@cache
def place() -> Path | None:
    """The folder that is used in this process: the cache's, or a temporary one; None when neither can be written."""
    root = cache_root()
    if root is not None and _usable(root / "kernels"):
        return root / "kernels"
    own = Path(tempfile.gettempdir()) / f"lizip-{os.getuid() if hasattr(os, 'getuid') else os.environ.get('USERNAME')}"
    kept = _usable(own) and _private(own)
    where = "where no cache can be written" if root is None else f"as {root} cannot be written"
    instead = f"kept in {own}" if kept else "compiled anew by every process"
    text = f"compiled code is {instead}, {where}; set NUMBA_CACHE_DIR to a folder for it"
    warnings.warn(text, LizipWarning, stacklevel=1)
    return own if kept else None


def _usable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made where it is missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _private(folder: Path) -> bool:
    """Whether a folder among everybody's is the user's own: what lies in it will be run."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
