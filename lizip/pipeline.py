"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from lizip import codecs, formats
from lizip.codecs import Options, opaque
from lizip.container import NEAR, PIECES, Section, Writer, content_hash, write
from lizip.decoder import Decoder
from lizip.errors import FormatError
from lizip.near.choose import Bounds, Choice, choose
from lizip.near.said import Said
from lizip.pieces import cut

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.codecs import Codec

__all__ = ["Decoder", "encode"]

_HASH_PIECE = 1 << 24


def encode(
    data: memoryview,
    options: Options,
    sink: BinaryIO,
    names: Sequence[str] = codecs.PROMISING_FIRST,
    format: str | None = None,
    release: Callable[[], None] = lambda: None,
) -> set[str]:
    """Write the .lizip form of a file to `sink`.

    Parameters
    ----------
    data : memoryview
        The whole file; may be a memory map.
    options : Options
    sink : BinaryIO
        Writable; need not be seekable.
    names : sequence of str
        The codecs to try, in this order. One name alone is an order, not a proposal.
    format : str, optional
        Take the file as this format.
    release : callable
        Called when the part of `data` read so far is not needed for a while.

    Returns
    -------
    set of str
        Names of the codecs that were used.

    Raises
    ------
    FormatError
        When a forced field count, format or codec does not fit the file.
    """
    cloud = formats.split(data, options.fields, format)
    bounds = Bounds.of(cloud, options)
    pieces = cut(data, cloud)
    first = next(pieces)
    if len(first[1]) == len(data):
        release()
        choice = choose(data, cloud, options, names, bounds)
        sink.write(_pack(choice, _hash(memoryview(choice.content), release)))
        return {choice.result.codec.name}
    original = _hash(data, release) if bounds else b""
    writer, used, state, length = Writer(), set(), xxhash.xxh3_128(), 0
    said: list[Said] = []
    main: Codec | None = None  # what is best for the first points is taken for the others
    sink.write(writer.begin())
    for piece, content in chain([first], pieces):
        choice = _choose_again(content, piece, options, main, names, bounds)
        main = choice.result.codec if piece.count else main
        used.add(choice.result.codec.name)
        state.update(choice.content)
        length += len(choice.content)
        said += [choice.said] if choice.said else []
        sink.write(writer.section(Section(PIECES, _pack(choice, content_hash(choice.content)))))
        release()
    if said:
        sink.write(writer.section(Section(NEAR, Said.together(said, original).pack())))
    layout = opaque.encode_bytes(cloud.layout, options.level) if cloud.layout else b""
    number = formats.by_name(cloud.format).number
    sink.write(writer.finish((main or opaque.CODEC).number, number, length, state.digest(), cloud.count, layout))
    return used


def _choose_again(
    data: memoryview,
    piece: Cloud,
    options: Options,
    main: Codec | None,
    names: Sequence[str],
    bounds: Bounds | None,
) -> Choice:
    """Find the shortest way for a piece: with the codec of those before, if there is one and it takes the piece."""
    if main is not None and piece.count:
        with suppress(FormatError):
            return choose(data, piece, options, [main.name], bounds, alone=False)
    return choose(data, piece, options, names, bounds, alone=False)


def _pack(choice: Choice, digest: bytes) -> bytes:
    """A .lizip file in one piece."""
    result, cloud = choice.result, choice.cloud
    number = formats.by_name(cloud.format).number
    length = len(choice.content)
    return write(choice.sections(), result.codec.number, number, length, digest, cloud.count, result.layout)


def _hash(data: memoryview, release: Callable[[], None]) -> bytes:
    """XXH3-128 of a file that may be larger than memory."""
    state = xxhash.xxh3_128()
    for start in range(0, len(data), _HASH_PIECE):
        state.update(data[start : start + _HASH_PIECE])
        release()
    return state.digest()
