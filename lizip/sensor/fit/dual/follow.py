"""Points in the direction of one shortly before: further returns of the same pulse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.exact.triples import every
from lizip.jit import kernel
from lizip.sensor.fit.dual.sight import AT_ORIGIN, PLACINGS, Sight, directions, lines_from

MOST_RETURNS = 8
"""Of a pulse."""
_WINDOWS, _WINDOW, _REACH, _TAIL = 24, 384, 320, 32
"""Windows looked at beforehand, points in each, how far behind a further return may stand, and the points at the end of
a window that are compared with all before them."""
_ALIKE = 4e-4
"""Directions this near (rad) are one."""
_OF_USUAL, _LARGEST = 0.5, 1.6e-3
"""All of that only up to this share of the angle from point to point; up to this (rad) where all points shortly before
are looked at."""
_HINT = 0.25
"""Of the shares below: so many are enough to look from where the sensor may be."""
_AROUND = 5
"""Most of so many points follow others: so does the one in their middle."""
_LOOSE = 0.1
"""Directions (rad) of points that a column says to be of one ring, seen by a sensor that has moved."""
_TURNED = 2e-3
"""From firing to firing a sensor turns further (rad)."""
_LEAST_BEHIND, _LEAST_LATER, _MOST = 0.004, 0.01, 0.75
"""Shares of further returns, right behind the others or later, from which on they are no chance; the largest."""
_MOST_APART, _ALONG = 0.5, 2048
"""Share of a second sweep that follows points of the first, and how many of those are passed over at most."""
_RESOLVED, _MOST_BLURRED = 0.15, 0.25
"""Two returns of a pulse are this far apart (m), or one and the same, but for such a share of them."""
_OFTEN = 0.2
"""Share of points alike that stand among more than two: those are no returns."""
_LEAST_CLOSE = 0.4
"""Share of directions that agree to a third of what is allowed; of those that do by chance it is a ninth."""
_MOST_RINGS, _SOME = 256, 8192
"""Of a column that tells the ring; and points by which it is judged."""


def find_further(xyz: np.ndarray, others: Sequence[np.ndarray] = ()) -> np.ndarray | None:
    """Find further returns.

    Parameters
    ----------
    xyz : (N, 3) float32
    others : sequence of (N,) arrays
        Further columns: one that tells the ring helps.

    Returns
    -------
    (N,) int64 or None
        The point before that each one follows, -1 where it is the first of its pulse. None where there are none.
    """
    if len(xyz) < 2 * _WINDOW:
        return None
    for column in others:
        if not _is_ring(column):
            continue
        for told, least in ((_same_ring, _LEAST_BEHIND), (_by_blocks, _LEAST_LATER)):
            few = told(xyz[:_SOME], column[:_SOME].astype(np.int64))
            if least < (few >= 0).mean() < _MOST:
                second = np.flatnonzero(few >= 0)
                if not _blurred(*xyz[[few[second], second]].astype(np.float64)):
                    return told(xyz, column.astype(np.int64))
    xyz = _without_repeated(xyz)
    starts = np.linspace(0, len(xyz) - _WINDOW, _WINDOWS).astype(np.int64)
    windows = np.stack([xyz[start : start + _WINDOW] for start in starts])
    usual = _OF_USUAL * _usual(windows)
    for reach, least, most in ((1, _LEAST_BEHIND, usual), (_REACH, _LEAST_LATER, min(usual, _LARGEST))):
        sight = _sight(windows, reach, least, most)
        if sight is not None:
            follows = _followed(xyz[None], reach, most, sight)[0]
            if least < (follows >= 0).mean() < _MOST:
                return _with_near(xyz, follows, reach)
    return None


def _sight(windows: np.ndarray, reach: int, least: float, most: float) -> Sight | None:
    """From where further returns are seen in the directions of the first, in windows (W, M, 3); None: too few are."""
    begin, sight = 1 if reach == 1 else _WINDOW - _TAIL, AT_ORIGIN
    for placing in range(PLACINGS + 1):
        follows = _followed(windows, reach, most, sight, begin)
        window, point = np.nonzero(follows >= 0)
        first = windows[window, follows[window, point]].astype(np.float64)
        second = windows[window, point].astype(np.float64)
        share = len(first) / (len(windows) * (_WINDOW - begin))
        if not (least if placing else _HINT * least) < share < _MOST:
            return None
        if _blurred(first, second):
            return None
        sight = lines_from(first, second)
    return sight if reach == 1 or _close(first - sight.origin, second - sight.origin, sight.aside) else None


def _close(first: np.ndarray, second: np.ndarray, aside: float) -> bool:
    """Whether directions of points (K, 3) agree better than chance within what is allowed would have it."""
    (one, near), (other, far) = directions(first), directions(second)
    told = (near > 0) & (far > 0)
    limit = np.maximum(_ALIKE, aside * np.abs(1 / far[told] - 1 / near[told]))
    return bool(np.mean(((one - other)[told] ** 2).sum(axis=1) < (limit / 3) ** 2) > _LEAST_CLOSE)


def _without_repeated(xyz: np.ndarray) -> np.ndarray:
    """Points with zeros for those that come again and again: what stands for missing returns, moved with the others."""
    bits = np.ascontiguousarray(xyz).view(np.uint32)
    same = np.append(False, every(bits[1:] == bits[:-1]))
    often = np.count_nonzero(same[1:] & same[:-1])
    if often <= _OFTEN * np.count_nonzero(same):
        return xyz
    return np.where((same | np.append(same[1:], False))[:, None], np.float32(0), xyz)


def _blurred(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether points (K, 3) are neighbours rather than returns of the pulses of others."""
    length = np.sqrt(((second - first) ** 2).sum(axis=1))
    return bool(np.mean((length > 0) & (length < _RESOLVED)) > _MOST_BLURRED)


