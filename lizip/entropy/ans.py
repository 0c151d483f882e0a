"""From logged decisions to ANS words, as `constriction.stream.stack.AnsCoder` writes them, in a third of its time."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel


def log_to_words(log: np.ndarray) -> np.ndarray:
    """Code a log of decisions (probability of a one << 1 | bit, uint32) into ANS words (uint32)."""
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
