"""The one way a numba kernel is made here: cached on disk, deterministic, compiled anew when anything it calls changes.

Numba's own cache looks only at the file a kernel stands in; a change in a helper from another file would go unnoticed.
So every set of source files gets a cache folder of its own, named after a hash of them all and of the version: what is
cached names the modules of its argument types, and these may move from one version to the next.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import numba
from numba.core.dispatcher import Dispatcher

from lizip import vectors
from lizip.version import __version__


def cache_root() -> Path:
    """Folder of the compiled kernels: NUMBA_CACHE_DIR, or `lizip` in the user's cache folder."""
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(configured)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home())
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lizip"


def _sources(function: Callable) -> set[str]:
    """Files whose text decides what `function` compiles to: its own, and those of the kernels it calls."""
    files = {function.__code__.co_filename}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, Dispatcher):
            files |= _sources(value.py_func)
        elif declared := getattr(value, "__wrapped__", None):  # an intrinsic
            files |= {declared.__code__.co_filename, vectors.__file__}
        elif isinstance(value, ModuleType) and value.__name__.startswith("lizip."):
            files.add(value.__file__ or "")
    return files


@cache
def _content(file: str) -> bytes:
    return Path(file).read_bytes()


def kernel(function: Callable) -> Callable:
    """Compile `function` with numba: no fastmath, C-like division, cached on disk, memory from the caller.

    Reference counting is off: it costs twenty times the work of a coding step. So a kernel cannot make or return arrays
    (compiling one that does fails); it fills those it is given. Where a fit needs that, use `allocating_kernel`.
    """
    return _compile(function, _nrt=False)


def inlined_kernel(function: Callable) -> Callable:
    """Compile like `kernel`, and let LLVM inline it wherever another kernel calls it.

    For the inner loops' larger parts: arrays are passed as seven numbers each, so a call that stays one costs 10 ns.
    """
    return _compile(function, _nrt=False, forceinline=True)


def allocating_kernel(function: Callable) -> Callable:
    """Compile like `kernel`, for functions that make arrays; slow when called in an inner loop."""
    return _compile(function)


def _compile(function: Callable, **options: bool) -> Callable:
    digest = hashlib.blake2b(__version__.encode(), digest_size=8)
    for file in sorted(filter(os.path.isfile, {__file__, *_sources(function)})):
        digest.update(_content(file))
    previous = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_root() / digest.hexdigest())
    try:
        return numba.njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = previous
