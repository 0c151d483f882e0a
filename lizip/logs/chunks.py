"""Chunks that a recorder compressed: expanded, and compressed again to the same bytes by the library at hand.

Which settings the recorder had is found by trying; the frame's own header leaves few. What no setting makes again stays
compressed. The library that is to compress again must be of the version that did, so files name it.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lizip import extras
from lizip.errors import CorruptError

ZSTD, LZ4, BZ2 = range(1, 4)
KINDS = {"zstd": ZSTD, "lz4": LZ4, "bz2": BZ2}

MAX_CHUNK = 1 << 26
"""Most bytes of an expanded chunk."""

MOST_GAIN = 64
"""A chunk that was compressed more than this, and a megabyte, stays as it is: what decodes it must not be bombed."""

_ZSTD_LEVELS = (3, 1, 2, 5, 4, 6, 7, 9, -1, -3, -5, 8, 10, 12, 15, 19, 22)
_LZ4_LEVELS = (0, 3, 9, 12, 4, 6, 10, -1, -3, -5)


class Method(NamedTuple):
    """A compressor and its settings.

    Attributes
    ----------
    kind : int
        `ZSTD`, `LZ4` or `BZ2`.
    level : int
    flags : int
        zstd: 1 content size, 2 checksum, 4 as a stream of unknown length. LZ4: 1 blocks are linked, 2 content checksum,
        4 block checksums, 8 content size, 16 as a stream; block size id << 5.
    """

    kind: int
    level: int
    flags: int

    @property
    def is_possible(self) -> bool:
        """Whether there is such a compressor."""
        return self.kind in _COMPRESSORS and -100 <= self.level <= 22 and self.flags < 256

    def compress(self, data: bytes | memoryview) -> bytes:
        """Make the chunk again; CorruptError when these are no settings."""
        try:
            return _COMPRESSORS[self.kind](data, self.level, self.flags)
        except (KeyError, ValueError, RuntimeError, OverflowError) as error:
            raise CorruptError(f"impossible settings of a compressed chunk: {error}") from None


def version_of(kind: int) -> str:
    """Name and version of the library of a compressor."""
    if kind == ZSTD:
        import zstandard

        return "zstd " + ".".join(map(str, zstandard.ZSTD_VERSION))
    if kind == LZ4:
        extras.check("lz4", "logs", "the log has chunks compressed by LZ4")
        import lz4

        return f"lz4 {lz4.library_version_string()}"
    return "bzip2"


def expand(kind: int, data: memoryview, size: int) -> bytes | None:
    """What a chunk of `size` bytes was before; None when it is damaged or too large."""
    if size > min(MAX_CHUNK, MOST_GAIN * len(data) + (1 << 20)):
        return None
    try:
        if kind == ZSTD:
            import zstandard

            decoder = zstandard.ZstdDecompressor(max_window_size=MAX_CHUNK)
            with decoder.stream_reader(bytes(data), read_across_frames=True) as reader:
                content = reader.read(size + 1)
        elif kind == LZ4:
            extras.check("lz4", "logs", "the log has chunks compressed by LZ4")
            import lz4.frame

            decoder = lz4.frame.LZ4FrameDecompressor()
            content = decoder.decompress(data, max_length=size + 1)
        else:
            content = bz2.BZ2Decompressor().decompress(data, max_length=size + 1)
    except (OSError, RuntimeError, ValueError, EOFError, _zstd_error()):
        return None
    return content if len(content) == size else None


def find_method(kind: int, data: memoryview, content: bytes, likely: Sequence[Method]) -> Method | None:
    """Settings that make a chunk again: one of the `likely`, which are tried first, or another."""
    candidates = (method for method in _candidates(kind, bytes(data[:16])) if method not in likely)
    for method in (*likely, *candidates):
        if method.kind == kind and method.compress(content) == data:
            return method
    return None


def _zstd_error() -> type[Exception]:
    import zstandard

    return zstandard.ZstdError


def _candidates(kind: int, head: bytes) -> Iterator[Method]:
    """Settings that go with the head of a frame."""
    if kind == ZSTD and len(head) > 4:
        sized = head[4] >> 6 > 0 or head[4] & 0x20 > 0
        flags = sized | (head[4] & 4) >> 1
        yield from (Method(ZSTD, level, flags | way) for way in ((0,) if sized else (4, 0)) for level in _ZSTD_LEVELS)
    elif kind == LZ4 and len(head) > 6:
        form, block = head[4], head[5] >> 4 & 7
        flags = (form & 0x20 == 0) | (form & 4) >> 1 | (form & 0x10) >> 2 | (form & 8) | block << 5
        yield from (Method(LZ4, level, flags | way) for level in _LZ4_LEVELS for way in (0, 16))
    elif kind == BZ2 and head[3:4].isdigit():
        yield Method(BZ2, head[3] - ord("0"), 0)


def _zstd(data: bytes | memoryview, level: int, flags: int) -> bytes:
    import zstandard

    sized, checked = bool(flags & 1), bool(flags & 2)
    compressor = zstandard.ZstdCompressor(level=level, write_content_size=sized, write_checksum=checked)
    if not flags & 4:
        return compressor.compress(data)
    stream = compressor.compressobj()
    return stream.compress(data) + stream.flush()


def _lz4(data: bytes | memoryview, level: int, flags: int) -> bytes:
    extras.check("lz4", "logs", "the log has chunks compressed by LZ4")
    import lz4.frame

    how = {
        "compression_level": level,
        "block_size": flags >> 5,
        "block_linked": bool(flags & 1),
        "content_checksum": bool(flags & 2),
        "block_checksum": bool(flags & 4),
    }
    if not flags & 16:
        return bytes(lz4.frame.compress(data, store_size=bool(flags & 8), **how))
    stream = lz4.frame.LZ4FrameCompressor(**how)
    begun = stream.begin(source_size=len(data)) if flags & 8 else stream.begin()
    return b"".join((begun, stream.compress(data), stream.flush()))


def _bz2(data: bytes | memoryview, level: int, flags: int) -> bytes:
    return bz2.compress(data, level)


_COMPRESSORS = {ZSTD: _zstd, LZ4: _lz4, BZ2: _bz2}


class Again:
    """Finds the settings of a recorder's chunks; gives up where the first ones cannot be made again."""

    def __init__(self) -> None:
        self._known: list[Method] = []
        self._failures = 0

    @property
    def is_sure(self) -> bool:
        """Whether one was found that is made again."""
        return bool(self._known)

    @property
    def gave_up(self) -> bool:
        """Whether no more are tried, because none of the first could be made again."""
        return self.is_stubborn and self._failures > 1

    @property
    def is_stubborn(self) -> bool:
        """Whether chunks stay as they are, because none could be made again so far."""
        return not self._known and self._failures > 0

    def expanded(self, kind: int, data: memoryview, size: int) -> tuple[bytes, Method] | None:
        """Content of a chunk and the settings that make it again; None where it has to stay as it is."""
        if self.gave_up:
            return None
        content = expand(kind, data, size)
        if content is None:
            return None
        method = find_method(kind, data, content, self._known)
        if method is None:
            self._failures += 1
            return None
        if method not in self._known:
            self._known.append(method)
        return content, method
