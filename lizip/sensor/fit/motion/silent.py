"""Cells of a sweep that are left given to points that have none: mostly to those that returned nothing. Encoder only.

These lie where the sensor was, one place a firing while it moved: places follow one another as firings do, and each has
as many points as its firing has cells left.
"""

from __future__ import annotations

import numpy as np

_APART = 4.0
"""Firings that are as far apart as a ring, for a point that fits nowhere."""
_REACH = 12
"""Firings by which a place's may be off."""
_UNEVEN, _ASTRAY = 1.0, 0.02
"""What it costs to be a firing off from place to place, and from where it is thought to be, against a cell too many."""
_NEVER = 1e6
"""And to be in no firing, or in one that is not after the one before."""
_FEWEST_PLACES = 0.25
"""Places for each firing; fewer where a sensor hardly moved, and firings share them."""


def fill(
    place: np.ndarray,
    points: np.ndarray,
    rings: np.ndarray | None,
    about: tuple[np.ndarray, np.ndarray],
    silent: np.ndarray,
    when: np.ndarray,
) -> float:
    """Fill the cells that are free (-1) of place (F, R) with those of points (N, 3) that are in none.

    Parameters
    ----------
    rings : (N,) int64 or None
        As a column says.
    about : ((N,) int64, (N,) int64)
        About the firing and the ring of each point.
    silent : (N,) bool
        Points that returned nothing.
    when : (N,) float64
        Firings, not whole, at which the sensor was nearest to each.

    Returns
    -------
    How often points at one place came into different firings, or points into a cell that is not theirs; infinite where
    rings are not those of the cells.
    """
    lost = ~silent
    lost[place[place >= 0]] = False
    apart = _APART if rings is None else float(len(place))
    for point in np.flatnonzero(lost).tolist():
        firing, ring = np.nonzero(place < 0)
        far = np.abs(firing - about[0][point]) + apart * (ring != about[1][point])
        place[firing[far.argmin()], ring[far.argmin()]] = point
    quiet = np.flatnonzero(silent)
    quiet = quiet[np.argsort(when[quiet], kind="stable")]
    rest = _by_places(place, points, quiet, when, rings)
    firing, ring = np.nonzero(place < 0)
    if rings is not None:
        rest = rest[np.argsort(rings[rest], kind="stable")]
        sort = np.argsort(ring, kind="stable")
        firing, ring = firing[sort], ring[sort]
        if (rings[rest] != ring).any():
            return np.inf
    place[firing, ring] = rest
    firing, ring = np.nonzero(place >= 0)
    at = np.empty(len(points), np.int64)
    at[place[firing, ring]] = firing
    split = _together(points[quiet]) & (np.diff(at[quiet]) != 0)
    return float(np.count_nonzero(split) + np.count_nonzero(lost))


def _together(points: np.ndarray) -> np.ndarray:
    """Whether each of points (N, 3) is followed by one at its place, (N - 1,)."""
    return (np.diff(points, axis=0) == 0).all(axis=1)


def _by_places(
    place: np.ndarray, points: np.ndarray, quiet: np.ndarray, when: np.ndarray, rings: np.ndarray | None
) -> np.ndarray:
    """Give the places that points (M,) have to firings, and the points their cells; returns those that are left."""
    starts = np.flatnonzero(np.append(True, ~_together(points[quiet])))
    if len(starts) < _FEWEST_PLACES * len(place):
        return quiet
    sizes = np.diff(np.append(starts, len(quiet)))
    firings = _aligned(np.count_nonzero(place < 0, axis=1), sizes, when[quiet[starts]])
    left = np.ones(len(quiet), bool)
    for firing, start, size in zip(firings.tolist(), starts.tolist(), sizes.tolist(), strict=True):
        here = np.arange(start, start + size)
        if rings is None:
            free = np.flatnonzero(place[firing] < 0)[:size]
            here = here[: len(free)]
        else:
            free = rings[quiet[here]]
            here, free = here[place[firing, free] < 0], free[place[firing, free] < 0]
        place[firing, free] = quiet[here]
        left[here] = place[firing, free] != quiet[here]  # of two that claim a cell one is left
    return quiet[left]


def _aligned(free: np.ndarray, sizes: np.ndarray, when: np.ndarray) -> np.ndarray:
    """The firing (K,) int64 of each place: one after the other, with as many free (F,) cells as points (K,), evenly."""
    reach = np.arange(-_REACH, _REACH + 1)
    guess = np.clip(np.rint(when), 0, len(free) - 1).astype(np.int64)
    firing = guess[:, None] + reach
    inside = (firing >= 0) & (firing < len(free))
    cost = np.abs(sizes[:, None] - free[np.clip(firing, 0, len(free) - 1)]) + _ASTRAY * (firing - when[:, None]) ** 2
    cost[~inside] = _NEVER
    before = np.zeros(firing.shape, np.int64)
    total = cost[0]
    for k in range(1, len(firing)):
        step = firing[k][:, None] - firing[k - 1][None]
        way = total[None] + np.where(step > 0, _UNEVEN * (step - (when[k] - when[k - 1])) ** 2, _NEVER)
        before[k] = way.argmin(axis=1)
        total = cost[k] + way.min(axis=1)
    at = int(total.argmin())
    found = np.empty(len(firing), np.int64)
    for k in range(len(firing) - 1, -1, -1):
        found[k] = firing[k, at]
        at = int(before[k, at])
    return np.clip(found, 0, len(free) - 1)
