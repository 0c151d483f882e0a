"""From a .lizip file to the bytes it was made of."""

from __future__ import annotations

import xxhash

from second_reader import coded, floats, image, layout, log, octree, opaque, survey, sweep
from second_reader.bytestream import Bytes, demand
from second_reader.container import FOLLOWS, PIECE, RECIPE, REGIONS, SPLICE, WHOLE, File, open_file
from second_reader.relations import Recipe

_CODECS = {0: opaque, 1: floats, 2: sweep, 3: survey, 4: image, 5: octree}


def read(data: bytes) -> bytes:
    """The original file, checked against the hash of its content."""
    file = open_file(data)
    content = _content(file)
    digest = xxhash.xxh3_128_digest(content)
    demand(len(content) == file.length and digest.startswith(file.digest), "the content has another hash")
    return content


def _content(file: File) -> bytes:
    if file.all(SPLICE):
        return log.join(file, read)
    if file.all(PIECE):
        return b"".join(map(read, file.all(PIECE)))
    if file.all(WHOLE):
        return b"".join(map(coded.decode, file.all(WHOLE)))
    demand(not file.all(FOLLOWS), "sequences are not read here")
    how = coded.decode(file.layout) if file.layout else b""
    return layout.join(file.format, how, _regions(file), _columns(file, how))


def _regions(file: File) -> list[bytes]:
    body = Bytes(b"".join(map(coded.decode, file.all(REGIONS))))
    if not body.left:
        return []
    sizes = body.varints(body.varint())
    regions = [body.take(size) for size in sizes]
    body.end()
    return regions


def _columns(file: File, how: bytes) -> list:
    if not file.count:
        return []
    fields = layout.fields_of(file.format, how)
    demand(file.codec in _CODECS, f"codec {file.codec} is not read here")
    if not file.one(RECIPE):
        return _CODECS[file.codec].decode(file, fields)
    recipe = Recipe(file.one(RECIPE), fields)
    return recipe.restored(_CODECS[file.codec].decode(file, recipe.coded()))
