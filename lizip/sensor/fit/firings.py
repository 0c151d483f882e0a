"""Which returns were fired together, where the lasers of a firing report columns of their own, a few apart.

A laser fires a little later than the first of its firing, and the sensor has turned on by then: by how many columns,
rounded, depends on how fast it turned just then. So columns come in clusters, one a firing; the firing's own column is
the one of those lasers that never deviate, and how far each return is from where its ring mostly is costs little.
"""

from __future__ import annotations

import itertools

import numpy as np

from lizip.sensor.stages.timing import MOST_AWAY

_CLEAR = 2
"""Gaps between firings are at least so many times those inside a firing."""

_OVERLAPPING = 0.25
"""More than a turn it is when at least this share of the rings made more."""

_MOST_REPEATED = 0.005
_MOST_ALONE = 0.998
"""Columns are firings of their own where so many of them stand alone."""

_PASSES = 3


def unwrap(columns: np.ndarray, turn: int, bounds: np.ndarray | None = None) -> tuple[np.ndarray, int]:
    """Count columns (N,) of `turn` on past a turn, in the order of time.

    Where rings follow one another, `bounds` (R + 1,) are the first return of each and N; all begin at about one time.
    Returns columns (N,) int64, equal modulo `turn`, below turns * turn, and the turns: 1 where there is no more than
    one.
    """
    columns = columns.astype(np.int64) % turn
    way, spans = np.empty_like(columns), []
    for first, last in itertools.pairwise([0, len(columns)] if bounds is None else bounds.tolist()):
        if first < last:
            way[first] = columns[0] + _nearest_way(columns[first] - columns[0], turn)
            way[first + 1 : last] = way[first] + np.cumsum(_nearest_way(np.diff(columns[first:last]), turn))
            spans.append(int(np.ptp(way[first:last])))
    if not spans or np.mean(np.array(spans) >= turn) < _OVERLAPPING:
        return columns, 1
    way -= int(way.min()) // turn * turn
    return way, int(way.max()) // turn + 1


def _nearest_way(difference: np.ndarray, turn: int) -> np.ndarray:
    """Columns to go, by the shorter way round."""
    return (difference + turn // 2) % turn - turn // 2


def gather_firings(columns: np.ndarray, ring: np.ndarray, turn: int) -> np.ndarray | None:
    """Find the firing of each return, (N,) int64, from columns and rings (N,); None where each column is a firing."""
    occupied = np.flatnonzero(np.bincount(columns, minlength=turn))
    if len(occupied) < 2:
        return None
    gaps = np.diff(occupied, append=occupied[0] + turn)
    widths, counts = np.unique(gaps, return_counts=True)
    widths = widths[counts > 0.01 * len(gaps)]
    if len(widths) < 2:
        return None
    split = int(np.argmax(widths[1:] / widths[:-1]))
    if widths[split + 1] < _CLEAR * widths[split]:
        return None
    begins = occupied[np.roll(gaps, 1) > widths[split]]
    if not 1 < len(begins) < _MOST_ALONE * len(occupied):
        return None
    firing = (np.searchsorted(begins, columns, side="right") - 1) % len(begins)
    repeated = np.bincount(firing * (int(ring.max()) + 1) + ring) > 1
    return firing if np.count_nonzero(repeated) <= _MOST_REPEATED * len(columns) else None


def anchor_firings(
    columns: np.ndarray, ring: np.ndarray, firing: np.ndarray, count: int, turn: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the column of each firing, by a vote in which rings that agree with the others count more.

    Column, ring and firing (0 to `count` - 1) of each return are (N,) int64. Returns anchors (count,), -1 for firings
    without a return, and the columns (N,) from there to that of the return: `MOST_AWAY` or more where it belongs to
    none.
    """
    first = np.full(count, -1, np.int64)
    first[firing[::-1]] = columns[::-1]
    place = (columns - first[firing] + MOST_AWAY // 2) % turn
    inside = place < MOST_AWAY
    weight = np.ones(int(ring.max(initial=0)) + 1)
    for _ in range(_PASSES):
        votes = np.zeros((count, MOST_AWAY))
        np.add.at(votes, (firing[inside], place[inside]), weight[ring[inside]])
        best = votes.argmax(axis=1)
        right = inside & (place == best[firing])
        share = np.bincount(ring, right, len(weight)) / np.maximum(np.bincount(ring, minlength=len(weight)), 1)
        square = share * share
        weight = 1e-3 + square * square * square * square
    anchors = np.where(first < 0, -1, (first - MOST_AWAY // 2 + best) % turn)
    return anchors, np.where(inside, place - best[firing], MOST_AWAY)


def fill_anchors(anchors: np.ndarray, turn: int) -> np.ndarray | None:
    """Give firings without a column (-1) one between their neighbours'; None unless all rise within `turn`."""
    known = np.flatnonzero(anchors >= 0)
    if len(known) < 2:
        return None
    steps = np.diff(anchors[known]) % turn
    usual = max(1, int(np.median(steps // np.diff(known))))
    way = np.concatenate([[0], np.cumsum(steps)])
    index = np.arange(len(anchors))
    last = np.clip(np.searchsorted(known, index, side="right") - 1, 0, len(known) - 1)
    following = np.minimum(last + 1, len(known) - 1)
    between = np.maximum(known[following] - known[last], 1)
    rise = np.where(following > last, way[following] - way[last], usual)
    filled = way[last] + (index - known[last]) * rise // between
    filled[index < known[0]] = way[0] - (known[0] - index[index < known[0]]) * usual
    if (np.diff(filled) < 1).any() or filled[-1] - filled[0] >= turn:
        return None
    return (filled + anchors[known[0]]) % turn
