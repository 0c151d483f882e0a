"""All points of a file: cut into chunks on the way in; on the way out, only the chunks and fields asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, pairwise

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.codecs import Options
from lizip.codecs.survey import GROUPS, INDEX_KIND
from lizip.codecs.survey.axis_order import AxisCoding
from lizip.codecs.survey.chunk import decode_group, encode_group, group_of, needed
from lizip.codecs.survey.decoded import Decoded
from lizip.codecs.survey.index import Entry, cuts, describe_chunk, pack_index, read_index
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.parallel import in_order

_CHOOSE_AGAIN = 16
"""Chunks after which the encoder tries anew how to code the axes."""


def encode_points(cloud: Cloud, options: Options) -> Iterator[Section]:
    """Yield the sections of each chunk, then the index; holds as many chunks in memory as there are threads."""
    entries: list[Entry] = []
    chunks = list(pairwise(cuts(cloud.count)))
    for leader in range(0, len(chunks), _CHOOSE_AGAIN):
        first = _encode_chunk(cloud, options.level, {}, chunks[leader])
        followers = chunks[leader + 1 : leader + _CHOOSE_AGAIN]
        rest = in_order(partial(_encode_chunk, cloud, options.level, first[-1]), followers)
        for sections, entry, _ in chain([first], rest):
            yield from sections
            entries.append(entry)
    yield Section(INDEX_KIND, pack_index(entries))


def _encode_chunk(
    cloud: Cloud, level: str, codings: dict[str, AxisCoding], bounds: tuple[int, int]
) -> tuple[list[Section], Entry, dict[str, AxisCoding]]:
    """Sections and index entry of one chunk, and how its axes were coded, by level; found out where it is not given."""
    start, stop = bounds
    columns = {name: np.ascontiguousarray(column[start:stop]) for name, column in cloud.columns.items()}
    known = Decoded(stop - start, codings)
    sections = []
    for number, group in enumerate(GROUPS):
        names = [name for name in columns if group_of(name) == group]
        if names:
            sections.append(Section(INDEX_KIND + 1 + number, encode_group(group, names, columns, known, level)))
    return sections, describe_chunk(columns, start), known.codings


class Reader:
    """The points of a file, any part of them.

    Parameters
    ----------
    container : Container
    schema : Schema
    count : int
        Number of points that the file says it has.

    Raises
    ------
    CorruptError
        From here or from any method, when the file is damaged.
    """

    def __init__(self, container: Container, schema: Schema, count: int):
        self._container = container
        self._schema = dict(schema)
        self.index = read_index(container.section(INDEX_KIND), count) if count else []
        self._groups = {group: [name for name in self._schema if group_of(name) == group] for group in GROUPS}
        self._entries = {}
        for number, group in enumerate(GROUPS):
            entries = container.entries(INDEX_KIND + 1 + number)
            if len(entries) != (len(self.index) if self._groups[group] else 0):
                raise CorruptError(f"the file does not have a section of {group} for every chunk")
            self._entries[group] = entries

    def chunk(self, number: int, fields: Sequence[str]) -> dict[str, np.ndarray]:
        """Decode the named columns of one chunk, and only what they depend on."""
        entry = self.index[number]
        known = Decoded(entry.count)
        columns: dict[str, np.ndarray] = {}
        for group in needed(fields):
            names = self._groups[group]
            if names:
                payload = self._container.read(self._entries[group][number])
                dtypes = [self._schema[name] for name in names]
                columns |= decode_group(group, names, dtypes, payload, known, fields)
        return {name: columns[name] for name in fields}

    def blocks(
        self,
        fields: Sequence[str] | None = None,
        start: int = 0,
        stop: int | None = None,
        box: Sequence[float] | None = None,
    ) -> Iterator[Columns]:
        """Yield runs of points, chunk by chunk: the named columns (all by default) of the points `start` to `stop`.

        Chunks without a point in the box (least X, Y, Z, most X, Y, Z, in stored integers) are left out.
        """
        names = list(self._schema) if fields is None else list(fields)
        wanted = []
        for number, entry in enumerate(self.index):
            first = max(start - entry.start, 0)
            last = entry.count if stop is None else min(stop - entry.start, entry.count)
            if first < last and (box is None or _touches(entry, box)):
                wanted.append((number, slice(first, last)))
        chunks = in_order(partial(self.chunk, fields=names), [number for number, _ in wanted])
        for columns, (_, part) in zip(chunks, wanted, strict=True):
            yield {name: column[part] for name, column in columns.items()}


def _touches(entry: Entry, box: Sequence[float]) -> bool:
    """Whether the box of a chunk meets another."""
    return all(
        low <= most and high >= least
        for low, high, least, most in zip(entry.low, entry.high, box[:3], box[3:], strict=True)
    )
