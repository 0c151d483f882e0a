"""From a .lizip file to the bytes it was made of."""

from __future__ import annotations

import numpy as np
import xxhash

from second_reader import coded, floats, frozen, grid, image, layout, log, octree, opaque, survey, sweep
from second_reader.bytestream import Bytes, demand
from second_reader.container import AROUND, FOLLOWS, MODELS, PIECE, RECIPE, REGIONS, SPLICE, WHOLE, File, open_file
from second_reader.relations import Recipe

_LEADS = 6
_CODECS = {0: opaque, 1: floats, 2: sweep, 3: survey, 4: image, 5: octree}


class Past:
    """What a key frame left, for those that follow it."""

    def __init__(self):
        self.digest, self.grids = b"", []


def read(data: bytes, past: Past | None = None) -> bytes:
    """The original file, checked against the hash of its content; of a sequence, `past` goes from file to file."""
    file = open_file(data)
    past = past or Past()
    with frozen.carrying(file.all(MODELS)):
        content = _content(file, past)
    digest = xxhash.xxh3_128_digest(content)
    demand(len(content) == file.length and digest.startswith(file.digest), "the content has another hash")
    if not file.one(FOLLOWS) or file.all(_LEADS):
        past.digest = file.digest
    return content


def _content(file: File, past: Past) -> bytes:
    if file.all(SPLICE):
        return log.join(file, read)
    if file.all(WHOLE):
        return b"".join(map(coded.decode, file.all(WHOLE)))
    how = coded.decode(file.layout) if file.layout else b""
    if file.all(PIECE):
        across = file.count and layout.is_across(file.format, how)
        return _across(file, how) if across else b"".join(map(read, file.all(PIECE)))
    return layout.join(file.format, how, _regions(file), _columns(file, how, past))


def _across(file: File, how: bytes) -> bytes:
    """A file of several arrays or of columns, from its regions and runs of all columns."""
    pieces = [(open_file(piece).count, read(piece)) for piece in file.all(PIECE)]
    kinds = [kind for _, kind in layout.fields_of(file.format, how)]
    columns = []
    for kind in kinds:
        columns.append(np.concatenate([np.frombuffer(content, kind, count) for count, content in pieces if count]))
        pieces = [(count, content[count * kind.itemsize :] if count else content) for count, content in pieces]
    demand(all(not content for count, content in pieces if count), "a run has other columns")
    return layout.join(file.format, how, [content for count, content in pieces if not count], columns)


def _regions(file: File) -> list[bytes]:
    body = Bytes(b"".join(map(coded.decode, file.all(REGIONS))))
    if not body.left:
        return []
    sizes = body.varints(body.varint())
    regions = [body.take(size) for size in sizes]
    body.end()
    return regions


def _columns(file: File, how: bytes, past: Past) -> list:
    follows, before = file.one(FOLLOWS), past.grids
    demand(not follows or follows.startswith(past.digest or b"none"), "the file that this one follows was not read")
    past.grids = before if follows else []
    if not file.count:
        return []
    fields = layout.fields_of(file.format, how)
    demand(file.codec in _CODECS, f"codec {file.codec} is not read here")
    recipe = Recipe(file.one(RECIPE), fields) if file.one(RECIPE) else None
    coded_fields = recipe.coded() if recipe else fields
    if _CODECS[file.codec] is sweep:
        before = [(grid.around(file.one(AROUND)), {})] if file.all(AROUND) else before if follows else []
        columns, left = sweep.decode_after(file, coded_fields, before)
        past.grids = before if follows and not file.all(_LEADS) else left
    else:
        columns = _CODECS[file.codec].decode(file, coded_fields)
    return recipe.restored(columns) if recipe else columns
