"""Firings of points that come ring after ring: from each ring's azimuths, as seen from a sensor that moved evenly.

Without a ring column, rings follow one another as their elevations do. Where the turn begins is seen where they change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.trig import TURN as FULL
from lizip.exact.trig import arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.motion.elevations import SWEEP, far_rings, ring_elevations
from lizip.sensor.fit.motion.firing import RINGS, hdl32e
from lizip.sensor.fit.motion.frame import refined_by_rings, upright
from lizip.sensor.stages.cells import BACKWARD, BY_RING, DOWNWARD
from lizip.sensor.stages.firing_azimuths import STEP, TURN

_LEAST_RUN, _MOST_CHANGES = 16.0, 3 * RINGS
"""Points of a ring, on average; and so often, at most, another ring follows."""
_TURNS = 4.0
"""Rings after one another have gone round so often."""
_CAP = 0.5 * FULL / 360
"""Elevations further off (rad) say no more against a ring."""
_ROUNDS = 3
"""Of finding out where turns begin, from rings, and rings, from where turns begin."""
_SEAM = 0.03
"""Share of a turn by which a ring may begin before the others, or end after them."""
_FAR, _WINDOW, _FEWEST = 8.0, 16, 8
"""Points further off (m) tell how far the sensor had turned, in windows of so many firings with so many points."""
_ENDS, _AFAR = 6, 100.0
"""Windows at either end that tell how that goes on, for so many firings."""


Drift = Callable[[np.ndarray], np.ndarray]
"""By how much firings are ahead of what azimuths count (N,), float64."""


class Runs(NamedTuple):
    """Rings and firings (N,) int64 of points, firing -1 of those out of order; and their order: see `BY_RING`."""

    ring: np.ndarray
    firing: np.ndarray
    kind: int


def find_runs(points: np.ndarray, rings: np.ndarray | None) -> Runs | None:
    """Find rings and firings of points (N, 3) float64 in the frame of the end of the turn, y forward.

    `rings` (N,): where a column says them. None when points do not come ring after ring.
    """
    azimuth = azimuths(points)
    turned = _turns(azimuth)
    if not turned:
        return None
    backward = turned > 0
    if backward:
        points, azimuth, rings = points[::-1], azimuth[::-1], None if rings is None else rings[::-1]
    found = _of_one_turn(np.ascontiguousarray(points), azimuth, rings)
    if found is None:
        return None
    ring, firing, down = found
    kind = BY_RING + DOWNWARD * (down != backward) + BACKWARD * backward
    keys = (RINGS - 1 - ring if down else ring) * (firing.max() + 1) + firing
    firing[~keep_ascending(keys)] = -1
    return Runs(ring[::-1], firing[::-1], kind) if backward else Runs(ring, firing, kind)


def goes_round(points: np.ndarray) -> bool:
    """Whether points (N, 3) float64 may come ring after ring."""
    return bool(_turns(azimuths(points)))


def _turns(azimuth: np.ndarray) -> float:
    """How often azimuths (N,) go round, one after the other; 0 where rings do not."""
    step = np.diff(azimuth)
    step -= FULL * np.rint(step / FULL)
    turned = float(step.sum()) / FULL
    return 0.0 if abs(turned) < _TURNS or len(azimuth) < _LEAST_RUN * abs(turned) else turned


def _of_one_turn(
    points: np.ndarray, azimuth: np.ndarray, rings: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Rings, firings, and whether the highest ring is the first, of points (N, 3) in the order of the turn."""
    down, seam = False, 0.5 * FULL
    if rings is not None:
        changes = np.diff(rings)
        if np.count_nonzero(changes) > _MOST_CHANGES:
            return None
        down = bool(np.count_nonzero(changes < 0) > np.count_nonzero(changes > 0))
        seam = _seam(azimuth, rings)
    since = _since(azimuth, rings, seam)
    found = far_rings(points, since)
    if found is None:
        return None
    seen = points + np.outer(since, [0.0, found.speed, 0.0])
    for _ in range(_ROUNDS):
        ring, down = _in_turn(seen) if rings is None else (rings, down)
        seam = _seam(azimuth, ring)
        # of near points, where the sensor saw them tells when, not where they are from its last place
        since = _since(azimuths(seen), ring, seam)
        guess = refined_by_rings(points, ring, -since, found.speed)
        if guess is None:
            return None
        seen = multiply(points - guess.place + since[:, None] * guess.velocity, upright(guess))
    firing = _firings(seen, ring, seam)
    return None if firing is None else (ring, firing, down)


def _since(azimuth: np.ndarray, ring: np.ndarray | None, seam: float) -> np.ndarray:
    """How long before the end of the turn, which falls from `seam` (rad), points (N,) were seen, s."""
    turned = np.mod(seam - azimuth, FULL) / FULL
    if ring is not None:
        for first, last in _bounds(ring):
            side = max((last - first) // 4, 1)
            begin, end = turned[first : first + side], turned[last - side : last]
            begin[begin > 1.0 - _SEAM] -= 1.0
            end[end < _SEAM] += 1.0
    return (1.0 - turned) * SWEEP


def _bounds(ring: np.ndarray) -> list[tuple[int, int]]:
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(ring)], strict=True))


