"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

import xxhash

from lizip import codecs, formats
from lizip.codecs import Options
from lizip.container import Writer
from lizip.contest import choose
from lizip.decoder import Decoder

__all__ = ["Decoder", "encode"]

_HASH_PIECE = 1 << 24


def encode(
    data: memoryview,
    options: Options,
    sink: BinaryIO,
    names: Sequence[str] = codecs.PROMISING_FIRST,
    format: str | None = None,
    release: Callable[[], None] = lambda: None,
) -> str:
    """Write the .lizip form of a file to `sink`.

    Parameters
    ----------
    data : memoryview
        The whole file; may be a memory map.
    options : Options
    sink : BinaryIO
        Writable; need not be seekable.
    names : sequence of str
        The codecs to try, in this order. One name alone is an order, not a proposal.
    format : str, optional
        Take the file as this format.
    release : callable
        Called when the part of `data` read so far is not needed for a while.

    Returns
    -------
    str
        Name of the codec that was used.

    Raises
    ------
    FormatError
        When a forced field count, format or codec does not fit the file.
    """
    digest = _hash(data, release)
    cloud = formats.split(data, options.fields, format)
    codec, layout, sections = choose(data, cloud, options, names)
    writer = Writer()
    sink.write(writer.begin())
    for section in sections:
        sink.write(writer.section(section))
        release()
    number = formats.by_name(cloud.format).number
    sink.write(writer.finish(codec.number, number, len(data), digest, cloud.count, layout))
    return codec.name


def _hash(data: memoryview, release: Callable[[], None]) -> bytes:
    """XXH3-128 of a file that may be larger than memory."""
    state = xxhash.xxh3_128()
    for start in range(0, len(data), _HASH_PIECE):
        state.update(data[start : start + _HASH_PIECE])
        release()
    return state.digest()
