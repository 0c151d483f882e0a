"""Airborne and terrestrial LAS points: chunks of 50,000, every field modelled, each chunk decodable alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lizip.container import CODEC as FIRST_KIND

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.codecs import Options
    from lizip.container import Container, Section

GROUPS = ("returns", "time", "angle", "axes", "intensity", "class", "colour", "wave", "extra")
"""Groups of fields, in the order in which they are coded; a section of each for every chunk."""

INDEX_KIND = FIRST_KIND
"""Section kind of the index; that of group g is INDEX_KIND + 1 + g."""


class Survey:
    """LAS records; see `chunk` for the way of the data."""

    name = "survey"
    number = 3

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code LAS points chunk by chunk, in bounded memory; None for any other cloud."""
        if cloud.format != "las" or cloud.count == 0:
            return None
        from lizip.codecs.survey.points import encode_points

        return encode_points(cloud, options)

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield the points chunk by chunk."""
        from lizip.codecs.survey.points import Reader

        return Reader(container, schema, count).blocks()

    def decode_part(
        self,
        container: Container,
        schema: Schema,
        count: int,
        fields: Sequence[str],
        start: int,
        stop: int,
        box: Sequence[float] | None = None,
    ) -> Iterator[Columns]:
        """Yield the named columns of the points `start` to `stop`; touches only the chunks and groups needed.

        Chunks without a point in the box (least X, Y, Z, most X, Y, Z, in stored integers) are left out.
        """
        from lizip.codecs.survey.points import Reader

        return Reader(container, schema, count).blocks(fields, start, stop, box)

    def describe(self, container: Container) -> dict[str, Any]:
        """Bytes of each group, and the number of chunks."""
        streams = {"index": sum(entry.length for entry in container.entries(INDEX_KIND))}
        for number, group in enumerate(GROUPS):
            if entries := container.entries(INDEX_KIND + 1 + number):
                streams[group] = sum(entry.length for entry in entries)
        chunks = max((len(container.entries(INDEX_KIND + 1 + number)) for number in range(len(GROUPS))), default=0)
        return {"chunks": chunks, "streams": streams}


CODEC = Survey()
