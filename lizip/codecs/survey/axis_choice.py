"""Which axis comes first, whether neighbours are looked for: tried on a part of the chunk."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.axes import code_axes
from lizip.codecs.survey.axis_order import AXIS_ORDERS, AxisCoding
from lizip.codecs.survey.fit import Effort
from lizip.codecs.survey.scan_history import Pulses
from lizip.entropy.coder import EncoderBuffers, finish_short

_COMMON = 4
"""Orders that are tried by default."""

_SAMPLE = 4096
"""Points on which codings are compared."""

_TRIAL = Effort(1500, 3)

_WORTH = 0.965
"""Mixing contexts for all decisions takes longer, so it is done where the result is this much smaller."""


def choose_coding(planes: list[np.ndarray], tops: list[int], pulses: Pulses, level: str) -> AxisCoding:
    """Try the codings on a part of the chunk."""
    start = max(0, (len(planes[0]) - _SAMPLE) // 2)
    part = slice(start, start + _SAMPLE)
    sample = [plane[part] for plane in planes]
    sample_pulses = Pulses(*(column[part] for column in pulses))
    buffers = EncoderBuffers()

    def size(coding: AxisCoding) -> int:
        coder = buffers.open()
        code_axes(coder, sample, tops, sample_pulses, coding, _TRIAL)
        return len(finish_short(coder))

    most = level == "max"
    sizes = [size(AxisCoding(order, not most)) for order in range(len(AXIS_ORDERS) if most else _COMMON)]
    order = int(np.argmin(sizes))
    return AxisCoding(order, not most and size(AxisCoding(order, False)) > _WORTH * sizes[order])
