"""Directions of the far frame's axes: along them the stored points lie on a lattice of the far frame's ULP.

A point was rounded to float32 in a far frame (map coordinates of some hundred metres: one ULP is 2**-15 to 2**-12 m)
and then turned back by one rigid transform. So the differences of near points, seen along the right direction, are
multiples of that ULP. The search looks for the unit vector u and the spacing h for which |mean exp(2 pi i D.u / h)|
stands out: first among all horizontal directions, then perpendicular to the first axis. Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.linear import cross, unit
from lizip.exact.trig import PI, arctangent2, sincos
from lizip.sensor.fit.lattice.coherence import align, distinct, largest, score_directions
from lizip.sensor.fit.lattice.fine import BESIDE_COARSE, DOUBT, OF_FEW, find_fine_axis
from lizip.sensor.fit.lattice.grow import (
    COARSE,
    FOUND,
    GROWING,
    GROWN_PAIRS,
    LEAST_GROWN,
    PAIRS,
    ROUNDS,
    STEEP_REACH,
    TILT,
    coherence_along,
    grow,
    is_clear,
    tilted,
    well_stored,
    widest,
)
from lizip.sensor.fit.lattice.pairs import Pairs, far_pairs, near_pairs, no_returns

FINE = tuple(2.0**-k for k in range(9, 22))
"""Spacings tried for the second axis, m: the nearer the map's axis, the finer."""
_TURNED = 0.08
"""How far a hint's axis may have turned, rad."""

_FIRST_PAIRS = 64
_FINER = 2.0**-15
"""Finer spacings than this do not show in all points, m."""
_SECOND_FOUND = 0.6
_SECOND_LEAST = 0.35
_CANDIDATES = 200
"""Yaws looked at again with more pairs."""
_LEVEL = 2.5
"""Height of a pair, in spacings, up to which the sensor's tilt does not matter."""
_STEEP = 25.0, 125.0, 600.0, 3000.0
"""Heights of the pairs that settle the tilt, one after the other."""
_TELLING = 0.2
"""Share of the greatest height of some pairs from which on one tells the tilt."""
_LEAST_PAIRS = 60
_CLEAR_PEAK = 0.3
"""Squared coherence of the level pairs that ends the search for the tilt."""
_MOST_YAWS = 500_000
"""Directions looked at for a spacing."""
_CLIMBS = 6
_WORTH_CLIMBING = 0.1
"""Squared coherence that the best of a grid has when the spacing is right; others stay near 0.02."""


@dataclass(frozen=True)
class Lattice:
    """What was found: `axes` (3, 3) rows are the map's axes in the stored frame; `spacing` (2,) m, 0 = not found."""

    axes: np.ndarray
    spacing: np.ndarray


Shown = tuple[float, np.ndarray, float, Pairs]
"""Score, direction, spacing, and the pairs that show it."""


