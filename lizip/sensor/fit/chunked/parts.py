"""Where the points of one sensor end in a file and those of the next begin. Encoder only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.exact.trig import DEGREE, TURN
from lizip.sensor.fit.chunked.elevations import block_headings, find_sensor, headings

_BLOCK = 64
_LOOK = 4096
_LEAST = 8000
_STEP = (0.1, 2.5)


def find_parts(columns: Sequence[np.ndarray]) -> list[int] | None:
    """Bounds of the sensors' points, None when they are not firing after firing.

    `columns` are all of the file, coordinates first.
    """
    count = len(columns[0])
    if count < _LEAST:
        return None
    head = np.stack([column[:_LOOK] for column in columns[:3]], axis=1).astype(np.float64)
    if not (np.abs(head) < 1e4).all() or not _turns(head):
        return None
    points = np.stack(columns[:3], axis=1)
    found = find_sensor(points[: (2 * count) // 5])
    if found is None:
        return None
    about = points.astype(np.float64) - found[1]
    heading = block_headings(about)
    turned = (heading[0] - heading[-1]) / TURN
    if turned < 1.5:
        return [0, count]
    low, high = int(0.3 * len(heading)), int(0.75 * len(heading))
    jump = np.abs(heading[2:] - heading[:-2])
    jump = np.abs(jump - np.rint(jump / TURN) * TURN)
    first = (low + int(jump[low:high].argmax())) * _BLOCK
    near = headings(about[first : first + 3 * _BLOCK])
    step = np.diff(near)
    step = np.abs(step - np.rint(step / TURN) * TURN)
    unit = np.stack([np.cos(near), np.sin(near)], axis=1)
    best = (-1.0, 0)
    for k in np.flatnonzero(step > 20 * DEGREE).tolist():
        before, after = unit[max(0, k - 59) : k + 1].sum(axis=0), unit[k + 1 : k + 61].sum(axis=0)
        best = max(best, (float(np.sqrt((before**2).sum()) + np.sqrt((after**2).sum())), k))
    return [0, first + best[1] + 1, count]


def _turns(points: np.ndarray) -> bool:
    """Whether blocks of points turn slowly and steadily, clockwise."""
    step = -np.diff(block_headings(points)) / DEGREE
    return bool(((step > _STEP[0]) & (step < _STEP[1])).mean() > 0.5)
