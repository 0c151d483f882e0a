"""Long lists in little memory: the names of hundreds of thousands of files, and what is to be done with them."""

from __future__ import annotations

import pickle
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar, overload

_T = TypeVar("_T")

_BLOCK = 500
"""Items that are compressed together: a file's name, or a job, takes 5 to 15 bytes then (pickled alone 60 to 400)."""


class Compact(Sequence[_T]):
    """A list of things that can be pickled: kept in blocks, compressed, and made anew each time they are taken.

    Parameters
    ----------
    items : iterable
        What it holds; nothing can be added.

    Examples
    --------
    >>> from lizip.compact import Compact
    >>> names = Compact(f"drive/{k:06}.bin" for k in range(2000))
    >>> len(names), names[-1], names[7:9], "drive/001234.bin" in names
    (2000, 'drive/001999.bin', ['drive/000007.bin', 'drive/000008.bin'], True)
    """

    def __init__(self, items: Iterable[_T] = ()):
        self._blocks: list[bytes] = []
        self._count = 0
        self._last: tuple[int, list[_T]] = -1, []
        block: list[_T] = []
        for item in items:
            block.append(item)
            if len(block) == _BLOCK:
                self._add(block)
                block = []
        if block:
            self._add(block)

    def _add(self, block: list[_T]) -> None:
        self._blocks.append(zlib.compress(pickle.dumps(block, pickle.HIGHEST_PROTOCOL), 1))
        self._count += len(block)

    def _block(self, number: int) -> list[_T]:
        block: list[_T] = pickle.loads(zlib.decompress(self._blocks[number]))
        return block

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_T]:
        for number in range(len(self._blocks)):
            yield from self._block(number)

    @overload
    def __getitem__(self, place: int) -> _T: ...
    @overload
    def __getitem__(self, place: slice) -> list[_T]: ...
    def __getitem__(self, place: int | slice) -> Any:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self[each] for each in places]
        number = places // _BLOCK
        held, block = self._last
        if held != number:
            block = self._block(number)
            self._last = number, block
        return block[places % _BLOCK]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Compact, list)) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def repeated(keys: Iterable[str]) -> set[int]:
    """Hashes of the keys that come more than once: takes eight bytes a key, where a set of them takes a hundred.

    Two keys of one hash that differ are among them, too: whoever asks compares those.
    """
    return {one for one, other in pairwise(sorted(array("q", map(hash, keys)))) if one == other}
