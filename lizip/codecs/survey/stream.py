"""One stream after the other into the same buffers, so that the encoder's log takes fresh memory only once a chunk."""

from __future__ import annotations

import numpy as np

from lizip.entropy.ans import words_by_twin
from lizip.entropy.coder import Coder, finish_encoder

DECISIONS = 100
"""Most binary decisions of a value."""

_RAW_WORDS = 2
"""Most raw words of a value."""

_SPARE = 1 << 20
"""Decisions and raw words for what is not a value: coefficients, tables, parameters."""


class Desk:
    """Where the streams of a chunk are written, one at a time."""

    def __init__(self) -> None:
        self._log = np.empty(0, np.uint32)
        self._raw = np.empty(0, np.uint32)

    def open(self, values: int) -> Coder:
        """Make an encoder of so many values; whatever was open before is over."""
        if len(self._raw) < _RAW_WORDS * values + _SPARE:
            self._log = np.empty(DECISIONS * values + _SPARE, np.uint32)
            self._raw = np.empty(_RAW_WORDS * values + _SPARE, np.uint32)
        nothing = np.empty(0, np.uint32)
        return Coder(np.zeros(8, np.int64), np.zeros(2, np.uint64), nothing, self._log, self._raw)


def finish(coder: Coder) -> bytes:
    """The stream's bytes; where there are so many short ones, the twin of constriction takes a quarter of its time."""
    return finish_encoder(coder, words_by_twin)
