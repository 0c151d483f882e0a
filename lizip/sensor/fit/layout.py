"""In what order a file lists the returns of a spinning sensor, and which ring each point belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.triples import every
from lizip.sensor.fit.elevations import rings_by_elevation
from lizip.sensor.fit.rings import split_rings
from lizip.sensor.stages.order import ALL_FIRINGS, ALL_RINGS, FIRINGS, RINGS

_AGREE = 0.995
_CLOSE = 1.5
_USUAL_CYCLE, _LEAST_CYCLE = 0.2, 0.1
"""Shares of the rings that firings must hold: for the plain orders to be believed, and for any."""
_MOST_RINGS = 256
_LEAST_RING = 64


@dataclass(frozen=True)
class Layout:
    """Order of the points of a file.

    Attributes
    ----------
    kind : int
        See `lizip.sensor.stages.order.FIRINGS` and following.
    rings : int
        Number of rings R.
    ring : (N,) int32
        Ring of each point, from the highest down (ALL_*: in file order); -1 where it is none that is known.
    turn : (N,) int64 or None
        Consecutive number of the firing (ALL_*: exact; FIRINGS: firings without any return are not counted).
    places : (R,) int64
        Place of each ring among those of a firing, or of the file.
    """

    kind: int
    rings: int
    ring: np.ndarray
    turn: np.ndarray | None
    places: np.ndarray


def find_layout(xyz: np.ndarray, missing: np.ndarray) -> Layout | None:
    """Find the order of points xyz (N, 3) float32, of which some are `missing` (N,) bool; None when there is none."""
    valid = ~missing & every(np.isfinite(xyz))
    ring = np.full(len(xyz), -1, np.int32)
    found = rings_by_elevation(xyz[valid])
    if found is None:
        return None
    ring[valid] = found
    if missing.any():
        # points beside the sensor may be of another ring than their slope says
        with np.errstate(over="ignore", invalid="ignore"):
            near = xyz[:, 0] * xyz[:, 0] + xyz[:, 1] * xyz[:, 1] < _CLOSE * _CLOSE
        return _whole_grid(np.where(near, np.int32(-1), ring))
    known = np.flatnonzero(ring >= 0)
    rings = int(ring.max()) + 1
    changes = np.count_nonzero(np.diff(ring[known]))
    if changes < 2 * rings:
        first = np.array([np.argmax(ring[known] == r) for r in range(rings)])
        return Layout(RINGS, rings, ring, None, np.argsort(np.argsort(first)))
    return _cycles(ring, known, rings)


def layout_by_azimuth(xyz: np.ndarray) -> Layout | None:
    """Layout of rings that follow one another, all in ascending or all in descending azimuth, where beams have no
    common origin; None when points xyz (N, 3) float32 are not like that."""
    x, y = (np.nan_to_num(column, nan=0.0, posinf=0.0, neginf=0.0) for column in xyz[:, :2].T)
    for side in (y, -y):
        bounds = split_rings(x, side, _MOST_RINGS)
        if bounds is not None and len(bounds) > 3 and len(xyz) > _LEAST_RING * (len(bounds) - 1):
            rings = len(bounds) - 1
            ring = np.repeat(np.arange(rings, dtype=np.int32), np.diff(bounds))
            return Layout(RINGS, rings, ring, None, np.arange(rings))
    return None


def _whole_grid(ring: np.ndarray) -> Layout | None:
    """Layout of a grid of which every cell is stored: the sizes for which place in the file and ring agree."""
    count = len(ring)
    known = np.flatnonzero(ring >= 0)
    present, ring = np.unique(ring, return_inverse=True)
    ring, labels = ring - int(present[0] < 0), len(present) - int(present[0] < 0)
    for rings in range(labels // 2 + 1, min(_MOST_RINGS, count) + 1):
        if count % rings:
            continue
        firings = count // rings
        for kind, number in ((ALL_FIRINGS, known % rings), (ALL_RINGS, known // firings)):
            pairs = np.bincount(number * labels + ring[known], minlength=rings * labels).reshape(rings, labels)
            if pairs.max(axis=1).sum() >= _AGREE * len(known) and pairs.max(axis=0).sum() >= _AGREE * len(known):
                index = np.arange(count)
                cell = (index % rings, index // rings) if kind == ALL_FIRINGS else (index // firings, index % firings)
                return Layout(kind, rings, cell[0].astype(np.int32), cell[1], np.arange(rings))
    return None


def _cycles(ring: np.ndarray, known: np.ndarray, rings: int) -> Layout | None:
    """Layout of firings one after the other: rings come in the same order in each, some missing."""
    sequence = ring[known]
    down = np.arange(rings)
    orders = [(places, np.diff(places[sequence]) <= 0) for places in (down, down[::-1])]
    if min(np.count_nonzero(falls) for _, falls in orders) * _USUAL_CYCLE * rings > len(known):
        places = _usual_places(sequence, rings)
        orders.append((places, np.diff(places[sequence]) <= 0))
    places, falls = min(orders, key=lambda order: np.count_nonzero(order[1]))
    if len(known) < _LEAST_CYCLE * rings * (np.count_nonzero(falls) + 1):
        return None
    turn = np.zeros(len(ring), np.int64)
    turn[known[1:]] = falls
    return Layout(FIRINGS, rings, ring, np.cumsum(turn), places.astype(np.int64))


def _usual_places(sequence: np.ndarray, rings: int) -> np.ndarray:
    """Order the rings by where they mostly come between one point of the fullest ring and its next."""
    reference = np.argmax(np.bincount(sequence, minlength=rings))
    at = np.flatnonzero(sequence == reference)
    length = np.diff(at)
    usual = length <= 1.3 * np.median(length)
    index = np.arange(at[0], at[-1])
    cycle = np.repeat(np.arange(len(length)), length)
    inside = usual[cycle]
    position = (index - at[cycle]) / length[cycle]
    who = sequence[at[0] : at[-1]][inside]
    total = np.bincount(who, weights=position[inside], minlength=rings)
    mean = total / np.maximum(np.bincount(who, minlength=rings), 1)
    mean[reference] = 0.0
    order = np.argsort(mean, kind="stable").tolist()
    follows = np.bincount(sequence[:-1].astype(np.int64) * rings + sequence[1:], minlength=rings * rings)
    follows = follows.reshape(rings, rings)
    # rings that seldom return have a poor mean; what comes right after what settles it
    for _ in range(rings):
        for k in range(rings - 1):
            first, second = order[k], order[k + 1]
            if follows[second, first] > follows[first, second]:
                order[k], order[k + 1] = second, first
    places = np.argsort(order)
    # where a firing begins within the cycle, the first point of the file tells
    return (places - places[sequence[0]]) % rings
