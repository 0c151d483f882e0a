"""Bytes read from the front: varints, byte strings and numbers, as every header has them (docs/format/README.md)."""

from __future__ import annotations

import struct


class Damaged(Exception):
    """The file is not as the documents say."""


def demand(truth: bool, what: str) -> None:
    """Refuse a file."""
    if not truth:
        raise Damaged(what)


class Bytes:
    """A byte string and how far it was read."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        """Bytes not read."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """So many bytes."""
        demand(0 <= count <= self.left, "bytes are missing")
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        """All that are left."""
        return self.take(self.left)

    def u8(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """LEB128, canonical, below 2**64."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.u8()
            value |= (byte & 127) << shift
            if byte < 128:
                demand(value < 1 << 64 and (byte > 0 or shift == 0), "a number is written in too many bytes")
                return value
        raise Damaged("a number is too long")

    def signed(self) -> int:
        """The varint of a zigzag code."""
        code = self.varint()
        return -((code + 1) >> 1) if code & 1 else code >> 1

    def string(self) -> bytes:
        """A byte string: its length, its bytes."""
        return self.take(self.varint())

    def varints(self, count: int) -> list[int]:
        """Several."""
        return [self.varint() for _ in range(count)]

    def numbers(self, form: str) -> tuple:
        """Little-endian numbers as `struct` has them."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def end(self) -> None:
        """Nothing may be left."""
        demand(self.left == 0, "bytes are left over")
