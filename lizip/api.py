"""What users call: bytes, arrays and files in and out. `lizip.compress` and the others are these functions."""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip import defects, extras, storage
from lizip.codecs import PROMISING_FIRST, Options
from lizip.container import SUFFIX, Container, content_hash_of, is_lizip, same_hash
from lizip.decoder import Decoder
from lizip.errors import CorruptError, FormatError, StorageError
from lizip.pipeline import encode
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
    TypeError
        When `data` is neither bytes nor an array, or a masked array: what comes back would have no mask.
    """
    options = _options(level, codec, model, backend, fields, check, state)
    sink = io.BytesIO()
    if isinstance(data, (bytes, bytearray, memoryview, mmap.mmap)):
        view = memoryview(data)
        _encode_checked(view.cast("B") if view.c_contiguous else memoryview(view.tobytes()), options, sink)
    else:
        from lizip.formats import array

        _encode_checked(memoryview(array.to_bytes(_array(data))), options, sink, format=array.FORMAT.name)
    return sink.getvalue()


def decompress(data: bytes | bytearray | memoryview, *, max_bytes: int | None = None) -> bytes | np.ndarray:
    """Give back what was compressed: the bytes of the file, or the array.

    Parameters
    ----------
    data : bytes-like
        A .lizip file.
    max_bytes : int, optional
        Refuse a file whose content has more bytes than this, before anything is decoded: for files of strangers.
        Decoding takes at most 1 GiB beside the content itself, whatever is in the file; see docs/format.md.

    Raises
    ------
    TooLargeError
        When the content has more than `max_bytes` bytes.
    FormatError
        When `data` is not a .lizip file.
    CorruptError
        When it is damaged. Nothing of it is returned then.
    UnsupportedVersionError, ModelMissingError
        When it needs a newer lizip, or a predictor that is not installed.
    """
    if not _is_buffer(data):
        raise TypeError(f"decompress takes the bytes of a .lizip file, not {_kind(data)}; for a file: decompress_file")
    decoder = Decoder(Container(io.BytesIO(data)), max_bytes)
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
    options = _options(level, codec, model, backend, fields, check, state)
    source = os.fsdecode(source)
    target = source + SUFFIX if target is None else os.fsdecode(target)
    storage.check_target(source, target, force)
    with (
        Source(source) as original,
        storage.publishing(target, force=force, status=original.status, confirm=remove) as sink,
    ):
        _encode_checked(original.data, options, sink, original.release)
        original.check_unchanged()
    if remove:
        _remove(source, original.status)
    return target


def compress_into(
    sink: BinaryIO,
    source: Source,
    *,
    level: str = "default",
    codec: str | None = None,
    fields: int | None = None,
    model: str | None = None,
    backend: str = "numba",
    check: bool = True,
    state: SensorState | None = None,
) -> None:
    """Write the .lizip form of an open source to a file that can be read again; see `compress`."""
    options = _options(level, codec, model, backend, fields, check, state)
    _encode_checked(source.data, options, sink, source.release)
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
        raise FormatError(f"{name}: the name does not end in {SUFFIX}; say where to write")
    return name[: -len(SUFFIX)]


def open(path: StrPath | BinaryIO | bytes, *, max_bytes: int | None = None) -> io.BufferedReader:
    """Open a .lizip file as if it were the file it was made of.

    Decodes only as far as is read, once. Damage is noticed section by section; the hash of the whole only by whoever
    reads to the end.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
    max_bytes : int, optional
        As for `decompress`.

    Returns
    -------
    io.BufferedReader
        Readable and seekable, binary: `laspy.read(lizip.open("x.las.lizip"))`. Asked for its file number, as
        `numpy.fromfile` does, it decodes everything into a temporary file without a name.
    """
    file, owned = _file_of(path)
    try:
        name = os.fsdecode(path) if isinstance(path, (str, os.PathLike)) else getattr(file, "name", "<bytes>")
        decoded = DecodedFile(Decoder(Container(file), max_bytes), file if owned else None, name)
    except BaseException:
        if owned:
            file.close()
        raise
    return io.BufferedReader(decoded, 1 << 16)


def read(
    path: StrPath | BinaryIO | bytes,
    fields: Sequence[str] | str | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
    *,
    max_bytes: int | None = None,
) -> dict[str, np.ndarray]:
    """Read the points of a .lizip file as columns.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
    fields : str or sequence of str, optional
        Name or names of the columns wanted; all otherwise.
    points : slice, optional
        Which points; all otherwise. Decoding ends with the last one wanted.
    bounds : six numbers, optional
        Of these points only those with x, y and z within (least x, y, z, most x, y, z), ends included, in the
        coordinates of the file (metres in sweeps; scaled, with offset, in .las). Of a large .las only the chunks that
        can hold such points are read.
    max_bytes : int, optional
        As for `decompress`.

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

    if not (points is None or isinstance(points, slice)):
        raise TypeError(f"points is a slice, as in points=slice(0, 1000), not {_kind(points)}")
    fields = [fields] if isinstance(fields, str) else fields
    file, owned = _file_of(path)
    try:
        return read_columns(Decoder(Container(file), max_bytes), fields, points or slice(None), bounds)
    finally:
        if owned:
            file.close()


