"""Compressing and decompressing files in place: open, code, check, publish, and only then remove the source."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from lizip import storage
from lizip.codecs import Options
from lizip.container import SUFFIX, Container, content_hash_of, same_hash
from lizip.decoder import Decoder
from lizip.errors import FormatError, StorageError
from lizip.storage import Source, StrPath

if TYPE_CHECKING:
    from lizip.sensor.state import SensorState


def compress_file(
    source: StrPath,
    target: StrPath | None = None,
    *,
    level: str = "default",
    codec: str | None = None,
    fields: int | None = None,
    model: str | None = None,
    backend: str = "numba",
    check: bool = True,
    state: SensorState | None = None,
    max_error: float = 0.0,
    intensity_error: float = 0.0,
    drop_order: bool = False,
    embed: bool = False,
    force: bool = False,
    remove: bool = False,
) -> str:
    """Compress a file; the target appears whole and checked, or not at all.

    Large files are mapped and coded in pieces, so memory stays bounded. The other parameters are those of `compress`.

    Parameters
    ----------
    source : path or URL
    target : path or URL, optional
        `source` with `.lizip` appended otherwise. Gets the permissions and the time of change of the source.
    force : bool
        Replace an existing target.
    remove : bool
        Delete the source when the target is safely there: written, synced, decoded again and equal.

    Returns
    -------
    str
        The target.

    Raises
    ------
    StorageError
        When the target exists, is the source, or the source changed while being read.
    FormatError, OSError

    Examples
    --------
    >>> import lizip
    >>> lizip.compress_file("scan.bin")
    'scan.bin.lizip'
    >>> lizip.compress_file("scan.bin", level="fast")
    Traceback (most recent call last):
        ...
    lizip.errors.TargetExistsError: ...
    >>> lizip.compress_file("scan.bin", level="fast", force=True)
    'scan.bin.lizip'
    """
    if remove and not check:
        raise ValueError("the source is not removed without the check")
    if remove and (max_error or intensity_error or drop_order):
        raise ValueError("the source is not removed where something only near to it is kept")
    options = Options(level, codec, model, backend, fields, check, state, max_error, intensity_error)
    options = replace(options, drop_order=drop_order, embed=embed)
    source = os.fsdecode(source)
    target = source + SUFFIX if target is None else os.fsdecode(target)
    storage.check_target(source, target, force)
    with (
        Source(source) as original,
        storage.publishing(target, force=force, status=original.status, confirm=remove) as sink,
    ):
        compress_into(sink, original, options)
    if remove:
        _remove(source, original.status)
    return target


def compress_into(sink: BinaryIO, source: Source, options: Options) -> None:
    """Write the .lizip form of an open source to a file that can be read again; see `compress`."""
    from lizip.checked import encode_checked

    encode_checked(source.data, options, sink, source.release)
    source.check_unchanged()


def decompress_file(
    source: StrPath,
    target: StrPath | None = None,
    *,
    force: bool = False,
    remove: bool = False,
    max_bytes: int | None = None,
) -> str:
    """Give back the file that a .lizip file was made of; it appears whole and checked, or not at all.

    Parameters
    ----------
    source : path or URL
    target : path or URL, optional
        `source` without `.lizip` otherwise.
    force : bool
        Replace an existing target.
    remove : bool
        Delete the .lizip file when the target is safely there.
    max_bytes : int, optional
        As for `decompress`.

    Returns
    -------
    str
        The target.

    Raises
    ------
    FormatError
        When the source is not a .lizip file, or its name does not end in .lizip and no target is given.
    CorruptError, TooLargeError, UnsupportedVersionError, ModelMissingError, StorageError, OSError

    Examples
    --------
    >>> import filecmp, lizip
    >>> packed = lizip.compress_file("scan.bin")
    >>> lizip.decompress_file(packed, "again.bin")
    'again.bin'
    >>> filecmp.cmp("scan.bin", "again.bin", shallow=False)
    True
    """
    source = os.fsdecode(source)
    target = original_name(source) if target is None else os.fsdecode(target)
    storage.check_target(source, target, force)
    with storage.open_binary(source) as file:
        status = None if storage.is_url(source) else os.fstat(file.fileno())
        with storage.publishing(target, force=force, status=status, confirm=remove) as sink:
            decoder = Decoder(Container(file), max_bytes)
            for piece in decoder.pieces():
                sink.write(piece)
            if remove and not same_hash(content_hash_of(sink), decoder.header.digest):
                raise StorageError(f"{target}: what was written does not read back the same; the source is kept")
    if remove:
        _remove(source, status)
    return target


def _remove(source: str, status: os.stat_result | None) -> None:
    """Delete a source whose target is in place; StorageError when it is not the file any more that was read."""
    try:
        storage.check_unchanged(source, status)
        storage.remove(source)
    except FileNotFoundError:  # somebody else has done so
        pass


def original_name(path: StrPath) -> str:
    """Name of the file that a .lizip file was made of; FormatError when the name does not end in .lizip."""
    name = os.fspath(path)
    if not name.endswith(SUFFIX) or os.path.basename(name) == SUFFIX:
        raise FormatError(f"{name}: the name does not end in {SUFFIX}; say where to write (-o)")
    return name[: -len(SUFFIX)]
