"""Further returns of a driver's sweep: their ranges, and where they stand in the file."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.dual.follow import MOST_RETURNS
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.seconds import BEHIND, BY_BANK, BY_FIRING, ReturnOrder, Seconds

_MOST_BANKS, _LEAST_OF_BANK = 16, 0.02
"""Share of the places where first returns follow further ones that makes another bank."""
_RESOLVED, _MOST_BLURRED = 0.15, 0.25
"""Two returns of a pulse are this far apart (m), or one and the same, but for such a share of them."""
_LEAST_LATER = 0.01
"""Share of further returns, other than right behind the first, from which on they are no chance."""


class Sequence(NamedTuple):
    """Points of lasers in the order of the file, (K,) each: place there, laser, azimuth (0.01 degrees), range."""

    place: np.ndarray
    laser: np.ndarray
    azimuth: np.ndarray
    ticks: np.ndarray

    def take(self, which: np.ndarray | slice) -> Sequence:
        """Some of them."""
        return Sequence(*(column[which] for column in self))


def find_further(points: Sequence, places: np.ndarray, tick: float) -> tuple[np.ndarray, np.ndarray]:
    """Which return of its firing each point is, and which point is the first, (K,) int64.

    A laser whose azimuth is what it was has not fired again; between may stand the other firing of a block. But it has
    where azimuths are not interpolated, as in some blocks. Further returns stand behind the first, or begin or end
    where places (L,) of lasers fall, and most are as far as the first or well apart; `tick` in metres.
    """
    laser, azimuth, ticks = points.laser, points.azimuth, points.ticks
    sort, before = np.argsort(laser, kind="stable"), np.full(len(laser), -1, np.int64)
    for lag in (2, 1):
        one, other = sort[:-lag], sort[lag:]
        alike = (laser[one] == laser[other]) & (azimuth[one] == azimuth[other])
        before[other[alike]] = one[alike]
    further = before >= 0
    falls = np.append(True, np.diff(places[laser]) <= 0)
    run = np.cumsum(np.append(True, further[1:] != further[:-1])) - 1
    begins = falls[np.flatnonzero(np.append(True, np.diff(run) > 0))]
    real = begins | np.append(begins[1:], True)
    apart = np.abs(ticks - ticks[before])
    near = further & (apart > 0) & (apart < round(_RESOLVED / tick))
    chance = np.count_nonzero(near) > _MOST_BLURRED * np.count_nonzero(further)
    blurred = np.bincount(run, near)
    real &= blurred <= _MOST_BLURRED * np.bincount(run)
    before[~real[run]] = -1
    beside = before == np.arange(len(before)) - 1
    later = (before >= 0) & ~beside
    if chance or np.count_nonzero(later) < _LEAST_LATER * len(before):
        before[later] = -1
    nth, first = np.zeros(len(laser), np.int64), np.arange(len(laser))
    for _ in range(MOST_RETURNS):
        nth, first = np.where(before >= 0, nth[before] + 1, 0), np.where(before >= 0, first[before], first)
    return nth, first


def begun(places: np.ndarray, laser: np.ndarray, nth: np.ndarray) -> np.ndarray:
    """Places (L,) counted from where blocks begin, as far as first returns (K,) that come after further ones tell."""
    further = nth > 0
    apart = further[1:] & (laser[1:] != laser[:-1])
    if 2 * np.count_nonzero(apart) <= np.count_nonzero(further) or not further.any():
        return places
    lasers = len(places)
    starts = bank_starts(places[laser], nth, lasers)
    return (places - starts[np.argmin(np.minimum(starts, lasers - starts))]) % lasers


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