def info(path: StrPath | BinaryIO | bytes) -> dict[str, Any]:
    """Tell what a .lizip file holds, from one small read; nothing is decoded, but a file that is kept as it stands.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file

    Returns
    -------
    dict
        `format`, `codec`, `points`, `fields` (name and type of each), `bytes`, `compressed_bytes`, `ratio`,
        `bits_per_point`, `hash` (XXH3-128 in
        hexadecimal; of a file below 4 kB the first half), `version`, `streams` (name -> bytes), and what else the codec
        has to say (sensor, model, ...).
    """
    file, owned = _file_of(path)
    try:
        return _describe(Decoder(Container(file)))
    finally:
        if owned:
            file.close()


def verify(
    path: StrPath | BinaryIO | bytes,
    against: StrPath | BinaryIO | bytes | None = None,
    *,
    max_bytes: int | None = None,
) -> None:
    """Decode a .lizip file completely and check it.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file
    against : path, URL, binary file object or bytes, optional
        Compare with this file, byte for byte.
    max_bytes : int, optional
        As for `decompress`.

    Raises
    ------
    CorruptError
        When the file is damaged or differs from `against`.
    """
    file, owned = _file_of(path)
    try:
        pieces = Decoder(Container(file), max_bytes).pieces()
        if against is None:
            for _ in pieces:
                pass
        else:
            original, opened = _file_of(against)
            try:
                _compare(pieces, original)
            finally:
                if opened:
                    original.close()
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
    if is_lizip(data):
        raise FormatError("is a .lizip file already")
    names = list(PROMISING_FIRST) if options.codec is None else [options.codec]
    failed: list[str] = []
    while names:
        try:
            used = encode(data, options, sink, names, format, release)
        except FormatError:
            if failed:
                break  # what is left does not fit the file: no news
            raise
        if not options.check:
            return
        try:
            verify(sink)
            return
        except CorruptError as error:
            names = [name for name in names if name not in used] if used & set(names) else []
            failed.append(f"{', '.join(sorted(used))}: {error}")
            sink.seek(0)
            sink.truncate()
            if names:
                defects.record(f"the codec {', '.join(sorted(used))} failed its own check", error)
    raise CorruptError(
        f"what was written does not decode to the original ({'; '.join(failed)}): the disk or the memory may be at"
        " fault; nothing was kept"
    )


def _options(level: str, codec: str | None, model: str | None, backend: str, *rest: Any) -> Options:
    """The options, once it is clear that what they need is there."""
    if backend == "torch":
        extras.check("torch", "train", "the backend torch was asked for")
    return Options(level, codec, model, backend, *rest)


def _array(data: Any) -> np.ndarray:
    """An array that can come back as it is; TypeError for anything else."""
    import numpy as np

    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("a masked array would come back without its mask; give array.filled(...), or .data and .mask")
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data)
    remedy = "for a file: compress_file" if isinstance(data, (str, os.PathLike)) else "give numpy.asarray(...) of it"
    if hasattr(data, "to_numpy"):
        remedy = "give its .to_numpy() or .to_records(index=False)"
    if hasattr(data, "read"):
        remedy = "give what its .read() returns"
    raise TypeError(f"compress takes bytes or a numpy array, not {_kind(data)}; {remedy}")


def _is_buffer(data: Any) -> bool:
    try:
        memoryview(data)
    except TypeError:
        return False
    return True


def _kind(data: Any) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}".removeprefix("builtins.")


def _file_of(path: Any) -> tuple[BinaryIO, bool]:
    """Seekable file of a path, of bytes, or the file itself, and whether it was opened here."""
    if isinstance(path, (str, os.PathLike)):
        return storage.open_binary(path), True
    if isinstance(path, (bytes, bytearray, memoryview, mmap.mmap)) or (not hasattr(path, "read") and _is_buffer(path)):
        return io.BytesIO(path), True
    if not hasattr(path, "read") or isinstance(path, io.TextIOBase):
        opened = ' opened as text; open it with "rb"' if isinstance(path, io.TextIOBase) else ""
        raise TypeError(f"give a path, a URL, a binary file or bytes, not {_kind(path)}{opened}")
    if hasattr(path, "seekable") and not path.seekable():
        return io.BytesIO(path.read()), True
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
    details = decoder.describe()
    return {
        "format": decoder.format.name,
        "codec": decoder.codec.name,
        "points": header.count,
        "fields": list(decoder.fields()),
        "bytes": header.length,
        "compressed_bytes": container.size,
        "ratio": header.length / container.size,
        "bits_per_point": 8 * container.size / header.count if header.count else None,
        "hash": header.digest.hex(),
        "version": header.version,
        **({"guessed": decoder.format.guessed} if header.count and hasattr(decoder.format, "guessed") else {}),
        **details,
    }
