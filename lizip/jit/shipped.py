"""Kernels that the wheel brings, compiled ahead of time for some kinds of processors: a shared library for each.

`scripts/build_kernels.py` makes them (see `library`); a source checkout has none. The system maps a library and loads
what runs of it, so neither numba nor LLVM is imported.
"""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from pathlib import Path

from lizip.jit import library

FOLDER = Path(__file__).parent / "libraries"
"""Where the libraries lie; one file for each of `levels`."""

CPUINFO = "/proc/cpuinfo"
"""Where Linux says what the processor can do."""
_V2 = {"pni", "ssse3", "sse4_1", "sse4_2", "popcnt", "cx16"}
_V3 = {*_V2, "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
"""What a processor of a kind can do, in the words of Linux."""

_HARMLESS = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER", "NUMBA_DISABLE_JIT")
"""Settings of numba that do not change the code it makes."""


def settings() -> list[str]:
    """The settings of numba that change the code it makes, as they stand in the environment."""
    names = sorted(name for name in os.environ if name.startswith("NUMBA_") and name not in _HARMLESS)
    return [f"{name}={os.environ[name]}" for name in names]


def levels() -> list[str]:
    """Kinds of processors, as `scripts/build_kernels.py` names them, whose code runs here, best first."""
    if platform.system() != "Linux":
        return []
    if platform.machine() == "aarch64":
        return ["aarch64"]
    if platform.machine() != "x86_64":
        return []
    can = _abilities()
    return [level for level, needed in (("x86-64-v3", _V3), ("x86-64-v2", _V2)) if needed <= can]


def _abilities() -> set[str]:
    """What Linux says of the first processor; nothing where it does not say."""
    try:
        with open(CPUINFO, encoding="ascii", errors="replace") as file:
            return next((set(line.split()) for line in file if line.startswith("flags")), set())
    except OSError:
        return set()


@cache
def level() -> str:
    """The kind of processor whose library is used in this process; "" where there is none, or compiling is asked for.

    Asked for by LIZIP_KERNELS=compile, or by any setting of numba that changes the code it makes.
    """
    if settings() or os.environ.get("LIZIP_KERNELS") == "compile":
        return ""
    return next((level for level in levels() if _file(level).is_file()), "")


def count() -> int:
    """How many kernels are at hand."""
    loaded = _library(level())
    return int(ctypes.c_int64.in_dll(loaded, library.TOTAL).value) if loaded else 0


def get(identity: str) -> tuple[str, int] | None:
    """Find a kernel: what it returns (see `abi.entry`) and its address; None when it was not compiled ahead of time."""
    loaded = _library(level())
    try:
        place = ctypes.c_int64.in_dll(loaded, library.symbol_of(identity)) if loaded else None
    except ValueError:  # of other sources
        place = None
    if place is None:
        return None
    at = ctypes.addressof(place)
    return ctypes.string_at(at + library.NUMBER.size).decode(), at + place.value


def _file(level: str) -> Path:
    return FOLDER / f"{level}.so"


@cache
def _library(level: str) -> ctypes.CDLL | None:
    """Map a library; None when there is none that is whole: then kernels are compiled here."""
    if not level:
        return None
    path = _file(level)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        return ctypes.CDLL(str(path)) if library.length(head) == path.stat().st_size else None
    except OSError:
        return None
