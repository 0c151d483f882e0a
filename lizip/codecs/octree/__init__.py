"""Points in the order of an octree: what users get who have no order to keep, and give it up.

1. Space is cut into cubes of which most hold one point or none (`cells`); an octree says which do (`occupancy`).
2. Inside its cube each point is predicted from the surface through those before it (`inside`).
3. The other columns follow, each from the nearest points before (`attributes`).

`order` brings points into that order; the codec has nothing to say about points in any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lizip.container import CODEC as GEOMETRY

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.codecs import Options
    from lizip.container import Container, Section

COLUMNS = GEOMETRY + 1
"""Section kind of the other columns, one section each, in the order of the file."""

FEWEST = 256
"""Fewer points are not worth the tables."""


class Octree:
    """Section `GEOMETRY`: how coordinates become cells, and the stream; then a section for each other column."""

    name = "octree"
    number = 5

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code points that are in the order of a tree already; None for all others."""
        from lizip.codecs.octree.points import encode_points

        return encode_points(cloud, options.level) if cloud.count >= FEWEST else None

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield all points at once."""
        from lizip.codecs.octree.points import decode_points

        yield decode_points(container, schema, count)

    def describe(self, container: Container) -> dict[str, Any]:
        """Bytes of the coordinates and of the other columns."""
        sizes = {"coordinates": sum(entry.length for entry in container.entries(GEOMETRY))}
        for k, entry in enumerate(container.entries(COLUMNS)):
            sizes[f"column {k + 1}"] = entry.length
        return {"streams": sizes}


CODEC = Octree()
