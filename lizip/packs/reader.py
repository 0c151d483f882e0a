"""Reading a pack: its index at once, a sweep when asked for."""

from __future__ import annotations

import io
import os
import warnings
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip import access, api, embedded, storage
from lizip.codecs.sweep.sections import leads
from lizip.container import Container, same_hash
from lizip.decoder import Decoder
from lizip.errors import CorruptError, FormatError, LizipWarning
from lizip.packs.index import Index
from lizip.packs.layout import MAGIC, SHARED, SWEEP, Entry, resource_of, shared_name
from lizip.packs.scan import contents
from lizip.packs.sequences import Sequences, follows
from lizip.packs.source import Bytes
from lizip.resources import Models, Resource

if TYPE_CHECKING:
    import numpy as np


class PackReader:
    """The sweeps of a pack, by name, by place (from 0, or from the end with negative numbers) and by time.

    Several threads may read from one reader, and processes: it can be pickled, and goes on after a fork.

    Parameters
    ----------
    path : path, URL, bytes or binary file object
        Of a URL only the index and the sweeps asked for are read.

    Attributes
    ----------
    entries : sequence of Entry
        What is known of each sweep without decoding it, in the order they were added.
    lost : int
        Bytes that belong to no complete sweep; a warning tells of them.

    Raises
    ------
    FormatError
        When it is no pack.
    UnsupportedVersionError

    Examples
    --------
    >>> import lizip
    >>> with lizip.PackWriter("drive.lizips") as pack:
    ...     entries = [pack.add(f"{i}.bin", b"sweep %d" % i, time=100 * i) for i in range(3)]
    ...     calibration = pack.share("calibration", b"of this vehicle")
    >>> with lizip.PackReader("drive.lizips") as pack:
    ...     list(pack), pack["1.bin"], pack[-1], pack[pack.nearest(90)]
    (['0.bin', '1.bin', '2.bin'], b'sweep 1', b'sweep 2', b'sweep 1')
    >>> pack = lizip.PackReader("drive.lizips")
    >>> pack.place("2.bin"), pack.entry(1).time, pack.between(100, 300), pack.embedded
    (2, 100, [1, 2], [])
    >>> pack.verify()
    >>> pack.shared("calibration")
    b'of this vehicle'
    >>> pack.open(0).read(), b"".join(pack.pieces(0)), lizip.decompress(pack.packed(0))
    (b'sweep 0', b'sweep 0', b'sweep 0')
    >>> lizip.decompress(pack.alone("2.bin"))
    b'sweep 2'
    >>> pack.close()
    """

    def __init__(self, path: storage.StrPath | bytes | BinaryIO):
        self._data = Bytes(path)
        try:
            found = contents(self._data)
        except FormatError as error:
            self._data.close()
            raise type(error)(f"{self._data.name}: {error}") from None
        self.lost = found.lost
        self.entries: Index = found.entries.of_kind(SWEEP)
        kinds = found.entries.kinds
        self._shared = {each.name: each for each in found.entries.of_kind(SHARED)} if SHARED in kinds else {}
        self._models = Models(self._carried)
        self._sequences = Sequences(self.entries, self.packed, self._models)
        if self.lost:
            text = f"{self._data.name}: {self.lost} bytes belong to no complete sweep; the {len(self)} others are there"
            warnings.warn(text, LizipWarning, stacklevel=2)

    def __enter__(self) -> PackReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.entries.place(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Names, in the order of the pack."""
        return map(self.entries.name, range(len(self)))

    def __getitem__(self, key: str | int) -> bytes | np.ndarray:
        """The original: the bytes of the file, or the array."""
        with self._decoder(key) as decoder:
            return api.decompressed(decoder)

    def entry(self, key: str | int) -> Entry:
        """What is known of a sweep; KeyError or IndexError when there is none."""
        return self.entries[self.place(key) if isinstance(key, str) else key]

    def place(self, name: str) -> int:
        """Place of the sweep of a name; KeyError when there is none."""
        place = self.entries.place(name)
        if place is None:
            raise KeyError(name)
        return place

    def nearest(self, time: int) -> int:
        """Place of the sweep whose time is nearest, the earlier of two; ValueError when none has a time."""
        times, places = self._timed
        if not times:
            raise ValueError("no sweep of this pack has a time")
        after = bisect_left(times, time)
        near = range(max(0, after - 1), min(after + 1, len(times)))
        return places[min(near, key=lambda each: abs(times[each] - time))]

    def between(self, start: int, stop: int) -> list[int]:
        """Places of the sweeps with start <= time < stop, in the order of time."""
        times, places = self._timed
        return places[bisect_left(times, start) : bisect_left(times, stop)].tolist()

    @cached_property
    def _timed(self) -> tuple[array[int], array[int]]:
        """Times, ascending, and the places of their sweeps, in order where they are equal."""
        times = array("q")
        known = array("q")
        for place in range(len(self)):
            time = self.entries.time(place)
            if time is not None:
                times.append(time)
                known.append(place)
        order = sorted(range(len(times)), key=times.__getitem__)
        return array("q", map(times.__getitem__, order)), array("q", map(known.__getitem__, order))

    def packed(self, key: str | int) -> bytes:
        """The .lizip file of a sweep, which may follow another one; CorruptError when it is damaged. See `alone`."""
        return self._body(self.entry(key))

    def alone(self, key: str | int) -> bytes:
        """The .lizip file of a sweep, with what it needs of what the pack carries; if it follows another, a new one."""
        packed, carries = self.packed(key), bool(self.embedded)
        if follows(packed):
            return api.compress(self[key], embed=carries)
        return access.completed(packed, self._models) if carries else packed

    def shared(self, name: str) -> bytes:
        """Bytes that sweeps of this pack share; KeyError when there are none of that name. See `PackWriter.share`."""
        return self._body(self._shared[name])

    @property
    def embedded(self) -> list[Resource]:
        """Predictors and sensor profiles that the pack carries for its sweeps."""
        return sorted(filter(None, map(resource_of, self._shared)))

    def _carried(self, asked: Resource) -> bytes | None:
        entry = self._shared.get(shared_name(asked))
        return embedded.unpack_models(self._body(entry)).get(asked) if entry else None

    def open(self, key: str | int) -> io.BufferedReader:
        """A file object of the original bytes; see `lizip.open`."""
        with self._decoder(key) as decoder:
            return access.opened_by(decoder, f"{self._data.name}: {self.entry(key).name}")

    def read(self, key: str | int, *rest: Any, structured: bool = False, **options: Any) -> Any:
        """The points of a sweep as columns; the other parameters are those of `lizip.read`.

        Examples
        --------
        >>> import lizip, numpy
        >>> with lizip.PackWriter("arrays.lizips") as pack:
        ...     entry = pack.add("a", numpy.arange(12, dtype="f4").reshape(3, 4))
        >>> lizip.PackReader("arrays.lizips").read("a", "y")["y"].tolist()
        [1.0, 5.0, 9.0]
        """
        with self._decoder(key, options.pop("max_bytes", None)) as decoder:
            columns = access.read_from(decoder, *rest, **options)
        return access.as_structured(columns) if structured else columns

    def pieces(self, key: str | int) -> Iterator[bytes]:
        """Yield the bytes of the original in order; see `Decoder.pieces`."""
        with self._decoder(key) as decoder:
            yield from decoder.pieces()

    def verify(self, keys: Iterable[str | int] | None = None) -> None:
        """Decode sweeps, all when none are named, and check them; CorruptError names the first that is damaged."""
        for each in self.embedded:
            if self._carried(each) is None:
                raise CorruptError(f"{self._data.name}: {each}: what is carried is something else")
        for key in range(len(self)) if keys is None else keys:
            entry = self.entry(key)
            try:
                with self._decoder(key) as decoder:
                    for _ in decoder.pieces():
                        pass
                if not same_hash(decoder.header.digest, entry.digest):
                    raise CorruptError("the index speaks of another content")
            except (CorruptError, FormatError) as error:
                raise CorruptError(f"{self._data.name}: {entry.name}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._data.close()

    @contextmanager
    def _decoder(self, key: str | int, max_bytes: int | None = None) -> Iterator[Decoder]:
        """What decodes a sweep; what a key frame leaves is kept for those that follow it."""
        place = self.place(key) if isinstance(key, str) else range(len(self))[key]
        packed = self.packed(place)
        container = Container(io.BytesIO(packed))
        container.models = self._models
        decoder = Decoder(container, max_bytes, self._sequences.before(place, packed))
        yield decoder
        if leads(decoder.container):
            self._sequences.hold(place, decoder.container.left)

    def _body(self, entry: Entry) -> bytes:
        body = self._data.read(entry.offset, entry.length)
        if len(body) != entry.length or zlib.crc32(body) != entry.crc:
            raise CorruptError(f"{self._data.name}: {entry.name}: is damaged")
        return body


def is_pack(path: storage.StrPath) -> bool:
    """Whether a file begins like a pack."""
    if not storage.is_url(path) and not os.path.isfile(path):
        return False
    with storage.open_binary(path) as file:
        return file.read(len(MAGIC)) == MAGIC
