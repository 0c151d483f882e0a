"""A sweep of first returns, solved, and its further returns: written down as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.packing import Unpacker
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.driver.blocks import usual_places
from lizip.sensor.fit.dual.follow import MOST_RETURNS
from lizip.sensor.fit.intensity import with_further
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.model import Grid, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.cells import CellOrder
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections, expected_places
from lizip.sensor.stages.fine_angles import FineAngles
from lizip.sensor.stages.intensity import Intensity
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.seconds import APART, BEHIND, BY_FIRING, ReturnOrder, Seconds

_MOST_UNITS = 1 << 14
_MOST_OFF = 0.6
"""Of a tick: a point this far from where its range puts it is none of the pulse."""
_PASSES = 8


class Pulses(NamedTuple):
    """All returns by pulse: K returns at most, C cells of the grid, flat.

    Attributes
    ----------
    place : (K, C) int64
        Where each stands in the file, -1 for none.
    ticks : (K, C) int64
    tried : (K, C) int64
        How often its range did not give the point.
    """

    place: np.ndarray
    ticks: np.ndarray
    tried: np.ndarray


class _UnfitError(Exception):
    """Some points are not where the ranges of their pulses put them."""

    def __init__(self, place: np.ndarray, for_good: bool = False):
        super().__init__()
        self.place, self.for_good = place, for_good


class AstrayError(Exception):
    """Some first returns stand where no order of returns puts them."""

    def __init__(self, place: np.ndarray):
        super().__init__()
        self.place = place


def with_seconds(solution: Solution, cloud: Cloud, follows: np.ndarray, firsts: np.ndarray) -> Solution | None:
    """Write down a cloud whose first returns are solved.

    Parameters
    ----------
    solution : Solution
        Of the points that follow none.
    cloud : Cloud
    follows : (N,) int64
        As from `find_further`.
    firsts : (M,) int64
        The points solved.

    Returns
    -------
    Solution or None
        None where the sensor's model has no place for further returns, or the file another order.

    Raises
    ------
    AstrayError
        Names the points to leave aside, so that the others are in order.
    """
    if len(solution.grids) != 1:
        return None
    part, grid = solution.model.parts[0], solution.grids[0]
    xyz = np.stack(list(cloud.columns.values())[:3], axis=1)
    placed = _placed(part, grid, cloud, len(firsts))
    if placed is None:
        return None
    returns, fired = placed
    stages = part.stages
    if returns.nth is not None:  # the solver has told some further returns itself
        later = np.flatnonzero(returns.nth)
        follows = follows.copy()
        follows[firsts[returns.place[later]]] = firsts[returns.place[later - 1]]
        stages, fired = [stage for stage in stages if not isinstance(stage, Seconds)], fired - 1
    pulses = _pulses(returns, grid, xyz, firsts, follows)
    for _ in range(_PASSES):
        try:
            made = _stages(stages, fired, pulses, cloud, grid)
        except _UnfitError as error:
            _try_other(pulses, error.place, error.for_good)
            continue
        return solution._replace(model=SweepModel([Part(made, cloud.count)]))
    return None


def _placed(part: Part, grid: Grid, cloud: Cloud, count: int) -> tuple[Returns, int] | None:
    """First returns at their places, and number of stages before their points; None where they are not alone."""
    returns, fired = Returns(grid.ranges, grid.intensity, cloud.schema, count), -1
    for at, stage in enumerate(part.stages):
        stage.apply(returns)
        if fired < 0 and returns.points is not None:
            if returns.place is not None:
                return None
            fired = at
        if isinstance(stage, Places):
            break
    return None if returns.every is not None or fired < 0 else (returns, fired)


def _pulses(returns: Returns, grid: Grid, xyz: np.ndarray, firsts: np.ndarray, follows: np.ndarray) -> Pulses:
    """Ranges of further returns, by how far they are from the first."""
    if returns.nth is not None:
        first = np.flatnonzero(returns.nth == 0)
        returns.take(first)
        returns.place = returns.place[first]
    cells = returns.row * grid.ranges.shape[1] + returns.ring
    shape = MOST_RETURNS, grid.ranges.size
    pulses = Pulses(np.full(shape, -1, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    cell_of = np.full(len(xyz), -1, np.int64)
    heard = returns.ticks > 0
    cell_of[firsts[returns.place[heard]]] = cells[heard]
    pulses.place[0, cells] = firsts[returns.place]
    pulses.ticks[0, cells] = returns.ticks
    nth = np.zeros(len(xyz), np.int64)
    for i in np.flatnonzero(follows >= 0).tolist():
        nth[i] = nth[follows[i]] + 1
        cell_of[i] = cell_of[follows[i]]
    points = xyz.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.sqrt((points * points).sum(axis=1))
        for k in range(1, int(nth.max(initial=0)) + 1):
            which = np.flatnonzero((nth == k) & (cell_of >= 0))
            before = follows[which]
            apart = np.sqrt(((points[which] - points[before]) ** 2).sum(axis=1)) / grid.tick
            change = np.where(distance[which] < distance[before], -apart, apart)
            ticks = pulses.ticks[k - 1, cell_of[which]] + np.rint(np.nan_to_num(change)).astype(np.int64)
            sane = ticks > 0
            pulses.place[k, cell_of[which[sane]]] = which[sane]
            pulses.ticks[k, cell_of[which[sane]]] = ticks[sane]
    return pulses


def _try_other(pulses: Pulses, place: np.ndarray, for_good: bool) -> None:
    """Take other ranges for points at some places: one tick more, one less, none."""
    flat = np.flatnonzero(np.isin(pulses.place, place))
    if (first := np.isin(pulses.place[0], place)).any():
        raise AstrayError(pulses.place[0, first])
    ticks, tried, places = pulses.ticks.reshape(-1), pulses.tried.reshape(-1), pulses.place.reshape(-1)
    tried[flat] += 3 if for_good else 1
    ticks[flat] += np.where(tried[flat] == 1, 1, -2)
    lost = flat[(tried[flat] > 2) | (ticks[flat] <= 0)]
    for k in range(lost.max(initial=-1) // pulses.place.shape[1], MOST_RETURNS):
        behind = lost[lost // pulses.place.shape[1] <= k] % pulses.place.shape[1]
        ticks.reshape(pulses.ticks.shape)[k, behind] = 0
        places.reshape(pulses.place.shape)[k, behind] = -1


def _stages(stages: Sequence[Stage], fired: int, pulses: Pulses, cloud: Cloud, grid: Grid) -> list[Stage]:
    """All stages anew, those before `fired` as they are; raises _UnfitError and AstrayError."""
    returns = Returns(grid.ranges, grid.intensity, cloud.schema, cloud.count)
    made: list[Stage] = []

    def take(stage: Stage) -> None:
        made.append(stage)
        stage.apply(returns)

    for stage in stages[:fired]:
        take(stage)
    cells = returns.row * grid.ranges.shape[1] + returns.ring
    returns.nth = np.zeros(len(cells), np.int64)
    for k in range(1, 1 + int(np.flatnonzero((pulses.place >= 0).any(axis=1)).max(initial=0))):
        cells = returns.row * grid.ranges.shape[1] + returns.ring
        take(Seconds.of(returns, np.where(returns.nth == k - 1, pulses.ticks[k, cells], 0)))
    columns = list(cloud.columns.values())
    xyz, lit = np.stack(columns[:3], axis=1), -1
    for stage in stages[fired:]:
        if isinstance(stage, Places):
            order = _order(_places(returns, pulses), returns)
            if order.kind:
                take(order)
            returns.place = _places(returns, pulses)
            made.append(_exceptions(stage, xyz, returns.place))
        elif isinstance(stage, Intensity):
            lit = stage.column
            made.append(with_further(stage, returns, columns[lit]))
        elif isinstance(stage, Attributes):
            made.append(Attributes.of(returns, [c for k, c in enumerate(columns) if k > 2 and k != lit]))
        elif returns.place is None:
            take(_anew(stage, returns, pulses, xyz))
        else:
            made.append(stage)
    return made


def _places(returns: Returns, pulses: Pulses) -> np.ndarray:
    """Places (M,) of returns in the file."""
    return pulses.place[returns.nth, returns.row * returns.ranges.shape[1] + returns.ring]


def _anew(stage: Stage, returns: Returns, pulses: Pulses, xyz: np.ndarray) -> Stage:
    """A stage after the points, for all returns; raises _UnfitError."""
    if isinstance(stage, Corrections):
        place = _places(returns, pulses)
        units, fits = find_corrections(returns.rounded, np.ascontiguousarray(xyz[place]), returns.decimal, _MOST_UNITS)
        if not fits.all():
            raise _UnfitError(place[~fits])
        return Corrections.of(returns, units)
    if isinstance(stage, FarCorrections):
        place = _places(returns, pulses)
        stored = np.ascontiguousarray(xyz[place])
        off = np.abs(from_ordinals(expected_places(returns), np.dtype("<f4")) - stored).max(axis=1)
        assert returns.nth is not None
        unfit = (returns.nth > 0) & ~(off < _MOST_OFF * returns.beams.tick)
        if unfit.any():
            raise _UnfitError(place[unfit])
        places = to_ordinals(stored)
        return FarCorrections.of(returns, choose_lattice(returns.far, returns.points, places)[0], places)
    if isinstance(stage, FineAngles):
        return stage.with_further(returns)
    if isinstance(stage, CellOrder):
        first = returns.nth == 0
        behind = stage.those_behind(returns.ticks[first])[np.cumsum(first) - 1]
        return CellOrder.of(stage.kind, returns.ticks, behind.astype(bool))
    return stage


def _order(place: np.ndarray, returns: Returns) -> ReturnOrder:
    """Order of the returns of pulses that gives the file's, `place` (M,); raises _UnfitError and AstrayError."""
    tried = []
    orders = (
        ReturnOrder(BEHIND),
        ReturnOrder(BY_FIRING),
        ReturnOrder(BY_FIRING, _usual(place, returns)),
        ReturnOrder(APART),
    )
    for order in orders:
        placed = replace(returns, xyz=place)
        if order.kind != BEHIND:
            order.apply(placed)
        astray = placed.xyz[~keep_ascending(placed.xyz.astype(np.float64))]
        if not len(astray):
            return order
        tried.append(astray)
    astray = min(tried, key=len)
    first = np.isin(astray, place[returns.nth == 0])
    if first.any():
        raise AstrayError(astray[first])
    raise _UnfitError(astray, for_good=True)


def _usual(place: np.ndarray, returns: Returns) -> np.ndarray:
    """Usual place (R,) of each ring in a firing of the file."""
    first = returns.nth == 0
    return usual_places(returns.ring[first][np.argsort(place[first])], returns.ranges.shape[1])


def _exceptions(stage: Places, xyz: np.ndarray, place: np.ndarray) -> Places:
    """Exceptions and missing points of the whole file."""
    others = np.ones(len(xyz), bool)
    others[place] = False
    if not stage.missing:
        return Places.of(xyz, np.flatnonzero(others))
    nothing = np.frombuffer(Unpacker(stage.missing).take(12), "<u4")
    missing = others & (np.ascontiguousarray(xyz).view(np.uint32) == nothing).all(axis=1)
    return Places.of(xyz, np.flatnonzero(others & ~missing), missing, nothing)
