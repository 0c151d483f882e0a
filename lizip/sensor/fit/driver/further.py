"""Further returns of a driver's sweep: their ranges, and where they stand in the file."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.seconds import BEHIND, BY_BANK, BY_FIRING, ReturnOrder, Seconds

_MOST_BANKS, _LEAST_OF_BANK = 16, 0.02
"""Share of the places where first returns follow further ones that makes another bank."""


class Sequence(NamedTuple):
    """Points of lasers in the order of the file, (K,) each: place there, laser, azimuth (0.01 degrees), range."""

    place: np.ndarray
    laser: np.ndarray
    azimuth: np.ndarray
    ticks: np.ndarray

    def take(self, which: np.ndarray | slice) -> Sequence:
        """Some of them."""
        return Sequence(*(column[which] for column in self))


def further_returns(
    returns: Returns, cell: np.ndarray, points: Sequence, nth: np.ndarray
) -> tuple[list[Stage], np.ndarray, np.ndarray]:
    """Stages of further returns.

    Parameters
    ----------
    returns : Returns
        The first ones; further ones are added.
    cell : (K,) int64
        Cell of the grid of each point, flat.
    points : Sequence
    nth : (K,) int64
        Which return of its cell each is.

    Returns
    -------
    stages : list
    place : (M,) int64
        Of all returns in the file, in the order of the last stage.
    astray : (J,) int64
        Places of points that are not in that order.
    """
    shape = int(nth.max()) + 1, returns.ranges.size
    place, ticks = np.full(shape, -1, np.int64), np.zeros(shape, np.int64)
    place[nth, cell], ticks[nth, cell] = points.place, points.ticks
    stages: list[Stage] = []
    for k in range(1, len(place)):
        cells = returns.row * returns.ranges.shape[1] + returns.ring
        stages.append(stage := Seconds.of(returns, np.where(_nth(returns) == k - 1, ticks[k, cells], 0)))
        stage.apply(returns)
    stands = place[_nth(returns), returns.row * returns.ranges.shape[1] + returns.ring]
    assert returns.places is not None
    sort = np.argsort(stands)
    assert returns.places is not None, "a driver's grid says where its lasers stand"
    starts = bank_starts(returns.places[returns.ring[sort]], _nth(returns)[sort], returns.ranges.shape[1])
    orders = ReturnOrder(BEHIND), ReturnOrder(BY_FIRING), ReturnOrder(BY_BANK, starts)
    best: tuple[ReturnOrder, np.ndarray, np.ndarray] | None = None
    for order in (*orders, ReturnOrder.of_groups(_groups(returns, stands))):
        placed = replace(returns, xyz=stands)
        if order.kind != BEHIND:
            order.apply(placed)
        astray = placed.xyz[~keep_ascending(placed.xyz.astype(np.float64))]
        if best is None or len(astray) < len(best[2]):
            best = order, placed.xyz, astray
        if not len(astray):
            break
    assert best is not None
    return stages + ([best[0]] if best[0].kind != BEHIND else []), best[1], best[2]


def bank_starts(place: np.ndarray, nth: np.ndarray, lasers: int) -> np.ndarray:
    """Places (B,) of lasers, ascending, at which banks begin: lasers whose first returns stand before further ones.

    `place` and `nth` (K,) are those of points in the order of the file. Where a first return follows a further one, a
    bank has begun between their places.
    """
    turns = np.flatnonzero((nth[:-1] > 0) & (nth[1:] == 0))
    low = place[turns] + 1
    width = (place[turns + 1] - low) % lasers
    starts: list[int] = []
    least = _LEAST_OF_BANK * len(low)
    while len(low) > least and len(starts) < _MOST_BANKS:
        votes = np.zeros(2 * lasers + 1, np.int64)
        np.add.at(votes, low % lasers, 1)
        np.add.at(votes, low % lasers + width + 1, -1)
        votes = np.cumsum(votes)[: 2 * lasers].reshape(2, lasers).sum(axis=0)
        starts.append(int(np.argmax(votes)))
        others = (starts[-1] - low) % lasers > width
        low, width = low[others], width[others]
    return np.unique(np.array(starts or [0], np.int64))


def _nth(returns: Returns) -> np.ndarray:
    return np.zeros(len(returns.ring), np.int64) if returns.nth is None else returns.nth


def _groups(returns: Returns, stands: np.ndarray) -> np.ndarray:
    """Which firings (F,) begin a group: those before them whose further returns stand (M,) behind their first ones do
    not; where there is nothing to tell it by, groups are as large as most."""
    first, firings = _nth(returns) == 0, returns.firings
    begin, end = np.full(firings, np.iinfo(np.int64).max), np.full(firings, -1, np.int64)
    np.minimum.at(begin, returns.firing[first], stands[first])
    np.maximum.at(end, returns.firing[~first], stands[~first])
    together = end[:-1] > begin[1:]
    # alone between two that do not stand together
    runs = int(np.count_nonzero(np.diff(np.append(0, together)) > 0))
    size = 1 + round(int(np.count_nonzero(together)) / max(runs, 1))
    begins, members, last = np.zeros(firings, bool), 0, np.int64(-1)
    for k in range(firings):
        begins[k] = k == 0 or (last < begin[k] and (members >= size or last >= 0))
        members, last = (1, end[k]) if begins[k] else (members + 1, max(last, end[k]))
    return begins
