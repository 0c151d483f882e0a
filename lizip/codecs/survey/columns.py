"""Columns <-> the bytes of one unit: what was stripped off them, then the stream of their planes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lizip.codecs.survey.decisions import INPUTS
from lizip.codecs.survey.integers import IntegerColumn, read_transform, restore
from lizip.entropy.coder import Coder, EncoderBuffers, finish_decoder, finish_short, open_decoder
from lizip.errors import CorruptError
from lizip.packing import Unpacker

Model = Callable[[Coder, list[np.ndarray], list[int], int, str], None]
"""Codes planes (N,) int64 of values from 0 to their tops, in place when decoding.

Also given are how many contexts are mixed for a decision and the level, which means something to the encoder only.
"""


def encode_columns(
    stripped: Sequence[IntegerColumn], model: Model, buffers: EncoderBuffers, inputs: int, level: str
) -> bytes:
    """Code the planes of stripped columns as one stream."""
    header = b"".join(part.header for part in stripped)
    planes = [plane for part in stripped for plane in part.planes]
    if not planes:
        return header
    tops = [top for part in stripped for top in part.tops]
    coder = buffers.open()
    model(coder, planes, tops, inputs, level)
    return header + bytes([inputs]) + finish_short(coder)


def decode_columns(payload: bytes, dtypes: Sequence[np.dtype], count: int, model: Model) -> list[np.ndarray]:
    """Undo `encode_columns` and put the columns together again."""
    unpack = Unpacker(payload)
    transforms = [read_transform(unpack, dtype) for dtype in dtypes]
    tops = [top for transform in transforms for top in transform.tops]
    planes = [np.zeros(count, np.int64) for _ in tops]
    if planes:
        inputs = unpack.take(1)[0]
        if inputs not in INPUTS.values():
            raise CorruptError("a stream mixes an impossible number of contexts")
        coder = open_decoder(unpack.take(unpack.remaining))
        model(coder, planes, tops, inputs, "default")
        finish_decoder(coder)
    unpack.finish()
    at, columns = 0, []
    for transform in transforms:
        columns.append(restore(transform, tuple(planes[at : at + len(transform.tops)]), count))
        at += len(transform.tops)
    return columns
