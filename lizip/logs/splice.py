"""How the pieces of a log make the file: which stream each cloud belongs to, and the order of all bytes.

Coded: varint streams, for each two byte strings (name, type); varint clouds, for each varint pieces of rest since the
cloud before, varint stream, signed varint time since the cloud before (ns), varint turn; varint versions, each a byte
string; then the spans: varint kind of compression, unless 0 signed varint level, varint flags, varint bytes and u32
CRC-32 of what is compressed; varint operations, for each varints rest, stream, bytes, times: so many bytes of the rest,
then so many of a stream, repeated.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lizip.container import SPLICE, Section
from lizip.container.parts import CRC
from lizip.errors import CorruptError, UnsupportedVersionError
from lizip.logs.chunks import MAX_CHUNK, MOST_GAIN, Method, version_of
from lizip.logs.parts import MAX_STREAMS, REST, Span, Stream
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint, pack_varints

MAX_CODED = 1 << 26
"""Most bytes of a splice."""

MAX_OPEN = 1 << 27
"""Bytes that pieces begun and not ended may have together."""

Take = Callable[[int, int], Iterator[bytes]]
"""Yields the next so many bytes of a stream."""


class Operation(NamedTuple):
    """So many bytes of the rest, then so many of a stream; so many times."""

    rest: int
    stream: int
    size: int
    times: int = 1


class Placed(NamedTuple):
    """Where a cloud stands: its place among the pieces, its stream, its time (ns), and its `Closing.turn`."""

    piece: int
    stream: int
    time: int
    turn: int = 0


class Made(NamedTuple):
    """A compressed span: settings, bytes and CRC-32."""

    method: Method
    length: int
    crc: int


@dataclass
class Run:
    """Operations in a row, the result perhaps compressed."""

    made: Made | None = None
    operations: list[Operation] = field(default_factory=list)

    def add(self, rest: int, stream: int, size: int) -> None:
        """Add an operation, or one more time the last one."""
        last = self.operations[-1] if self.operations else None
        if last is not None and last[:3] == (rest, stream, size):
            self.operations[-1] = last._replace(times=last.times + 1)
        elif rest or size:
            self.operations.append(Operation(rest, stream, size))

    @property
    def size(self) -> int:
        """Bytes that come out, before compression."""
        return sum((each.rest + each.size) * each.times for each in self.operations)


@dataclass
class Splice:
    """All of it; made span by span."""

    streams: list[Stream] = field(default_factory=list)
    clouds: list[Placed] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    _rest: int = 0

    def add(self, span: Span, compressed: memoryview | bytes = b"") -> None:
        """Take note of a span, and of what it is compressed to."""
        if span.method is not None:
            self.finish()
            self.runs.append(Run(Made(span.method, len(compressed), zlib.crc32(compressed))))
            if (version := version_of(span.method.kind)) not in self.versions:
                self.versions.append(version)
        elif not self.runs or self.runs[-1].made is not None:
            self.runs.append(Run())
        for part in span.parts:
            if part.stream == REST:
                self._rest += len(part.data)
            else:
                self.runs[-1].add(self._rest, part.stream, len(part.data))
                self._rest = 0
        if span.method is not None:
            self.finish()

    def finish(self) -> None:
        """Put down what is left of the rest."""
        if self._rest:
            self.runs[-1].add(self._rest, REST, 0)
            self._rest = 0

    def pack(self) -> bytes:
        """Everything, not coded yet."""
        out = bytearray(pack_varint(len(self.streams)))
        for stream in self.streams:
            for text in stream:
                out += pack_bytes(text.encode("utf-8", "surrogateescape"))
        out += pack_varint(len(self.clouds))
        piece, time = -1, 0
        for cloud in self.clouds:
            out += pack_varints([cloud.piece - piece - 1, cloud.stream]) + pack_signed(cloud.time - time)
            out += pack_varint(cloud.turn)
            piece, time = cloud.piece, cloud.time
        out += pack_varint(len(self.versions)) + b"".join(pack_bytes(each.encode()) for each in self.versions)
        for run in self.runs:
            out += _pack_made(run.made) + pack_varint(len(run.operations))
            for operation in run.operations:
                out += pack_varints(operation)
        return bytes(out)

    @classmethod
    def unpack(cls, data: bytes) -> Splice:
        """Read what `pack` wrote; CorruptError on anything else."""
        unpack = Unpacker(data)
        splice = cls()
        if (count := unpack.varint()) >= MAX_STREAMS:
            raise CorruptError("a log has too many streams")
        splice.streams = [Stream(_text(unpack), _text(unpack)) for _ in range(count)]
        piece, time = -1, 0
        for _ in range(unpack.varint()):
            piece, stream, time = piece + 1 + unpack.varint(), unpack.varint(), time + unpack.signed()
            if not 0 < stream <= count or not -1 << 63 <= time < 1 << 63:
                raise CorruptError("a cloud of a log belongs to no stream, or to no time")
            splice.clouds.append(Placed(piece, stream, time, unpack.varint()))
        splice.versions = [_text(unpack) for _ in range(unpack.varint())]
        while unpack.remaining:
            run = Run(_unpack_made(unpack))
            for _ in range(unpack.varint()):
                operation = Operation(*(unpack.varint() for _ in range(4)))
                if operation.stream > count or not operation.rest + operation.size or not operation.times:
                    raise CorruptError("impossible operation in a log")
                run.operations.append(operation)
            if run.made and run.size > min(MAX_CHUNK, MOST_GAIN * run.made.length + (1 << 20)):
                raise CorruptError("a chunk of a log is larger than it may be")
            splice.runs.append(run)
        return splice

    def described(self) -> dict[str, Any]:
        """For `lizip info`: type and number of messages of each topic."""
        messages = Counter(self.streams[cloud.stream - 1].name for cloud in self.clouds)
        return {"topics": {each.name: {"type": each.type, "messages": messages[each.name]} for each in self.streams}}

    def join(self, take: Take) -> Iterator[bytes]:
        """Yield the bytes of the file; `take` gives those of streams."""
        for run in self.runs:
            if run.made is None:
                yield from _run(run, take)
            else:
                yield self._again(run.made, b"".join(_run(run, take)))

    def _again(self, made: Made, content: bytes) -> bytes:
        data = made.method.compress(content)
        if len(data) != made.length or zlib.crc32(data) != made.crc:
            here = version_of(made.method.kind)
            if here not in self.versions:
                raise UnsupportedVersionError(
                    f"chunks of this log come out otherwise under {here}; they were made by {', '.join(self.versions)}:"
                    " install the package that has it, and try again"
                )
            raise CorruptError("a chunk of a log does not come out as it was")
        return data


def _run(run: Run, take: Take) -> Iterator[bytes]:
    for rest, stream, size, times in run.operations:
        for _ in range(times):
            if rest:
                yield from take(REST, rest)
            if size:
                yield from take(stream, size)


def _text(unpack: Unpacker) -> str:
    return unpack.bytes().decode("utf-8", "surrogateescape")


def _pack_made(made: Made | None) -> bytes:
    if made is None:
        return pack_varint(0)
    kind, level, flags = made.method
    return pack_varint(kind) + pack_signed(level) + pack_varints([flags, made.length]) + CRC.pack(made.crc)


def _unpack_made(unpack: Unpacker) -> Made | None:
    kind = unpack.varint()
    if not kind:
        return None
    method = Method(kind, unpack.signed(), unpack.varint())
    if not method.is_possible:
        raise CorruptError("a log has chunks compressed in an unknown way")
    return Made(method, unpack.varint(), CRC.unpack(unpack.take(CRC.size))[0])


def sections_of(splice: Splice, code: Callable[[memoryview], bytes], most: int) -> Iterator[Section]:
    """Code it, in pieces of at most so many bytes."""
    body = memoryview(splice.pack())
    for start in range(0, len(body), most):
        yield Section(SPLICE, code(body[start : start + most]))


class Taps:
    """Streams of bytes that are taken a little at a time.

    Parameters
    ----------
    streams : sequence of iterators
        Of each stream, its pieces: their length, and what yields their bytes.
    """

    def __init__(self, streams: Iterable[Iterator[tuple[int, Iterator[bytes]]]]):
        self._open = 0
        self._sources = [self._flow(pieces) for pieces in streams]
        self._left: list[memoryview] = [memoryview(b"") for _ in self._sources]

    def _flow(self, pieces: Iterator[tuple[int, Iterator[bytes]]]) -> Iterator[bytes]:
        for size, piece in pieces:
            self._open += size
            if self._open > MAX_OPEN:
                raise CorruptError("a log has too many clouds begun and not ended")
            yield from piece
            self._open -= size

    def take(self, stream: int, size: int) -> Iterator[bytes]:
        """Yield the next bytes of a stream."""
        while size:
            if not len(self._left[stream]):
                block = next(self._sources[stream], None)
                if block is None:
                    raise CorruptError("a stream of a log ends early")
                self._left[stream] = memoryview(block)
                continue
            taken = self._left[stream][:size]
            self._left[stream] = self._left[stream][len(taken) :]
            size -= len(taken)
            yield bytes(taken)

    def finish(self) -> None:
        """Check that nothing is left over."""
        for left, source in zip(self._left, self._sources, strict=True):
            if len(left) or any(map(len, source)):
                raise CorruptError("a log has bytes left over")
