"""Writing a pack: sweep after sweep, each complete before the next begins, and the index when it is closed."""

from __future__ import annotations

import io
import os
import zlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip import api, embedded, storage
from lizip.codecs.sweep.sections import leads
from lizip.container import FOLLOWS, Container, same_hash
from lizip.errors import FormatError, StorageError
from lizip.packs.index import Index, pack_index
from lizip.packs.layout import (
    MAGIC,
    SHARED,
    SWEEP,
    Entry,
    folder_of,
    kept_digest,
    pack_head,
    pack_meta,
    shared_name,
)
from lizip.packs.scan import contents
from lizip.packs.sequences import HELD
from lizip.packs.source import Bytes
from lizip.sequence import Sequence

if TYPE_CHECKING:
    import numpy as np


class PackWriter:
    """Adds sweeps to a pack; a context manager.

    A new local pack stands under its name from the first sweep on and can be read, and cut, at any time; with `force`,
    and at a URL, it appears when it is closed, and not at all when the block ends with an error.

    Parameters
    ----------
    path : path or URL
    append : bool
        Go on with a pack that is there (or begin one); what is incomplete at its end is dropped.
    force : bool
        Replace what is there.
    every : int, optional
        Sweeps of a folder (of names) make a sequence: each may follow the last key frame, and to be read takes that one
        too. There is one every so many; 1: each sweep stands alone. Where nothing is said, see
        `lizip.Sequence`.
    seeds : int
        Where a sensor stands: the first so many sweeps of each sequence follow those before them, and the others follow
        all of these; see `lizip.Sequence`.

    Raises
    ------
    StorageError
        When the pack is there and neither `append` nor `force`, or another process writes it.
    FormatError
        When what is to be appended to is no pack.

    Examples
    --------
    >>> import lizip
    >>> with lizip.PackWriter("drive.lizips", every=1) as pack:  # each sweep stands alone
    ...     entry = pack.add("a/0.bin", b"the first", time=0)
    >>> with lizip.PackWriter("drive.lizips", append=True) as pack:
    ...     if "a/1.bin" not in pack:
    ...         entry = pack.add("a/1.bin", b"the second", time=100_000_000)
    >>> list(lizip.PackReader("drive.lizips"))
    ['a/0.bin', 'a/1.bin']
    >>> pack = lizip.PackWriter("recorder.lizips")
    >>> entry = pack.add_packed("0.bin", lizip.compress(b"the first"))
    >>> pack.flush()  # whatever happens from here on, it is there
    >>> pack.entry("0.bin").size, pack.share("calibration", b"of this vehicle").name
    (9, 'calibration')
    >>> pack.close()
    >>> lizip.PackReader("recorder.lizips").shared("calibration")
    b'of this vehicle'
    """

    def __init__(
        self,
        path: storage.StrPath,
        *,
        append: bool = False,
        force: bool = False,
        every: int | None = None,
        seeds: int = 1,
    ):
        if append and force:
            raise ValueError("append and force say different things")
        self._path = os.fspath(path)
        self._stack = ExitStack()
        self._entries = Index()
        self._every, self._seeds = every, seeds
        self._sequences: dict[str, Sequence] = {}
        self._keys: dict[str, bytes] = {}
        self._position = len(MAGIC)
        if storage.is_url(path) and append:
            raise StorageError(f"{self._path}: only local packs can be appended to")
        if append and os.path.exists(path):
            self._file = self._go_on()
            return
        storage.check_target(None, path, force)
        if force or storage.is_url(path):
            self._file = self._stack.enter_context(storage.publishing(path, force=force))
        else:
            self._file = self._stack.enter_context(open(path, "x+b"))  # noqa: SIM115
            self._lock()
        with storage.naming(self._path):
            self._file.write(MAGIC)
            self._file.flush()

    def _go_on(self) -> BinaryIO:
        self._file = file = self._stack.enter_context(open(self._path, "r+b"))  # noqa: SIM115
        try:
            self._lock()
            found = contents(Bytes(file))
            self._entries, self._position = found.entries, found.end
            file.seek(0)
            if file.read(len(MAGIC)) != MAGIC:
                file.seek(0)
                file.write(MAGIC)
            file.truncate(self._position)
            file.seek(self._position)
            file.flush()
        except BaseException:
            self._stack.close()
            raise
        return file

    def _lock(self) -> None:
        if not storage.try_lock(self._file.fileno()):
            self._stack.close()
            raise StorageError(f"{self._path}: is being written by another process")

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            self.close()
            return
        with suppress(OSError):  # of what was added before the error nothing is lost, with an index or without
            self._finish()
        self._stack.__exit__(kind, error, trace)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._entries.place(name) is not None

    def __len__(self) -> int:
        return self._entries.kinds.count(SWEEP)

    def entry(self, name: str) -> Entry:
        """What is known of a sweep that is in the pack; KeyError when there is none of that name."""
        place = self._entries.place(name)
        if place is None:
            raise KeyError(name)
        return self._entries[place]

    def add(self, name: str, data: bytes | np.ndarray, time: int | None = None, **options: Any) -> Entry:
        """Compress a sweep and add it.

        Parameters
        ----------
        name : str
            Not in the pack yet; with forward slashes where it stands for a path.
        data : bytes-like or numpy.ndarray
            As for `lizip.compress`.
        time : int, optional
            Nanoseconds.
        **options
            Those of `lizip.compress`.
        """
        sequence = self._sequences.pop(folder_of(name), None) or Sequence(self._every, self._seeds)
        self._sequences[folder_of(name)] = sequence
        for folder in list(self._sequences)[:-HELD]:
            del self._sequences[folder]
        if not same_hash(sequence.past.digest, self._keys.get(folder_of(name), b"")):
            sequence.restart()
        return self.add_packed(name, api.compress(data, **options, sequence=sequence), time)

    def add_packed(self, name: str, packed: bytes, time: int | None = None) -> Entry:
        """Add a .lizip file as it is, but that what it carries is kept once for all.

        FormatError or CorruptError when it is none, or follows another key frame.
        """
        packed, carried = embedded.taken_out(packed)
        container = Container(io.BytesIO(packed))
        header, follows = container.header, container.section(FOLLOWS)
        if follows and not same_hash(follows, self._keys.get(folder_of(name), b"")):
            raise FormatError(f"{self._path}: {name}: it follows another sweep than the last key frame of its folder")
        for resource, content in carried.items():
            if self._entries.place(shared_name(resource), SHARED) is None:
                self.share(shared_name(resource), embedded.pack_models({resource: content}))
        entry = self._append(SWEEP, name, packed, time, header.count, header.length, header.digest)
        if leads(container):
            self._keys[folder_of(name)] = header.digest
        return entry

    def share(self, name: str, data: bytes) -> Entry:
        """Add bytes that sweeps may refer to by name: a calibration, a dictionary."""
        return self._append(SHARED, name, data, None, 0, len(data), bytes(16))

    def flush(self) -> None:
        """Have everything added so far survive a power cut."""
        with storage.naming(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write the index and close the file; several times do no harm."""
        if not self._file.closed:
            self._finish()
            self.flush()
        self._stack.close()

    def _finish(self) -> None:
        with storage.naming(self._path):
            self._file.seek(self._position)
            self._file.write(pack_index(self._entries, self._position))
            self._file.flush()

    def _append(
        self, kind: int, name: str, body: bytes, time: int | None, points: int, size: int, digest: bytes
    ) -> Entry:
        if self._entries.place(name, kind) is not None:
            raise StorageError(f"{self._path}: {name}: is in the pack already")
        digest = kept_digest(size, digest)
        entry = Entry(name, time, points, size, digest, 0, len(body), zlib.crc32(body), kind)
        meta = pack_meta(entry)
        head = pack_head(kind, len(meta), len(body), self._position)
        begin = self._position + len(head) + len(meta)
        try:
            with storage.naming(self._path):
                self._file.seek(self._position)
                self._file.write(head + meta)
                self._file.write(body)
                self._file.flush()
        except BaseException:
            with suppress(OSError):  # what is incomplete is dropped by whoever reads, too
                self._file.truncate(self._position)
            raise
        entry = Entry(name, time, points, size, digest, begin, len(body), entry.crc, kind)
        self._entries.append(entry)
        self._position = begin + len(body)
        return entry
