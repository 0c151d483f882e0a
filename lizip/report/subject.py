"""A file that is reported on: compressed already, or compressed for the report."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from lizip import access, api, storage
from lizip.codecs import Options
from lizip.container import SUFFIX, Container, content_hash, is_lizip, same_hash
from lizip.decoder import Decoder
from lizip.near.said import Said
from lizip.report.sizes import timed

if TYPE_CHECKING:
    from lizip.cloud import Columns


class Reported(NamedTuple):
    """A file and its compressed form.

    Attributes
    ----------
    name : str
    packed : bytes
        The .lizip file.
    content : bytes
        What comes back.
    original : Columns or None
        Of a near-lossless file: the columns that it was made of, where they are known.
    encode : float or None
        Seconds it took; None where it was compressed already.
    decode : float
        Seconds it took.
    """

    name: str
    packed: bytes
    content: bytes
    original: Columns | None
    encode: float | None
    decode: float

    @property
    def decoder(self) -> Decoder:
        """The file taken apart."""
        return Decoder(Container(io.BytesIO(self.packed)))

    @property
    def info(self) -> dict[str, Any]:
        """As `lizip.info` says."""
        return access.info(self.packed)


def reported(path: storage.StrPath, options: Options, against: storage.StrPath | None = None) -> Reported:
    """Read a file; compress it where it is not yet, and decode it.

    Parameters
    ----------
    path : path or URL
    options : Options
        How to compress one that is not.
    against : path or URL, optional
        What a near-lossless file was made of; the file beside it without the suffix otherwise, if it is that.

    Raises
    ------
    LizipError, OSError
        FormatError when `against` is not what the file was made of.
    """
    path = os.fsdecode(path)
    data = _read(path)
    if is_lizip(data):
        packed, encode, original = data, None, _original(path, data, against)
    else:
        packed, encode = timed(lambda: packed_of(data, options))
        if len(data) < _OFTEN:  # the first call loads, or compiles, the kernels
            packed, encode = timed(lambda: packed_of(data, options))
        original = data if options.near else None
    content, decode = timed(lambda: content_of(packed))
    if len(content) < _OFTEN:
        content, decode = timed(lambda: content_of(packed))
    columns = None if original is None else _columns(original, packed)
    return Reported(os.path.basename(path.rstrip("/")) or path, packed, content, columns, encode, decode)


_OFTEN = 1 << 25
"""Bytes of a file for which nothing is done twice."""


def _read(path: str) -> bytes:
    with storage.open_binary(path) as file:
        return file.read()


def packed_of(data: bytes, options: Options) -> bytes:
    """The .lizip file of some bytes."""
    sink = io.BytesIO()
    api.encode_data(data, options, sink)
    return sink.getvalue()


def content_of(packed: bytes) -> bytes:
    """What comes back of a .lizip file."""
    return b"".join(Decoder(Container(io.BytesIO(packed))).pieces())


def _original(path: str, packed: bytes, against: storage.StrPath | None) -> bytes | None:
    said = Said.of(Container(io.BytesIO(packed)))
    if said is None or (against is None and not os.path.isfile(path.removesuffix(SUFFIX))):
        return None
    from lizip.errors import FormatError

    original = _read(path.removesuffix(SUFFIX) if against is None else os.fsdecode(against))
    if same_hash(content_hash(original), said.digest):
        return original
    if against is not None:
        raise FormatError(f"{os.fsdecode(against)}: it was not made of this file")
    return None


def _columns(original: bytes, packed: bytes) -> Columns:
    from lizip import formats

    decoder = Decoder(Container(io.BytesIO(packed)))
    fields = decoder.fields()
    forced = len(fields) if decoder.format.name == "bin" else None
    return formats.split(original, forced, decoder.format.name).columns
