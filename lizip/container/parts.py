"""What a .lizip file consists of: magic, sections, header, and the hash of the content. See docs/format."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import xxhash

MAGIC = b"\x93LZP\r\n\x1a"
"""As in PNG: a byte above 127, CR LF and ctrl-Z, so that any text-mode damage changes it. The version follows."""

PACK_MAGIC = b"\x93LZS\r\n\x1a\n"
"""Of packs, which hold many .lizip files; see `lizip.packs`."""

VERSION = 1

SMALL = 1 << 12
"""The small form is for files of fewer bytes than this: at most 24 of the bytes are the container's."""

SMALL_MAGIC = MAGIC[:3] + bytes([0x80 | VERSION])

SMALL_DIGEST = 6

LAST = 0x80
"""In the small form, set in the kind of the last section."""

SUFFIX = ".lizip"

END = b"LZ"

CRC = struct.Struct("<I")

MAX_ENTRIES = 1 << 18
"""Most sections of a file: a table of empty ones costs a reader forty times its bytes."""

PIECES, REGIONS, WHOLE, RECIPE, CODEC = range(5)
"""Section kinds: a piece of a large file, which is a .lizip file itself; the opaque regions of the file; the file as it
stands; how its columns follow from the coded ones (`lizip.relations`) where they are not the same; from `CODEC` on they
belong to the codec."""

AROUND = 123
"""Section kind: what stands around a sensor, for the sweep and those that follow it. Kinds below are codecs'."""

MODELS = 124
"""Section kind: predictors and sensor profiles that decoding asks for (`lizip.embedded`)."""

MOST_MODELS = 1 << 20
"""Most bytes of a section of these, and of what it holds."""

SPLICE = 125
"""Section kind: how the pieces of a log make the file (`lizip.logs.splice`)."""

FOLLOWS = 126
"""Section kind: the hash of the sweep that this one follows, and can be decoded after only (`lizip.sequence`)."""

NEAR = 127
"""Section kind: within which bound of its original the content is (`lizip.near`)."""

MAX_WHOLE, PIECE = 1 << 26, 1 << 25
"""Files of more bytes are cut into pieces of so many, or regions of more refused."""


@dataclass(frozen=True)
class Section:
    """A run of bytes with a meaning: `kind` is `REGIONS` or one of the codec's own (from `CODEC` to 255)."""

    kind: int
    data: bytes


@dataclass(frozen=True)
class Entry:
    """Where a section lies: kind, offset in the file, length in bytes, CRC-32."""

    kind: int
    offset: int
    length: int
    crc: int


@dataclass(frozen=True)
class Header:
    """What the table of contents says of the whole file.

    Attributes
    ----------
    version : int
        Version of the container.
    codec, format : int
        Registered numbers (`lizip.codecs`, `lizip.formats`).
    length : int
        Bytes of the original file.
    digest : bytes
        XXH3-128 of the original file, 16 bytes; of a file below `SMALL` bytes the first 6. Compare with `same_hash`.
    count : int
        Number of points.
    layout : bytes
        The format's description of the file, coded (`lizip.codecs.opaque`).
    entries : tuple of Entry
        The sections, in file order.
    """

    version: int
    codec: int
    format: int
    length: int
    digest: bytes
    count: int
    layout: bytes
    entries: tuple[Entry, ...]


def content_hash(data: bytes | memoryview) -> bytes:
    """XXH3-128 of `data`, 16 bytes."""
    return xxhash.xxh3_128_digest(data)


def content_hash_of(file: BinaryIO) -> bytes:
    """XXH3-128 of a whole file, 16 bytes; leaves it at its end."""
    state = xxhash.xxh3_128()
    file.seek(0)
    while piece := file.read(1 << 20):
        state.update(piece)
    return state.digest()


def same_hash(one: bytes, other: bytes) -> bool:
    """Whether two content hashes agree, as far as both go."""
    size = min(len(one), len(other))
    return size >= SMALL_DIGEST and one[:size] == other[:size]


def is_lizip(data: bytes | memoryview) -> bool:
    """Whether bytes begin as a .lizip file does."""
    return data[: len(MAGIC)] == MAGIC or data[: len(SMALL_MAGIC)] == SMALL_MAGIC
