"""Reading .lizip files: as a file, as columns, in summary; and checking them. All in `lizip` itself for users."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

from lizip import embedded
from lizip.container import Container, content_hash_of, same_hash
from lizip.decoder import Decoder
from lizip.errors import CorruptError
from lizip.inputs import file_of, kind_of, opened
from lizip.near.said import Said
from lizip.reader import DecodedFile, read_columns
from lizip.resources import noting
from lizip.storage import StrPath

if TYPE_CHECKING:
    import numpy as np

    from lizip.codecs.sweep.past import Past
    from lizip.resources import Models


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

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress(b"the bytes of any file")
    >>> with lizip.open(packed) as file:
    ...     file.seek(4), file.read(5)
    (4, b'bytes')
    """
    file, owned = file_of(path)
    try:
        name = os.fsdecode(path) if isinstance(path, (str, os.PathLike)) else getattr(file, "name", "<bytes>")
        return opened_by(Decoder(Container(file), max_bytes), name, file if owned else None)
    except BaseException:
        if owned:
            file.close()
        raise


def opened_by(decoder: Decoder, name: str, owned: BinaryIO | None = None) -> io.BufferedReader:
    """The same of a decoder; a file that is `owned` is closed with it."""
    return io.BufferedReader(DecodedFile(decoder, owned, name), 1 << 16)


@overload
def read(
    path: StrPath | BinaryIO | bytes,
    fields: Sequence[str] | str | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
    *,
    structured: Literal[False] = False,
    max_bytes: int | None = None,
) -> dict[str, np.ndarray]: ...


@overload
def read(
    path: StrPath | BinaryIO | bytes,
    fields: Sequence[str] | str | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
    *,
    structured: Literal[True],
    max_bytes: int | None = None,
) -> np.ndarray: ...


def read(
    path: StrPath | BinaryIO | bytes,
    fields: Sequence[str] | str | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
    *,
    structured: bool = False,
    max_bytes: int | None = None,
) -> dict[str, np.ndarray] | np.ndarray:
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
    structured : bool
        Give one structured array (n,) with the columns as its fields; for PDAL, which has names of its own, see
        `lizip.integrations.pdal`.
    max_bytes : int, optional
        As for `decompress`.

    Returns
    -------
    dict of str to numpy.ndarray, or numpy.ndarray
        Column name -> (n,) array, in the stored type and unit.

    Raises
    ------
    FormatError
        When there is no such field, or not a .lizip file, or there are bounds and no coordinates.
    CorruptError

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress_file("scan.bin")
    >>> columns = lizip.read(packed, fields=["x", "y"], points=slice(0, 100))
    >>> {name: (len(column), column.dtype.name) for name, column in columns.items()}
    {'x': (100, 'float32'), 'y': (100, 'float32')}
    """
    with opened(path) as file:
        columns = read_from(Decoder(Container(file), max_bytes), fields, points, bounds)
    return as_structured(columns) if structured else columns


def read_from(
    decoder: Decoder,
    fields: Sequence[str] | str | None = None,
    points: slice | None = None,
    bounds: Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """The same of a decoder."""
    if not (points is None or isinstance(points, slice)):
        raise TypeError(f"points is a slice, as in points=slice(0, 1000), not {kind_of(points)}")
    fields = [fields] if isinstance(fields, str) else fields
    return read_columns(decoder, fields, points or slice(None), bounds)


def as_structured(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Columns as the fields of one structured array."""
    import numpy as np

    count = len(next(iter(columns.values()), ()))
    records = np.empty(count, [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        records[name] = column
    return records


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
        hexadecimal; of a file below 4 kB the first half), `version`, `streams` (name -> bytes), what else the codec
        has to say (sensor, model, ...), and `embedded`, the predictors and sensor profiles that the file carries.

    Examples
    --------
    >>> import lizip
    >>> info = lizip.info(lizip.compress_file("scan.bin"))
    >>> info["format"], [name for name, _ in info["fields"]]
    ('bin', ['x', 'y', 'z', 'intensity'])
    >>> info["compressed_bytes"] < 0.5 * info["bytes"]
    True
    """
    with opened(path) as file:
        return _describe(Decoder(Container(file)))


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
        Compare with this file, byte for byte; where the .lizip file was made to be near to its original only, by the
        hash of that.
    max_bytes : int, optional
        As for `decompress`.

    Raises
    ------
    CorruptError
        When the file is damaged or differs from `against`.

    Examples
    --------
    >>> import lizip
    >>> packed = lizip.compress_file("scan.bin")
    >>> lizip.verify(packed, against="scan.bin")
    >>> lizip.verify(packed, against=b"something else")
    Traceback (most recent call last):
        ...
    lizip.errors.CorruptError: ...
    """
    with opened(path) as file:
        decoder = Decoder(Container(file), max_bytes)
        embedded.listed(decoder.container)
        pieces, said = decoder.pieces(), Said.of(decoder.container)
        if said is not None and against is not None:
            with opened(against) as original:
                if not same_hash(content_hash_of(original), said.digest):
                    raise CorruptError("it was not made of this original")
        if against is None or said is not None:
            for _ in pieces:
                pass
        else:
            with opened(against) as original:
                _compare(pieces, original)


def verified(file: BinaryIO, past: Past | None = None, models: Models | None = None) -> Past | None:
    """Decode an open .lizip file and check it, as `verify` does; `models`: what the pack around it carries.

    Given what the file before left, returns what this one leaves, None where nothing can follow it.
    """
    container = Container(file)
    container.models = models
    decoder = Decoder(container, None, past)
    for _ in decoder.pieces():
        pass
    return decoder.container.left


def completed(packed: bytes, models: Models | None = None) -> bytes:
    """A .lizip file that carries what decoding it asks for, of what is installed or in the pack around it."""
    with noting() as needed:
        verified(io.BytesIO(packed), None, models)
    file = io.BytesIO(packed)
    embedded.embed(file, needed)
    return file.getvalue()


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
        **(said.described() if (said := Said.of(container)) else {}),
        **({"guessed": decoder.format.guessed} if header.count and hasattr(decoder.format, "guessed") else {}),
        **details,
        **({"embedded": list(map(str, carried))} if (carried := embedded.listed(container)) else {}),
    }
