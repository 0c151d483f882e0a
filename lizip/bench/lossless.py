"""Rivals that give back the same bytes: general compressors on the file, pcodec on the columns; and lizip itself."""

from __future__ import annotations

from lizip.bench.subject import Rival, Subject
from lizip.errors import FormatError


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


def _encode_pcodec(subject: Subject) -> bytes:
    from pcodec import ChunkConfig, standalone

    if not subject.cloud.columns:
        raise FormatError("no columns")
    config = ChunkConfig(compression_level=12, enable_8_bit=True)
    parts = [subject.cloud.layout, *subject.cloud.regions]
    parts += [standalone.simple_compress(column.copy(), config) for column in subject.cloud.columns.values()]
    return b"".join(len(part).to_bytes(8, "little") + bytes(part) for part in parts)


def _decode_pcodec(stream: bytes, subject: Subject) -> bytes:
    from pcodec import standalone

    from lizip.formats import by_name

    parts, position = [], 0
    while position < len(stream):
        size = int.from_bytes(stream[position : position + 8], "little")
        parts.append(stream[position + 8 : position + 8 + size])
        position += 8 + size
    format = by_name(subject.cloud.format)
    schema = format.schema(parts[0])
    columns = [standalone.simple_decompress(part) for part in parts[len(parts) - len(schema) :]]
    named = {name: column.astype(kind, copy=False) for (name, kind), column in zip(schema, columns, strict=True)}
    return b"".join(format.join(parts[0], tuple(parts[1 : len(parts) - len(schema)]), [named]))


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
)
