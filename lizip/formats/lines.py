"""The lines of a text that may be larger than memory: how many there are, and where any one of them ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_BLOCK = 1 << 18
_RELEASED = 1 << 6
"""After so many blocks, those looked at are given back."""

_ENDS = (0x0A, 0x0D)
"""Lines end with a newline, in very old files with a carriage return."""


def line_ends(data: memoryview) -> np.ndarray:
    """Where each line of a text that is not large ends, (L,) int64; the last one need not have an end of its own."""
    characters = np.frombuffer(data, np.uint8)
    ends = next((found for end in _ENDS if len(found := np.flatnonzero(characters == end))), np.empty(0, np.int64)) + 1
    if len(data) and (not len(ends) or ends[-1] < len(data)):
        ends = np.append(ends, len(data))
    return ends


class Lines:
    """Where lines end, known block by block; what is asked for is looked up in its block.

    Parameters
    ----------
    data : memoryview
        The text; may be a memory map.
    release : callable
        Called when what was read of it is not needed for a while.
    """

    def __init__(self, data: memoryview, release: Callable[[], None] = lambda: None):
        self._data = data
        for self._end in _ENDS:
            counts = [0]
            for start in range(0, len(data), _BLOCK):
                counts.append(len(self._ends_in(start)))
                if len(counts) % _RELEASED == 0:
                    release()
            self._before = np.cumsum(counts)
            """(B + 1,) int64, lines that end before each block, and at last all."""
            if self._before[-1]:
                break
        self._count = int(self._before[-1])
        self._count += bool(len(data)) and (not self._count or data[-1] != self._end)

    def __len__(self) -> int:
        return self._count

    def _ends_in(self, start: int) -> np.ndarray:
        """Where lines end in the block that starts at a place."""
        return np.flatnonzero(np.frombuffer(self._data[start : start + _BLOCK], np.uint8) == self._end) + start + 1

    def end(self, i: int) -> int:
        """Byte behind line `i`; 0 before the first, the end of the text behind the last."""
        if i < 0:
            return 0
        block = int(np.searchsorted(self._before, i, "right")) - 1
        if block + 1 >= len(self._before):
            return len(self._data)
        return int(self._ends_in(block * _BLOCK)[i - self._before[block]])

    def end_behind(self, place: int) -> int:
        """Byte behind the first line that ends behind a place; the end of the text where there is none."""
        for start in range(place // _BLOCK * _BLOCK, len(self._data), _BLOCK):
            ends = self._ends_in(start)
            if len(ends := ends[ends > place]):
                return int(ends[0])
        return len(self._data)

    def end_before(self, place: int) -> int:
        """Byte behind the last line that ends at or before a place; 0 where there is none."""
        if place >= len(self._data):
            return len(self._data)
        for start in range(place // _BLOCK * _BLOCK, -1, -_BLOCK):
            ends = self._ends_in(start)
            if len(ends := ends[ends <= place]):
                return int(ends[-1])
        return 0

    def line(self, i: int) -> bytes:
        """A line, with its end."""
        return bytes(self._data[self.end(i - 1) : self.end(i)])
