"""Parts that were moved after a rounding (docs/format/sweep.md, stage 39), or printed (stage 40)."""

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


def digits(head: Bytes, returns: Returns) -> None:
    """Stage 40."""
    form = head.varint()
    for name, _ in returns.fields[:3]:
        values = returns.columns[name]
        wide = [float(value) for value in values.tolist()]
        out = [_printed(value, form) if abs(value) < 1e10 else value for value in wide]
        rounded = np.array(out, np.float64).astype(np.float32)
        returns.columns[name] = np.where(np.abs(values) < 1e10, rounded, values)


def _printed(value: float, form: int) -> float:
    places = form
    if form >= 16:
        size = abs(value)
        before = sum(10.0**k <= size for k in range(23)) - sum(size * 10.0**k < 1.0 for k in range(1, 22))
        places = min(max(max(form - 16, 1) - before, -22), 22)
    scale, grain = 10.0 ** max(places, 0), 10.0 ** max(-places, 0)
    return float(np.rint(value * scale / grain)) / scale * grain
