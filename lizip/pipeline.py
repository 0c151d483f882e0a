"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import xxhash

from lizip import codecs, defects, formats
from lizip.codecs import Options, opaque
from lizip.container import MAX_WHOLE, NEAR, PIECES, Section, Writer, content_hash
from lizip.decoder import Decoder
from lizip.errors import FormatError
from lizip.logs import Log, find_log
from lizip.near.choose import Bounds, Choice, choose
from lizip.near.said import Said
from lizip.pieces import Together, cut, cut_at, cut_table
from lizip.recording import encode_log

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.codecs import Codec

__all__ = ["Decoder", "encode"]

_HASH_PIECE = 1 << 24

_LITTLE_LOG = 1 << 22
"""In a log of up to so many bytes there may be so little in each cloud that the file as it stands is shorter."""


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
    if format is None and options.fields is None and (log := find_log(data)) is not None:
        return _encode_log(log, data, options, sink, names, release)
    alone = replace(options, past=None)
    found = formats.find_table(data, options.fields, format) if len(data) > MAX_WHOLE else None
    if found is not None:
        task = _Task(data, None, alone, names, None, _hash(data, release))
        return _encode_pieces(task, cut_table(data, *found, release), sink, release)
    cloud = formats.split(data, options.fields, format)
    task = _Task(data, cloud, alone, names, Bounds.of(cloud, options), _hash(data, release))
    pieces = cut(data, cloud)
    first = next(pieces)
    if len(first[1]) < len(data):
        return _encode_pieces(task, chain([first], pieces), sink, release)
    swept = _encode_sweeps(task)
    try:
        # where sweeps explain every piece, only one model for all of them can be shorter
        whole = task._replace(options=options)
        choice = whole.choose(data, cloud, ["sweep"] if swept and swept.used == {"sweep"} else names)
    except FormatError:
        if swept is None:
            raise
    else:
        packed = choice.pack(task.digest if choice.content is data else content_hash(choice.content))
        if swept is None or len(packed) <= len(swept.packed):
            sink.write(packed)
            return {choice.result.codec.name}
    sink.write(swept.packed)
    return swept.used


class _Task(NamedTuple):
    """A file to be said: its bytes, the same taken apart (but for a large table of text), what was asked for, what may
    be changed, and the hash of the bytes."""

    data: memoryview
    cloud: Cloud | None
    options: Options
    names: Sequence[str]
    bounds: Bounds | None
    digest: bytes

    def choose(self, data: memoryview, cloud: Cloud, names: Sequence[str]) -> Choice:
        """Find the shortest way for the file or a piece of it; pieces without points have nothing to change."""
        alone = data is self.data
        return choose(data, cloud, self.options, names, self.bounds if cloud.count or alone else None, alone)

    def choose_again(self, data: memoryview, piece: Cloud, main: Codec | None) -> Choice:
        """Find it for a piece: with the codec of those before, if there is one and it takes the piece."""
        if main is not None and piece.count:
            with suppress(FormatError):
                return self.choose(data, piece, [main.name])
        return self.choose(data, piece, self.names)


class _Swept(NamedTuple):
    """A file as one piece a sweep: its .lizip form, and the codecs in it."""

    packed: bytes
    used: set[str]


def _encode_sweeps(task: _Task) -> _Swept | None:
    """Take the sweeps that users gathered in a file apart; None where there are not several."""
    cloud, names = task.cloud, task.names
    if cloud is None or "sweep" not in names or len(names) == 1 or cloud.format == "las" or not cloud.count:
        return None
    from lizip.sweeps import find_sweeps

    starts: list[int] = []
    with defects.passed_over(f"sweeps among {cloud.count} points were not told apart"):
        starts = cloud.once(find_sweeps)
    pieces = cut_at(task.data, cloud, starts)
    if not pieces:
        return None
    piece, content = pieces[0]
    try:  # where no sensor explains the first, the others are not worth a trial
        task.choose(content, piece, ["sweep"])
    except FormatError:
        return None
    sink = io.BytesIO()
    used = _encode_pieces(task, pieces, sink, alike=False)
    return _Swept(sink.getvalue(), used)


def _encode_pieces(
    task: _Task,
    pieces: Iterable[tuple[Cloud, memoryview]],
    sink: BinaryIO,
    release: Callable[[], None] = lambda: None,
    alike: bool = True,
) -> set[str]:
    """Write a file piece by piece; returns the codecs that were used. `alike`: what is best for one is for all."""
    writer, used, whole = Writer(), set(), Together(task.cloud, task.digest, task.options.near)
    said: list[Said] = []
    main: Codec | None = None
    sink.write(writer.begin())
    for piece, content in pieces:
        if task.bounds is None and piece.count:
            task = task._replace(bounds=Bounds.of(piece, task.options))
        choice = task.choose_again(content, piece, main if alike else None)
        main = choice.result.codec if piece.count else main
        used.add(choice.result.codec.name)
        said += [choice.said] if choice.said else []
        sink.write(writer.section(Section(PIECES, choice.pack(content_hash(choice.content)))))
        whole.add(choice.cloud, choice.content)
        release()
    if said:
        sink.write(writer.section(Section(NEAR, Said.together(said, task.digest).pack())))
    layout = opaque.encode_bytes(whole.layout, task.options.level) if whole.layout else b""
    number = formats.by_name(whole.format).number
    sink.write(writer.finish((main or opaque.CODEC).number, number, whole.length, whole.digest(), whole.count, layout))
    return used


def _encode_log(
    log: Log, data: memoryview, options: Options, sink: BinaryIO, names: Sequence[str], release: Callable[[], None]
) -> set[str]:
    """Write a log; a little one as it stands, where that is shorter."""
    digest = _hash(data, release)
    if len(data) > _LITTLE_LOG or len(names) == 1:
        return encode_log(log, len(data), digest, options, names, sink, release)
    parts = io.BytesIO()
    used = encode_log(log, len(data), digest, options, names, parts, release)
    whole = choose(data, formats.split(data, name="opaque"), options, names, None).pack(digest)
    sink.write(min(parts.getvalue(), whole, key=len))
    return used if len(parts.getvalue()) <= len(whole) else {opaque.CODEC.name}


def _hash(data: memoryview, release: Callable[[], None]) -> bytes:
    """XXH3-128 of a file that may be larger than memory."""
    state = xxhash.xxh3_128()
    for start in range(0, len(data), _HASH_PIECE):
        state.update(data[start : start + _HASH_PIECE])
        release()
    return state.digest()
