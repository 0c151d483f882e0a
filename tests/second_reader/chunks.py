"""Chunks compressed again as their recorder did it (docs/format/container.md, Logs)."""

from __future__ import annotations

import bz2

import zstandard

from second_reader.bytestream import Damaged


def compress(kind: int, level: int, flags: int, data: bytes) -> bytes:
    """Kind 1 zstd, 2 LZ4, 3 bzip2."""
    if kind == 1:
        coder = zstandard.ZstdCompressor(
            level=level, write_content_size=bool(flags & 1), write_checksum=bool(flags & 2)
        )
        if not flags & 4:
            return coder.compress(data)
        stream = coder.compressobj()
        return stream.compress(data) + stream.flush()
    if kind == 2:
        return _lz4(level, flags, data)
    if kind == 3:
        return bz2.compress(data, level)
    raise Damaged(f"compression {kind} is not known")


def _lz4(level: int, flags: int, data: bytes) -> bytes:
    import lz4.frame

    how = {"compression_level": level, "block_size": flags >> 5, "block_linked": bool(flags & 1)}
    how |= {"content_checksum": bool(flags & 2), "block_checksum": bool(flags & 4)}
    if not flags & 16:
        return lz4.frame.compress(data, store_size=bool(flags & 8), **how)
    stream = lz4.frame.LZ4FrameCompressor(**how)
    begun = stream.begin(source_size=len(data)) if flags & 8 else stream.begin()
    return begun + stream.compress(data) + stream.flush()
