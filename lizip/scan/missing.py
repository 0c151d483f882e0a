"""Points that stand for a missing return: NaN, or one and the same position over and over (the origin mostly)."""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.jit import kernel

_SAMPLE = 255
_LEAST = 0.005
"""Share of the points from which on a repeated position stands for missing returns."""

_CLASSES, _LIMIT = 8, 250


def find_missing(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find what is stored where nothing returned.

    Parameters
    ----------
    xyz : (N, 3) float32
        Contiguous.

    Returns
    -------
    missing : (N,) bool
        Points that are no returns: those at the repeated position, bit for bit.
    words : (3,) uint32
        The bits of that position; of the origin when there is none.
    """
    bits = xyz.view(np.uint32)
    words = np.zeros(3, np.uint32)
    repeated = (bits[1:] == bits[:-1]).all(axis=1)
    if repeated.mean() > _LEAST / 4:
        sample = bits[1:][repeated]
        sample = sample[:: max(1, len(sample) // _SAMPLE)]
        candidates, counts = np.unique(sample, axis=0, return_counts=True)
        words = candidates[np.argmax(counts)]
    missing = (bits == words).all(axis=1)
    if missing.mean() < _LEAST:
        return np.zeros(len(xyz), bool), np.zeros(3, np.uint32)
    return missing, words


@kernel
def _code_gaps(coder, counters, gaps):
    """Code numbers of missing points before each of the others, given how many there were before the last two."""
    last = np.int64(0)
    before = np.int64(0)
    for i in range(gaps.size):
        context = min(bit_length(last), _CLASSES - 1) * _CLASSES + min(bit_length(before), _CLASSES - 1)
        gap = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, gaps[i])
        gaps[i] = min(max(gap, 0), np.int64(1) << 40)
        before = last
        last = gaps[i]


def encode_places(missing: np.ndarray) -> bytes:
    """Write which points are missing, (N,) bool, where they follow no grid."""
    ends = np.append(np.flatnonzero(~missing), len(missing))
    gaps = np.diff(ends, prepend=-1) - 1
    coder = open_encoder(len(gaps) * 40 + 64, len(gaps) * 64 + 64)
    _code_gaps(coder, fresh_counters(_CLASSES * _CLASSES * INTEGER_NODES), gaps)
    return finish_encoder(coder)


def decode_places(stream: bytes, missing: int, count: int) -> np.ndarray:
    """Read what `encode_places` wrote: `missing` of `count` points; (count,) bool. Raises CorruptError."""
    if not 0 <= missing <= count:
        raise CorruptError("impossible number of missing points")
    gaps = np.zeros(count - missing + 1, np.int64)
    coder = open_decoder(stream)
    _code_gaps(coder, fresh_counters(_CLASSES * _CLASSES * INTEGER_NODES), gaps)
    finish_decoder(coder)
    if int(np.minimum(gaps, count + 1).sum()) != missing:
        raise CorruptError("missing points do not add up")
    places = np.ones(count, np.bool_)
    places[np.cumsum(gaps[:-1] + 1) - 1] = False
    return places
