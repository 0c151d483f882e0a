"""Compressing a log: each cloud by the codec that says it shortest, the rest together."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from lizip import codecs, formats
from lizip.codecs import Options, opaque
from lizip.container import PIECES, Section, Writer, content_hash
from lizip.errors import FormatError, LizipWarning
from lizip.formats.log import pack_layout
from lizip.logs.parts import REST, Closing, Log, Part, Span
from lizip.logs.splice import Placed, Splice, sections_of
from lizip.near.choose import Choice, choose
from lizip.sensor.state import SensorState

if TYPE_CHECKING:
    from lizip.cloud import Cloud

_REST = 1 << 24
"""Bytes of the rest that are coded together."""

_OF_RASTERS = ("image", "floats", "opaque")
"""The codecs for packets: millions of points, for which others would take minutes."""

STUBBORN = (
    "chunks of this log are compressed in a way that cannot be made again byte for byte, so they stay as they are;"
    " --expand compresses their content, and equal messages come back"
)

_TRIALS = 3
"""Clouds of a stream for which every codec is asked; then the one of the last is."""


class Clouds:
    """Clouds of a log while they are coded one by one, each stream of its own.

    Parameters
    ----------
    options : Options
    names : sequence of str
        The codecs to try.
    """

    def __init__(self, options: Options, names: Sequence[str]):
        self._options, self._names = options, names
        self._states: dict[int, SensorState] = {}
        self._known: dict[int, list[str]] = {}

    def guess(self, content: memoryview, cloud: Cloud) -> Choice:
        """The shortest way to say a cloud whose layout is a guess, or its bytes as they stand."""
        from lizip.logs.unknown import plain_cloud
        from lizip.yardstick import bytes_beaten

        names = [name for name in self._names if name in _OF_RASTERS] or self._names
        choice = choose(content, cloud, self._options, names, None, False)
        if opaque.CODEC.name in names and not bytes_beaten(content, choice.size, self._options.level):
            plain = choose(content, plain_cloud(content), self._options, [opaque.CODEC.name], None, False)
            choice = min(choice, plain, key=lambda each: each.size)
        return choice

    def choose(self, stream: int, content: memoryview, cloud: Cloud) -> Choice:
        """The shortest way to say a cloud, the fit starting from the one before of its stream."""
        state = self._states.setdefault(stream, SensorState())
        options = replace(self._options, state=state, past=None)
        known = self._known.setdefault(stream, [])
        names = [name for name in self._names if cloud.shape is None or name in _OF_RASTERS] or self._names
        choice = None
        if len(known) >= _TRIALS:
            with suppress(FormatError):
                choice = choose(content, cloud, options, [known[-1]], None, False)
        choice = choice or choose(content, cloud, options, names, None, False)
        known.append(choice.result.codec.name)
        return choice


class Recording:
    """A log while it is written.

    Parameters
    ----------
    options : Options
    names : sequence of str
        The codecs to try.
    sink : BinaryIO
    """

    def __init__(self, options: Options, names: Sequence[str], sink: BinaryIO):
        self._options, self._names, self._sink = options, names, sink
        self._writer = Writer()
        self._pieces = self.count = 0
        self._rest = bytearray()
        self._waiting: dict[int, list[memoryview]] = {}
        self._closings: dict[int, Closing] = {}
        self._clouds = Clouds(options, names)
        self._layouts: set[tuple[str, bytes]] = set()
        self.splice = Splice()
        self.used: set[str] = set()
        sink.write(self._writer.begin())

    def part(self, part: Part) -> None:
        """Take a part."""
        if part.stream == REST:
            for start in range(0, len(part.data), _REST):
                self._rest += part.data[start : start + _REST]
                if len(self._rest) >= _REST:
                    self._write_rest()
            return
        waiting = self._waiting.setdefault(part.stream, [])
        waiting.append(part.data)
        if part.closing is not None and sum(map(len, waiting)) < part.closing.together:
            self._closings.setdefault(part.stream, part.closing)
        elif part.closing is not None:
            self._close(part.stream, self._closings.pop(part.stream, part.closing))

    def _close(self, stream: int, closing: Closing) -> None:
        """Write the cloud that a stream's bytes are."""
        waiting = self._waiting[stream]
        content = waiting[0] if len(waiting) == 1 else memoryview(b"".join(waiting))
        waiting.clear()
        if turn := closing.turn:
            content = memoryview(bytes(content[-turn:]) + bytes(content[:-turn]))
        self._write_cloud(content, stream, closing)

    def _write_rest(self) -> None:
        content = memoryview(self._rest)
        self._rest = bytearray()
        for start in range(0, len(content), opaque.PIECE):
            piece = content[start : start + opaque.PIECE]
            choice = choose(piece, formats.split(piece, name="opaque"), self._options, self._names, None, False)
            self._write(choice.pack(content_hash(piece)))

    def _write_cloud(self, content: memoryview, stream: int, closing: Closing) -> None:
        cloud = closing.split(content)
        choice = self._clouds.guess(content, cloud) if closing.guessed else self._clouds.choose(stream, content, cloud)
        self.used.add(choice.result.codec.name)
        self._layouts.add((choice.cloud.format, choice.cloud.layout))
        self.count += choice.cloud.count
        self.splice.clouds.append(Placed(self._pieces, stream, closing.time, closing.turn))
        self._write(choice.pack(content_hash(content)))

    def _write(self, piece: bytes) -> None:
        self._sink.write(self._writer.section(Section(PIECES, piece)))
        self._pieces += 1

    def finish(self, length: int, digest: bytes) -> None:
        """Write what is left, the splice and the table."""
        for stream, closing in self._closings.items():
            self._close(stream, closing)
        if self._rest:
            self._write_rest()
        self.splice.finish()
        level = self._options.level
        for section in sections_of(self.splice, lambda body: opaque.encode_bytes(body, level), opaque.PIECE):
            self._sink.write(self._writer.section(section))
        layout = pack_layout(self._layouts)
        layout = opaque.encode_bytes(layout, level) if layout else b""
        codec = codecs.NAMES.index(max(self.used, default=opaque.CODEC.name))
        number = formats.by_name("log").number
        self._sink.write(self._writer.finish(codec, number, length, digest, self.count, layout))


def encode_log(
    log: Log,
    length: int,
    digest: bytes,
    options: Options,
    names: Sequence[str],
    sink: BinaryIO,
    release: Callable[[], None],
) -> set[str]:
    """Write the .lizip form of a log of so many bytes and this hash; returns the codecs that were used.

    Raises
    ------
    FormatError
        When something only near to the original is asked for.
    """
    if options.near:
        raise FormatError("a log is only kept as it is: max_error and drop_order are for single clouds")
    recording = Recording(options, names, sink)
    for span in log.spans:
        recording.splice.add(span, _compressed(span))
        for part in span.parts:
            recording.part(part)
        release()
    if log.again.is_stubborn:
        warnings.warn(LizipWarning(STUBBORN), stacklevel=2)
    recording.splice.streams = list(log.streams)
    recording.finish(length, digest)
    return recording.used or {opaque.CODEC.name}


def _compressed(span: Span) -> bytes:
    return b"" if span.method is None else span.method.compress(b"".join(part.data for part in span.parts))
