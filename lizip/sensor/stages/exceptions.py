"""Points that break a promised order or that no model reaches: listed with their place and their bits."""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import code_raw, decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint

_LIMIT = 60


@kernel
def _code_exceptions(coder, counters, places, words):
    """Code ascending places as gaps and the words beside them as they are."""
    previous = np.int64(-1)
    for i in range(places.size):
        previous += 1 + code_integer(coder, counters, 0, _LIMIT, places[i] - previous - 1)
        previous = min(max(previous, np.int64(-1)), np.int64(1) << 61)
        places[i] = previous
        for k in range(words.shape[1]):
            words[i, k] = np.uint32(code_raw(coder, np.int64(words[i, k]), 32))


def encode_exceptions(places: np.ndarray, words: np.ndarray) -> bytes:
    """Write places (E,) int64, ascending, and what stands there, words (E, K) uint32."""
    if not len(places):
        return b""
    places, words = places.astype(np.int64), np.ascontiguousarray(words, np.uint32)
    coded = encode_stream(_code_exceptions, fresh_counters(INTEGER_NODES), places, words)
    return pack_varint(len(places)) + pack_bytes(coded)


def decode_exceptions(stream: bytes, width: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Read places (E,) int64 below `count` and words (E, `width`) uint32; raises CorruptError."""
    if not stream:
        return np.zeros(0, np.int64), np.zeros((0, width), np.uint32)
    unpacker = Unpacker(stream)
    size = unpacker.varint()
    body = unpacker.bytes()
    unpacker.finish()
    if not 0 < size <= min(count, len(stream)) or (width and size * width * 4 > len(stream)):
        raise CorruptError("impossible number of exceptions")
    places, words = np.zeros(size, np.int64), np.zeros((size, width), np.uint32)
    decode_stream(body, _code_exceptions, fresh_counters(INTEGER_NODES), places, words)
    if places[0] < 0 or places[-1] >= count or (np.diff(places) <= 0).any():
        raise CorruptError("exceptions are not in order")
    return places, words
