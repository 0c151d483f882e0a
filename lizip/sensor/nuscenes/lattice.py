"""Directions of the far frame's axes: along them the stored points lie on a lattice of the far frame's ULP.

A point was rounded to float32 in a far frame (map coordinates of some hundred metres: one ULP is 2**-15 to 2**-12 m)
and then turned back by one rigid transform. So the differences of near points, seen along the right direction, are
multiples of that ULP. The search looks for the unit vector u and the spacing h for which |mean exp(2 pi i D.u / h)|
stands out: first among all horizontal directions, then perpendicular to the first axis. Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.jit import kernel

COARSE = tuple(2.0**-k for k in range(9, 18))
"""Spacings tried for the first axis, m: ULPs of coordinates from 64 m to 32 km."""
FINE = tuple(2.0**-k for k in range(9, 22))
"""Spacings tried for the second axis, m: the nearer the map's axis, the finer."""
TILT = 0.12
"""Largest tilt of the sensor against the map, rad."""

_FIRST_PAIRS = 40
_PAIRS = 512
_FOUND = 0.8
_SECOND_FOUND = 0.6
_SECOND_LEAST = 0.35
_GROWING = (0.015, 0.05, 0.2, 1.0, 4.0, 16.0, 64.0, 200.0)
_MOST_DIRECTIONS = 4_000_000
"""Larger grids are not searched: where ULPs are that fine, little is lost without them."""
_CHUNK = 100_000
_CLIMBS = 6
_WORTH_CLIMBING = 0.1
"""Squared coherence that the best of a grid has when the spacing is right; others stay near 0.02."""
_BLOCK = 512


@dataclass(frozen=True)
class Lattice:
    """What was found: `axes` (3, 3) rows are the map's axes in the stored frame; `spacing` (2,) m, 0 = not found."""

    axes: np.ndarray
    spacing: np.ndarray


@kernel
def _coherence(pairs, inverse, directions, cosine, sine, out):
    """|mean exp(2 pi i D.u / h)|^2 of (M, 3) `pairs` for each of (K, 3) `directions`; cosine and sine are scratch (K,).

    The polynomials stand in for cos and sin of a turn's fraction; 1 % is enough for a search. The inner loop runs over
    directions so that it needs no reduction and becomes vector code.
    """
    total = directions.shape[0]
    for k in range(total):
        cosine[k] = 0.0
        sine[k] = 0.0
    for begin in range(0, total, _BLOCK):
        end = min(begin + _BLOCK, total)
        for j in range(pairs.shape[0]):
            a = pairs[j, 0] * inverse
            b = pairs[j, 1] * inverse
            c = pairs[j, 2] * inverse
            for k in range(begin, end):
                x = a * directions[k, 0] + b * directions[k, 1] + c * directions[k, 2]
                x -= np.rint(x)
                t = x * x
                cosine[k] += 1.0 + t * (-19.7392088 + t * (64.9393940 + t * (-85.456817 + t * (60.24464 - t * 22.0))))
                sine[k] += x * (6.28318531 + t * (-41.3417022 + t * (81.6052493 + t * (-76.7058598 + t * 34.0))))
    scale = 1.0 / (pairs.shape[0] * pairs.shape[0])
    for k in range(total):
        out[k] = (cosine[k] * cosine[k] + sine[k] * sine[k]) * scale


def _score(pairs: np.ndarray, spacing: float, directions: np.ndarray) -> np.ndarray:
    out, cosine, sine = (np.empty(len(directions)) for _ in range(3))
    _coherence(pairs, 1.0 / spacing, np.asfortranarray(directions), cosine, sine, out)
    return out


