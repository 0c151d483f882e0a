"""What won the contest for the file before, where files come one after the other: the next is not contested anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lizip.sensor.state import SensorState

_AS_BEFORE = 1.1
"""A codec has won again where it comes to so nearly as small a share of the bytes."""


class Won(NamedTuple):
    """The codec, which had the points as they stand, and its share of the file's bytes."""

    codec: str
    share: float


def as_before(best: Won | None, state: SensorState | None) -> bool:
    """Whether the best so far is what won the file before, and does as well."""
    won = state.get("contest", Won) if state else None
    return won is not None and best is not None and best.codec == won.codec and best.share <= _AS_BEFORE * won.share
