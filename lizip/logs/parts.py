"""What a log is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lizip.logs.chunks import Again, Method
from lizip.logs.messages import Found, find_points, is_points

if TYPE_CHECKING:
    from lizip.cloud import Cloud

REST = 0
"""The stream of all that are no points."""

MAX_STREAMS = 64

MOST_CLOUDS = 1 << 17
"""Of a log; more are rest. Each is a section of the .lizip file."""

MAX_CLOUD = 1 << 25
"""Points of one message, or packets taken together, have at most so many bytes."""


_MOST_TOGETHER = 8
"""Streams whose messages are taken together."""


class Closing(NamedTuple):
    """That a stream's bytes so far are a cloud.

    Attributes
    ----------
    split : callable
        Takes it apart.
    time : int
        ns.
    turn : int
        How many of its first bytes stand in the log behind all others of it.
    together : int
        It is none before there are so many bytes, or no more come.
    guessed : bool
        Nobody knows how its bytes are laid out: as they stand they may be shorter.
    """

    split: Callable[[memoryview], Cloud]
    time: int = 0
    turn: int = 0
    together: int = 0
    guessed: bool = False


class Part(NamedTuple):
    """Consecutive bytes of a span that belong to one stream; with the last ones of a cloud comes its closing."""

    data: memoryview
    stream: int = REST
    closing: Closing | None = None


class Span(NamedTuple):
    """Consecutive bytes of a log: the parts themselves, or what a compressor makes of them (`length` bytes)."""

    parts: Sequence[Part]
    method: Method | None = None
    length: int = 0


class Stream(NamedTuple):
    """Name of a stream (a topic), and the type of its messages."""

    name: str
    type: str


class Log(NamedTuple):
    """A log taken apart: its streams from 1 on, which grow as the spans are read, the spans, and what was found of its
    compressed chunks so far."""

    streams: Sequence[Stream]
    spans: Iterator[Span]
    again: Again


class Cutter:
    """Cuts the points out of some bytes, from the front on; what is between them is rest.

    Parameters
    ----------
    data : memoryview
    """

    def __init__(self, data: memoryview):
        self.data = data
        self._at = 0
        self._parts: list[Part] = []

    def cut(self, start: int, stop: int, stream: int, closing: Closing | None) -> None:
        """Take bytes that belong to a stream."""
        self.rest(start)
        self._parts.append(Part(self.data[start:stop], stream, closing))
        self._at = stop

    def rest(self, stop: int) -> None:
        """Leave everything up to here to the rest."""
        if stop > self._at:
            self._parts.append(Part(self.data[self._at : stop]))
            self._at = stop

    def cut_so_far(self) -> Span:
        """What was cut since the last time."""
        parts, self._parts = self._parts, []
        return Span(parts)

    def compressed(self, start: int, stop: int, content: Sequence[Part], method: Method) -> Iterator[Span]:
        """The rest before a chunk that was compressed, and the parts of what it was."""
        self.rest(start)
        yield self.cut_so_far()
        yield Span(content, method, stop - start)
        self._at = stop

    def end(self) -> Span:
        """All that is left."""
        self.rest(len(self.data))
        return self.cut_so_far()


class Topics:
    """The streams of a log that has topics: one for each that holds points."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self._numbers: dict[tuple[Stream, int], int] = {}
        self._clouds = 0
        self._kinds: dict[int, Found] = {}

    def number(self, topic: str, type: str, slot: int = 0) -> int:
        """Stream of a topic, one of several if it has slots; `REST` of no points, or too many topics."""
        key = Stream(topic, type), slot
        if not is_points(type):
            return REST
        if key not in self._numbers:
            if len(self.streams) + 1 >= MAX_STREAMS:
                return REST
            self.streams.append(key[0])
            self._numbers[key] = len(self.streams)
        return self._numbers[key]

    def cut_message(self, cutter: Cutter, start: int, stop: int, stream: int, cdr: bool, time: int) -> bool:
        """Cut the points out of a message; whether there were any."""
        if stream == REST or self._clouds == MOST_CLOUDS:
            return False
        found = find_points(cutter.data[start:stop], self.streams[stream - 1].type, cdr)
        if found is None or found.size > MAX_CLOUD or not self._goes_on(stream, found):
            return False
        self._clouds += 1
        *others, last = found.pieces
        for begin, end in others:
            cutter.cut(start + begin, start + end, stream, None)
        cutter.cut(start + last[0], start + last[1], stream, closing_of(found, time))
        return True

    def _goes_on(self, stream: int, found: Found) -> bool:
        """Whether what is to be taken together with that of other messages is of one kind with it."""
        if not found.together:
            return True
        if stream not in self._kinds and len(self._kinds) == _MOST_TOGETHER:
            return False
        kind = self._kinds.setdefault(stream, found)
        return kind.size == found.size and getattr(kind.split, "keywords", None) == getattr(
            found.split, "keywords", None
        )


class LogFile:
    """A file of one kind of logs, while it is taken apart.

    Parameters
    ----------
    data : memoryview
        The file; it may end anywhere.
    """

    def __init__(self, data: memoryview):
        self._data = data
        self._topics = Topics()
        self._again = Again()

    def log(self) -> Log | None:
        """Take it apart; None when it is no such log after all."""
        return Log(self._topics.streams, self._spans(), self._again)

    def _spans(self) -> Iterator[Span]:
        """Yield all bytes of the file."""
        raise NotImplementedError


def closing_of(found: Found, time: int, turn: int = 0) -> Closing:
    """What ends the points of a message."""
    return Closing(found.split, time, turn, found.together, found.guessed)