def _seam(azimuth: np.ndarray, ring: np.ndarray) -> float:
    """The azimuth at which most rings (N,) begin and end, rad: where two of them meet."""
    change = np.flatnonzero(np.diff(ring))
    if not len(change):
        return float(azimuth[0])
    reference = azimuth[change]
    gap = azimuth[change + 1] - reference
    gap -= FULL * np.rint(gap / FULL)
    near = np.argsort(np.abs(gap), kind="stable")[: len(gap) // 2 + 1]
    middle = reference[near] + 0.5 * gap[near]
    away = middle - middle[0]
    return float(middle[0] + np.median(away - FULL * np.rint(away / FULL)))


def _in_turn(points: np.ndarray) -> tuple[np.ndarray, bool]:
    """The rings (N,) of points (N, 3), each as the sensor saw it, that fit best where each ring comes once; and whether
    the highest comes first."""
    elevations = ring_elevations()
    tries = []
    for down in (False, True):
        ring, cost = np.empty(len(points), np.int64), np.empty(RINGS)
        off = _follow(
            points, elevations[::-1] if down else elevations, cost, np.empty((len(points), RINGS), np.int8), ring
        )
        tries.append((off, RINGS - 1 - ring if down else ring, down))
    _, ring, down = min(tries, key=lambda each: each[0])
    return ring, down


def azimuths(points: np.ndarray) -> np.ndarray:
    """Azimuths (N,) of points (N, 3), rad."""
    azimuth = np.empty(len(points))
    _fillazimuths(points, azimuth)
    return azimuth


@kernel
def _fillazimuths(points, azimuth):
    for i in range(azimuth.size):
        azimuth[i] = arctangent2(points[i, 1], points[i, 0])


@kernel
def _follow(points, elevations, cost, before, place):
    """Fill place (N,) with the elevations, among (R,), that points (N, 3) have if those only go up by number; returns
    by how much they are off. `cost` (R,) and `before` (N, R) are scratch."""
    count, rings = points.shape[0], elevations.size
    for k in range(rings):
        cost[k] = 0.0
    for i in range(count):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        elevation = arctangent2(z, np.sqrt(x * x + y * y))
        best = np.int64(0)
        for k in range(rings):
            if cost[k] < cost[best]:
                best = np.int64(k)
            before[i, k] = best
        for k in range(rings - 1, -1, -1):
            cost[k] = cost[before[i, k]] + min(abs(elevation - elevations[k]), _CAP)
    at = np.int64(0)
    for k in range(rings):
        if cost[k] < cost[at]:
            at = np.int64(k)
    least = cost[at]
    for i in range(count - 1, -1, -1):
        place[i] = at
        at = np.int64(before[i, at])
    return least


def _firings(points: np.ndarray, ring: np.ndarray, seam: float) -> np.ndarray | None:
    """The firings (N,) int64 of points (N, 3) as the sensor saw them; None where too few tell how far it had turned."""
    count = firings_of(1.0 - _since(azimuths(points), ring, seam) / SWEEP, ring)
    ahead = drift(count, (points * points).sum(axis=1) > _FAR * _FAR)
    if ahead is None:
        return None
    firing = np.rint(count - ahead(count))
    return (firing - firing.min()).astype(np.int64)


def firings_of(turned: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """How many firings had gone by, about, when points of rings (N,) were seen, at such shares of the turn (N,)."""
    late = hdl32e().rhythm.slot[ring] / hdl32e().rhythm.slots * STEP / TURN
    return (turned - late) * (TURN / STEP)


def drift(count: np.ndarray, told: np.ndarray) -> Drift | None:
    """By how much firings were ahead of what azimuths count (N,), as those points say that are `told` (N,); None where
    too few do."""
    count = count[told]
    if not len(count):
        return None
    window = np.floor((count - count.min()) / _WINDOW).astype(np.int64)
    phase = FULL * count
    sums = np.bincount(window, np.cos(phase)), np.bincount(window, np.sin(phase))
    full = np.flatnonzero(np.bincount(window) >= _FEWEST)
    if not len(full):
        return None
    ahead = np.unwrap(np.arctan2(sums[1][full], sums[0][full])) / FULL
    middle = count.min() + _WINDOW * (full + 0.5)
    return lambda at: np.interp(at, *_longer(middle, ahead))


def _longer(at: np.ndarray, ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same with a window more at either end, where all goes on as there."""
    few = min(_ENDS, len(at))
    rates = [(ahead[k] - ahead[j]) / max(at[k] - at[j], 1.0) for j, k in ((0, few - 1), (-few, -1))]
    before, after = ahead[0] - rates[0] * _AFAR, ahead[-1] + rates[1] * _AFAR
    return np.r_[at[0] - _AFAR, at, at[-1] + _AFAR], np.r_[before, ahead, after]
