"""What users call: bytes, arrays and files in and out. `lizip.compress` and the others are these functions."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip import storage
from lizip.codecs import PROMISING_FIRST, Options
from lizip.container import MAGIC, SUFFIX, Container
from lizip.errors import CorruptError, FormatError
from lizip.pipeline import Decoder, encode
from lizip.reader import DecodedFile
from lizip.storage import Source, StrPath

if TYPE_CHECKING:
    import numpy as np

    from lizip.sensor.state import SensorState


def compress(
    data: bytes | bytearray | memoryview | np.ndarray,
    *,
    level: str = "default",
    codec: str | None = None,
    fields: int | None = None,
    model: str | None = None,
    backend: str = "numba",
    check: bool = True,
    state: SensorState | None = None,
) -> bytes:
    """Compress the bytes of a point cloud file, or an array of points.

    Parameters
    ----------
    data : bytes-like or numpy.ndarray
        The content of a file (.bin, .las, .pcd, .ply, .npy; anything else is taken as plain bytes), or an array, for
        instance (N, 4) float32: x, y, z in metres and intensity. An array comes back as an array.
    level : {"fast", "default", "max"}
        Time against size.
    codec : {"opaque", "floats", "sweep", "survey"}, optional
        Use this codec instead of the one that comes out smallest.
    fields : int, optional
        Number of float32 fields of a record in a raw .bin file; found from the data otherwise.
    model : str, optional
        Name of the predictor; the one that ships otherwise.
    backend : {"numba", "torch"}
        What evaluates the predictor; the result is the same.
    check : bool
        Decode the result and compare before returning it.
    state : lizip.SensorState, optional
        Where the fit of a sensor starts from what the sweep before left, and leaves something for the next: faster for
        the sweeps of one log, in order, with one state. The bytes then depend on those sweeps, as they do not
        otherwise.

    Returns
    -------
    bytes
        A .lizip file.

    Raises
    ------
    FormatError
        When `data` is a .lizip file already, or is not what `fields` or `codec` says.
    """
    options = Options(level, codec, model, backend, fields, check, state)
    sink = io.BytesIO()
    if isinstance(data, (bytes, bytearray, memoryview)):
        _encode_checked(memoryview(data).cast("B"), options, sink)
    else:
        from lizip.formats import array

        _encode_checked(memoryview(array.to_bytes(data)), options, sink, format=array.FORMAT.name)
    return sink.getvalue()


def decompress(data: bytes | bytearray | memoryview) -> bytes | np.ndarray:
    """Give back what was compressed: the bytes of the file, or the array.

    Raises
    ------
    FormatError
        When `data` is not a .lizip file.
    CorruptError
        When it is damaged. Nothing of it is returned then.
    UnsupportedVersionError, ModelMissingError
        When it needs a newer lizip, or a predictor that is not installed.
    """
    decoder = Decoder(Container(io.BytesIO(data)))
    content = b"".join(decoder.pieces())
    if decoder.format.name != "array":
        return content
    from lizip.formats import array

    return array.from_bytes(content)


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
    """
    if remove and not check:
        raise ValueError("the source is not removed without the check")
    options = Options(level, codec, model, backend, fields, check, state)
    target = os.fspath(source) + SUFFIX if target is None else os.fspath(target)
    storage.check_target(source, target, force)
    with Source(source) as original, storage.publishing(target, force=force, status=original.status) as sink:
        _encode_checked(original.data, options, sink, original.release)
        original.check_unchanged()
    if remove:
        storage.remove(source)
    return target


