"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from lizip import codecs, defects, formats
from lizip.codecs import Options, opaque
from lizip.container import PIECES, REGIONS, Section, Writer, content_hash, write
from lizip.decoder import Decoder
from lizip.errors import FormatError, LizipError
from lizip.packing import pack_varints
from lizip.pieces import cut

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.codecs import Codec

__all__ = ["Decoder", "encode"]

_HASH_PIECE = 1 << 24

_REACH = {"sweep": 0.0, "survey": 0.0, "floats": 0.15, "opaque": 0.4}
"""The smallest share of a quick zstd that a codec is known to reach on real files (KITTI both times, with some room):
where another codec came below, trying it is a waste of time."""

_SURE = {"sweep": 0.15, "survey": 0.27}
"""A codec that comes to so small a share of a sample's zstd has explained the points: nothing else is tried."""

_MANY = 1 << 14
"""Results below so many bytes are soon rivalled."""

_MARGIN = 0.85
"""How far a sample's word on the size of the opaque codec's result is trusted."""


def encode(
    data: memoryview,
    options: Options,
    sink: BinaryIO,
    names: Sequence[str] = codecs.PROMISING_FIRST,
    format: str | None = None,
    release: Callable[[], None] = lambda: None,
) -> set[str]:
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
    set of str
        Names of the codecs that were used.

    Raises
    ------
    FormatError
        When a forced field count, format or codec does not fit the file.
    """
    digest = _hash(data, release)
    cloud = formats.split(data, options.fields, format)
    pieces = cut(data, cloud)
    first = next(pieces)
    if len(first[1]) == len(data):
        return {_encode_whole(first[0], len(data), digest, options, sink, names).name}
    writer, used = Writer(), set()
    main: Codec | None = None  # what is best for the first points is taken for the others
    sink.write(writer.begin())
    for piece, content in chain([first], pieces):
        proven = [main.name] if main and piece.count else names
        packed, codec = _encode_piece(piece, content, options, proven, names)
        main = codec if piece.count else main
        used.add(codec.name)
        sink.write(writer.section(Section(PIECES, packed)))
        release()
    sink.write(writer.finish((main or opaque.CODEC).number, *_summary(cloud, len(data), digest, options.level)))
    return used


def _encode_piece(
    cloud: Cloud, data: memoryview, options: Options, names: Sequence[str], others: Sequence[str]
) -> tuple[bytes, Codec]:
    """A piece as a .lizip file, and its codec: one of `names`, or of `others` where none of them takes it."""
    packed = io.BytesIO()
    digest = content_hash(data)
    try:
        codec = _encode_whole(cloud, len(data), digest, options, packed, names)
    except FormatError:
        if names is others:
            raise
        codec = _encode_whole(cloud, len(data), digest, options, packed, others)
    return packed.getvalue(), codec


def _encode_whole(
    cloud: Cloud, length: int, digest: bytes, options: Options, sink: BinaryIO, names: Sequence[str]
) -> Codec:
    """Write a cloud as a .lizip file in one piece; returns the codec."""
    codec, sections = choose(cloud, options, names)
    everything = chain(_regions(cloud, options.level), sections)
    sink.write(write(everything, codec.number, *_summary(cloud, length, digest, options.level)))
    return codec


def _summary(cloud: Cloud, length: int, digest: bytes, level: str) -> tuple[int, int, bytes, int, bytes]:
    """What the header says of a cloud, after the codec's number."""
    layout = opaque.encode_bytes(cloud.layout, level) if cloud.layout else b""
    return formats.by_name(cloud.format).number, length, digest, cloud.count, layout


def choose(cloud: Cloud, options: Options, names: Sequence[str]) -> tuple[Codec, Iterable[Section]]:
    """Find the codec that says the columns shortest."""
    if not cloud.count:
        return opaque.CODEC, ()
    rivals = Rivals(cloud, options)
    for name in filter(codecs.exists, names):
        if rivals.beaten(name):
            continue
        codec = codecs.load(name)
        sections = _attempt(codec, cloud, options)
        if sections is None:
            continue
        if len(names) == 1:
            return codec, sections
        rivals.enter(codec, sections)
    if rivals.best is None:
        raise FormatError(f"the codec {' or '.join(names)} has nothing to say about this {cloud.format} file")
    return rivals.best, rivals.sections


def _attempt(codec: Codec, cloud: Cloud, options: Options) -> tuple[Section, ...] | None:
    """What a codec makes of a cloud; None when it has nothing to say, or fails: that ends no compression."""
    try:
        sections = codec.encode(cloud, options)
        return None if sections is None else tuple(sections)
    except (LizipError, OSError, ImportError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in a package written in Rust is no Exception
        defects.record(f"the codec {codec.name} failed on a cloud of {cloud.count} points", error)
        return None


class Rivals:
    """The smallest result so far, and whether another codec has a chance against it.

    Parameters
    ----------
    cloud : Cloud
        What is coded.
    options : Options
        Only the level matters: `max` gives every codec its chance, `fast` is content with anything below a quick zstd.
    """

    def __init__(self, cloud: Cloud, options: Options):
        self._cloud = cloud
        self._level = options.level
        self._quick = 0
        self._size = 0
        self.best: Codec | None = None
        self.sections: tuple[Section, ...] = ()

    def enter(self, codec: Codec, sections: tuple[Section, ...]) -> None:
        """Keep a result when it is smaller than the best."""
        size = sum(len(section.data) for section in sections)
        if self.best is None or size < self._size:
            self.best, self.sections, self._size = codec, sections, size

    def beaten(self, name: str) -> bool:
        """Whether a codec can be left out, because it will hardly come below the best."""
        if self.best is None or self._level == "max":
            return False
        sure = _SURE.get(self.best.name)
        if sure and self._size > _MANY and self._size <= sure * opaque.CODEC.sampled_size(self._cloud):
            return True
        self._quick = self._quick or opaque.CODEC.quick_size(self._cloud)
        if self._level == "fast":
            return self._size <= self._quick
        if self._size <= _REACH[name] * self._quick:
            return True
        return name == "opaque" and self._size <= _MARGIN * opaque.CODEC.gain(self._cloud) * self._quick


def _hash(data: memoryview, release: Callable[[], None]) -> bytes:
    """XXH3-128 of a file that may be larger than memory."""
    state = xxhash.xxh3_128()
    for start in range(0, len(data), _HASH_PIECE):
        state.update(data[start : start + _HASH_PIECE])
        release()
    return state.digest()


def _regions(cloud: Cloud, level: str) -> Iterator[Section]:
    """Code number, lengths and bytes of the regions, in sections; of a file that is one region, only the bytes."""
    if cloud.regions:
        lengths = pack_varints([len(cloud.regions), *map(len, cloud.regions)])
        body = memoryview(cloud.regions[0] if cloud.format == "opaque" else lengths + b"".join(cloud.regions))
        for start in range(0, len(body), opaque.PIECE):
            yield Section(REGIONS, opaque.encode_bytes(body[start : start + opaque.PIECE], level))
