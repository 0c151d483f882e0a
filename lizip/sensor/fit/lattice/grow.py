"""Directions of a lattice made sharper by longer pairs of points, and its spacing. Encoder only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.exact.trig import arctangent2, sincos
from lizip.sensor.fit.lattice.coherence import align, score_directions
from lizip.sensor.fit.lattice.pairs import LONGEST, Pairs, far_pairs

COARSE = tuple(2.0**-k for k in range(9, 21))
"""Spacings tried for the first axis, m: ULPs of coordinates from 8 m to 32 km."""
TILT = 0.12
"""Largest tilt of the sensor against the map, rad."""
PAIRS = 512
FOUND = 0.8
GROWING = (0.015, 0.05, 0.2, 0.4, 1.0, 4.0, 16.0, 64.0, 200.0)
GROWN_PAIRS = 1500
LEAST_GROWN = 0.3
"""Coherence of a direction that holds for longer pairs too."""
ROUNDS = 3
_LEAST_CLEAR = 500
STEEP_REACH = 0.4
"""Longest pair of near rings, m."""


def tilted(points: np.ndarray, direction: np.ndarray, spacing: float) -> np.ndarray:
    """The direction with the tilt that pairs of near rings say: where ranges are coarse, neighbours on a ring are
    level, and tell nothing of it."""
    near = far_pairs(well_stored(points, spacing), STEEP_REACH, 400)
    if not len(near):
        return direction
    tilt = np.arange(-TILT, TILT, 0.3 * spacing / np.sqrt((near**2).sum(axis=1).mean()))
    yaw = arctangent2(direction[1], direction[0])
    k = int(score_directions(near, spacing, np.full(len(tilt), yaw), tilt).argmax())
    (s, c), (up, flat) = sincos(yaw), sincos(tilt[k])
    return np.array([c * flat, s * flat, up])


def widest(pairs: Pairs, direction: np.ndarray, spacing: float) -> float:
    """The widest spacing along a direction: what lies on a lattice lies on every finer one too."""
    while spacing < COARSE[0] and coherence_along(pairs, direction, 2 * spacing) > FOUND:
        spacing *= 2
    return spacing


def is_clear(points: np.ndarray, spacing: float) -> np.ndarray:
    """Points (F, R) whose stored ULPs are at most a quarter of the spacing."""
    return (np.abs(points) < spacing * 2.0**22).all(axis=2)


def well_stored(points: np.ndarray, spacing: float) -> np.ndarray:
    """Points (N, 3) of (F, R, 3) that are stored well enough for a spacing; all, if those are few."""
    flat = points[is_clear(points, spacing)]
    return flat if len(flat) > _LEAST_CLEAR else points[~np.isnan(points[:, :, 0])]


def grow(
    points: np.ndarray, pairs: Pairs, direction: np.ndarray, spacing: float, reaches: Sequence[float] = GROWING
) -> tuple[np.ndarray, float]:
    """Sharpen a direction by least squares on pairs of growing length; returns it and the last coherence."""
    flat, direction, coherence = well_stored(points, spacing), direction.copy(), 0.0
    for reach in reaches:
        near = reach <= LONGEST
        differences = pairs.within(reach, GROWN_PAIRS) if near else far_pairs(flat, reach, GROWN_PAIRS)
        if len(differences) < 30:
            continue
        coherence = align(differences, 1.0 / spacing, ROUNDS, direction, np.empty((3, 3)), np.empty(3))
        if coherence < LEAST_GROWN:
            break
    return direction, coherence


def coherence_along(pairs: Pairs, direction: np.ndarray, spacing: float) -> float:
    """Coherence of the shortest pairs along a direction."""
    near = pairs.shortest(PAIRS, 8 * spacing)
    return align(near, 1.0 / spacing, 0, direction.copy(), np.empty((3, 3)), np.empty(3)) if len(near) else 0.0
