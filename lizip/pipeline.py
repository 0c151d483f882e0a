"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import xxhash

from lizip import codecs, formats
from lizip.codecs import Options, opaque
from lizip.container import PIECES, Section, Writer, content_hash, write
from lizip.contest import Result, choose
from lizip.decoder import Decoder
from lizip.errors import FormatError
from lizip.pieces import cut, cut_at

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
    digest = _hash(data, release)
    cloud = formats.split(data, options.fields, format)
    pieces = cut(data, cloud)
    first = next(pieces)
    if len(first[1]) < len(data):
        return _encode_pieces(data, cloud, digest, chain([first], pieces), options, sink, names, release)
    swept = _encode_sweeps(data, cloud, digest, options, names)
    try:
        # where sweeps explain every piece, only one model for all of them can be shorter
        result = choose(data, cloud, options, ["sweep"] if swept and swept.used == {"sweep"} else names)
    except FormatError:
        if swept is None:
            raise
    else:
        packed = _pack(result, cloud, len(data), digest)
        if swept is None or len(packed) <= len(swept.packed):
            sink.write(packed)
            return {result.codec.name}
    sink.write(swept.packed)
    return swept.used


class _Swept(NamedTuple):
    """A file as one piece a sweep: its .lizip form, and the codecs in it."""

    packed: bytes
    used: set[str]


def _encode_sweeps(
    data: memoryview, cloud: Cloud, digest: bytes, options: Options, names: Sequence[str]
) -> _Swept | None:
    """Take the sweeps that users gathered in a file apart; None where there are not several."""
    if "sweep" not in names or len(names) == 1 or cloud.format == "las" or not cloud.count:
        return None
    from lizip.sweeps import find_sweeps

    pieces = cut_at(data, cloud, find_sweeps(cloud))
    if not pieces:
        return None
    piece, content = pieces[0]
    try:  # where no sensor explains the first, the others are not worth a trial
        choose(content, piece, options, ["sweep"], alone=False)
    except FormatError:
        return None
    sink = io.BytesIO()
    used = _encode_pieces(data, cloud, digest, pieces, options, sink, names, alike=False)
    return _Swept(sink.getvalue(), used)


def _encode_pieces(
    data: memoryview,
    cloud: Cloud,
    digest: bytes,
    pieces: Iterable[tuple[Cloud, memoryview]],
    options: Options,
    sink: BinaryIO,
    names: Sequence[str],
    release: Callable[[], None] = lambda: None,
    alike: bool = True,
) -> set[str]:
    """Write a file piece by piece; returns the codecs that were used. `alike`: what is best for one is for all."""
    writer, used = Writer(), set()
    main: Codec | None = None
    sink.write(writer.begin())
    for piece, content in pieces:
        result = _choose_again(content, piece, options, main if alike else None, names)
        main = result.codec if piece.count else main
        used.add(result.codec.name)
        sink.write(writer.section(Section(PIECES, _pack(result, piece, len(content), content_hash(content)))))
        release()
    layout = opaque.encode_bytes(cloud.layout, options.level) if cloud.layout else b""
    number = formats.by_name(cloud.format).number
    sink.write(writer.finish((main or opaque.CODEC).number, number, len(data), digest, cloud.count, layout))
    return used


def _choose_again(data: memoryview, piece: Cloud, options: Options, main: Codec | None, names: Sequence[str]) -> Result:
    """Find the shortest way for a piece: with the codec of those before, if there is one and it takes the piece."""
    if main is not None and piece.count:
        with suppress(FormatError):
            return choose(data, piece, options, [main.name], alone=False)
    return choose(data, piece, options, names, alone=False)


def _pack(result: Result, cloud: Cloud, length: int, digest: bytes) -> bytes:
    """A .lizip file in one piece."""
    number = formats.by_name(cloud.format).number
    return write(result.sections, result.codec.number, number, length, digest, cloud.count, result.layout)


def _hash(data: memoryview, release: Callable[[], None]) -> bytes:
    """XXH3-128 of a file that may be larger than memory."""
    state = xxhash.xxh3_128()
    for start in range(0, len(data), _HASH_PIECE):
        state.update(data[start : start + _HASH_PIECE])
        release()
    return state.digest()
