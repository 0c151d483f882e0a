"""The way of the data: file bytes -> Cloud -> the codec that says it shortest -> .lizip; `decoder` is the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from lizip import codecs, defects, formats
from lizip.codecs import Options, opaque
from lizip.container import REGIONS, Section, Writer
from lizip.decoder import Decoder
from lizip.errors import FormatError, LizipError
from lizip.packing import pack_varints

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.codecs import Codec

__all__ = ["Decoder", "encode"]

ONE_PASS = 1 << 26
"""Above so many bytes the first codec that fits codes the file, section by section, in bounded memory."""

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
    codec, sections = choose(cloud, options, names)
    writer = Writer()
    sink.write(writer.begin())
    for section in chain(_regions(cloud, options.level), sections):
        sink.write(writer.section(section))
        release()
    number = formats.by_name(cloud.format).number
    layout = opaque.encode_bytes(cloud.layout, options.level) if cloud.layout else b""
    sink.write(writer.finish(codec.number, number, len(data), digest, cloud.count, layout))
    return codec.name


def choose(cloud: Cloud, options: Options, names: Sequence[str]) -> tuple[Codec, Iterable[Section]]:
    """Find the codec that says the columns shortest; the sections of a large cloud are still to be made."""
    if not cloud.count:
        return opaque.CODEC, ()
    size_of = sum(dtype.itemsize for _, dtype in cloud.schema) * cloud.count
    rivals = Rivals(cloud, options)
    for name in filter(codecs.exists, names):
        if rivals.beaten(name):
            continue
        codec = codecs.load(name)
        sections = _attempt(codec, cloud, options)
        if sections is None:
            continue
        if size_of > ONE_PASS or len(names) == 1:
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
    """Code number, lengths and bytes of the regions, in pieces."""
    if cloud.regions:
        lengths = pack_varints([len(cloud.regions), *map(len, cloud.regions)])
        body = memoryview(lengths + b"".join(cloud.regions))
        for start in range(0, len(body), opaque.PIECE):
            yield Section(REGIONS, opaque.encode_bytes(body[start : start + opaque.PIECE], level))
