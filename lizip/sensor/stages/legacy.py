"""A chain of the old form as one stage, until it is made of stages."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.model import Returns

CHAINS = ("lizip.sensor.nuscenes.chain",)


@dataclass(frozen=True)
class Legacy:
    """Number of a chain, and its side streams."""

    number: int
    side: Mapping[int, bytes]

    def apply(self, returns: Returns) -> None:
        """Let the chain rebuild the columns."""
        chain = importlib.import_module(CHAINS[self.number]).CHAIN
        rebuilt = chain.rebuild(returns.ranges, returns.intensity, self.side, returns.schema, returns.count)
        returns.columns.update(rebuilt)

    def pack(self) -> bytes:
        """Write number and streams."""
        streams = b"".join(pack_varint(number) + pack_bytes(data) for number, data in sorted(self.side.items()))
        return pack_varint(self.number) + streams

    @classmethod
    def unpack(cls, data: bytes) -> Legacy:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        number, side = unpacker.varint(), {}
        if number >= len(CHAINS):
            raise CorruptError("sweep was measured in an unknown way")
        while unpacker.remaining:
            stream = unpacker.varint()
            side[stream] = unpacker.bytes()
        return cls(number, side)
