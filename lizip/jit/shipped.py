"""Kernels that the wheel brings, compiled ahead of time for some kinds of processors.

A pack holds those of one kind: its title, the number of kernels, for each its identity, place and size, and then the
kernels as the cache keeps them. `scripts/build_kernels.py` writes packs; a source checkout has none.
"""

from __future__ import annotations

import os
import struct
from functools import cache
from pathlib import Path

from lizip.jit import cache as kept
from lizip.jit import objects

FOLDER = Path(__file__).parent / "packs"
"""Where the packs lie; one file for each of `objects.levels`."""

_TITLE = b"lizip kernels 1\n"
_ITEM = struct.Struct("<16sQQ")
_COUNT = struct.Struct("<Q")

_HARMLESS = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER", "NUMBA_DISABLE_JIT")
"""Settings of numba that do not change the code it makes."""


def settings() -> list[str]:
    """The settings of numba that change the code it makes, as they stand in the environment."""
    names = sorted(name for name in os.environ if name.startswith("NUMBA_") and name not in _HARMLESS)
    return [f"{name}={os.environ[name]}" for name in names]


@cache
def level() -> str:
    """The kind of processor whose pack is used in this process; "" where there is none, or compiling is asked for.

    Asked for by LIZIP_KERNELS=compile, or by any setting of numba that changes the code it makes.
    """
    if settings() or os.environ.get("LIZIP_KERNELS") == "compile":
        return ""
    return next((level for level in objects.levels() if (FOLDER / f"{level}.pack").is_file()), "")


def count() -> int:
    """How many kernels are at hand."""
    return len(_index(level()))


def get(identity: str) -> tuple[str, bytes] | None:
    """Find a kernel; None when it was not compiled ahead of time, or from other sources."""
    content = _pack(level())
    place = _index(level()).get(bytes.fromhex(identity))
    return kept.unpack(content[slice(*place)]) if place else None


@cache
def _pack(level: str) -> bytes:
    return (FOLDER / f"{level}.pack").read_bytes() if level else b""


@cache
def _index(level: str) -> dict[bytes, tuple[int, int]]:
    """Identity -> begin and end of every kernel of a pack."""
    content = _pack(level)
    begin = len(_TITLE) + _COUNT.size
    if content[: len(_TITLE)] != _TITLE or len(content) < begin:
        return {}
    count = _COUNT.unpack_from(content, len(_TITLE))[0]
    items = content[begin : begin + count * _ITEM.size]
    if len(items) != count * _ITEM.size:
        return {}
    return {identity: (at, at + size) for identity, at, size in _ITEM.iter_unpack(items)}


def pack(kernels: dict[str, bytes]) -> bytes:
    """Put kernels, identity -> content of a file of the cache, into one file; see the module."""
    items, at = [], len(_TITLE) + _COUNT.size + len(kernels) * _ITEM.size
    for identity, content in sorted(kernels.items()):
        items.append(_ITEM.pack(bytes.fromhex(identity), at, len(content)))
        at += len(content)
    return b"".join([_TITLE, _COUNT.pack(len(kernels)), *items, *(kernels[key] for key in sorted(kernels))])
