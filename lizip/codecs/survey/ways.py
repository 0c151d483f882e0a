"""Which axis comes first, whether neighbours are looked for: tried on a part of the chunk."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.axes import PLANS, Way, code_axes
from lizip.codecs.survey.fit import Effort
from lizip.codecs.survey.trail import Pulses
from lizip.entropy.coder import EncoderBuffers, finish_short

_COMMON = 4
"""Plans that are tried by default."""

_SAMPLE = 4096
"""Points on which ways are compared."""

_TRIAL = Effort(1500, 3)

_WORTH = 0.965
"""Mixing contexts for all decisions takes longer, so it is done where the result is this much smaller."""


def choose_way(planes: list[np.ndarray], tops: list[int], pulses: Pulses, level: str) -> Way:
    """Try the ways on a part of the chunk."""
    start = max(0, (len(planes[0]) - _SAMPLE) // 2)
    part = slice(start, start + _SAMPLE)
    sample = [plane[part] for plane in planes]
    sample_pulses = Pulses(*(column[part] for column in pulses))
    buffers = EncoderBuffers()

    def size(way: Way) -> int:
        coder = buffers.open()
        code_axes(coder, sample, tops, sample_pulses, way, _TRIAL)
        return len(finish_short(coder))

    most = level == "max"
    sizes = [size(Way(plan, not most)) for plan in range(len(PLANS) if most else _COMMON)]
    plan = int(np.argmin(sizes))
    return Way(plan, not most and size(Way(plan, False)) > _WORTH * sizes[plan])
