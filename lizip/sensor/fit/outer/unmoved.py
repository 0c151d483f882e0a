"""Parts of a sweep that were moved by one rigid transform after their points had been rounded: solved as they were.

A model of a moved sensor leaves two roundings over, about five bits a point; undone, the second is known and the first
says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from lizip import defects
from lizip.exact.linear import multiply
from lizip.exact.triples import every
from lizip.exact.ulp import ordinal32, value32
from lizip.jit import kernel
from lizip.relations.motion import Motion, moved_coordinate
from lizip.sensor.fit.outer.arithmetic import Transform, find_transform
from lizip.sensor.fit.outer.own_frame import Measured, find_own_points
from lizip.sensor.model import Grid, Part, Solution, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.arithmetic import Arithmetic, own_columns
from lizip.sensor.stages.beams import Beams
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.moved import Moved, stays
from lizip.sensor.stages.places import Places

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Schema

_LEAST_RETURNS = 512
_INEXACT = 1 / 8
"""Bytes of corrections a return from which on a rounding may have gone before."""
_LEAST_RIGHT = 0.5
"""Share of the coordinates that a transform must give."""

_NEARLY_ALL = 0.99
_QUARTER = np.array([-1, 1, 1], np.float32)
_ORIGIN = 1e-5
"""Metres from the origin within which nothing returns."""

_Kind = TypeVar("_Kind")
Solve = Callable[["Cloud"], Solution | None]


def with_moves_undone(solution: Solution, cloud: Cloud, solve: Solve) -> Solution:
    """The same solution, with parts that were moved solved again by `solve` as they were before, if that says less."""
    parts, grids, first = [], [], 0
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        last = first + part.count
        with defects.passed_over(f"a move of {part.count} points was not undone"):
            columns = {name: column[first:last] for name, column in cloud.columns.items()}
            part, grid = _undone(part, grid, replace(cloud, columns=columns, shape=None), solve) or (part, grid)
        parts.append(part)
        grids.append(grid)
        first = last
    return solution._replace(model=SweepModel(parts), grids=grids)


def _undone(part: Part, grid: Grid, cloud: Cloud, solve: Solve) -> tuple[Part, Grid] | None:
    seen = _seen(part, grid, cloud.schema)
    own = None if seen is None else find_own_points(seen.measured)
    if seen is None or own is None:
        return None
    solution = solved_before(cloud, Own(seen.place, own, False), seen.nothing, solve)
    if solution is None:
        return None
    again = solution.model.parts[0]
    return (again, solution.grids[0]) if _size(again) < _size(part) else None


class Own(NamedTuple):
    """Points (K, 3) float32 before they were moved, their places (K,), and whether they are right to the bit."""

    place: np.ndarray
    points: np.ndarray
    exact: bool


def solved_before(cloud: Cloud, own: Own, nothing: np.ndarray, solve: Solve) -> Solution | None:
    """What `solve` says of a cloud as it was before it was moved, and how that was.

    Points with the bits `nothing` (3,) uint32 stayed.
    """
    names = list(cloud.columns)[:3]
    there = np.stack([cloud.columns[name] for name in names], axis=1)
    stored = np.ascontiguousarray(there[own.place])
    transform = find_transform(own.points, stored)
    if own.exact and transform.share < _NEARLY_ALL:
        # which of x and y was added first shows where sums were rounded
        turned = np.ascontiguousarray(own.points[:, [1, 0, 2]] * _QUARTER)
        other = find_transform(turned, stored)
        if other.share > transform.share:
            own, transform = own._replace(points=turned), other
    if transform.share < _LEAST_RIGHT:
        return None
    inner = _moved_back(there, nothing, transform)
    inner[own.place] = own.points
    settled = inner.copy()
    _settle(settled, there, transform.matrix, transform.arithmetic)
    if own.exact:
        settled[own.place] = own.points
    solution = solve(replace(cloud, columns={**cloud.columns, **_columns(names, settled)}))
    if solution is None or len(solution.model.parts) != 1:
        return None
    motion = Motion(transform.matrix, transform.arithmetic)
    stage = Moved.of(settled, there, nothing, motion)
    again = replace(solution.model.parts[0], stages=[*solution.model.parts[0].stages, stage])
    return solution._replace(model=SweepModel([again]))


def _columns(names: list[str], points: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.ascontiguousarray(points[:, k]) for k, name in enumerate(names)}


def _size(part: Part) -> int:
    return sum(len(stage.pack()) for stage in part.stages)


def _stage(part: Part, kind: type[_Kind]) -> _Kind | None:
    return next((stage for stage in part.stages if isinstance(stage, kind)), None)


class _Seen(NamedTuple):
    """Returns as a model has them, their places (M,) in the part, and the bits of points that are none."""

    measured: Measured
    place: np.ndarray
    nothing: np.ndarray


def _seen(part: Part, grid: Grid, schema: Schema) -> _Seen | None:
    """What a sensor measured of whose points, not where its model has them exactly; None of other models."""
    beams, arithmetic = _stage(part, Beams), _stage(part, Arithmetic)
    corrections = _stage(part, Corrections)
    if beams is None or arithmetic is None or corrections is None:
        return None
    count = int(np.count_nonzero(grid.ranges))
    if count < _LEAST_RETURNS or len(corrections.pack()) < _INEXACT * count or arithmetic != Arithmetic():
        return None
    returns = Returns(grid.ranges, grid.intensity, schema, part.count)
    for stage in part.stages:
        stage.apply(returns)
        if isinstance(stage, Places):
            break
    if returns.decimal or beams.hypotenuse:
        return None
    ring, column = returns.ring.astype(np.int32), np.empty(len(returns.ring), np.int32)
    own_columns(returns.column, ring, beams.columns, beams.shifts, column)
    ahead = column if returns.ahead is None else column + returns.ahead
    stored = np.ascontiguousarray(returns.xyz)
    measured = Measured(returns.beams, ring, returns.ticks.astype(np.int32), ahead, stored)
    return _Seen(measured, returns.place, _nothing(returns))


def _nothing(returns: Returns) -> np.ndarray:
    """Bits (3,) of most of the points that are no returns."""
    other = np.ones(returns.count, bool)
    other[returns.place] = False
    points = np.stack([returns.columns[name][other] for name, _ in returns.schema[:3]], axis=1).view(np.uint32)
    if not len(points):
        return np.zeros(3, np.uint32)
    rows, counts = np.unique(points, axis=0, return_counts=True)
    return rows[np.argmax(counts)]


def _moved_back(there: np.ndarray, nothing: np.ndarray, transform: Transform) -> np.ndarray:
    """About where points (N, 3) float32 were before a transform; those that are no returns stay."""
    inner = there.copy()
    moving = ~stays(there, nothing) & np.isfinite(there).all(axis=1)
    back = np.linalg.inv(transform.matrix[:, :3])
    inner[moving] = multiply(there[moving] - transform.matrix[:, 3], back.T)
    # what is no return was at the origin
    inner[moving & every(np.abs(inner) < _ORIGIN)] = 0.0
    return inner


@kernel
def _settle(inner, stored, matrix, arithmetic):
    """Move each point of inner (N, 3) float32 to the nearest one that the transform takes to the stored one (N, 3)."""
    for i in range(inner.shape[0]):
        best = 4
        places = ordinal32(inner[i, 0]), ordinal32(inner[i, 1]), ordinal32(inner[i, 2])
        found = 0
        for trial in range(27):
            a, b, c = trial % 3 - 1, trial // 3 % 3 - 1, trial // 9 - 1
            away = abs(a) + abs(b) + abs(c)
            if away >= best:
                continue
            x, y, z = value32(places[0] + a), value32(places[1] + b), value32(places[2] + c)
            right = True
            for k in range(3):
                value = np.float32(moved_coordinate(matrix[k], x, y, z, arithmetic))
                right = right and value == stored[i, k]
            if right:
                best, found = away, trial
        if best < 4:
            inner[i, 0] = value32(places[0] + found % 3 - 1)
            inner[i, 1] = value32(places[1] + found // 3 % 3 - 1)
            inner[i, 2] = value32(places[2] + found // 9 - 1)
