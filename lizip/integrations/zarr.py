"""A codec for zarr, format 3: `zarr.create_array(..., serializer=LizipCodec())`; found by its entry point when read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from zarr.abc.codec import ArrayBytesCodec

import lizip
from lizip.errors import CorruptError


@dataclass(frozen=True)
class LizipCodec(ArrayBytesCodec):
    """Turns a chunk into a .lizip file: (N, k) with the fields of a point in a row, or columns.

    Parameters
    ----------
    level : {"fast", "default", "max"}
    """

    level: str = "default"
    is_fixed_size = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LizipCodec:
        """Make it of what stands in the metadata of an array."""
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """What stands there."""
        return {"name": "lizip", "configuration": {"level": self.level}}

    async def _encode_single(self, chunk: Any, spec: Any) -> Any:
        packed = await asyncio.to_thread(lizip.compress, chunk.as_numpy_array(), level=self.level)
        return spec.prototype.buffer.from_bytes(packed)

    async def _decode_single(self, chunk: Any, spec: Any) -> Any:
        array = await asyncio.to_thread(lizip.decompress, chunk.to_bytes())
        if isinstance(array, bytes) or array.shape != tuple(spec.shape):
            raise CorruptError("a chunk holds something else than its part of the array")
        return spec.prototype.nd_buffer.from_numpy_array(array)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        """Not known before."""
        raise NotImplementedError
