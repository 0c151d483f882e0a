"""Many sweeps one after the other, in threads. All in `lizip` itself for users."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from lizip.api import decompressed, encode_data
from lizip.codecs import Options
from lizip.container import Container
from lizip.decoder import Decoder
from lizip.files import compress_into
from lizip.inputs import opened
from lizip.parallel import cores, in_order
from lizip.storage import Source, StrPath

if TYPE_CHECKING:
    import numpy as np

_NOT_HERE = ("state", "sequence", "past")
"""Options with which one item depends on those before it."""


@overload
def compress_many(
    items: Iterable[bytes | bytearray | memoryview | np.ndarray | StrPath],
    *,
    threads: int = 0,
    return_exceptions: Literal[False] = False,
    **options: Any,
) -> Generator[bytes, None, None]: ...
@overload
def compress_many(
    items: Iterable[bytes | bytearray | memoryview | np.ndarray | StrPath],
    *,
    threads: int = 0,
    return_exceptions: bool,
    **options: Any,
) -> Generator[bytes | Exception, None, None]: ...
def compress_many(
    items: Iterable[bytes | bytearray | memoryview | np.ndarray | StrPath],
    *,
    threads: int = 0,
    return_exceptions: bool = False,
    **options: Any,
) -> Generator[bytes | Exception, None, None]:
    """Compress point clouds one after the other, several at the same time.

    Items are taken as results are asked for, at most two more than there are threads before their result is: a
    generator may be endless. It runs in the thread that asks. Closing the iterator, or dropping it, gives up what has
    not begun and waits for what has.

    Parameters
    ----------
    items : iterable of bytes-like, numpy.ndarray, path or URL
        Contents of files, arrays, or where files lie. An array must not be changed before its result is there.
    threads : int
        Items that are worked on at the same time; 0: as many as there are cores, 1: none beside the caller's.
    return_exceptions : bool
        Have what an item raises as its result, and go on.
    **options
        Those of `compress`, except `state` and `sequence`: what comes out does not depend on other items.

    Yields
    ------
    bytes
        A .lizip file for each item, in order, the same as `compress` or `compress_file` make of it alone.

    Raises
    ------
    FormatError, TypeError, StorageError, OSError
        What an item raises comes in place of its result, after the results of all items before it, and ends the
        iteration unless `return_exceptions`. What `items` itself raises comes in the same place, and always ends it.

    Examples
    --------
    >>> import lizip
    >>> items = [b"one", b"two"]
    >>> packed = list(lizip.compress_many(items, threads=2))
    >>> packed == [lizip.compress(item) for item in items]
    True
    """
    if refused := [name for name in _NOT_HERE if name in options]:
        raise TypeError(
            f"compress_many takes no {refused[0]}: each item stands alone; give it to compress, or use a pack"
        )
    return _each(partial(_compress, options=Options(**options)), items, threads, return_exceptions)


@overload
def decompress_many(
    items: Iterable[bytes | bytearray | memoryview | StrPath],
    *,
    threads: int = 0,
    return_exceptions: Literal[False] = False,
    max_bytes: int | None = None,
) -> Generator[bytes | np.ndarray, None, None]: ...
@overload
def decompress_many(
    items: Iterable[bytes | bytearray | memoryview | StrPath],
    *,
    threads: int = 0,
    return_exceptions: bool,
    max_bytes: int | None = None,
) -> Generator[bytes | np.ndarray | Exception, None, None]: ...
def decompress_many(
    items: Iterable[bytes | bytearray | memoryview | StrPath],
    *,
    threads: int = 0,
    return_exceptions: bool = False,
    max_bytes: int | None = None,
) -> Generator[bytes | np.ndarray | Exception, None, None]:
    """Give back what was compressed, one after the other, several at the same time; see `compress_many`.

    Parameters
    ----------
    items : iterable of bytes-like, path or URL
        .lizip files, or where they lie.
    threads, return_exceptions
        As for `compress_many`.
    max_bytes : int, optional
        As for `decompress`; of each item.

    Yields
    ------
    bytes or numpy.ndarray
        The bytes of the file, or the array, of each item in order, as `decompress` gives it.

    Raises
    ------
    CorruptError, FormatError, TooLargeError, UnsupportedVersionError, ModelMissingError, OSError
        In the place of the item, as for `compress_many`.

    Examples
    --------
    >>> import lizip
    >>> packed = [lizip.compress(b"one"), b"no .lizip file", lizip.compress(b"two")]
    >>> for item in lizip.decompress_many(packed, return_exceptions=True):
    ...     print(item if isinstance(item, bytes) else type(item).__name__)
    b'one'
    FormatError
    b'two'
    """
    return _each(partial(_decompress, max_bytes=max_bytes), items, threads, return_exceptions)


def _each(
    function: Callable[[Any], Any], items: Iterable[Any], threads: int, return_exceptions: bool
) -> Generator[Any, None, None]:
    """Results of the items in order; what is wrong with the call is said now, not when the first is asked for."""
    single = isinstance(items, (str, bytes, bytearray, memoryview, os.PathLike))
    if single or hasattr(items, "read") or hasattr(items, "to_numpy"):  # files would give lines, tables their columns
        raise TypeError("give an iterable of items, [item] for one")
    if threads < 0:
        raise ValueError("threads is 0 or more")
    return in_order(partial(_outcome, function) if return_exceptions else function, iter(items), threads or cores())


def _outcome(function: Callable[[Any], Any], item: Any) -> Any:
    """The result of an item, or what it raised."""
    try:
        return function(item)
    except Exception as error:
        return error


def _compress(item: Any, options: Options) -> bytes:
    sink = io.BytesIO()
    if isinstance(item, (str, os.PathLike)):
        with Source(item) as source:
            compress_into(sink, source, options)
    else:
        encode_data(item, options, sink)
    return sink.getvalue()


def _decompress(item: Any, max_bytes: int | None) -> bytes | np.ndarray:
    with opened(item) as file:
        return decompressed(Decoder(Container(file), max_bytes))