def decompress_file(
    source: StrPath, target: StrPath | None = None, *, force: bool = False, remove: bool = False
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

    Returns
    -------
    str
        The target.

    Raises
    ------
    FormatError
        When the source is not a .lizip file, or its name does not end in .lizip and no target is given.
    CorruptError, UnsupportedVersionError, ModelMissingError, StorageError, OSError
    """
    target = original_name(source) if target is None else os.fspath(target)
    storage.check_target(source, target, force)
    with storage.open_binary(source) as file:
        status = None if storage.is_url(source) else os.fstat(file.fileno())
        with storage.publishing(target, force=force, status=status) as sink:
            for piece in Decoder(Container(file)).pieces():
                sink.write(piece)
    if remove:
        storage.remove(source)
    return target


def original_name(path: StrPath) -> str:
    """Name of the file that a .lizip file was made of; FormatError when the name does not end in .lizip."""
    name = os.fspath(path)
    if not name.endswith(SUFFIX) or os.path.basename(name) == SUFFIX:
        raise FormatError(f"{name}: the name does not end in {SUFFIX}; say where to write")
    return name[: -len(SUFFIX)]


def open(path: StrPath | BinaryIO) -> io.BufferedReader:
    """Open a .lizip file as if it were the file it was made of.

    Decodes only as far as is read, once. Damage is noticed section by section; the hash of the whole only by whoever
    reads to the end.

    Returns
    -------
    io.BufferedReader
        Readable and seekable, binary: `laspy.read(lizip.open("x.las.lizip"))`.
    """
    file, owned = _file_of(path)
    return io.BufferedReader(DecodedFile(Decoder(Container(file)), file if owned else None), 1 << 16)


def read(
    path: StrPath | BinaryIO,
    fields: Sequence[str] | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """Read the points of a .lizip file as columns.

    Parameters
    ----------
    path : path, URL or binary file object
    fields : sequence of str, optional
        Names of the columns wanted; all otherwise.
    points : slice, optional
        Which points; all otherwise. Decoding ends with the last one wanted.
    bounds : six numbers, optional
        Of these points only those with x, y and z within (least x, y, z, most x, y, z), ends included, in the
        coordinates of the file (metres in sweeps; scaled, with offset, in .las). Of a large .las only the chunks that
        can hold such points are read.

    Returns
    -------
    dict of str to numpy.ndarray
        Column name -> (n,) array, in the stored type and unit.

    Raises
    ------
    FormatError
        When there is no such field, or not a .lizip file, or there are bounds and no coordinates.
    CorruptError
    """
    from lizip.reader import read_columns

    file, owned = _file_of(path)
    try:
        return read_columns(Decoder(Container(file)), fields, points or slice(None), bounds)
    finally:
        if owned:
            file.close()


def info(path: StrPath | BinaryIO) -> dict[str, Any]:
    """Tell what a .lizip file holds, from one small read; nothing is decoded.

    Returns
    -------
    dict
        `format`, `codec`, `points`, `fields` (name and type of each), `bytes`, `compressed_bytes`, `ratio`,
        `bits_per_point`, `hash` (XXH3-128, hexadecimal), `version`, `streams` (name -> bytes), and what else the codec
        has to say (sensor, model, ...).
    """
    file, owned = _file_of(path)
    try:
        return _describe(Decoder(Container(file)))
    finally:
        if owned:
            file.close()


def verify(path: StrPath | BinaryIO, against: StrPath | None = None) -> None:
    """Decode a .lizip file completely and check it.

    Parameters
    ----------
    path : path, URL or binary file object
    against : path or URL, optional
        Compare with this file, byte for byte.

    Raises
    ------
    CorruptError
        When the file is damaged or differs from `against`.
    """
    file, owned = _file_of(path)
    try:
        pieces = Decoder(Container(file)).pieces()
        if against is None:
            for _ in pieces:
                pass
        else:
            with storage.open_binary(against) as original:
                _compare(pieces, original)
    finally:
        if owned:
            file.close()


def _encode_checked(
    data: memoryview,
    options: Options,
    sink: BinaryIO,
    release: Callable[[], None] = lambda: None,
    format: str | None = None,
) -> None:
    """Encode, decode what was written, and compare; a codec that fails this is left out, loudly."""
    if data[: len(MAGIC)] == MAGIC:
        raise FormatError("is a .lizip file already")
    names = list(PROMISING_FIRST) if options.codec is None else [options.codec]
    while True:
        used = encode(data, options, sink, names, format, release)
        if not options.check:
            return
        try:
            verify(sink)
            return
        except CorruptError as error:
            if len(names) == 1:
                raise
            names.remove(used)
            warnings.warn(f"the codec {used} failed its own check ({error}); please report this", RuntimeWarning, 2)
            sink.seek(0)
            sink.truncate()


def _file_of(path: StrPath | BinaryIO) -> tuple[BinaryIO, bool]:
    """File object of a path, and whether it was opened here."""
    if isinstance(path, (str, os.PathLike)):
        return storage.open_binary(path), True
    return path, False


def _compare(pieces: Iterable[bytes], original: BinaryIO) -> None:
    """Raise CorruptError at the first difference."""
    position = 0
    for piece in pieces:
        if original.read(len(piece)) != piece:
            raise CorruptError(f"the content differs from the original at or after byte {position}")
        position += len(piece)
    if original.read(1):
        raise CorruptError(f"the original goes on after byte {position}")


def _describe(decoder: Decoder) -> dict[str, Any]:
    header, container = decoder.header, decoder.container
    details = decoder.codec.describe(container) if header.count else {"streams": {}}
    return {
        "format": decoder.format.name,
        "codec": decoder.codec.name,
        "points": header.count,
        "fields": list(decoder.format.fields(decoder.layout)),
        "bytes": header.length,
        "compressed_bytes": container.size,
        "ratio": header.length / container.size,
        "bits_per_point": 8 * container.size / header.count if header.count else None,
        "hash": header.digest.hex(),
        "version": header.version,
        **details,
    }
