"""Any bytes, without a model of what they mean: zstd or lzma, whichever is smaller, or stored.

It codes what surrounds the points (layouts, headers, unknown files), and it is what the points themselves fall back to
when no better codec takes them: their records as they stand in the file, as planes of bytes, or as planes of
differences. The decoder never produces more than the length announced, whatever the compressed bytes ask for.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lizip.codecs import Options
from lizip.codecs.arrangements import (
    ARRANGEMENTS,
    DIFFERENCES,
    PLANES,
    ROWS,
    arrange,
    disarrange,
    record_size,
    records_of,
)
from lizip.container import CODEC as FIRST_KIND
from lizip.container import WHOLE, Container, Section
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns, Schema

PIECE = 1 << 24
"""Most bytes coded at once: bounds the memory of both directions; also the largest dictionary and window."""

STORED, ZSTD, LZMA = range(3)
_WINDOW = 1 << 24
_SAMPLE = 1 << 17
_QUICK = 1
"""Level of the zstd that serves as a yardstick: half the time of level 3, whose results are a fifth smaller."""
_MANY = 1 << 20
_PART = 1 << 16
"""Bytes of each of the three parts of a file that a sample is made of."""

_NEARLY = 1.05
"""zstd is worth a try where it comes so near to LZMA in a sample; mostly it stays a tenth behind."""

_ROWS_GAIN = 1.1
"""LZMA makes so much more than a quick zstd of records as they stand, compared with their planes."""

_STEP = 1 << 17
"""Bytes that a strong coder takes at a time: it cannot be interrupted for a tenth of a second."""

_QUICKER = 3
"""Level of zstd up to which nobody waits for it."""

_TINY = 16
"""Nothing below so many bytes shrinks: every coder's own frame costs as much."""


def encode_bytes(data: bytes | memoryview, level: str = "default") -> bytes:
    """Code at most `PIECE` bytes: a tag, and unless they are stored their number, before the coder's own bytes."""
    stored = bytes([STORED]) + data
    return min([stored, *(_strong(data, level) if len(data) > _TINY else ())], key=len)


def _strong(data: bytes | memoryview, level: str) -> Iterator[bytes]:
    """Yield what the strong coders make of the bytes; of many bytes, only those that a sample speaks for."""
    many = len(data) > _MANY
    sampled = _sampled(data) if many else None
    if sampled and min(sampled[:2]) >= sampled[2] and len(_zstd(data, 1, long_distance=True)) >= len(data):
        return  # random, or compressed already: the strong coders would take a second a megabyte
    if level == "fast" or sampled is None or sampled[0] < _NEARLY * sampled[1]:
        yield bytes([ZSTD]) + pack_varint(len(data)) + _zstd(data, 3 if level == "fast" else 19)
    if level != "fast":
        yield bytes([LZMA]) + pack_varint(len(data)) + _lzma(data)


def _sampled(data: bytes | memoryview) -> tuple[int, int, int]:
    """What zstd and LZMA at their best make of three parts of some bytes, and how many these are."""
    parts = _parts(data) or [data]
    return sum(len(_zstd(p, 19)) for p in parts), sum(len(_lzma(p)) for p in parts), sum(map(len, parts))


def quick(data: memoryview) -> int:
    """Bytes of any length under a fast zstd with a window over everything: a yardstick, in some milliseconds."""
    return sum(len(_zstd(data[start : start + PIECE], _QUICK, True)) for start in range(0, len(data), PIECE))


def least(data: memoryview, quick: int) -> float:
    """What `encode_bytes` will hardly come below, as parts of the bytes say, which all take `quick` under a fast zstd.

    Real files came to 0.75 to 1.05 of what their parts promised: those to little less that hardly shrink.
    """
    parts = _parts(data)
    if not parts:
        return 0.0
    zstd, lzma, size = _sampled(data)
    share = min(zstd, lzma) / size
    trust = 0.7 + min(max(share - 0.2, 0.0), 0.1) + min(max(share - 0.5, 0.0), 0.3) / 2
    return trust * quick * min(zstd, lzma) / sum(len(_zstd(part, _QUICK)) for part in parts)


def _parts(data: memoryview | bytes) -> list[memoryview | bytes]:
    """Beginning, middle and end; nothing where these are all there is."""
    starts = (0, (len(data) - _PART) // 2, len(data) - _PART) if len(data) > 3 * _PART else ()
    return [data[start : start + _PART] for start in starts]


def decode_bytes(coded: bytes, limit: int) -> bytes:
    """Give back what `encode_bytes` coded; CorruptError when it is damaged or more than `limit` bytes long."""
    unpack = Unpacker(coded)
    tag = unpack.take(1)[0]
    if tag == STORED:
        data = unpack.take(unpack.remaining)
        length = len(data)
    else:
        length = unpack.varint()
        if length > min(limit, PIECE):
            raise CorruptError("coded bytes announce an impossible length")
        data = _expand(tag, unpack.take(unpack.remaining), length)
    if len(data) != length or length > limit:
        raise CorruptError("coded bytes do not have the length announced")
    return data


def _expand(tag: int, coded: bytes, length: int) -> bytes:
    """Run one decoder until `length` bytes have come and it has nothing more to say."""
    if tag == ZSTD:
        import zstandard

        decoder = zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS, max_window_size=_WINDOW)
        try:
            with decoder.stream_reader(coded, read_across_frames=True) as reader:
                return reader.read(length + 1)
        except zstandard.ZstdError as error:
            raise CorruptError(f"zstd stream is damaged: {error}") from None
    if tag != LZMA:
        raise CorruptError("bytes are coded in an unknown way")
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_filters(length))
        data = decompressor.decompress(coded, length + 1)
        if not decompressor.eof or decompressor.unused_data:
            raise CorruptError("lzma stream does not end where it should")
    except lzma.LZMAError as error:
        raise CorruptError(f"lzma stream is damaged: {error}") from None
    return data