def _with_near(xyz: np.ndarray, follows: np.ndarray, reach: int) -> np.ndarray:
    """The same with points near the sensor, whose directions say little: where others around them follow, or alike."""
    bits = np.ascontiguousarray(xyz).view(np.uint32)
    alike = np.append(False, every(bits[1:] == bits[:-1]))
    alone = alike & ~np.append(alike[1:], False) & ~np.append(False, alike[:-1])
    if reach == 1:
        near = alone & (follows < 0) & (np.append(-1, follows[:-1]) < 0) & (xyz != 0).any(axis=1)
        return np.where(near, np.arange(len(xyz)) - 1, follows)
    _follow_same(bits, reach, follows)
    marked = (follows >= 0).astype(np.int64)
    around = np.convolve(marked, np.ones(_AROUND, np.int64), "same")
    inside = (marked == 0) & (around > _AROUND // 2)
    _follow_nearest(xyz.astype(np.float64), inside, marked, reach, follows)
    return follows


def find_apart(xyz: np.ndarray, start: int) -> np.ndarray | None:
    """Find further returns that stand behind all others, from point `start` on, in their order; as `find_further`."""
    sight = AT_ORIGIN
    for _ in range(PLACINGS + 1):
        follows = np.full(len(xyz), -1, np.int64)
        _follow_along(*directions(xyz - sight.origin), start, _ALIKE, sight.aside, follows)
        second = np.flatnonzero(follows >= 0)
        if len(second) < _HINT * _MOST_APART * (len(xyz) - start):
            return None
        sight = lines_from(xyz[follows[second]].astype(np.float64), xyz[second].astype(np.float64))
    return follows if len(second) > _MOST_APART * (len(xyz) - start) else None


def _is_ring(column: np.ndarray) -> bool:
    """Whether a column tells the rings of points (N,), firing after firing."""
    step = np.sign(np.diff(column[: 16 * _WINDOW].astype(np.float64)))
    rises, falls, stays = (np.count_nonzero(step == sign) for sign in (1, -1, 0))
    if not max(rises, falls) > 4 * min(rises, falls) > 0 or stays > _MOST * len(step):
        return False
    return bool(((column >= 0) & (column < _MOST_RINGS)).all() and (column == np.rint(column)).all())


def _same_ring(xyz: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """The point (N,) int64 before that each one follows, where it is of the same ring: firings have each ring once."""
    second = np.flatnonzero(np.append(False, ring[1:] == ring[:-1]) & (xyz != 0).any(axis=1))
    follows, way = np.full(len(xyz), -1, np.int64), directions(xyz)[0]
    if len(second) and np.median(((way[second] - way[second - 1]) ** 2).sum(axis=1)) < _TURNED**2:
        follows[second] = second - 1
    return follows


def _by_blocks(xyz: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """The point (N,) int64 of the block before that each one follows, where its block looks where that one did."""
    step = np.diff(ring)
    if np.count_nonzero(step < 0) > np.count_nonzero(step > 0):
        ring, step = _MOST_RINGS - 1 - ring, -step
    # within a block the rings rise, so these keys do all along
    block = np.cumsum(np.append(False, step <= 0))
    keys = block * _MOST_RINGS + ring
    before = np.searchsorted(keys, keys - _MOST_RINGS)
    matched = keys[before] == keys - _MOST_RINGS
    way, distance = directions(xyz)
    seen = matched & (distance > 0) & (distance[before] > 0)
    angle = np.minimum(np.sqrt(((way - way[before]) ** 2).sum(axis=1)), _LOOSE)
    size, shown = np.bincount(block), np.bincount(block[seen], minlength=block[-1] + 1)
    mean = np.bincount(block[seen], angle[seen], block[-1] + 1) / np.maximum(shown, 1)
    whole = np.bincount(block, ~matched) == 0
    if not shown.any():
        return np.full(len(xyz), -1, np.int64)
    second = whole & (shown > 0) & (mean < _OF_USUAL * np.percentile(mean[shown > 0], 75))
    if second.sum() > _LEAST_LATER * len(second):
        # a few near points say little, but whole firings are larger
        second |= whole & (size < _OF_USUAL * np.percentile(size, 75))
    # what follows is not followed: a block has one behind it at most
    second[1:] &= ~second[:-1]
    return np.where(second[block], before, -1)


def _usual(windows: np.ndarray) -> float:
    """Usual angle (rad) from one point to the next that is elsewhere, in windows (W, M, 3)."""
    way, distance = (found.reshape(len(windows), _WINDOW, -1) for found in directions(windows.reshape(-1, 3)))
    angle = np.sqrt((np.diff(way, axis=1) ** 2).sum(axis=2))
    seen = distance[:, :, 0] > 0
    angle = angle[seen[:, 1:] & seen[:, :-1] & (angle > _ALIKE / 4)]
    return float(np.median(angle)) if len(angle) else 0.0


def _followed(windows: np.ndarray, reach: int, most: float, sight: Sight, begin: int = 0) -> np.ndarray:
    """The point (W, M) int64 of its window that each one from `begin` on follows, at most `reach` before; -1: none."""
    follows, nth = np.full(windows.shape[:2], -1, np.int64), np.zeros(windows.shape[:2], np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # of odd points
        seen = windows.reshape(-1, 3) - sight.origin
    way, distance = directions(seen)
    way, distance = way.reshape(windows.shape), distance.reshape(follows.shape)
    _follow_each(way, distance, begin, reach, _ALIKE, sight.aside, most, nth, follows)
    return follows


@kernel
def _follow_each(way, distance, begin, reach, alike, beside, most, nth, follows):
    """Carry out `_follow` in each window."""
    for w in range(follows.shape[0]):
        _follow(way[w], distance[w], begin, reach, alike, beside, most, nth[w], follows[w])


@kernel
def _follow(way, distance, begin, reach, alike, beside, most, nth, follows):
    """Fill in what each point follows: the last of those shortly before in its direction."""
    for i in range(begin, distance.size):
        if distance[i] == 0.0:
            continue
        for j in range(i - 1, max(i - reach, 0) - 1, -1):
            if distance[j] == 0.0 or nth[j] + 1 == MOST_RETURNS:
                continue
            d0 = way[i, 0] - way[j, 0]
            d1 = way[i, 1] - way[j, 1]
            d2 = way[i, 2] - way[j, 2]
            aside = beside * abs(1.0 / distance[i] - 1.0 / distance[j])
            limit = min(max(alike, aside), most)
            if d0 * d0 + d1 * d1 + d2 * d2 < limit * limit:
                follows[i] = j
                nth[i] = nth[j] + 1
                break


@kernel
def _follow_same(bits, reach, follows):
    """Let points follow the one among those shortly before that has their coordinates, if that is only one."""
    for i in range(follows.size):
        if follows[i] >= 0 or (bits[i, 0] | bits[i, 1] | bits[i, 2]) & 0x7FFFFFFF == 0:
            continue
        found = np.int64(-1)
        count = np.int64(0)
        for j in range(max(i - reach, 0), i):
            if bits[i, 0] == bits[j, 0] and bits[i, 1] == bits[j, 1] and bits[i, 2] == bits[j, 2]:
                found = np.int64(j)
                count += 1
        if count == 1 and found < i - 1 and follows[found] < 0:
            follows[i] = found


@kernel
def _follow_nearest(xyz, inside, marked, reach, follows):
    """Let points follow the nearest one, not too far in direction, of the last run of those that follow none."""
    for i in range(inside.size):
        if not inside[i]:
            continue
        size = np.sqrt(xyz[i, 0] ** 2 + xyz[i, 1] ** 2 + xyz[i, 2] ** 2)
        best = _LOOSE * size
        run = False
        for j in range(i - 1, max(i - reach, 0) - 1, -1):
            if marked[j] == 1 or inside[j]:
                if run:
                    break
                continue
            run = True
            away = np.sqrt((xyz[i, 0] - xyz[j, 0]) ** 2 + (xyz[i, 1] - xyz[j, 1]) ** 2 + (xyz[i, 2] - xyz[j, 2]) ** 2)
            if away <= best:
                best = away
                follows[i] = j


@kernel
def _follow_along(way, distance, start, alike, beside, follows):
    """Let points from `start` on follow those before it, in one order."""
    next_one = np.int64(0)
    for i in range(start, distance.size):
        for j in range(next_one, min(next_one + _ALONG, start)):
            if distance[i] == 0.0 or distance[j] == 0.0:
                continue
            d0 = way[i, 0] - way[j, 0]
            d1 = way[i, 1] - way[j, 1]
            d2 = way[i, 2] - way[j, 2]
            limit = max(alike, beside * abs(1.0 / distance[i] - 1.0 / distance[j]))
            if d0 * d0 + d1 * d1 + d2 * d2 < limit * limit:
                follows[i] = j
                next_one = np.int64(j + 1)
                break
