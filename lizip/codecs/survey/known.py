"""What a chunk's decoder knows at some stage: the columns decoded so far, and what follows from them."""

from __future__ import annotations

import numpy as np


class Known:
    """Columns of a chunk that are coded already, the same for encoder and decoder.

    Parameters
    ----------
    count : int
        Points of the chunk.
    """

    def __init__(self, count: int):
        self.count = count
        self.columns: dict[str, np.ndarray] = {}

    def add(self, name: str, column: np.ndarray) -> None:
        """Remember a column that has just been coded."""
        self.columns[name] = column
