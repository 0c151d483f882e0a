"""Sweeps that follow one another: a pack decodes what it needs to get at one, and remembers where it was."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lizip import access
from lizip.container import FOLLOWS, Container
from lizip.errors import CorruptError
from lizip.packs.layout import folder_of
from lizip.sequence import MOST, nothing

if TYPE_CHECKING:
    from lizip.codecs.sweep.past import Past


HELD = 8
"""Folders whose last sweep is kept: some megabytes each."""


class Sequences:
    """What stands before each sweep of a pack; several threads may ask.

    Parameters
    ----------
    names : sequence of str
        Of all sweeps, in the order of the pack.
    packed : callable
        From the place of a sweep to its .lizip file.
    """

    def __init__(self, names: Sequence[str], packed: Callable[[int], bytes]):
        self._packed = packed
        self._before: list[int | None] = []
        self._held: dict[str, tuple[int, Past]] = {}
        last: dict[str, int] = {}
        for place, name in enumerate(names):
            self._before.append(last.get(folder_of(name)))
            last[folder_of(name)] = place
        self._names = names

    def before(self, place: int, packed: bytes) -> Past:
        """What was left to a sweep, whose .lizip file is given: decodes from the last key frame on, if not at hand."""
        past, waiting = nothing(), list[bytes]()
        at = place
        while follows(packed):
            before = self._before[at]
            if before is None or len(waiting) == MOST:
                raise CorruptError("the sweep that it follows is missing")
            at = before
            held = self._held.get(folder_of(self._names[at]))
            if held is not None and held[0] == at:
                past = held[1]
                break
            packed = self._packed(at)
            waiting.append(packed)
        for each in reversed(waiting):
            past = access.verified(io.BytesIO(each), past) or nothing()
        return past

    def hold(self, place: int, left: Past | None) -> None:
        """Keep what a sweep left, for the one that follows it."""
        if left is not None:
            self._held.pop(folder_of(self._names[place]), None)
            self._held[folder_of(self._names[place])] = place, left
            for folder in list(self._held)[:-HELD]:
                self._held.pop(folder, None)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": {}}


def follows(packed: bytes) -> bool:
    """Whether a .lizip file can be decoded after another one only."""
    return bool(Container(io.BytesIO(packed)).entries(FOLLOWS))
