"""Reading the clouds of a compressed log one by one: a topic, a span of time, a place; nothing else is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from lizip.container import Container
from lizip.decoder import Decoder
from lizip.errors import CorruptError, FormatError
from lizip.inputs import file_of
from lizip.logs.joined import splice_of
from lizip.parallel import threads
from lizip.reader import read_columns
from lizip.storage import StrPath

if TYPE_CHECKING:
    import numpy as np

    from lizip.logs.splice import Placed


class Message(NamedTuple):
    """A cloud of a log.

    Attributes
    ----------
    topic : str
    time : int
        When it was recorded, ns since 1970.
    columns : dict of str to numpy.ndarray
        Field -> (n,) array, in the stored type and unit; what lies between fields is called `padding`, `padding_2`, ...
    """

    topic: str
    time: int
    columns: dict[str, np.ndarray]


class LogReader:
    """A compressed log (.mcap, .bag, .db3, .pcap, .pcapng), opened once: its index is read, clouds when asked for.

    A cloud costs its own bytes and no others, also where the log lies behind a URL.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
        Stays open until `close`, or the end of a `with` block.
    max_bytes : int, optional
        As for `decompress`; of each cloud, too, which has more bytes than its log where that has compressed chunks.
    threads : int, optional
        In how many threads the parts of a cloud are decoded, where it has parts (a sweep of 64 rings has two); as
        `lizip.parallel.threads` says otherwise.

    Attributes
    ----------
    topics : dict of str to int
        Topics that hold points, and how many clouds each has.

    Raises
    ------
    FormatError
        When it is not a log.
    CorruptError

    Examples
    --------
    >>> import lizip
    >>> log = lizip.LogReader(lizip.compress_file("run.mcap"))
    >>> log.topics, log.times("/points")
    ({'/points': 2}, [0, 1000000000])
    >>> len(log.message("/points", 1).columns["x"])
    600
    >>> [list(message.columns) for message in log.messages("/points", fields=["z"])]
    [['z'], ['z']]
    >>> log.close()
    """

    def __init__(self, path: StrPath | BinaryIO | bytes, *, max_bytes: int | None = None, threads: int | None = None):
        self._threads, self._max_bytes = threads, max_bytes
        self._file, self._owned = file_of(path)
        try:
            self._decoder = Decoder(Container(self._file), max_bytes)
            if self._decoder.format.name != "log":
                raise FormatError(
                    "not a log, or a little one that is shorter as it stands; lizip.read reads single clouds"
                )
            splice = splice_of(self._decoder.container)
        except BaseException:
            self.close()
            raise
        self._names = [stream.name for stream in splice.streams]
        self._clouds: dict[str, list[Placed]] = {name: [] for name in self._names}
        for cloud in splice.clouds:
            self._clouds[self._names[cloud.stream - 1]].append(cloud)
        self._all = splice.clouds
        self.topics = {name: len(clouds) for name, clouds in self._clouds.items()}

    def __enter__(self) -> LogReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned:
            self._file.close()

    def times(self, topic: str) -> list[int]:
        """When the clouds of a topic were recorded, ns since 1970; FormatError when there is no such topic."""
        return [cloud.time for cloud in self._of(topic)]

    def message(self, topic: str, place: int, fields: Sequence[str] | None = None) -> Message:
        """One cloud of a topic, the first being 0; all of its fields, or some.

        Raises FormatError when there is no such topic or field, IndexError when it has fewer clouds.
        """
        return self._read(self._of(topic)[place], fields)

    def messages(
        self,
        topic: str | None = None,
        *,
        start: int | None = None,
        stop: int | None = None,
        fields: Sequence[str] | None = None,
    ) -> Iterator[Message]:
        """Yield clouds in the order of the file; see `lizip.messages`."""
        for cloud in self._all if topic is None else self._of(topic):
            if (start is None or start <= cloud.time) and (stop is None or cloud.time < stop):
                yield self._read(cloud, fields)

    def _of(self, topic: str) -> list[Placed]:
        if topic not in self._clouds:
            raise FormatError(f"no topic {topic!r} with points; there are {', '.join(self._names) or 'none'}")
        return self._clouds[topic]

    def _read(self, cloud: Placed, fields: Sequence[str] | None) -> Message:
        piece = self._decoder.piece(cloud.piece, self._max_bytes)
        if piece.format.name in ("opaque", "log"):
            raise CorruptError("a cloud of a log is none")
        with nullcontext() if self._threads is None else threads(self._threads):
            columns = read_columns(piece, fields, slice(None))
        return Message(self._names[cloud.stream - 1], cloud.time, columns)


def messages(
    path: StrPath | BinaryIO | bytes,
    topic: str | None = None,
    *,
    start: int | None = None,
    stop: int | None = None,
    fields: Sequence[str] | None = None,
    max_bytes: int | None = None,
) -> Iterator[Message]:
    """Read the clouds of a compressed log (.mcap, .bag, .db3), in the order of the file.

    Of captures (.pcap, .pcapng) the topics are kinds of sensors, and a cloud is many packets: the fields of their
    channels, laser by laser, as the sensor sent them; their time is not known here and is 0. Topics of packets are
    alike; where each message is one packet, a cloud is those of many messages, and has the time of the first.
    Who reads at several places opens the log once, by `LogReader`.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
    topic : str, optional
        Only those of this topic.
    start, stop : int, optional
        Only those recorded from `start` on and before `stop`, ns since 1970.
    fields : sequence of str, optional
        Only these columns.
    max_bytes : int, optional
        As for `decompress`.

    Yields
    ------
    Message

    Raises
    ------
    FormatError
        When it is not a log, or has no such topic or field.
    CorruptError

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress_file("run.mcap")
    >>> for message in lizip.messages(packed, "/points", start=1_000_000_000):
    ...     print(message.time, list(message.columns), len(message.columns["x"]))
    1000000000 ['x', 'y', 'z', 'i'] 600
    """
    with LogReader(path, max_bytes=max_bytes) as log:
        yield from log.messages(topic, start=start, stop=stop, fields=fields)
