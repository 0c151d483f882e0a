"""A .lizip file taken apart: layout, regions, points, and the bytes of the original. The decoder trusts nothing.

What may come is bounded by the sizes announced, by the limits here, and by the caller's own; memory and time follow
what was decoded. The hash of what came is compared with the one in the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import xxhash

from lizip import codecs, defects, embedded, formats
from lizip.codecs import opaque
from lizip.container import FOLLOWS, MAX_WHOLE, PIECES, RECIPE, REGIONS, SPLICE, WHOLE, Container, same_hash
from lizip.errors import CorruptError, FormatError, TooLargeError
from lizip.formats.strips import joined_across
from lizip.packing import Unpacker
from lizip.resources import each_at_hand

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.codecs import Codec
    from lizip.codecs.sweep.past import Past
    from lizip.formats import Format

MAX_LAYOUT = 1 << 20
"""Most bytes of a layout."""

MOST_REGIONS = 4096
"""More regions than any format has."""

MAX_REGIONS = MAX_WHOLE + (1 << 20)
"""Most bytes of the regions of a piece, with what says how long they are."""

_POINTS_A_BYTE = 128
"""No format says more points in a byte of its file: LZF, in compressed PCD files, makes at most 264 bytes of 3."""


class Decoder:
    """A .lizip file taken apart as far as its header and layout. A large one is decoded piece by piece.

    Parameters
    ----------
    container : Container
        The file.
    max_bytes : int, optional
        Refuse a file whose original has more bytes than this.
    past : Past, optional
        What the sweep before left, where the file is one of a sequence; what it leaves itself is `container.left` then.

    Raises
    ------
    CorruptError
        From here or any method, when the file is damaged.
    TooLargeError
        When it is larger than `max_bytes`.
    UnsupportedVersionError
        When it needs a newer lizip.
    """

    def __init__(self, container: Container, max_bytes: int | None = None, past: Past | None = None):
        self.container = container
        self.container.past = past
        self.container.models = embedded.carried_by(container)
        self.header = container.header
        self.format: Format = formats.by_number(self.header.format)
        self.codec: Codec = codecs.load(self.header.codec)
        if max_bytes is not None and self.header.length > max_bytes:
            raise TooLargeError(f"the original has {self.header.length} bytes, more than the {max_bytes} allowed")
        if self.header.count > _POINTS_A_BYTE * self.header.length:
            raise CorruptError("header announces more points than the file could have held")
        self._cut = bool(container.entries(PIECES))
        self._spliced = bool(container.entries(SPLICE))
        self.stands = bool(container.entries(WHOLE))
        self._cloud: Cloud | None = None
        self.layout = opaque.decode_bytes(self.header.layout, MAX_LAYOUT) if self.header.layout else b""

    def parts(self) -> Iterator[Decoder]:
        """Yield the pieces of a large file, each decodable alone; a file that is not cut is one piece."""
        if not self._cut:
            yield self
            return
        length = count = 0
        for entry in self.container.entries(PIECES):
            part = Decoder(self.container.inside(entry))
            length, count = length + part.header.length, count + part.header.count
            if part._cut or count > self.header.count or (length > self.header.length and not self._spliced):
                raise CorruptError("pieces are not as announced")
            yield part
        if (length != self.header.length and not self._spliced) or count != self.header.count:
            raise CorruptError("pieces are not as announced")

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Names and type codes of the columns; of a file that is kept as it stands, only after decoding it."""
        if self.stands and self.header.format != opaque.CODEC.number:
            return tuple((name, dtype.str[1:]) for name, dtype in self.schema())
        return tuple(self.format.fields(self.layout))

    def _contents(self) -> Iterator[bytes]:
        """The file that is kept as it stands, in pieces."""
        left = self.header.length
        for section in self.container.sections(WHOLE):
            piece = opaque.decode_bytes(section, left)
            left -= len(piece)
            yield piece

    def _again(self) -> Cloud:
        """The file that is kept as it stands, taken apart as the encoder did."""
        if self._cloud is None:
            if self.header.length > MAX_WHOLE:
                raise CorruptError("a large file that is not cut")
            forced = len(self.format.fields(self.layout)) if self.layout else None
            try:
                self._cloud = formats.split(b"".join(self._contents()), forced, self.format.name)
            except FormatError as error:
                raise CorruptError(f"the file is not of its format: {error}") from None
            if self._cloud.count != self.header.count:
                raise CorruptError("the file has not as many points as announced")
        return self._cloud

    def regions(self) -> tuple[bytes, ...]:
        """Opaque regions around the points, in file order; of a file that is cut, those of the first piece."""
        if self._cut:
            return next(self.parts()).regions()
        if self.stands:
            return tuple(map(bytes, self._again().regions))
        limit = min(4 * self.header.length + MAX_LAYOUT, MAX_REGIONS)
        body = bytearray()
        for section in self.container.sections(REGIONS):
            body += opaque.decode_bytes(section, limit - len(body))
        if not body:
            return ()
        unpack = Unpacker(bytes(body))
        count = unpack.varint()
        if count > MOST_REGIONS:
            raise CorruptError("more regions than a format has")
        lengths = [unpack.varint() for _ in range(count)]
        regions = tuple(map(unpack.take, lengths))
        unpack.finish()
        return regions

    def schema(self) -> Schema:
        """Names and dtypes of the columns."""
        return self._again().schema if self.stands else self.format.schema(self.layout)

    def blocks(self) -> Iterator[Columns]:
        """Yield runs of points, all columns, in file order; every promise of the codec is checked."""
        if self._cut:
            for part in self.parts():
                self._check_fields(part)
                yield from part.blocks()
            return
        if not self.header.count:
            return
        if self.stands:
            yield self._again().columns
            return
        if not self.schema():
            raise CorruptError("points without fields")
        schema, recipe = self.schema(), self.container.section(RECIPE)
        with defects.sheltered():
            if not recipe:
                yield from self._coded(schema)
                return
            from lizip.relations import Recipe

            rules = Recipe.unpack(recipe, schema)
            yield from rules.restored(self._coded(rules.coded(schema)), schema)

    def _coded(self, schema: Schema) -> Iterator[Columns]:
        """Yield what the codec coded: runs of points, these columns."""
        self._check_past()
        left = self.header.count
        for block in each_at_hand(self.container.models, self.codec.decode(self.container, schema, left)):
            rows = len(block[schema[0][0]])
            if rows > left or any(block[name].dtype != dtype or len(block[name]) != rows for name, dtype in schema):
                raise CorruptError("decoded points are not as announced")
            left -= rows
            yield block
        if left:
            raise CorruptError("fewer points than announced")

    def _check_past(self) -> None:
        """Refuse a sweep that follows another one than that which is at hand."""
        follows, past = self.container.section(FOLLOWS), self.container.past
        if follows and past is None:
            raise FormatError("it follows a sweep before it: read it from its pack, or with lizip.Sequence")
        if past is not None and follows and not same_hash(past.digest, follows):
            raise CorruptError("the sweep that it follows is missing or damaged")

    def _check_fields(self, part: Decoder) -> None:
        if part.header.count and part.schema() != self.schema():
            raise CorruptError("pieces have different fields")

    def part(
        self, fields: tuple[str, ...], start: int, stop: int, box: Sequence[float] | None = None
    ) -> Iterator[Columns]:
        """Yield the named columns of the points from `start` to `stop`, decoding others only where the codec must.

        Points outside of the box (least x, y, z, most x, y, z, in stored numbers) may be left out.
        """
        if start >= stop:
            return
        if self._cut:
            for part in self.parts():
                count = part.header.count
                if start < count:
                    self._check_fields(part)
                    yield from part.part(fields, max(start, 0), min(stop, count), box)
                start, stop = start - count, stop - count
                if stop <= 0:
                    return
            return
        if hasattr(self.codec, "decode_part") and not self.container.entries(RECIPE):
            with defects.sheltered():
                wanted = self.codec.decode_part(
                    self.container, self.schema(), self.header.count, fields, start, stop, box
                )
                yield from each_at_hand(self.container.models, wanted)
            return
        position = 0
        for block in self.blocks():
            rows = len(next(iter(block.values())))
            here = slice(max(start - position, 0), stop - position)
            position += rows
            if here.start < rows:
                yield {name: block[name][here] for name in fields}
            if position >= stop:
                return

    def describe(self) -> dict[str, Any]:
        """What the codec says of the points: sensor, model, bytes by stream; nothing is decoded."""
        if self._cut:
            return self._describe_parts()
        if not self.header.count and not self.stands:
            return {"streams": {}}
        with defects.sheltered():
            return self.codec.describe(self.container)

    def _describe_parts(self) -> dict[str, Any]:
        """What the first piece with points says in words, and the bytes of the streams of all."""
        said: dict[str, Any] = {}
        streams: dict[str, int] = {}
        for part in self.parts():
            details = part.describe()
            for name, size in details.pop("streams").items():
                streams[name] = streams.get(name, 0) + size
            said = said or {key: value for key, value in details.items() if isinstance(value, str)}
        from lizip.logs.joined import splice_of

        topics = splice_of(self.container).described() if self._spliced else {}
        return {"pieces": len(self.container.entries(PIECES)), **topics, **said, "streams": streams}

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the original file, in order.

        Raises
        ------
        CorruptError
            When the file is damaged; when only its content is, after the last piece: nothing yielded may be used then.
        """
        state = xxhash.xxh3_128()
        length = 0
        with defects.sheltered():
            for piece in self._joined():
                length += len(piece)
                if length > self.header.length:
                    raise CorruptError("more bytes come out than announced")
                state.update(piece)
                yield piece
        if length != self.header.length or not same_hash(state.digest(), self.header.digest):
            raise CorruptError("the decoded content does not have the hash it was stored with")

    def piece(self, place: int, max_bytes: int | None = None) -> Decoder:
        """One piece of a file that is cut, of at most so many bytes; CorruptError where there is none."""
        entries = self.container.entries(PIECES)
        if not 0 <= place < len(entries):
            raise CorruptError("a log has fewer pieces than clouds")
        part = Decoder(self.container.inside(entries[place]), max_bytes)
        if part._cut or part.header.length > MAX_WHOLE:
            raise CorruptError("pieces are not as announced")
        return part

    def _joined(self) -> Iterator[bytes]:
        if self._spliced:
            from lizip.logs.joined import joined

            yield from joined(self)
        elif self._cut and self.header.count and (arrays := self.format.arrays(self.layout)):
            yield from joined_across(self, arrays)
        elif self._cut:
            for part in self.parts():
                yield from part.pieces()
        elif self.stands:
            yield from self._contents()
        else:
            yield from self.format.join(self.layout, self.regions(), self.blocks())
