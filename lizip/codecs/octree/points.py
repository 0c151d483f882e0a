"""A whole cloud, there and back: coordinates as cells and places, then the other columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.codecs.octree import COLUMNS, FEWEST
from lizip.codecs.octree.attributes import decode_attributes, encode_attributes
from lizip.codecs.octree.cells import Cut, Space, cut, may_be_ordered
from lizip.codecs.octree.inside import code_places
from lizip.codecs.octree.occupancy import code_cells, code_counts
from lizip.container import CODEC as GEOMETRY
from lizip.container import Container, Section
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.packing import Unpacker

MOST_POINTS = 1 << 22
"""More are not held at once."""


def order(cloud: Cloud) -> np.ndarray | None:
    """The points of a cloud in the order of the tree, (N,) int64; None where they have no place in one."""
    if not FEWEST <= cloud.count <= MOST_POINTS:
        return None
    found = cut(cloud)
    return None if found is None else found.order()


def encode_points(cloud: Cloud, level: str) -> Iterable[Section] | None:
    """Code all columns; None where the points are not in the order of the tree."""
    found = cut(cloud) if cloud.count <= MOST_POINTS and may_be_ordered(cloud) else None
    return _encode(found, cloud, level) if found is not None and found.ordered else None


def _encode(found: Cut, cloud: Cloud, level: str) -> Iterator[Section]:
    first = np.flatnonzero(np.append(True, (found.cells[1:] != found.cells[:-1]).any(axis=1)))
    cells, counts = found.cells[first], np.diff(np.append(first, cloud.count))
    coder = open_encoder()
    code_cells(coder, found.space.levels, cells, len(cells))
    code_counts(coder, cells, counts, cloud.count)
    references = code_places(coder, cells, counts, found.space.begins(), found.places)
    yield Section(GEOMETRY, found.space.pack() + finish_encoder(coder))
    known = {axis.column for axis in found.space.axes}
    columns = [column for place, column in enumerate(cloud.columns.values()) if place not in known]
    for payload in encode_attributes(columns, references, level):
        yield Section(COLUMNS, payload)


def decode_points(container: Container, schema: Schema, count: int) -> Columns:
    """All columns of so many points; raises CorruptError."""
    if count > MOST_POINTS:
        raise CorruptError("more points than a tree holds")
    unpack = Unpacker(container.section(GEOMETRY))
    space = Space.unpack(unpack, schema)
    coder = open_decoder(unpack.take(unpack.remaining))
    cells = code_cells(coder, space.levels, None, count)
    counts = np.ones(len(cells), np.int64)
    if code_counts(coder, cells, counts, count) != count:
        raise CorruptError("cells do not hold as many points as announced")
    begins, places = space.begins(), np.zeros((count, 3), np.int64)
    references = code_places(coder, cells, counts, begins, places)
    finish_decoder(coder)
    which = np.repeat(np.arange(len(cells)), counts)
    decoded = {}
    for k, axis in enumerate(space.axes):
        name, dtype = schema[axis.column]
        decoded[name] = axis.restored(begins[k][cells[which, k]] + places[:, k], dtype)
    rest = [(name, dtype) for place, (name, dtype) in enumerate(schema) if name not in decoded]
    payloads = list(container.sections(COLUMNS))
    if len(payloads) != len(rest):
        raise CorruptError("not as many columns as announced")
    columns = decode_attributes(payloads, [dtype for _, dtype in rest], references)
    decoded |= {name: column for (name, _), column in zip(rest, columns, strict=True)}
    return {name: decoded[name] for name, _ in schema}
