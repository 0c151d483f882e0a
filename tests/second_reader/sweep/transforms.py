"""Parts that were moved after a rounding (docs/format/sweep.md, stage 39)."""

from __future__ import annotations

import numpy as np

from second_reader.bytestream import Bytes
from second_reader.relations import moved
from second_reader.sweep.returns import Returns


def transform(head: Bytes, returns: Returns) -> None:
    """Stage 39."""
    nothing = np.array(head.numbers("3I"), np.uint32)
    names = [name for name, _ in returns.fields[:3]]
    points = np.stack([returns.columns[name] for name in names], axis=1)
    moving = (points.view(np.uint32) != nothing).any(axis=1)
    points[moving] = moved(head.rest(), points[moving])
    for axis, name in enumerate(names):
        returns.columns[name] = np.ascontiguousarray(points[:, axis])
