"""From logged decisions to ANS words: constriction where it is installed, its numba twin where it has no wheel."""

from __future__ import annotations

import importlib.util

import numpy as np

from lizip.jit import kernel

HAS_CONSTRICTION = importlib.util.find_spec("constriction") is not None

_PIECE = 1 << 16
"""Decisions handed to constriction at a time; its probability rows take 8 bytes each."""


def log_to_words(*log: np.ndarray) -> np.ndarray:
    """Code a log of decisions (probability of a one << 1 | bit, uint32), in one piece or several, into ANS words
    (uint32)."""
    return words_by_constriction(*log) if HAS_CONSTRICTION else words_by_twin(*log)


def words_by_constriction(*log: np.ndarray) -> np.ndarray:
    """Code with `constriction.stream.stack.AnsCoder`; the last decisions are pushed first, as the stack wants it."""
    import constriction

    family = constriction.stream.model.Categorical(perfect=False)
    coder = constriction.stream.stack.AnsCoder()
    most = min(max(map(len, log)), _PIECE)
    rows, outcomes = np.empty((most, 2), np.float32), np.empty(most, np.int32)
    pieces = [part[begin : begin + _PIECE] for part in log for begin in range(0, len(part), _PIECE)]
    for piece in reversed(pieces):
        _unpack(piece, rows, outcomes)
        coder.encode_reverse(outcomes[: len(piece)], family, rows[: len(piece)])
    words: np.ndarray = coder.get_compressed()
    return words


@kernel
def _unpack(log, rows, outcomes):
    """Lay out a log as constriction takes it: weights (N, 2) of a zero and a one, outcomes (N,)."""
    for i in range(log.size):
        one = np.int32(log[i] >> np.uint32(1))
        rows[i, 0] = np.float32((1 << 24) - 1 - one)
        rows[i, 1] = np.float32(one - 1)
        outcomes[i] = np.int32(log[i] & np.uint32(1))


def words_by_twin(*pieces: np.ndarray) -> np.ndarray:
    """Code with the numba twin of constriction's encoder; the same words."""
    log = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    words = np.empty(len(log) + 2, np.uint32)
    return words[: _push_all(log, words)]


@kernel
def _push_all(log, words):
    """Push every decision, last first, then flush the state; returns the number of words written."""
    state = np.uint64(0)
    count = 0
    for i in range(log.size - 1, -1, -1):
        one = np.uint64(log[i] >> np.uint32(1))
        if log[i] & np.uint32(1):
            probability = one
            offset = np.uint64(1 << 24) - one
        else:
            probability = np.uint64(1 << 24) - one
            offset = np.uint64(0)
        if state >> np.uint64(40) >= probability:
            words[count] = np.uint32(state & np.uint64(0xFFFFFFFF))
            count += 1
            state >>= np.uint64(32)
        state = ((state // probability) << np.uint64(24)) | (offset + state % probability)
    while state:
        words[count] = np.uint32(state & np.uint64(0xFFFFFFFF))
        count += 1
        state >>= np.uint64(32)
    return count
