"""Reading the clouds of a compressed log one by one: a topic, a span of time; nothing else is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from lizip.container import Container
from lizip.decoder import Decoder
from lizip.errors import CorruptError, FormatError
from lizip.inputs import opened
from lizip.logs.joined import splice_of
from lizip.reader import read_columns
from lizip.storage import StrPath

if TYPE_CHECKING:
    import numpy as np


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


def messages(
    path: StrPath | BinaryIO | bytes,
    topic: str | None = None,
    *,
    start: int | None = None,
    stop: int | None = None,
    max_bytes: int | None = None,
) -> Iterator[Message]:
    """Read the clouds of a compressed log (.mcap, .bag, .db3), in the order of the file.

    Of captures (.pcap, .pcapng) the topics are kinds of sensors, and a cloud is many packets: the fields of their
    channels, laser by laser, as the sensor sent them; their time is not known here and is 0. Topics of packets are
    alike; where each message is one packet, a cloud is those of many messages, and has the time of the first.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
    topic : str, optional
        Only those of this topic.
    start, stop : int, optional
        Only those recorded from `start` on and before `stop`, ns since 1970.
    max_bytes : int, optional
        As for `decompress`.

    Yields
    ------
    Message

    Raises
    ------
    FormatError
        When it is not a log, or has no such topic.
    CorruptError

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress_file("run.mcap")
    >>> for message in lizip.messages(packed, "/points", start=1_000_000_000):
    ...     print(message.time, list(message.columns), len(message.columns["x"]))
    1000000000 ['x', 'y', 'z', 'i'] 600
    """
    with opened(path) as file:
        decoder = Decoder(Container(file), max_bytes)
        if decoder.format.name != "log":
            raise FormatError("not a log, or a little one that is shorter as it stands; lizip.read reads single clouds")
        splice = splice_of(decoder.container)
        names = [stream.name for stream in splice.streams]
        if topic is not None and topic not in names:
            raise FormatError(f"no topic {topic!r} with points; there are {', '.join(names) or 'none'}")
        for place, stream, time, _ in splice.clouds:
            name = names[stream - 1]
            wanted = topic in (None, name) and (start is None or start <= time) and (stop is None or time < stop)
            if not wanted:
                continue
            piece = decoder.piece(place)
            if piece.format.name in ("opaque", "log"):
                raise CorruptError("a cloud of a log is none")
            yield Message(name, time, read_columns(piece, None, slice(None)))
