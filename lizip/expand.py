"""What is compressed already in a way that cannot be made again: LAZ files, and logs whose recorder's compressor is not
at hand. What can be coded well is their content. Only that comes back then: LAS, or a log of equal messages.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from lizip import storage
from lizip.errors import FormatError

if TYPE_CHECKING:
    import laspy

    from lizip.logs import Log

_COPC = "copc"
"""User of the records that make a LAZ file a COPC one."""

_LOGS = (".mcap", ".bag", ".feather", ".arrow")

_CHUNK = 1_000_000
"""Points expanded at a time."""


def las_name(path: str) -> str:
    """Name of the content of a LAZ file: x.laz becomes x.las."""
    return path[:-1] + ("S" if path.endswith("Z") else "s")


def is_laz(path: str) -> bool:
    """Whether a name is that of a LAZ file."""
    return path.lower().endswith(".laz")


def is_stubborn(path: str) -> bool:
    """Whether a file is a log whose compressed chunks cannot be made again, so that only `expand` makes it small."""
    extension = os.path.splitext(path)[1].lower()
    if extension not in _LOGS or storage.is_url(path):
        return False
    from lizip.logs import find_log

    with storage.Source(path) as source:
        return _gives_up(find_log(source.data))


def _gives_up(log: Log | None) -> bool:
    """Whether a log's first compressed chunks cannot be made again."""
    if log is None:
        return False
    for _ in log.spans:
        if log.again.is_sure or log.again.gave_up:
            break
    return log.again.is_stubborn


def expanded_name(path: str) -> str:
    """Name of what `expand` makes of a file: of x.laz x.las, of x.mcap x.expanded.mcap."""
    if is_laz(path):
        return las_name(path)
    stem, extension = os.path.splitext(path)
    return f"{stem}.expanded{extension}"


def expand(source: str, sink: BinaryIO) -> None:
    """Write the content of a LAZ file or of a log; see `expand_laz` and `lizip.logs.plain`."""
    if is_laz(source):
        expand_laz(source, sink)
        return
    from lizip.logs import plain

    extension = os.path.splitext(source)[1].lower()
    if extension == ".bag":
        plain.copy_bag(source, sink)
        return
    with storage.open_binary(source) as file:
        (plain.copy_mcap if extension == ".mcap" else plain.copy_feather)(file, sink, source)


def expand_laz(source: str, sink: BinaryIO) -> None:
    """Write the content of a LAZ file as LAS, in bounded memory: all points and records, a header as laspy writes it.

    The records of COPC are left out: they say where in the LAZ file its chunks lie.

    Raises
    ------
    FormatError
        When laspy cannot read the file.
    OSError
    """
    import laspy
    import lazrs
    from laspy.vlrs.vlrlist import VLRList

    try:
        with (
            storage.open_binary(source) as file,
            laspy.open(file, closefd=False, laz_backend=laspy.LazBackend.Lazrs) as reader,
            laspy.open(sink, "w", header=_without_copc(reader.header), do_compress=False, closefd=False) as writer,
        ):
            for points in reader.chunk_iterator(_CHUNK):
                writer.write_points(points)
            if evlrs := [record for record in reader.evlrs or () if record.user_id != _COPC]:
                writer.write_evlrs(VLRList(evlrs))
    except (laspy.LaspyException, lazrs.LazrsError, ValueError, NotImplementedError) as error:
        raise FormatError(f"{source}: cannot be expanded: {error}") from error


def _without_copc(header: laspy.LasHeader) -> laspy.LasHeader:
    """A copy of a header without the records of COPC."""
    from laspy.vlrs.vlrlist import VLRList

    header = copy.deepcopy(header)
    header.vlrs = VLRList([record for record in header.vlrs if record.user_id != _COPC])
    return header


@contextmanager
def expanded(source: str, target: str) -> Iterator[str]:
    """Yield the path of a temporary file with the content of a compressed one, its permissions and time of change.

    It lies beside `target`, or among the system's temporaries when that is a URL.
    """
    folder = tempfile.gettempdir() if storage.is_url(target) else os.path.dirname(target)
    with storage.temporary_file(folder, os.path.basename(source), target) as (sink, path):
        expand(source, sink)
        sink.flush()
        storage.dress(path, target, None if storage.is_url(source) else os.stat(source))
        yield path
