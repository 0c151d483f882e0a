"""The LZF streams inside `binary_compressed` PCD files: unpacked, and packed again as the Point Cloud Library does it.

A stream is a run of operations: 000LLLLL copies L+1 bytes that follow; LLLooooo oooooooo repeats L+2 bytes from o+1
bytes back; 111ooooo LLLLLLLL oooooooo repeats L+9 bytes. How a packer chooses them is its own affair: `pack` chooses
like PCL (hash of three bytes to 13 bits, last place seen). For streams of other packers `script` keeps the operations
without the copied bytes, and `replay` makes the stream from them and the data.
"""

from __future__ import annotations

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel

_MAX_OFFSET = 1 << 13
_PLACES = 1 << 13
_MAX_LITERAL = 1 << 5
_MAX_MATCH = (1 << 8) + (1 << 3)


@kernel
def _unpack(stream: np.ndarray, data: np.ndarray) -> int:
    """Fill `data` (D,) uint8 from the stream (S,) uint8; the number of bytes, or -1 when the stream is wrong."""
    read, write = 0, 0
    while read < len(stream):
        control = int(np.int64(stream[read]))
        read += 1
        if control < _MAX_LITERAL:
            size = control + 1
            if read + size > len(stream) or write + size > len(data):
                return -1
            for i in range(size):
                data[write + i] = stream[read + i]
            read += size
        else:
            size = control >> 5
            if size == 7:
                if read >= len(stream):
                    return -1
                size += int(np.int64(stream[read]))
                read += 1
            if read >= len(stream):
                return -1
            source = write - ((control & 31) << 8) - np.int64(stream[read]) - 1
            read += 1
            size += 2
            if source < 0 or write + size > len(data):
                return -1
            for i in range(size):
                data[write + i] = data[source + i]
        write += size
    return write


@kernel
def _pack(data: np.ndarray, places: np.ndarray, stream: np.ndarray) -> int:
    """Pack (D,) uint8 as PCL's lzfCompress does. `places` (8192,) int64 zeros; `stream` holds D + D//32 + 8 bytes."""
    read, write, literals = 0, 1, 0
    end = len(data)
    while read < end - 2:
        value = np.int64(data[read]) << 16 | np.int64(data[read + 1]) << 8 | np.int64(data[read + 2])
        slot = ((value >> 11) - value) & (_PLACES - 1)
        source = places[slot]
        places[slot] = read
        offset = read - source - 1
        if (
            0 < source < read
            and offset < _MAX_OFFSET
            and data[source] == data[read]
            and data[source + 1] == data[read + 1]
            and data[source + 2] == data[read + 2]
        ):
            longest = min(end - read - 2, _MAX_MATCH)
            size = 3
            if longest > 16:  # PCL compares sixteen bytes unrolled before it looks at the limit
                while size < 19 and data[source + size] == data[read + size]:
                    size += 1
            if longest <= 16 or size == 19:
                while size < longest and data[source + size] == data[read + size]:
                    size += 1
            if literals:
                stream[write - literals - 1] = literals - 1
            else:
                write -= 1
            code = size - 2
            if code < 7:
                stream[write] = (offset >> 8) + (code << 5)
                write += 1
            else:
                stream[write] = (offset >> 8) + (7 << 5)
                stream[write + 1] = code - 7
                write += 2
            stream[write] = offset & 0xFF
            write += 2
            literals = 0
            read += size
            if read >= end - 2:
                break
            value = np.int64(data[read - 1]) << 16 | np.int64(data[read]) << 8 | np.int64(data[read + 1])
            places[((value >> 11) - value) & (_PLACES - 1)] = read - 1
        else:
            stream[write] = data[read]
            write += 1
            read += 1
            literals += 1
            if literals == _MAX_LITERAL:
                stream[write - literals - 1] = literals - 1
                literals = 0
                write += 1
    while read < end:
        stream[write] = data[read]
        write += 1
        read += 1
        literals += 1
        if literals == _MAX_LITERAL:
            stream[write - literals - 1] = literals - 1
            literals = 0
            write += 1
    if literals:
        stream[write - literals - 1] = literals - 1
    else:
        write -= 1
    return write


@kernel
def _replay(script: np.ndarray, data: np.ndarray, stream: np.ndarray) -> int:
    """Put the copied bytes of `data` between the operations of `script`; stream length, or -1 when they do not fit."""
    read, write, position = 0, 0, 0
    while read < len(script):
        control = int(np.int64(script[read]))
        extra = 0 if control < _MAX_LITERAL else (2 if control >> 5 == 7 else 1)
        if read + extra >= len(script) or write + extra >= len(stream):
            return -1
        for i in range(extra + 1):
            stream[write + i] = script[read + i]
        write += extra + 1
        if extra == 0:
            size = control + 1
            if position + size > len(data) or write + size > len(stream):
                return -1
            for i in range(size):
                stream[write + i] = data[position + i]
            write += size
        elif extra == 1:
            size = (control >> 5) + 2
        else:
            size = int(np.int64(script[read + 1])) + 9
        read += extra + 1
        position += size
    return write if position == len(data) else -1


@kernel
def _script(stream: np.ndarray, script: np.ndarray) -> int:
    """Keep the operations of a stream that `_unpack` has accepted; their length."""
    read, write = 0, 0
    while read < len(stream):
        control = int(np.int64(stream[read]))
        extra = 0 if control < _MAX_LITERAL else (2 if control >> 5 == 7 else 1)
        for i in range(extra + 1):
            script[write + i] = stream[read + i]
        write += extra + 1
        read += extra + 1
        if extra == 0:
            read += control + 1
    return write


def unpack(stream: bytes, size: int) -> np.ndarray | None:
    """Unpack to exactly `size` bytes, (size,) uint8; None when the stream does not hold that."""
    data = np.empty(size, np.uint8)
    return data if _unpack(np.frombuffer(stream, np.uint8), data) == size else None


def pack(data: np.ndarray) -> bytes:
    """Pack (D,) uint8 as the Point Cloud Library does."""
    stream = np.empty(len(data) + len(data) // _MAX_LITERAL + 8, np.uint8)
    return stream[: _pack(data, np.zeros(_PLACES, np.int64), stream)].tobytes()


def script(stream: bytes) -> bytes:
    """Operations of a stream without the bytes it copies; `unpack` must have accepted it."""
    operations = np.empty(len(stream), np.uint8)
    return operations[: _script(np.frombuffer(stream, np.uint8), operations)].tobytes()


def replay(operations: bytes, data: np.ndarray) -> bytes:
    """Make the stream again from its operations and the unpacked data; CorruptError when they do not fit."""
    stream = np.empty(len(operations) + len(data), np.uint8)
    size = _replay(np.frombuffer(operations, np.uint8), data, stream)
    if size < 0:
        raise CorruptError("the operations of an LZF stream do not fit its data")
    return stream[:size].tobytes()
