"""The firings of a sweep, and by how many columns rings are ahead, from the columns of the returns."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.stages.firings import Columns


def find_columns(columns: np.ndarray, turn: int) -> Columns:
    """Collect the firings of columns (N,) int, N > 0, of a turn."""
    fired = np.flatnonzero(np.bincount(columns % turn, minlength=turn))
    gaps = np.diff(fired, append=fired[0] + turn)
    widest = int(np.argmax(gaps))
    closed = bool(gaps[widest] < turn // 8)
    return Columns(turn, fired if closed else np.roll(fired, -widest - 1), closed)


@kernel
def _align(column, bounds, turn, reach, balance, pairs, present, shifts):
    """Shift each ring so that columns fired in one are not skipped in the others; rings near in number go first."""
    rings = bounds.size - 1
    middle = rings // 2
    for turn_of in range(rings):
        r = middle + turn_of if middle + turn_of < rings else rings - 1 - turn_of
        for c in range(turn):
            present[c] = 0
        for i in range(bounds[r], bounds[r + 1]):
            present[column[i]] = 1
        count = np.int64(0)
        for c in range(turn):
            if present[c] and present[(c + 1) % turn]:
                pairs[count] = c
                count += 1
        best = np.int64(0)
        top = np.int64(-(1 << 60))
        for number in range(2 * reach + 1):
            # 0, 1, -1, 2, -2, ... so that the smallest shift wins among equals
            shift = (number + 1) // 2 if number & 1 else -(number // 2)
            score = np.int64(0)
            for k in range(count):
                c = pairs[k] + shift + turn
                score += np.int64(balance[c % turn]) + np.int64(balance[(c + 1) % turn])
            if score > top:
                top = score
                best = np.int64(shift)
        shifts[r] = best
        for c in range(turn):
            if present[c]:
                at = (c + best + turn) % turn
                balance[at] = min(balance[at] + 1, 8)
            elif present[(c + turn - 1) % turn] and present[(c + 1) % turn]:
                at = (c + best + turn) % turn
                balance[at] = max(balance[at] - 1, -8)


def align_rings(columns: np.ndarray, bounds: np.ndarray, turn: int) -> np.ndarray:
    """Find by how many columns each ring's firings are ahead.

    All rings fire together, in columns 1 or 2 apart in no simple rhythm. So two neighbouring columns with returns in
    one ring are a mark, and a column between two returns that has none contradicts it in another. Columns (N,), of
    `turn`, come ring after ring; `bounds` (R + 1,) are the first of each, and N. Returns shifts (R,) int64, at most
    turn / 18 either way: column + shift is the firing, common to all rings.
    """
    shifts = np.zeros(len(bounds) - 1, np.int64)
    balance, present, pairs = np.zeros(turn, np.int32), np.zeros(turn, np.int8), np.zeros(turn, np.int64)
    _align((columns % turn).astype(np.int64), bounds, turn, turn // 18, balance, pairs, present, shifts)
    return shifts


@kernel
def _match(column, first, last, turn, reach, occupied, weight, votes):
    """Count, by weight, how often each shift from -reach to reach brings a ring to `occupied` columns (K,)."""
    for v in range(votes.size):
        votes[v] = 0
    for i in range(first, last):
        low = np.int64(0)
        high = occupied.size
        while low < high:
            middle = (low + high) >> 1
            if occupied[middle] < column[i] - reach:
                low = middle + 1
            else:
                high = middle
        for k in range(low, low + occupied.size):
            shift = occupied[k % occupied.size] + (turn if k >= occupied.size else 0) - column[i]
            if shift > reach:
                break
            votes[shift + reach] += weight[k % occupied.size]


def match_rings(columns: np.ndarray, bounds: np.ndarray, turn: int) -> np.ndarray:
    """Find shifts as `align_rings` does, where a sensor fires in few of its columns, at uneven steps."""
    columns = (columns % turn).astype(np.int64)
    reach, shifts = turn // 18, np.zeros(len(bounds) - 1, np.int64)
    seen = np.zeros(turn, np.int64)
    votes = np.zeros(2 * reach + 1, np.int64)
    for ring in np.argsort(-np.diff(bounds), kind="stable").tolist():
        first, last = int(bounds[ring]), int(bounds[ring + 1])
        occupied = np.flatnonzero(seen)
        if len(occupied):
            _match(columns, first, last, turn, reach, occupied, seen[occupied], votes)
            shifts[ring] = int(votes.argmax()) - reach
        seen[np.unique((columns[first:last] + shifts[ring]) % turn)] += 1
    return shifts
