"""The first axis of a lattice of which hardly any pair of near points is level, where about is known what is up: fine
lattices, and those of few points.

Encoder only.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import PI, sincos
from lizip.sensor.fit.lattice.coherence import largest, score_directions
from lizip.sensor.fit.lattice.pairs import Pairs, near_pairs

BESIDE_COARSE = tuple(2.0**-k for k in (17, 18, 19))
"""Spacings tried where coarser ones show without, m: ULPs of coordinates from 16 m to 128 m."""
OF_FEW = tuple(2.0**-k for k in range(12, 17))
"""Spacings tried of few points, m: ULPs of coordinates from 128 m to 4 km; finer ones take four times as long each."""
DOUBT = 0.015
"""How far the direction that points up may be off, rad."""
_STEEPEST = 0.15
"""Steepness of pairs that is thought of in the steps at the least."""
_FEW, _PAIRS, _LEAST = 40, 512, 60
_CANDIDATES = 20
_MOST = 6_000_000
"""Directions looked at for a spacing."""
_FOUND = 0.2
"""Squared coherence of pairs along an axis; others stay below 0.04, and one not yet sharp is 0.3 to 0.9."""
_SHARPER = 21
"""Coordinates below 2**21 spacings are stored four times as finely, and better."""


def find_fine_axis(
    points: np.ndarray, left_out: np.ndarray, up: np.ndarray, spacings: tuple[float, ...]
) -> tuple[float, np.ndarray, float, Pairs] | None:
    """Coherence, direction (3,), spacing (m) and pairs of the axis of points (F, R, 3) that is square to `up` (3,): the
    first of some `spacings` (m) that shows."""
    for spacing in spacings:
        pairs = near_pairs(points, left_out | ~(np.abs(points) < spacing * 2.0**_SHARPER).all(axis=2))
        found = _along(pairs.shortest(_PAIRS, 8 * spacing), spacing, up)
        if found is not None:
            return (*found, spacing, pairs)
    return None


def _along(pairs: np.ndarray, spacing: float, up: np.ndarray) -> tuple[float, np.ndarray] | None:
    """Coherence of pairs (M, 3), the shortest first, and the direction that has it.

    The shortest pairs tell directions that are far apart; all tell which is right, and better where it is.
    """
    if len(pairs) < _LEAST:
        return None
    few = np.ascontiguousarray(pairs[:_FEW])
    (step, rise), (turn, lift) = _steps(few, spacing), _steps(pairs, spacing)
    yaws = np.arange(0.0, PI, step)
    aside = np.arange(-DOUBT, DOUBT + rise, rise)
    if len(yaws) * len(aside) > _MOST:
        return None
    level = -(up[0] * np.cos(yaws) + up[1] * np.sin(yaws)) / up[2]
    turns, lifts = _within(0.5 * step, turn), _within(0.5 * rise, lift)
    best, found = _FOUND, None
    for tilts in level + aside[:, None]:
        some = largest(score_directions(few, spacing, yaws, tilts), _CANDIDATES)
        yaw = np.add.outer(yaws[some], np.repeat(turns, len(lifts))).ravel()
        tilt = np.add.outer(tilts[some], np.tile(lifts, len(turns))).ravel()
        score = score_directions(pairs, spacing, yaw, tilt)
        k = int(score.argmax())
        if score[k] > best:
            (s, c), (rising, flat) = sincos(yaw[k]), sincos(tilt[k])
            best, found = float(score[k]), np.array([c * flat, s * flat, rising])
    return None if found is None else (float(np.sqrt(best)), found)


def _steps(pairs: np.ndarray, spacing: float) -> tuple[float, float]:
    """By how much yaw and tilt (rad) may be off until pairs (M, 3) no longer tell the direction."""
    length, height = (float(np.sqrt((part * part).sum(axis=1).mean())) for part in (pairs, pairs[:, 2:]))
    return 0.35 * spacing / length, 0.35 * spacing / max(height, _STEEPEST * length)


def _within(reach: float, step: float) -> np.ndarray:
    """Numbers up to some `reach` on either side of 0, no further apart than a `step`."""
    half = int(np.ceil(reach / step - 0.5))
    return np.arange(-half, half + 1) * (reach / (half + 0.5))