def _filters(length: int) -> list[dict[str, int]]:
    """Raw LZMA2 with a dictionary that holds everything."""
    return [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": max(length, 4096)}]


def _lzma(data: bytes | memoryview) -> bytes:
    """Raw LZMA2."""
    return _coded(lzma.LZMACompressor(lzma.FORMAT_RAW, filters=_filters(len(data))), data)


def _coded(compressor: Any, data: bytes | memoryview) -> bytes:
    """What a coder makes of bytes given step by step: between two steps it can be interrupted."""
    parts = [compressor.compress(data[start : start + _STEP]) for start in range(0, len(data), _STEP)]
    return b"".join((*parts, compressor.flush()))


def _zstd(data: bytes | memoryview, level: int, long_distance: bool = False) -> bytes:
    """One zstd frame without magic, length and checksum, which the container has already."""
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=len(data),
        window_log=max(10, min(_WINDOW.bit_length() - 1, len(data).bit_length())),
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=False,
        enable_ldm=long_distance,
    )
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    if len(data) <= _STEP or level <= _QUICKER:
        return compressor.compress(data)
    return _coded(compressor.compressobj(size=len(data)), data)


class Opaque:
    """The records of the points as plain bytes, a piece of at most `PIECE` bytes in each section."""

    name = "opaque"
    number = 0

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section]:
        """Code the records piece by piece, each in the arrangement that comes out smallest."""
        return self._sections(cloud, options.level, ARRANGEMENTS)

    def rearranged(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code the records in other orders than that of the file; None where a sample says that this does not help."""
        sample = _middle(cloud)
        sizes = {each: len(_zstd(arrange(sample, each, cloud.schema), 3)) for each in ARRANGEMENTS}
        if options.level != "max" and min(sizes, key=sizes.__getitem__) == ROWS:
            return None
        return self._sections(cloud, options.level, (PLANES, DIFFERENCES))

    def _sections(self, cloud: Cloud, level: str, arrangements: tuple[int, ...]) -> Iterator[Section]:
        rows = max(1, PIECE // record_size(cloud.schema))
        for start in range(0, cloud.count, rows):
            records = records_of(cloud, slice(start, start + rows))
            yield Section(FIRST_KIND, _encode_records(records, cloud.schema, level, arrangements))

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield the points of one section after the other."""
        size = record_size(schema)
        for section in container.sections(FIRST_KIND):
            if size == 0 or not section:
                raise CorruptError("records without bytes")
            data = decode_bytes(section[1:], max(size, PIECE))
            rows = len(data) // size
            if rows * size != len(data) or not 0 < rows <= count:
                raise CorruptError("a section holds more points than announced, or a part of one")
            count -= rows
            yield disarrange(data, section[0], schema)
        if count:
            raise CorruptError("sections hold fewer points than announced")

    def describe(self, container: Container) -> dict[str, Any]:
        """Bytes of the records, or of the file as it stands."""
        kinds = {"file": WHOLE, "records": FIRST_KIND}
        sizes = {name: sum(entry.length for entry in container.entries(kind)) for name, kind in kinds.items()}
        return {"streams": {name: size for name, size in sizes.items() if size}}

    def quick_size(self, cloud: Cloud) -> int:
        """Bytes of the records under a fast zstd with a window over everything: a yardstick, in some milliseconds."""
        rows = max(1, PIECE // record_size(cloud.schema))
        starts = range(0, cloud.count, rows)
        return sum(
            len(_zstd(records_of(cloud, slice(start, start + rows)).tobytes(), _QUICK, True)) for start in starts
        )

    def sampled_size(self, cloud: Cloud) -> int:
        """What a sample says `quick_size` may be; a tenth of the time for a file of some megabytes."""
        sample = _middle(cloud)
        return len(_zstd(sample.tobytes(), _QUICK)) * cloud.count // len(sample)

    def gain(self, cloud: Cloud) -> float:
        """What a sample says `encode` may come to at the default level, as a share of `quick_size`."""
        sample = _middle(cloud)
        return len(_encode_records(sample, cloud.schema, "default")) / len(_zstd(sample.tobytes(), _QUICK))


CODEC = Opaque()


def _middle(cloud: Cloud) -> np.ndarray:
    """The records in the middle of a cloud."""
    rows = min(max(1, _SAMPLE // record_size(cloud.schema)), cloud.count)
    middle = (cloud.count - rows) // 2
    return records_of(cloud, slice(middle, middle + rows))


def _encode_records(
    records: np.ndarray, schema: Schema, level: str, arrangements: tuple[int, ...] = ARRANGEMENTS
) -> bytes:
    """Code records in several arrangements and keep the smallest; below `max`, a quick zstd makes a first choice."""
    arranged = {arrangement: arrange(records, arrangement, schema) for arrangement in arrangements}
    if level != "max":
        quick = {arrangement: len(_zstd(data, 3)) for arrangement, data in arranged.items()}
        best = min(quick, key=quick.__getitem__)
        near = level != "fast" and quick.get(ROWS, quick[best]) <= _ROWS_GAIN * quick[best]
        kept = {best, ROWS} & quick.keys() if near else {best}
        arranged = {arrangement: arranged[arrangement] for arrangement in sorted(kept)}
    return min((bytes([arrangement]) + encode_bytes(data, level) for arrangement, data in arranged.items()), key=len)
