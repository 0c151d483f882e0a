"""Any columns of numbers, without knowledge of a sensor: the codec for every cloud that no other codec understands.

1. Every column becomes integers that are near each other where its values are (`forms` finds which, `numbers`); the
   few values that are none of these stand apart (`odd`).
2. The coordinates are predicted from an earlier point, turned and scaled onto their own ray (`pointer`).
3. Other columns follow, each helped by what the coordinates found out about neighbours (`columns`).
4. What the predictions miss becomes adaptive tokens (`lizip.entropy`), one stream a segment and group of columns.

`plan` holds the choices, `search` makes them on a sample, `segments` carries them out, the same way in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lizip.codecs import Options
from lizip.container import CODEC as PLAN
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema

STREAMS = PLAN + 1
"""Section kind of the first group of columns; the others follow."""


MOST_COLUMNS = 64
"""Each takes a few MB for its models."""


class Floats:
    """Section `PLAN`, then for each segment of points one section a group of columns: number of points, stream."""

    name = "floats"
    number = 1

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code any columns of numbers."""
        strange = any(dtype.kind not in "iuf" or dtype.itemsize > 8 for _, dtype in cloud.schema)
        if not cloud.count or strange or len(cloud.schema) > MOST_COLUMNS:
            return None
        return self._encode(cloud, options)

    def _encode(self, cloud: Cloud, options: Options) -> Iterator[Section]:
        from lizip.codecs.floats.search import find_plan
        from lizip.codecs.floats.segments import SEGMENT, Segments
        from lizip.entropy.coder import finish_encoder, open_encoder

        plan, columns = find_plan(cloud, options.level)
        yield Section(PLAN, plan.pack())
        segments = Segments(plan, min(cloud.count, SEGMENT))
        for start in range(0, cloud.count, SEGMENT):
            count = min(SEGMENT, cloud.count - start)
            for k, groups in enumerate(_streams(plan)):
                coder = open_encoder()
                for group in groups:
                    for column in group:
                        values = columns[column][start : start + count]
                        segments.put(column, plan.columns[column].to_coded(values))
                    segments.code(group, coder, count)
                yield Section(STREAMS + k, pack_varint(count) + finish_encoder(coder))
            segments.advance(count)

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield segment after segment."""
        from lizip.codecs.floats.plan import Plan
        from lizip.codecs.floats.segments import SEGMENT, Segments
        from lizip.entropy.coder import finish_decoder, open_decoder

        if len(schema) > MOST_COLUMNS:
            raise CorruptError("more columns than this codec takes")
        plan = Plan.unpack(container.section(PLAN), schema)
        for odd in plan.odd:
            odd.check(count)
        streams = _streams(plan)
        entries = [container.entries(STREAMS + k) for k in range(len(streams))]
        pieces = -(-count // SEGMENT)
        if any(len(of_kind) != pieces for of_kind in entries):
            raise CorruptError("number of segments does not fit the number of points")
        segments = Segments(plan, min(count, SEGMENT))
        for piece in range(pieces):
            points = min(SEGMENT, count - piece * SEGMENT)
            for groups, of_kind in zip(streams, entries, strict=True):
                data = container.read(of_kind[piece])
                unpack = Unpacker(data)
                if unpack.varint() != points:
                    raise CorruptError("segment with an impossible number of points")
                coder = open_decoder(unpack.take(unpack.remaining))
                for group in groups:
                    segments.code(group, coder, points)
                finish_decoder(coder)
            columns = [
                numbers.to_values(segments.get(i, points), dtype)
                for i, ((_, dtype), numbers) in enumerate(zip(schema, plan.columns, strict=True))
            ]
            for odd, values in zip(plan.odd, columns, strict=False):
                odd.put(values, piece * SEGMENT)
            yield {name: values for (name, _), values in zip(schema, columns, strict=True)}
            segments.advance(points)

    def describe(self, container: Container) -> dict[str, Any]:
        """Bytes of the plan and of the streams."""
        sizes: dict[int, int] = {}
        for entry in container.header.entries:
            if entry.kind >= PLAN:
                sizes[entry.kind] = sizes.get(entry.kind, 0) + entry.length
        names = {PLAN: "plan"}
        return {"streams": {names.get(kind, f"columns {kind - PLAN}"): size for kind, size in sorted(sizes.items())}}


CODEC = Floats()


def _streams(plan: Any) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Groups of columns by stream; one stream at least, so that every segment says how many points it has."""
    groups = plan.groups
    return (groups,) if plan.merged or not groups else tuple((group,) for group in groups)
