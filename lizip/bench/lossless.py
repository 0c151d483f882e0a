"""Rivals that give back the same bytes: of the file, or (pcodec, OpenZL) of its columns; and lizip itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lizip.bench.subject import Rival, Subject
from lizip.errors import FormatError

if TYPE_CHECKING:
    import numpy as np


def _encode_gzip(subject: Subject) -> bytes:
    import gzip

    return gzip.compress(subject.data, 9, mtime=0)


def _decode_gzip(stream: bytes, subject: Subject) -> bytes:
    import gzip

    return gzip.decompress(stream)


def _encode_xz(subject: Subject) -> bytes:
    import lzma

    return lzma.compress(subject.data, preset=9)


def _decode_xz(stream: bytes, subject: Subject) -> bytes:
    import lzma

    return lzma.decompress(stream)


def _encode_zstd(subject: Subject) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=19).compress(subject.data)


def _decode_zstd(stream: bytes, subject: Subject) -> bytes:
    import zstandard

    return zstandard.ZstdDecompressor().decompress(stream)


def _encode_columns(subject: Subject, pack: Callable[[np.ndarray], bytes]) -> bytes:
    """Layout and regions as they are, then each column."""
    if not subject.cloud.columns:
        raise FormatError("no columns")
    parts = [subject.cloud.layout, *subject.cloud.regions]
    parts += [pack(column.copy()) for column in subject.cloud.columns.values()]
    return b"".join(len(part).to_bytes(8, "little") + bytes(part) for part in parts)


def _decode_columns(stream: bytes, subject: Subject, unpack: Callable[[bytes, np.dtype], np.ndarray]) -> bytes:
    from lizip.formats import by_name

    parts, position = [], 0
    while position < len(stream):
        size = int.from_bytes(stream[position : position + 8], "little")
        parts.append(stream[position + 8 : position + 8 + size])
        position += 8 + size
    format = by_name(subject.cloud.format)
    schema = format.schema(parts[0])
    coded = zip(schema, parts[len(parts) - len(schema) :], strict=True)
    named = {name: unpack(part, kind) for (name, kind), part in coded}
    return b"".join(format.join(parts[0], tuple(parts[1 : len(parts) - len(schema)]), [named]))


def _encode_pcodec(subject: Subject) -> bytes:
    from pcodec import ChunkConfig, standalone

    config = ChunkConfig(compression_level=12, enable_8_bit=True)
    return _encode_columns(subject, lambda column: standalone.simple_compress(column, config))


def _decode_pcodec(stream: bytes, subject: Subject) -> bytes:
    from pcodec import standalone

    def unpack(part: bytes, kind: np.dtype) -> np.ndarray:
        column: np.ndarray = standalone.simple_decompress(part).astype(kind, copy=False)
        return column

    return _decode_columns(stream, subject, unpack)


def _encode_openzl(subject: Subject) -> bytes:
    """Each column as numbers, by the best of its general graph, the same of differences, and of exponents apart."""
    from openzl import ext

    def pack(column: np.ndarray) -> bytes:
        compressor = ext.Compressor()
        general = ext.graphs.Compress()
        ways = [general(compressor), ext.nodes.DeltaInt()(compressor, general(compressor))]
        if column.dtype.str[1:] == "f4":
            apart = ext.nodes.Float32Deconstruct()(compressor, general(compressor), general(compressor))
            ways.append(apart)
        compressor.select_starting_graph(ext.graphs.BruteForce(ways)(compressor))
        context = ext.CCtx()
        context.ref_compressor(compressor)
        context.set_parameter(ext.CParam.FormatVersion, ext.MAX_FORMAT_VERSION)
        return bytes(context.compress([ext.Input(ext.Type.Numeric, column.view(f"u{column.itemsize}"))]))

    return _encode_columns(subject, pack)


def _decode_openzl(stream: bytes, subject: Subject) -> bytes:
    from openzl import ext

    def unpack(part: bytes, kind: np.dtype) -> np.ndarray:
        (output,) = ext.DCtx().decompress(bytes(part))
        column: np.ndarray = output.content.as_nparray().copy()
        return column.view(kind)

    return _decode_columns(stream, subject, unpack)


def _lizip(level: str) -> Rival:
    def encode(subject: Subject) -> bytes:
        from lizip.api import compress

        return compress(subject.data, level=level, check=False)  # whoever measures checks for himself

    def decode(stream: bytes, subject: Subject) -> bytes:
        from lizip.api import decompress

        return bytes(decompress(stream))

    return Rival("lizip" if level == "default" else f"lizip --{level}", encode, decode, warms_up=True)


LIZIP = tuple(map(_lizip, ("fast", "default", "max")))
GENERAL = (
    Rival("gzip -9", _encode_gzip, _decode_gzip),
    Rival("xz -9", _encode_xz, _decode_xz),
    Rival("zstd -19", _encode_zstd, _decode_zstd),
    Rival("pcodec", _encode_pcodec, _decode_pcodec, needs="pcodec"),
    Rival("OpenZL", _encode_openzl, _decode_openzl, needs="openzl"),
)
