"""Sweeps that follow a key frame: a pack decodes that first, and remembers what it left."""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lizip import access
from lizip.codecs.sweep.sections import leads
from lizip.container import FOLLOWS, Container, same_hash
from lizip.errors import CorruptError
from lizip.packs.index import Index
from lizip.packs.layout import folder_of
from lizip.resources import Models
from lizip.sequence import MOST, MOST_SEEDS, nothing

if TYPE_CHECKING:
    from lizip.codecs.sweep.past import Past


HELD = 8
"""Key frames whose state is kept: some megabytes each."""


class Sequences:
    """What the key frame of each sweep of a pack left; several threads may ask.

    Parameters
    ----------
    entries : Index
        Of all sweeps, in the order of the pack.
    packed : callable
        From the place of a sweep to its .lizip file.
    models : Models
        What the pack carries.
    """

    def __init__(self, entries: Index, packed: Callable[[int], bytes], models: Models):
        self._entries, self._packed, self._models = entries, packed, models
        self._earlier: array[int] | None = None
        self._held: dict[int, Past] = {}

    def before(self, place: int, packed: bytes) -> Past:
        """What was left to a sweep, whose .lizip file is given: decodes its key frame, if that is not at hand."""
        digest = Container(io.BytesIO(packed)).section(FOLLOWS)
        chain: list[tuple[int, bytes]] = []
        past = nothing()
        while digest:
            place, packed = self._followed(place, digest)
            held = self._held.get(place)
            if held is not None:
                past = held
                break
            chain.append((place, packed))
            if len(chain) > MOST_SEEDS:
                raise CorruptError("it follows too many sweeps")
            digest = Container(io.BytesIO(packed)).section(FOLLOWS)
        for _, packed in reversed(chain):
            past = access.verified(io.BytesIO(packed), past, self._models) or nothing()
        if chain:
            self.hold(chain[0][0], past)
        return past

    def _followed(self, place: int, digest: bytes) -> tuple[int, bytes]:
        """Place and .lizip file of the last sweep before with this content that others may follow."""
        before = self._before()
        at = before[place]
        for _ in range(MOST):
            if at < 0:
                break
            if same_hash(self._entries[at].digest, digest):
                packed = self._packed(at)
                if leads(Container(io.BytesIO(packed))):  # else a sweep that only looks the same
                    return at, packed
            at = before[at]
        raise CorruptError("the sweep that it follows is missing")

    def _before(self) -> array[int]:
        """Place of the last sweep of the same folder before each; -1 where there is none."""
        if self._earlier is None:
            last: dict[str, int] = {}
            earlier = array("q")
            for place in range(len(self._entries)):
                folder = folder_of(self._entries.name(place))
                earlier.append(last.get(folder, -1))
                last[folder] = place
            self._earlier = earlier
        return self._earlier

    def hold(self, place: int, left: Past | None) -> None:
        """Keep what a key frame left, for those that follow it."""
        if left is not None and same_hash(left.digest, self._entries[place].digest):
            self._held.pop(place, None)
            self._held[place] = left._replace(latest=None)
            for other in list(self._held)[:-HELD]:
                self._held.pop(other, None)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": {}}


def follows(packed: bytes) -> bool:
    """Whether a .lizip file can be decoded after another one only."""
    return bool(Container(io.BytesIO(packed)).entries(FOLLOWS))
