"""Which channels make a firing, and which lasers stand beside each other: neighbours see about the same."""

from __future__ import annotations

import numpy as np

from lizip.formats.packets import Shape
from lizip.logs.parting import costs_of

_FINE = 16
"""Parts of a bit in which ranges are compared, up to two bits."""

_MOST_LASERS, _BETTER, _TURNS = 256, 0.97, 8
"""Lasers at most; what must be saved for another firing than a block, or another order than that of the packet; times
that parts of a path are turned round."""


def restless(values: np.ndarray) -> float:
    """Bits of the differences of some numbers."""
    return float(costs_of(np.diff(values)[:, None])[0])


def lasers_of(values: np.ndarray, shape: Shape) -> int:
    """Channels of a firing: a part of a block's, all of them, or those of some blocks."""
    usual = shape.channels if shape.channels <= _MOST_LASERS else 1
    possible = {n for n in range(1, shape.channels) if shape.channels % n == 0}
    possible |= {n * shape.channels for n in range(1, shape.blocks + 1) if shape.blocks % n == 0}
    costs = {
        n: costs_of((values[n:] - values[:-n])[:, None])[0]
        for n in possible
        if n <= min(_MOST_LASERS, len(values) // 2)
    }
    best = min(costs, key=lambda n: (costs[n], n), default=1)
    return best if best and costs[best] < _BETTER * costs.get(usual, np.inf) else usual


def order_of(values: np.ndarray) -> bytes:
    """Lasers of firings (F, L) in such an order that neighbours see about the same."""
    lasers = values.shape[1]
    logs = np.rint(_FINE * np.log2(1.0 + np.abs(values))).astype(np.int32)
    apart = np.stack([np.minimum(np.abs(logs - logs[:, i : i + 1]), _FINE).sum(axis=0) for i in range(lasers)])
    paths = [list(range(lasers)), *(_nearest(apart, start) for start in range(lasers))]
    path = min(paths, key=lambda each: _length(apart, each))
    for _ in range(_TURNS):
        turned = _turned(apart, path)
        if turned == path:
            break
        path = turned
    if _length(apart, path) > _BETTER * _length(apart, list(range(lasers))):
        path = list(range(lasers))
    # sensors see the ground below
    half = lasers // 2
    low, high = (np.median(values[:, part]) for part in (path[:half] or path, path[half:]))
    return bytes(path if low <= high else path[::-1])


def _length(apart: np.ndarray, path: list[int]) -> int:
    return int(apart[path[:-1], path[1:]].sum())


def _nearest(apart: np.ndarray, start: int) -> list[int]:
    """A path from a laser on, to the nearest each time that was not there yet."""
    path, left = [start], np.ones(len(apart), bool)
    for _ in range(len(apart) - 1):
        left[path[-1]] = False
        path.append(int(np.argmin(np.where(left, apart[path[-1]], np.iinfo(np.int64).max))))
    return path


def _turned(apart: np.ndarray, path: list[int]) -> list[int]:
    """A path of which some parts are turned round where this makes it shorter."""
    for first in range(len(path) - 1):
        here = np.array(path)
        stops = np.arange(first + 2, len(path) + 1)
        before = apart[here[first - 1], here[stops - 1]] - apart[here[first - 1], here[first]] if first else 0
        after = np.zeros(len(stops), np.int64)
        inner = stops < len(path)
        ends = here[stops[inner]]
        after[inner] = apart[here[first], ends] - apart[here[stops[inner] - 1], ends]
        gain = before + after
        if len(stops) and gain.min() < 0:
            stop = int(stops[np.argmin(gain)])
            path = path[:first] + path[first:stop][::-1] + path[stop:]
    return path
