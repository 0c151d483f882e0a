"""Small integers and byte strings in headers: LEB128 variable-length integers, read with every bound checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lizip.errors import CorruptError

if TYPE_CHECKING:
    import numpy as np


def pack_varint(value: int) -> bytes:
    """Encode an unsigned integer below 2**64 as LEB128 (7 bits a byte, least significant first)."""
    if not 0 <= value < 1 << 64:
        raise ValueError(f"varint out of range: {value}")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_signed(value: int) -> bytes:
    """Encode a signed integer (-2**63 <= value < 2**63) as the LEB128 of its zigzag code 0, -1, 1, -2, ..."""
    return pack_varint(value << 1 if value >= 0 else (-value << 1) - 1)


def pack_bytes(data: bytes) -> bytes:
    """Encode a byte string with its length before it."""
    return pack_varint(len(data)) + data


def pack_varints(values: Iterable[int]) -> bytes:
    """Encode several unsigned integers one after the other."""
    return b"".join(map(pack_varint, values))


class Unpacker:
    """Reads what the functions above wrote, in the same order.

    Parameters
    ----------
    data : bytes
        The packed bytes.

    Raises
    ------
    CorruptError
        From any method, when the bytes end early or are not canonical.
    """

    def __init__(self, data: bytes):
        self._data = memoryview(data)
        self._position = 0

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._position

    def take(self, size: int) -> bytes:
        """Read exactly `size` raw bytes."""
        if not 0 <= size <= self.remaining:
            raise CorruptError("header ends early")
        self._position += size
        return bytes(self._data[self._position - size : self._position])

    def array(self, dtype: str, count: int) -> np.ndarray:
        """Read numbers of a numpy type, (count,), an array of its own."""
        import numpy as np

        return np.frombuffer(self.take(np.dtype(dtype).itemsize * count), dtype).copy()

    def varint(self) -> int:
        """Read an unsigned integer."""
        if self._position < len(self._data) and self._data[self._position] < 0x80:
            self._position += 1
            return self._data[self._position - 1]
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 1 << 64 or (byte == 0 and shift):
                    break
                return value
        raise CorruptError("header holds a malformed integer")

    def signed(self) -> int:
        """Read a signed integer."""
        code = self.varint()
        return code >> 1 if code & 1 == 0 else -((code + 1) >> 1)

    def bytes(self) -> bytes:
        """Read a byte string written by `pack_bytes`."""
        return self.take(self.varint())

    def finish(self) -> None:
        """Check that nothing is left over."""
        if self.remaining:
            raise CorruptError("header holds more than it should")
