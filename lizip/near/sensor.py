"""A sensor's model made coarser, within a bound of the cloud that it is of.

The exact model and the coarser one run side by side, stage by stage. Ranges become multiples of as many ticks as the
bound allows; where a coordinate then is within the bound, it is what the model says, without a correction; the others
are corrected to the nearest number within the bound. Stages that code something given the ranges code it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.model import Grid, Part, Returns, Solution, Stage, SweepModel
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.cells import CellOrder
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections, expected_places
from lizip.sensor.stages.seconds import Seconds

if TYPE_CHECKING:
    from lizip.cloud import Schema

_CORRECTION = 20.0
"""Bits that a corrected point costs, roughly."""
_LARGEST_STEP = 1 << 16


class _Try(NamedTuple):
    """A part made coarser: stages, grid, and about how many bits a point that saves."""

    part: Part
    grid: Grid
    saved: float


class _Sides(NamedTuple):
    """Returns of the exact model and of the coarser one, after the same stages, and the bound (m)."""

    exact: Returns
    near: Returns
    bound: float
    corrected: list[int]
    """Points corrected, so far."""


def coarser(solution: Solution, schema: Schema, bound: float) -> Solution | None:
    """A solution of a cloud within `bound` metres of the given one; None where there is none.

    Whoever takes it measures what it gives: here the bound is aimed at, not guaranteed.
    """
    parts, grids = [], []
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        whole = int(min(2 * bound / grid.tick * (1 + 1e-9), _LARGEST_STEP))
        tries = [_try(part, grid, schema, bound, step) for step in sorted({whole - 1, whole, whole + 1, 1}) if step > 0]
        found = [each for each in tries if each is not None]
        if not found:
            return None
        best = max(found, key=lambda each: each.saved)
        parts.append(best.part)
        grids.append(best.grid)
    return Solution(SweepModel(parts), grids, solution.about)


def _try(part: Part, grid: Grid, schema: Schema, bound: float, step: int) -> _Try | None:
    """Make a part coarser by a step of ranges; None where its stages do not go with that."""
    coarse = Coarse(step)
    ranges = coarse.divided(grid.ranges) if step > 1 else grid.ranges
    exact, near = (Returns(each, grid.intensity, schema, part.count) for each in (grid.ranges, ranges))
    sides, stages = _Sides(exact, near, bound, []), []
    try:
        if step > 1:
            stages.append(coarse)
            coarse.apply(near)
        for stage in part.stages:
            stages.append(_anew(stage, sides))
            stages[-1].apply(near)
            _check_same(exact, near)
    except CorruptError:
        return None
    returned = max(int(np.count_nonzero(grid.ranges)), 1)
    saved = float(np.log2(step)) - _CORRECTION * sum(sides.corrected) / returned
    return _Try(replace(part, stages=stages), grid._replace(ranges=ranges, tick=grid.tick * step), saved)


def _anew(stage: Stage, sides: _Sides) -> Stage:
    """A stage for the coarser model; it has been applied to the exact one then."""
    known = set(sides.exact.columns)
    make = _ANEW.get(type(stage))
    made = make(stage, sides) if make else stage
    stage.apply(sides.exact)
    if isinstance(stage, Attributes):
        made = Attributes.of(sides.near, [column for name, column in sides.exact.columns.items() if name not in known])
    return made


def _check_same(exact: Returns, near: Returns) -> None:
    """CorruptError where the coarser ranges have brought the returns into another order."""
    for name in ("row", "ring"):
        one, other = getattr(exact, name), getattr(near, name)
        if one is not None and not np.array_equal(one, other):
            raise CorruptError("the order of the returns depends on their ranges")


def _cell_order(stage: CellOrder, sides: _Sides) -> Stage:
    return CellOrder.of(stage.by_ring, sides.near.ticks, stage.those_behind(sides.exact.ticks))


def _seconds(stage: Seconds, sides: _Sides) -> Stage:
    near, second = sides.near, stage.ranges(sides.exact)
    ring, rings = np.ascontiguousarray(near.ring, np.int64), near.ranges.shape[1]
    return Seconds.of(ring, near.ticks.astype(np.int64), second, rings)


def _beyond(found: np.ndarray, wanted: np.ndarray, bound: float) -> np.ndarray:
    """Coordinates that are, or might be, further off than the bound."""
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(np.abs(found.astype(np.float64) - wanted.astype(np.float64)) < bound * (1 - 2.0**-50))


def _nearest(found: np.ndarray, wanted: np.ndarray, bound: float, decimal: int) -> np.ndarray:
    """Numbers that can be stored, within the bound of the wanted ones, and nearest to those found."""
    unit = 1 / decimal if decimal else np.spacing(np.abs(wanted)).astype(np.float64)
    room = np.floor(np.maximum(bound / unit - 1, 0)) * unit
    middle = wanted.astype(np.float64)
    moved = np.clip(found.astype(np.float64), middle - room, middle + room)
    return (np.rint(moved * decimal) / decimal if decimal else moved).astype(np.float32)


def _corrections(stage: Corrections, sides: _Sides) -> Stage:
    exact, near = replace(sides.exact), sides.near
    stage.apply(exact)
    near.need("rounded", "fraction")
    beyond = _beyond(near.rounded, exact.xyz, sides.bound)
    sides.corrected.append(int(np.count_nonzero(beyond.any(axis=1))))
    actual = np.ascontiguousarray(exact.xyz)
    for wanted in (_nearest(near.rounded, actual, sides.bound, near.decimal), actual):
        target = np.where(beyond, wanted, near.rounded)
        units, fits = find_corrections(near.rounded, np.ascontiguousarray(target), near.decimal)
        if fits.all():
            return Corrections.of(near, units)
    raise CorruptError("no correction reaches a point")


def _far_corrections(stage: FarCorrections, sides: _Sides) -> Stage:
    exact, near = replace(sides.exact), sides.near
    stage.apply(exact)
    actual, expected = to_ordinals(np.ascontiguousarray(exact.xyz)), expected_places(near)
    beyond = _beyond(from_ordinals(expected, np.dtype("<f4")), exact.xyz, sides.bound).any(axis=1)
    if near.blank is not None:
        beyond &= ~near.blank
    sides.corrected.append(int(np.count_nonzero(beyond)))
    lattice, _ = choose_lattice(near.far, near.points, actual)
    lattice[~beyond] = 0
    return FarCorrections.of(near, lattice, np.where(beyond[:, None], actual, expected))


_ANEW: dict[type, Callable[..., Stage]] = {
    CellOrder: _cell_order,
    Seconds: _seconds,
    Corrections: _corrections,
    FarCorrections: _far_corrections,
}
"""Stages that depend on ranges or bring points to where they are stored."""
