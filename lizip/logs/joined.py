"""The bytes of a log, from the pieces of all its streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lizip.codecs import opaque
from lizip.container import PIECES, SPLICE, Container
from lizip.logs.splice import MAX_CODED, Splice, Taps

if TYPE_CHECKING:
    from lizip.decoder import Decoder


def splice_of(container: Container) -> Splice:
    """How the pieces of a log make the file; raises CorruptError."""
    body = bytearray()
    for section in container.sections(SPLICE):
        body += opaque.decode_bytes(section, MAX_CODED - len(body))
    return Splice.unpack(bytes(body))


def joined(decoder: Decoder) -> Iterator[bytes]:
    """Yield the bytes of the file; raises CorruptError."""
    splice = splice_of(decoder.container)
    places: list[list[int]] = [[] for _ in range(1 + len(splice.streams))]
    clouds = {cloud.piece: cloud for cloud in splice.clouds}
    for place in range(len(decoder.container.entries(PIECES))):
        places[clouds[place].stream if place in clouds else 0].append(place)
    turns = {place: cloud.turn for place, cloud in clouds.items()}
    taps = Taps([_flow(decoder, each, turns) for each in places])
    yield from splice.join(taps.take)
    taps.finish()


def _flow(decoder: Decoder, places: Sequence[int], turns: Mapping[int, int]) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Length and bytes of some pieces, the first so many bytes behind all others."""
    for place in places:
        part, turn = decoder.piece(place), turns.get(place, 0)
        if turn:
            content = b"".join(part.pieces())
            yield len(content), iter([content[turn:] + content[:turn]])
        else:
            yield part.header.length, part.pieces()