def _directions(yaw: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    level = np.cos(tilt)
    return np.stack([np.cos(yaw) * level, np.sin(yaw) * level, np.sin(tilt)], 1)


def no_returns(points: np.ndarray) -> np.ndarray:
    """Mark no-returns (F, R): they lie at the sensor, so most firings have several points in one place."""
    order = np.argsort(points[:, :, 0], axis=1, kind="stable")
    ordered = np.take_along_axis(points, order[:, :, None], axis=1)
    same = (ordered[:, 1:] == ordered[:, :-1]).all(axis=2)
    repeated = np.zeros(points.shape[:2], bool)
    repeated[:, 1:] |= same
    repeated[:, :-1] |= same
    marked = np.empty_like(repeated)
    np.put_along_axis(marked, order, repeated, axis=1)
    # lone ones lie where those of other firings say that the sensor was
    firings = np.flatnonzero(marked.any(axis=1))
    if len(firings) == 0:
        return marked
    known = points[firings, marked[firings].argmax(axis=1)]
    sensor = np.column_stack([np.interp(np.arange(len(points)), firings, known[:, k]) for k in range(3)])
    return marked | (((points - sensor[:, None]) ** 2).sum(axis=2) < 0.3**2)


@dataclass(frozen=True)
class Pairs:
    """Differences (M, 3) of returns of one ring in neighbouring firings, by ascending length (M,), m."""

    differences: np.ndarray
    lengths: np.ndarray

    def shortest(self, count: int, least: float) -> np.ndarray:
        """The `count` shortest that are longer than `least`, m."""
        begin = int(np.searchsorted(self.lengths, least))
        return self.differences[begin : begin + count]

    def within(self, reach: float, count: int, rng: np.random.Generator) -> np.ndarray:
        """Some `count` with lengths from reach / 4 to reach."""
        begin, end = np.searchsorted(self.lengths, [reach / 4, reach])
        found = self.differences[begin:end]
        return found if len(found) <= count else found[rng.integers(0, len(found), count)]


def near_pairs(points: np.ndarray, usable: np.ndarray) -> Pairs:
    """Find the pairs shorter than 0.2 m among usable points (F, R) of points (F, R, 3)."""
    parts = []
    for lag in (1, 2, 3):
        difference = (points[lag:] - points[:-lag])[usable[lag:] & usable[:-lag]]
        square = np.einsum("ij,ij->i", difference, difference)
        parts.append(difference[(square < 0.04) & (square > 1e-6)])
    differences = np.concatenate(parts)
    lengths = np.sqrt(np.einsum("ij,ij->i", differences, differences))
    order = np.argsort(lengths, kind="stable")
    return Pairs(differences[order], lengths[order])


def _best_of_grid(pairs: np.ndarray, spacing: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Yaw and tilt of the most coherent of all directions on a grid, some thousand."""
    tilts = np.arange(-TILT, TILT, step)
    yaws = np.arange(0.0, np.pi, step)
    rows = max(1, _CHUNK // len(tilts))
    found = []
    for begin in range(0, len(yaws), rows):
        yaw, tilt = np.meshgrid(yaws[begin : begin + rows], tilts, indexing="ij")
        yaw, tilt = yaw.ravel(), tilt.ravel()
        score = _score(pairs, spacing, _directions(yaw, tilt))
        keep = np.argpartition(-score, min(2000, len(score) - 1))[:2000]
        found.append(np.stack([score[keep], yaw[keep], tilt[keep]]))
    best = np.concatenate(found, axis=1)
    best = best[:, np.argsort(-best[0], kind="stable")[:2000]]
    return best[1], best[2]


def _distinct(yaw: np.ndarray, tilt: np.ndarray, apart: float) -> list[int]:
    """Indices of the first few directions that are some way apart: one peak shall not take all."""
    chosen: list[int] = []
    for k in range(len(yaw)):
        if all(abs(yaw[k] - yaw[c]) + abs(tilt[k] - tilt[c]) > apart for c in chosen):
            chosen.append(k)
            if len(chosen) == _CLIMBS:
                break
    return chosen


def _first_axis(pairs: Pairs) -> tuple[float, np.ndarray, float]:
    """Best (score, direction, spacing) over all horizontal directions."""
    best = (0.0, np.array([1.0, 0.0, 0.0]), 0.0)
    for spacing in COARSE:
        near = pairs.shortest(_PAIRS, 8 * spacing)
        if len(near) < _FIRST_PAIRS:
            continue
        # short ones allow a coarse grid; the very shortest may all lie in one plane
        short = near[(near**2).sum(axis=1) < 2.5 * (near[_FIRST_PAIRS // 2] ** 2).sum()]
        few = short[:: max(1, len(short) // _FIRST_PAIRS)]
        step = 0.35 * spacing / np.sqrt(np.einsum("ij,ij->i", few, few).mean())
        if 2 * np.pi * TILT > _MOST_DIRECTIONS * step**2:
            break
        yaw, tilt = _best_of_grid(few, spacing, step)
        score = _score(near, spacing, _directions(yaw, tilt))
        order = np.argsort(-score, kind="stable")
        if score[order[0]] < _WORTH_CLIMBING:
            continue
        peaks = [order[k] for k in _distinct(yaw[order[:200]], tilt[order[:200]], 3 * step)]
        score, direction = max((_climb(near, spacing, yaw[k], tilt[k], step) for k in peaks), key=lambda peak: peak[0])
        if score > best[0] + 0.02:
            best = (score, direction, spacing)
        if best[0] > _FOUND:
            break
    return best


def _climb(pairs, spacing, yaw, tilt, width):
    """Refine a direction on ever finer 7 x 7 grids."""
    for _ in range(4):
        a, b = np.meshgrid(yaw + width * np.linspace(-1, 1, 7), tilt + width * np.linspace(-1, 1, 7))
        directions = _directions(a.ravel(), b.ravel())
        score = _score(pairs, spacing, directions)
        k = score.argmax()
        yaw, tilt, width = a.flat[k], b.flat[k], width / 3
    return np.sqrt(score[k]), directions[k]


def _grow(points, pairs: Pairs, direction, spacing, rng, reaches=_GROWING):
    """Sharpen a direction by least squares on pairs of growing length; returns it and the last coherence."""
    flat = points.reshape(-1, 3)
    coherence = 0.0
    for reach in reaches:
        if reach < 0.25:
            differences = pairs.within(reach, 3000, rng)
        else:
            count = 40000 if reach < 20 else 8000
            i = rng.integers(0, len(flat), count)
            j = rng.integers(0, len(flat), count)
            if reach < 20:
                j = np.clip(i + rng.integers(-200, 200, count), 0, len(flat) - 1)
            differences = flat[i] - flat[j]
            square = np.einsum("ij,ij->i", differences, differences)
            differences = differences[(square < reach**2) & (square > 1e-8)][:4000]
        if len(differences) < 30:
            continue
        for _ in range(4):
            phase = np.einsum("ij,j->i", differences, direction) / spacing
            error = phase - np.rint(phase)
            near = np.abs(error) < 0.25
            design = differences[near] / spacing
            normal = np.einsum("ij,ik->jk", design, design) + 1e-9 * np.eye(3)
            step = np.linalg.solve(normal, -np.einsum("ij,i->j", design, error[near]))
            step -= direction * (step @ direction)
            direction = direction + step
            direction /= np.linalg.norm(direction)
        phase = np.einsum("ij,j->i", differences, direction) / spacing
        coherence = float(np.abs(np.exp(2j * np.pi * phase).mean()))
        if coherence < 0.3:
            break
    return direction, coherence


def _second_axis(pairs: Pairs, first: np.ndarray) -> tuple[float, np.ndarray, float]:
    """Best (score, direction, spacing) in the plane perpendicular to the first axis."""
    level = np.cross([0.0, 0.0, 1.0], first)
    level /= np.linalg.norm(level)
    upward = np.cross(first, level)
    best = (0.0, level, 0.0)
    for spacing in FINE:
        near = pairs.shortest(400, 8 * spacing)
        if len(near) < 30:
            continue
        angle = np.arange(-TILT, TILT, 0.3 * spacing / np.sqrt(np.einsum("ij,ij->i", near, near).mean()))
        directions = np.cos(angle)[:, None] * level + np.sin(angle)[:, None] * upward
        score = np.sqrt(_score(near, spacing, directions))
        k = score.argmax()
        if score[k] > best[0] + 0.05:
            best = (score[k], directions[k], spacing)
        if best[0] > _SECOND_FOUND:
            break
    return best


def find_lattice(points: np.ndarray, seed: int = 0) -> Lattice | None:
    """Find the axes of the far frame from one sweep.

    Parameters
    ----------
    points : (F, R, 3) float64
        Stored points by firing and ring, m.

    Returns
    -------
    Lattice or None
        None when no direction stands out.
    """
    rng = np.random.default_rng(seed)
    # no-returns all move along the track: their differences know one direction only
    pairs = near_pairs(points, ~no_returns(points))
    score, first, spacing = _first_axis(pairs)
    if score < 0.5:
        return None
    first, coherence = _grow(points, pairs, first, spacing, rng)
    if coherence < 0.3:
        return None
    score, second, second_spacing = _second_axis(pairs, first)
    if score > _SECOND_LEAST:
        second, coherence = _grow(points, pairs, second, second_spacing, rng, _GROWING[:3])
        if coherence > 0.3:
            second, _ = _grow(points, pairs, second, second_spacing, rng, _GROWING[3:])
        else:
            second_spacing = 0.0
    else:
        second_spacing = 0.0
    second = second - first * (first @ second)
    second /= np.linalg.norm(second)
    third = np.cross(first, second)
    if third[2] < 0:
        second, third = -second, -third
    return Lattice(np.stack([first, second, third]), np.array([spacing, second_spacing]))