def _search(pairs: Pairs, spacing: float, middle: float, reach: float) -> tuple[float, np.ndarray] | None:
    """Best (score, direction) among nearly horizontal directions within some `reach` of a yaw, rad.

    First by pairs so level that only the cosine of the direction's tilt matters, then by ever steeper ones. None when
    nothing stands out.
    """
    longer = pairs.shortest(len(pairs.differences), 8 * spacing)
    height = np.abs(longer[:, 2])
    level = longer[height < _LEVEL * spacing][:PAIRS]
    if len(level) < _LEAST_PAIRS:
        return None
    # how far yaw, and the logarithm of the cosine, may be off
    step = 0.35 * spacing / np.sqrt((level**2).sum(axis=1).mean())
    yaws = middle + np.arange(-reach, reach, step)
    few = level[:: max(1, len(level) // _FIRST_PAIRS)]
    peaks: list[tuple[float, np.ndarray]] = []
    for square in np.arange(0.0, min(TILT**2, _MOST_YAWS / len(yaws) * 2 * step), 2 * step):
        tilt = np.sqrt(square)
        yaw = yaws[largest(score_directions(few, spacing, yaws, np.full(len(yaws), tilt)), _CANDIDATES)]
        score = score_directions(level, spacing, yaw, np.full(len(yaw), tilt))
        order = np.argsort(-score, kind="stable")
        if score[order[0]] < _WORTH_CLIMBING:
            continue
        near = _up_to(longer, _STEEP[0] * spacing, PAIRS)
        peaks += [_climb(near, spacing, one, step, tilt) for one in distinct(yaw[order], 3 * step, _CLIMBS)]
        if score[order[0]] > _CLEAR_PEAK:
            break
    if not peaks:
        return None
    likeliness, direction = max(peaks, key=lambda peak: peak[0])
    for steep in _STEEP[1:]:
        near = longer[height < steep * spacing]
        near = np.ascontiguousarray(near[:: max(1, len(near) // GROWN_PAIRS)])
        likeliness = align(near, 1.0 / spacing, ROUNDS, direction, np.empty((3, 3)), np.empty(3))
    return likeliness, direction


def _up_to(pairs: np.ndarray, most: float, count: int) -> np.ndarray:
    """The first `count` of pairs (M, 3) up to a height; half of them tell the tilt, if there are any and few did.

    Where ranges are coarse, most neighbours have the same, and are level.
    """
    height = np.abs(pairs[:, 2])
    found = np.flatnonzero(height < most)[:count]
    told = np.flatnonzero((height < most) & (height > _TELLING * most))[: count // 2]
    few = np.count_nonzero(height[found] > _TELLING * most) < len(told) // 2
    return pairs[np.union1d(told, found[: count - len(told)])] if few else pairs[found]


def _first_axis(points: np.ndarray, left_out: np.ndarray, pairs: Pairs, hint: Lattice | None) -> Shown:
    """Best (score, direction, spacing, pairs that show it) over all horizontal directions.

    Those near the first of a hint are looked at before all others.
    """
    if hint is not None and hint.spacing[0] > 0:
        x, y, _ = hint.axes[0]
        found = _search(pairs, hint.spacing[0], arctangent2(y, x), _TURNED)
        # what lies on a lattice lies on every finer one too
        if found is not None and found[0] > FOUND and coherence_along(pairs, found[1], 2 * hint.spacing[0]) < FOUND:
            return (*found, hint.spacing[0], pairs)
    best: Shown = (0.0, np.array([1.0, 0.0, 0.0]), 0.0, pairs)
    for spacing in COARSE:
        if spacing < _FINER:
            pairs = near_pairs(points, left_out | ~is_clear(points, spacing))
        found = _search(pairs, spacing, 0.5 * PI, 0.5 * PI)
        if found is not None and found[0] > best[0] + 0.02:
            best = (*found, spacing, pairs)
        if best[0] > FOUND:
            break
    return best


def _climb(pairs: np.ndarray, spacing: float, yaw: float, width: float, tilt: float) -> tuple[float, np.ndarray]:
    """Refine a yaw known to `width`, and a tilt known by its cosine to `width`, on ever finer 7 x 7 grids."""
    steep = min(0.5 / _STEEP[0], 0.5 * width / max(tilt, np.sqrt(width)))
    tilts = np.arange(-TILT - steep, TILT + steep, steep)
    tilts = tilts[np.abs(tilts * tilts - tilt * tilt) < 3 * width + steep * steep]
    yaws = np.repeat(yaw + width * np.arange(-2, 3) / 4, len(tilts))
    tilts = np.tile(tilts, 5)
    k = int(score_directions(pairs, spacing, yaws, tilts).argmax())
    yaw, tilt = yaws[k], tilts[k]
    moves = np.arange(-3, 4) / 3
    for _ in range(4):
        yaws, tilts = np.repeat(yaw + width * moves, 7), np.tile(tilt + steep * moves, 7)
        score = score_directions(pairs, spacing, yaws, tilts)
        k = int(score.argmax())
        yaw, tilt, width, steep = yaws[k], tilts[k], width / 3, steep / 3
    (s, c), (up, flat) = sincos(yaw), sincos(tilt)
    return float(np.sqrt(score[k])), np.array([c * flat, s * flat, up])


def _second_axis(
    points: np.ndarray, left_out: np.ndarray, pairs: Pairs, first: np.ndarray, up: np.ndarray | None, steep: bool
) -> Shown:
    """Best (score, direction, spacing, pairs that show it) in the plane perpendicular to the first axis.

    `up` (3,): as `find_lattice` has it. `steep`: by pairs of near rings instead. Where ranges are coarse, neighbours on
    a ring are level, and tell nothing of the tilt.
    """
    beside = unit(cross(np.array([0.0, 0.0, 1.0]) if up is None else up, first))
    upward = cross(first, beside)
    most = TILT if up is None else DOUBT
    best: Shown = (0.0, beside, 0.0, pairs)
    for spacing in FINE:
        if spacing < _FINER:
            pairs = near_pairs(points, left_out | ~is_clear(points, spacing))
        near = far_pairs(well_stored(points, spacing), STEEP_REACH, 400) if steep else pairs.shortest(400, 8 * spacing)
        if len(near) < 30:
            continue
        angle = np.arange(-most, most, 0.3 * spacing / np.sqrt((near**2).sum(axis=1).mean()))
        # seen in the plane, the direction of an angle has this yaw and no tilt
        flat = np.stack([_along(near, beside), _along(near, upward), np.zeros(len(near))], axis=1)
        score = np.sqrt(score_directions(flat, spacing, angle, np.zeros(len(angle))))
        k = int(score.argmax())
        if score[k] > best[0] + 0.05:
            s, c = sincos(angle[k])
            best = (float(score[k]), c * beside + s * upward, spacing, pairs)
        if best[0] > _SECOND_FOUND:
            break
    return best


def _grown_second(
    points: np.ndarray, left_out: np.ndarray, pairs: Pairs, first: np.ndarray, up: np.ndarray | None, steep: bool
) -> tuple[float, np.ndarray, float]:
    """The second axis made sharp: its last coherence, itself, and its spacing, 0 where it does not show."""
    score, second, spacing, pairs = _second_axis(points, left_out, pairs, first, up, steep)
    if score <= _SECOND_LEAST:
        return 0.0, second, 0.0
    if not steep:
        second, coherence = grow(points, pairs, second, spacing, GROWING[:3])
        if coherence <= LEAST_GROWN:
            return 0.0, second, 0.0
    second, coherence = grow(points, pairs, second, spacing, GROWING[3:])
    return coherence, second, widest(pairs, second, spacing)


def _along(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return vectors[:, 0] * direction[0] + vectors[:, 1] * direction[1] + vectors[:, 2] * direction[2]


def find_lattice(
    points: np.ndarray, hint: Lattice | None = None, up: np.ndarray | None = None, again: bool = False
) -> Lattice | None:
    """Find the axes of the far frame from points (F, R, 3) of one sweep, NaN where there are none.

    `hint` is roughly what to expect, `up` (3,) where the third points; `again`: it was looked for without knowing that,
    in vain. None when no direction stands out.
    """
    # no-returns all move along the track: their differences know one direction only
    left_out = no_returns(points)
    pairs = near_pairs(points, left_out)
    nothing: Shown = 0.0, np.zeros(3), 0.0, pairs
    score, first, spacing, found = nothing if again else _first_axis(points, left_out, pairs, hint)
    if score < 0.5:
        fine = None if up is None else find_fine_axis(points, left_out, up, OF_FEW if again else BESIDE_COARSE)
        if fine is None:
            return None
        _, first, spacing, found = fine
    grown, coherence = grow(points, found, first, spacing)
    if coherence < LEAST_GROWN:
        grown, coherence = grow(points, found, tilted(points, first, spacing), spacing, GROWING[3:])
    if coherence < LEAST_GROWN:
        return None
    first, spacing = grown, widest(found, grown, spacing)
    found_second = _grown_second(points, left_out, pairs, first, up, False)
    # the first axis tells the second's plane whatever was thought to be up
    for above, steep in ((up, True), *(() if up is None else ((None, False),))):
        if found_second[0] > LEAST_GROWN:
            break
        other = _grown_second(points, left_out, pairs, first, above, steep)
        found_second = other if other[0] > LEAST_GROWN else found_second
    _, second, second_spacing = found_second
    second = cross(up, first) if second_spacing == 0 and up is not None else second
    second = unit(second - first * (first * second).sum())
    third = cross(first, second)
    if third[2] < 0:
        second, third = -second, -third
    return Lattice(np.stack([first, second, third]), np.array([spacing, second_spacing]))
