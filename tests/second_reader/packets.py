"""Packets of a sensor from the raster of its channels and what stands around them (docs/format/layouts.md, Packets)."""

from __future__ import annotations

import numpy as np

from second_reader.bytestream import Bytes, demand


def join(head: Bytes, channel: np.dtype, regions: list[bytes], columns: list[np.ndarray]) -> bytes:
    """All packets; `head` is the layout, `channel` a channel's type with fields "0", "1", ..."""
    size, front, blocks, block_front, channels, block_back = head.varints(6)
    order = list(head.string())
    count = len(columns[0]) // (blocks * channels)
    raster = np.empty((len(order), count * blocks * channels // len(order)), channel)
    for i, column in enumerate(columns):
        raster[str(i)] = column.reshape(raster.shape)
    fired = np.empty(raster.shape[::-1], channel)
    fired[:, order] = raster.T
    cells = np.frombuffer(fired.tobytes(), np.uint8).reshape(count, blocks, channels * channel.itemsize)
    block = block_front + channels * channel.itemsize + block_back
    back = size - front - blocks * block
    around = _sums(regions[0], 1, count, front + back)
    sides = _sums(regions[1], 2, count * blocks, block_front + block_back).reshape(count, blocks, -1)
    whole = np.concatenate([sides[..., :block_front], cells, sides[..., block_front:]], axis=2).reshape(count, -1)
    return np.concatenate([around[:, :front], whole, around[:, front:]], axis=1).tobytes()


def _sums(data: bytes, size: int, rows: int, width: int) -> np.ndarray:
    """Rows (rows, width) of which a region holds the differences."""
    demand(len(data) == rows * width, "what surrounds packets has another length")
    size = size if width % size == 0 else 1
    flat = np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(width, rows).T)
    if not data:
        return flat
    numbers = np.cumsum(flat.view(f"<u{size}"), axis=0, dtype=f"<u{size}")
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(rows, width)
