"""Packets of a sensor in a row: what it measured as a raster of lasers and firings, the rest as differences.

A packet (with what the capture file puts around it) is a head, blocks, and a tail; a block is a head, the channels of
its lasers, and a tail. Columns are the fields of the channels, laser by laser in the order of their elevations, each
over all firings. Region 0: heads and tails of packets, each byte less that of the packet before, byte by byte over all
packets; region 1 likewise those of blocks, as whole numbers of two bytes where they are even.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from lizip.errors import CorruptError
from lizip.formats import Format
from lizip.formats.records import (
    Fields,
    check_regions,
    pack_fields,
    record_type,
    size_of,
    unpack_fields,
)
from lizip.packing import Unpacker, pack_bytes, pack_varint, pack_varints

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns

_MOST = 1 << 17
"""Most bytes of a packet."""


class Shape(NamedTuple):
    """How a packet is laid out.

    Attributes
    ----------
    size, head : int
        Bytes of a packet, and before its first block.
    blocks, block_head, channels, block_tail : int
        Number of blocks; of each the bytes before the channels, the number of these, and the bytes behind.
    order : bytes
        Channels of a firing by elevation; a block may hold several firings, or a firing several blocks.
    fields : Fields
        Of a channel.
    big : bool
        Whether these are big-endian.
    """

    size: int
    head: int
    blocks: int
    block_head: int
    channels: int
    block_tail: int
    order: bytes
    fields: Fields
    big: bool = False

    @property
    def block(self) -> int:
        """Bytes of a block."""
        return self.block_head + self.channels * size_of(self.fields) + self.block_tail

    @property
    def channel(self) -> np.dtype:
        """Type of a channel."""
        return record_type(self.fields, ">" if self.big else "<")

    def pack(self) -> bytes:
        """As a layout."""
        return pack_varints(self[:6]) + pack_bytes(self.order) + pack_fields(self.fields) + pack_varint(self.big)

    @classmethod
    def unpack(cls, layout: bytes) -> Shape:
        """Read a layout; raises CorruptError."""
        unpack = Unpacker(layout)
        size, head, blocks, block_head, channels, block_tail = (unpack.varint() for _ in range(6))
        order = unpack.bytes()
        fields, big = unpack_fields(unpack), unpack.varint()
        shape = cls(size, head, blocks, block_head, channels, block_tail, order, fields, bool(big))
        unpack.finish()
        if big > 1 or not shape.is_possible:
            raise CorruptError("impossible packets")
        return shape

    @property
    def is_possible(self) -> bool:
        """Whether there are such packets: whole firings, and no more bytes than there are."""
        whole = self.head + self.blocks * self.block
        if not (whole <= self.size <= _MOST and self.blocks and self.channels and self.fields and self.order):
            return False
        in_firings = self.blocks * self.channels % len(self.order) == 0
        return in_firings and sorted(self.order) == list(range(len(self.order)))

    def views(self, packets: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
        """Heads and tails of packets (P, size), those of blocks, and the channels (rows of bytes): views."""
        end = self.head + self.blocks * self.block
        # a view as long as the parts of it lie regularly, which they do
        blocks = packets[:, self.head : end].reshape(len(packets), self.blocks, self.block)
        stop = self.block - self.block_tail
        sides = [packets[:, : self.head], packets[:, end:]]
        return sides, [blocks[..., : self.block_head], blocks[..., stop:]], blocks[..., self.block_head : stop]


class Packets(Format):
    """The format; see the page's head. Layout: six numbers of `Shape` as varints, its order, fields and `big`."""

    name = "packets"
    number = 11

    def cloud(self, data: memoryview, shape: Shape) -> Cloud:
        """Take whole packets apart."""
        import numpy as np

        from lizip.cloud import Cloud

        packets = np.frombuffer(data, np.uint8).reshape(-1, shape.size)
        sides, block_sides, channels = shape.views(packets)
        lasers = len(shape.order)
        cells = np.ascontiguousarray(channels).view(shape.channel).reshape(-1, lasers)
        cells = np.ascontiguousarray(cells[:, list(shape.order)].T)
        columns = {name: _little(cells[f"f{i}"].reshape(-1)) for i, (name, _) in enumerate(shape.fields)}
        around = np.concatenate(sides, axis=1), np.concatenate(block_sides, axis=2)
        rows = around[1].reshape(len(packets) * shape.blocks, around[1].shape[2])
        regions = (_differences(around[0], 1), _differences(rows, 2))
        return Cloud(self.name, shape.pack(), columns, regions, cells.shape)

    def fields(self, layout: bytes) -> Fields:
        """Fields of a channel."""
        return Shape.unpack(layout).fields

    def join(self, layout: bytes, regions: tuple[bytes, ...], blocks: Iterable[Columns]) -> Iterator[bytes]:
        """Yield all packets at once: they need all points."""
        import numpy as np

        shape = Shape.unpack(layout)
        check_regions(regions, 2)
        parts = list(blocks)
        columns = [np.concatenate([part[name] for part in parts]) for name, _ in shape.fields] if parts else []
        count, rest = divmod(len(columns[0]) if parts else 0, shape.blocks * shape.channels)
        if rest:
            raise CorruptError("a part of a packet")
        packets = np.empty((count, shape.size), np.uint8)
        cells = np.empty((len(shape.order), count * shape.blocks * shape.channels // len(shape.order)), shape.channel)
        for i, column in enumerate(columns):
            cells[f"f{i}"] = column.reshape(cells.shape)
        fired = np.empty(cells.shape[::-1], cells.dtype)
        fired[:, list(shape.order)] = cells.T
        sides, block_sides, channels = shape.views(packets)
        channels[...] = fired.view(np.uint8).reshape(channels.shape)
        for views, region, size, rows in (
            (sides, regions[0], 1, count),
            (block_sides, regions[1], 2, count * shape.blocks),
        ):
            around = _sums(region, size, rows, sum(view.shape[-1] for view in views))
            views[0][...] = around[:, : views[0].shape[-1]].reshape(views[0].shape)
            views[1][...] = around[:, views[0].shape[-1] :].reshape(views[1].shape)
        yield packets.tobytes()


def _little(column: np.ndarray) -> np.ndarray:
    """The same numbers, little-endian."""
    return column.astype(column.dtype.newbyteorder("<"), copy=False)


def _differences(rows: np.ndarray, size: int) -> bytes:
    """Rows (N, B) of bytes less those before, as numbers of so many bytes if these divide B; byte by byte."""
    import numpy as np

    if not rows.size:
        return b""
    kind = f"<u{size if rows.shape[1] % size == 0 else 1}"
    numbers = np.ascontiguousarray(rows).view(kind)
    numbers = np.concatenate([numbers[:1], numbers[1:] - numbers[:-1]])
    return np.ascontiguousarray(numbers.view(np.uint8).reshape(rows.shape).T).tobytes()


def _sums(data: bytes, size: int, count: int, width: int) -> np.ndarray:
    """Rows (count, width) of which these are the differences."""
    import numpy as np

    if len(data) != count * width:
        raise CorruptError("what surrounds packets is longer or shorter than it should be")
    if not data:
        return np.empty((count, width), np.uint8)
    kind = f"<u{size if width % size == 0 else 1}"
    rows = np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(width, count).T)
    return np.cumsum(rows.view(kind), axis=0, dtype=kind).view(np.uint8).reshape(count, width)


FORMAT = Packets()
