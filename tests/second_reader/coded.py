"""Bytes of no known meaning: stored, zstd or LZMA2 (docs/format/opaque.md)."""

from __future__ import annotations

import lzma

import zstandard

from second_reader.bytestream import Bytes, demand

MOST = 1 << 24


def decode(data: bytes) -> bytes:
    """Undo one run of coded bytes."""
    head = Bytes(data)
    tag = head.u8()
    if tag == 0:
        return head.rest()
    length = head.varint()
    demand(tag in (1, 2) and length <= MOST, "bytes are coded in an unknown way")
    if tag == 1:
        form = zstandard.FORMAT_ZSTD1_MAGICLESS
        with zstandard.ZstdDecompressor(format=form, max_window_size=MOST).stream_reader(head.rest()) as reader:
            found = reader.read(length + 1)
    else:
        found = lzma2(head.rest(), length)
    demand(len(found) == length, "coded bytes have another length")
    return found


def lzma2(data: bytes, length: int) -> bytes:
    """Raw LZMA2 that gives so many bytes; the dictionary may be larger than the encoder's."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": max(MOST, 4096)}]
    decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    found = decoder.decompress(data, length + 1)
    demand(decoder.eof and not decoder.unused_data and len(found) == length, "LZMA2 does not end where it should")
    return found
