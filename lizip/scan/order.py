"""Points that break a promised order or that no model reaches: the fewest possible, listed with their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import code_raw, finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint

_LIMIT = 60


@kernel
def _longest_ascent(keys, tails, links):
    """Patience sorting: links[i] is the element before i in the longest strictly ascending run that ends at i."""
    length = np.int64(0)
    for i in range(keys.size):
        low = np.int64(0)
        high = length
        while low < high:
            middle = (low + high) >> 1
            if keys[tails[middle]] < keys[i]:
                low = middle + 1
            else:
                high = middle
        links[i] = tails[low - 1] if low > 0 else -1
        tails[low] = i
        if low == length:
            length += 1
    return tails[length - 1] if length else np.int64(-1)


def keep_ascending(keys: np.ndarray) -> np.ndarray:
    """Mark the largest set of elements of keys (N,) whose keys ascend strictly, (N,) bool."""
    if len(keys) < 2 or (keys[1:] > keys[:-1]).all():
        return np.ones(len(keys), bool)
    links = np.empty(len(keys), np.int64)
    at = _longest_ascent(keys, np.empty(len(keys), np.int64), links)
    keep = np.zeros(len(keys), bool)
    while at >= 0:
        keep[at] = True
        at = links[at]
    return keep


@kernel
def _code_exceptions(coder, counters, places, words):
    """Code ascending places as gaps and the words beside them as they are."""
    previous = np.int64(-1)
    for i in range(places.size):
        previous += 1 + code_integer(coder, counters, 0, _LIMIT, places[i] - previous - 1)
        previous = min(max(previous, -1), np.int64(1) << 61)
        places[i] = previous
        for k in range(words.shape[1]):
            words[i, k] = np.uint32(code_raw(coder, np.int64(words[i, k]), 32))


def encode_exceptions(places: np.ndarray, words: np.ndarray) -> bytes:
    """Write places (E,) int64, ascending, and what stands there, words (E, K) uint32."""
    if not len(places):
        return b""
    coder = open_encoder(len(places) * 80, len(places) * (64 + 32 * words.shape[1]))
    _code_exceptions(
        coder, fresh_counters(INTEGER_NODES), places.astype(np.int64), np.ascontiguousarray(words, np.uint32)
    )
    return pack_varint(len(places)) + pack_bytes(finish_encoder(coder))


def merge_columns(kept: Sequence[np.ndarray], places: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Put exceptions back between the others.

    Parameters
    ----------
    kept : sequence of K (M,) arrays of 4-byte numbers
        The columns without the exceptions.
    places, words : (E,) int64, (E, K) uint32
        As from `decode_exceptions`.

    Returns
    -------
    (K, M + E) uint32
    """
    out = np.empty((len(kept), len(kept[0]) + len(places)), np.uint32)
    others = slice(None) if not len(places) else np.delete(np.arange(out.shape[1]), places)
    for row, column in zip(out, kept, strict=True):
        row[others] = column.view(np.uint32)
    out[:, places] = words.T
    return out


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
    coder = open_decoder(body)
    places, words = np.zeros(size, np.int64), np.zeros((size, width), np.uint32)
    _code_exceptions(coder, fresh_counters(INTEGER_NODES), places, words)
    finish_decoder(coder)
    if places[0] < 0 or places[-1] >= count or (np.diff(places) <= 0).any():
        raise CorruptError("exceptions are not in order")
    return places, words
