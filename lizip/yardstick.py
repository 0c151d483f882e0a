"""What strong coders would hardly come below on a file as it stands: told from strips of it, in a few milliseconds.

LZMA at its best takes a second for two megabytes, and three quarters of a codec's whole time for a sample that can be
trusted by a third. Where a codec came to a small part of what even strips promise, neither is needed.
"""

from __future__ import annotations

import lzma

import numpy as np
import zstandard

from lizip.codecs import opaque

_REACH = 0.2
"""The smallest share of a quick zstd that the opaque codec comes to of a file as it stands (0.29 is the least seen)."""

_STRIPS, _STRIP = 16, 1 << 10
"""Strips from all over a file, one after the other: columns that stand apart have their share."""

_ZSTD, _LZMA = 0.2, 0.3
"""LZMA at its best makes so little of a whole file, at the most, of what strips of it come to under a quick zstd (0.24
is the least seen, in text and binary files of fifty kinds) and under its own lowest level (0.35): as shares."""

_WINDOW = 32
"""So many equal bytes are a repetition: longer than what structure alone repeats."""

_PIECE = 1 << 22
_ANCHORS = 4096
_CROWDED = 1 / 32


def bytes_beaten(data: memoryview, size: int, level: str) -> bool:
    """Whether the opaque codec will hardly make so few bytes of some as they stand; at the level `max` nobody says."""
    if level == "max":
        return False
    if out_of_reach(data, size):
        return True
    quick = opaque.quick(data)
    if level == "fast":
        return size <= quick
    return size <= _REACH * quick or size <= opaque.least(data, quick)


def out_of_reach(data: memoryview, size: int) -> bool:
    """Whether neither zstd nor LZMA will make as little as `size` bytes of a file; False where that is not known."""
    if len(data) < 4 * _STRIPS * _STRIP:
        return False
    starts = [(len(data) - _STRIP) * i // (_STRIPS - 1) for i in range(_STRIPS)]
    strips = b"".join(data[start : start + _STRIP] for start in starts)
    whole = len(data) / len(strips)
    bound = _ZSTD * whole * len(zstandard.ZstdCompressor(level=1).compress(strips))
    if size > bound:
        bound = _LZMA * whole * len(lzma.compress(strips, lzma.FORMAT_RAW, filters=_QUICK_LZMA))
    return size <= bound and size <= bound * (1 - repeated(data, strips))


_QUICK_LZMA = [{"id": lzma.FILTER_LZMA2, "preset": 0}]


def repeated(data: memoryview, strips: bytes) -> float:
    """Share of a file that stands elsewhere in it as well, however far; 1 where that is not known.

    Anchors are all places that have one byte, neither rare nor common in the strips: what comes twice has them twice.
    Of many anchors, those are looked at whose surroundings have a certain hash.
    """
    counts = np.bincount(np.frombuffer(strips, np.uint8), minlength=256)
    mark = int(np.abs(counts - len(strips) // 256).argmin())
    content = np.frombuffer(data, np.uint8)
    places = np.concatenate([_marked(content, mark, start) for start in range(0, len(data), _PIECE)])
    places = places[places <= len(data) - _WINDOW]
    if not 1 <= len(places) <= max(_CROWDED * len(data), 1):
        return 1.0
    words = np.lib.stride_tricks.as_strided(content[:8].view("<u8"), (len(data) - 7,), (1,))
    hashes = _mixed(words[places])
    few = hashes >> np.uint64(32) <= np.uint64(min(_ANCHORS / len(places), 1) * 0xFFFFFFFF)
    places, hashes = places[few], hashes[few]
    for behind in range(8, _WINDOW, 8):
        hashes = _mixed(hashes ^ words[places + behind])
    return 1 - len(np.unique(hashes)) / len(hashes) if len(hashes) else 1.0


def _marked(content: np.ndarray, mark: int, start: int) -> np.ndarray:
    """Places of a byte in a piece, the first of every eight."""
    part = content[start : start + _PIECE]
    found = np.zeros(-(-len(part) // 8) * 8, bool)
    np.equal(part, mark, out=found[: len(part)])
    eights = np.flatnonzero(found.view(np.uint64))
    return start + 8 * eights + found.reshape(-1, 8)[eights].argmax(axis=1)


def _mixed(words: np.ndarray) -> np.ndarray:
    """Hashes of numbers, (n,) uint64."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    return words ^ words >> np.uint64(29)
