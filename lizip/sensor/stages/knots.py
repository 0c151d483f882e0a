"""The numbers of a track's knots, coded as second differences."""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.jit import kernel

_LARGEST = 1 << 58
_LIMIT = 255


@kernel
def _code_knots(coder, counters, knots):
    """Code knots (K, P) int64, a context each number."""
    for k in range(knots.shape[0]):
        for p in range(knots.shape[1]):
            expected = np.int64(0)
            if k == 1:
                expected = knots[0, p]
            elif k > 1:
                expected = 2 * knots[k - 1, p] - knots[k - 2, p]
            context = p + knots.shape[1] * min(k, 2)
            rest = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, knots[k, p] - expected)
            # a hostile stream may hold anything: keep the sums inside 64 bits
            knots[k, p] = min(max(expected + rest, -_LARGEST), _LARGEST)


def encode_knots(knots: np.ndarray) -> bytes:
    """Code knots (K, P) int64."""
    return encode_stream(_code_knots, fresh_counters(3 * knots.shape[1] * INTEGER_NODES), knots.copy())


def decode_knots(stream: bytes, count: int, width: int) -> np.ndarray:
    """Decode (`count`, `width`) int64; raises CorruptError."""
    knots = np.zeros((count, width), np.int64)
    decode_stream(stream, _code_knots, fresh_counters(3 * width * INTEGER_NODES), knots)
    return knots
