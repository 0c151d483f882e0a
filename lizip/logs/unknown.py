"""Packets of a sensor that nobody here knows: how they are laid out, as their own bytes tell.

What repeats inside of a packet are blocks, and what repeats inside of a block are channels (`repeats`). What a
channel's bytes are is what is said in the fewest bits as differences from firing to firing (`parting`), and which laser
stands beside which is told by what they see (`lasers`). Packets in which nothing repeats are rows of a table. Nothing
here is needed to decode, and nothing need be right.
"""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.formats import packets, points
from lizip.formats.packets import Shape
from lizip.formats.records import MAX_FIELDS, size_of
from lizip.logs.lasers import lasers_of, order_of, restless
from lizip.logs.parting import layouts, measured, parted, some_of
from lizip.logs.repeats import bytes_of

_ONCE = 0.01
"""What fewer fields are worth, each."""

_SAMPLE, _LEAST = 1 << 18, 64
"""About so many bytes of packets are looked at, or so many packets."""

_GRID = 0.9
"""What a grid of ranges comes to, of their differences."""


def plain_cloud(data: memoryview) -> Cloud:
    """Bytes as they stand."""
    return points.FORMAT.cloud(data, (("byte", "u1"),))


def cloud_of(data: memoryview, size: int) -> Cloud:
    """Take packets of so many bytes each, one behind the other, apart."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, size)
    sample = some_of(rows, max(_SAMPLE // size, _LEAST))
    if len(sample) <= 2:
        return plain_cloud(data)
    fields, bits = parted(sample, 1, False)
    laid = min(layouts(sample), key=lambda each: each.bits, default=None)
    if laid is not None and _GRID * laid.bits < bits:
        return packets.FORMAT.cloud(data, _refined(sample, laid.shape))
    return points.FORMAT.cloud(data, fields) if len(fields) <= MAX_FIELDS else plain_cloud(data)


def _refined(sample: np.ndarray, shape: Shape) -> Shape:
    """The same layout with the channels' order of bytes, no several of them taken for one, and lasers by elevation."""
    channel = bytes_of(size_of(shape.fields))
    turned = (measured(sample, shape._replace(big=big, fields=channel)) for big in (False, True))
    best = min(turned, key=lambda each: each.bits)
    codes = [code for _, code in best.shape.fields]
    for once in range(1, len(codes)):
        if codes == codes[:once] * (len(codes) // once):
            channels = shape.channels * (len(codes) // once)
            several = best.shape._replace(fields=best.shape.fields[:once], channels=channels)
            best = min(
                best, measured(sample, several), key=lambda each: each.bits * (1 + _ONCE * len(each.shape.fields))
            )
    shape = best.shape
    rows = np.ascontiguousarray(shape.views(sample)[2]).view(shape.channel).reshape(-1)
    ranges = max((rows[name].astype(np.int64) for name in rows.dtype.names or ()), key=restless)
    lasers = lasers_of(ranges, shape)
    return shape._replace(order=order_of(ranges[: len(ranges) // lasers * lasers].reshape(-1, lasers)))
