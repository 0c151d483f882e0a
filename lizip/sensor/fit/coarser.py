"""A sensor's model made coarser, within a bound of the cloud that it is of.

The exact model and the coarser one run side by side, stage by stage. Ranges become multiples of as many ticks as the
bound allows; where a coordinate then is within the bound, it is what the model says, without a correction. Points just
beyond the bound are moved by half a tick along their rays; the others are corrected to the nearest number within it.
Stages that code something given the ranges code it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.model import Grid, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.cells import CellOrder
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections, expected_places
from lizip.sensor.stages.nudges import Nudges, moved
from lizip.sensor.stages.rounding import round_points, rounding_units
from lizip.sensor.stages.seconds import Seconds

if TYPE_CHECKING:
    from lizip.cloud import Schema

_WORTH = 0.7
"""Bits that a return gets shorter by when its range is halved: neighbours tell a good deal of a range already."""
_HALVED = 0.25
"""Bits a return that halves of ticks have to save: what comes back is not on the sensor's ticks then, so that coding it
again without loss takes much more."""
_ATTEMPTS = 18
"""Times that ranges are nudged which change the order of a file sorted by azimuth."""
_LARGEST_STEP = 1 << 16


class _ReorderedError(Exception):
    """Returns that stand in another order with coarser ranges; their cells."""

    def __init__(self, row: np.ndarray, ring: np.ndarray):
        super().__init__(f"{len(row)} returns in another order")
        self.cells = row, ring


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
    nudge: int
    """Nanometres by which points may be moved along their rays; 0: none are."""
    signs: list[np.ndarray]
    """Which ones are, from the stage that corrects points."""


def coarser(solution: Solution, schema: Schema, bound: float) -> Solution | None:
    """A solution of a cloud within `bound` metres of the given one; None where there is none.

    Whoever takes it measures what it gives: here the bound is aimed at, not guaranteed.
    """
    parts, grids = [], []
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        best = _best(part, grid, schema, bound)
        if best is None:
            return None
        parts.append(best.part)
        grids.append(best.grid)
    return Solution(SweepModel(parts), grids, solution.about)


def _best(part: Part, grid: Grid, schema: Schema, bound: float) -> _Try | None:
    """The step of ranges that saves most; where none of those about twice the bound goes, smaller ones are tried."""
    whole = int(min(2 * bound / grid.tick * (1 + 1e-9), _LARGEST_STEP))
    least = _try(part, grid, schema, bound, 1)
    while whole > 0:
        tries = [_try(part, grid, schema, bound, step) for step in range(max(whole - 1, 2), whole + 2)]
        found = [each for each in tries if each is not None and (least is None or each.saved > least.saved)]
        if found:
            return max(found, key=lambda each: each.saved)
        whole //= 2
    return least


def _try(part: Part, grid: Grid, schema: Schema, bound: float, step: int) -> _Try | None:
    """Make a part coarser by a step of ranges; None where its stages do not go with that."""
    return _tried(part, grid, schema, bound, Coarse.centred(step) if step > 1 else None)


def exactly(part: Part, grid: Grid, schema: Schema, coarse: Coarse) -> tuple[Part, Grid] | None:
    """A part and its grid, nearly all ranges of which a coarse stage can make, with what it makes them of.

    What comes of it is the same to the bit. None where that takes more bytes.
    """
    best = _tried(part, grid, schema, 0.0, coarse)
    if best is None:
        return None
    before, after = (sum(len(stage.pack()) for stage in each.stages) for each in (part, best.part))
    gained = _WORTH / 8 * float(np.log2(coarse.step)) * np.count_nonzero(grid.ranges)
    return (best.part, best.grid) if after - before < gained else None


def _tried(part: Part, grid: Grid, schema: Schema, bound: float, coarse: Coarse | None) -> _Try | None:
    step = coarse.step if coarse else 1
    divided = coarse.divided(grid.ranges) if coarse else grid.ranges
    nudge = round(0.5e9 * grid.tick) if coarse else 0
    ranges = divided
    for attempt in range(_ATTEMPTS):
        exact, near = (Returns(each, grid.intensity, schema, part.count) for each in (grid.ranges, ranges))
        sides = _Sides(exact, near, bound, nudge, [])
        try:
            stages = _stages(part.stages, sides, coarse)
        except _ReorderedError as error:
            ranges = ranges.copy()
            ranges[error.cells] = _nudged(divided[error.cells], attempt)
            continue
        except CorruptError:
            return None
        returned = max(int(np.count_nonzero(grid.ranges)), 1)
        saved = _WORTH * float(np.log2(step)) - 8 * sum(len(stage.pack()) for stage in stages) / returned
        saved -= _HALVED if coarse and coarse.middle else 0.0
        return _Try(replace(part, stages=stages), grid._replace(ranges=ranges, tick=grid.tick * step), saved)
    return None


def _nudged(ranges: np.ndarray, attempt: int) -> np.ndarray:
    """Ranges a step or two further or nearer, in ways that differ from neighbour to neighbour and time to time."""
    moves = ((np.arange(len(ranges)) + attempt) % 3 - 1) * (1 + attempt // 6)
    return np.maximum(ranges + (-moves if attempt // 3 % 2 else moves), 1).astype(np.int32)


def _stages(stages: Sequence[Stage], sides: _Sides, coarse: Coarse | None) -> list[Stage]:
    """Stages of the coarser model, applied to both sides; CorruptError where they do not go with other ranges."""
    made: list[Stage] = []
    if coarse:
        made.append(coarse)
        coarse.apply(sides.near)
    for stage in stages:
        made.append(_anew(stage, sides))
        made[-1].apply(sides.near)
        if sides.signs:
            made.append(Nudges.of(sides.near.xyz, sides.nudge, sides.signs.pop()))
            made[-1].apply(sides.near)
        _check_same(sides.exact, sides.near)
    return made


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
    """Stop where the coarser ranges have brought returns into another order."""
    if exact.row is None or exact.ring is None:
        return
    if len(exact.row) != len(near.row):
        raise CorruptError("the number of returns depends on their ranges")
    other = (exact.row != near.row) | (exact.ring != near.ring)
    if other.any():
        raise _ReorderedError(exact.row[other], exact.ring[other])


def _cell_order(stage: CellOrder, sides: _Sides) -> Stage:
    return CellOrder.of(stage.by_ring, sides.near.ticks, stage.those_behind(sides.exact.ticks))


def _seconds(stage: Seconds, sides: _Sides) -> Stage:
    return Seconds.of(sides.near, stage.ranges(sides.exact))


def _beyond(found: np.ndarray, wanted: np.ndarray, bound: float) -> np.ndarray:
    """Coordinates that are, or might be, further off than the bound; with none, all that are not the same."""
    if not bound:
        return bits_of(np.ascontiguousarray(found)) != bits_of(np.ascontiguousarray(wanted))
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(np.abs(found.astype(np.float64) - wanted.astype(np.float64)) < bound * (1 - 2.0**-50))


def _nudged_within(found: np.ndarray, wanted: np.ndarray, beyond: np.ndarray, sides: _Sides) -> np.ndarray:
    """Which of the points beyond the bound are within it when moved along their rays; a stage is made of that."""
    signs = np.zeros(len(found), np.int64)
    if not sides.nudge:
        return signs != 0
    for sign in (1, -1):
        far = _beyond(moved(found, sides.nudge, np.where(beyond, sign, 0)), wanted, sides.bound)
        signs[beyond & ~far.any(axis=1)] = sign
    if signs.any():
        sides.signs.append(signs)
    return signs != 0


def _nearest(found: np.ndarray, wanted: np.ndarray, bound: float, decimal: int) -> np.ndarray:
    """Numbers that can be stored, within the bound of the wanted ones, and nearest to those found."""
    unit = rounding_units(wanted, decimal).astype(np.float64)
    room = np.floor(np.maximum(bound / unit - 1, 0)) * unit
    middle = wanted.astype(np.float64)
    moved = np.clip(found.astype(np.float64), middle - room, middle + room)
    return round_points(moved, decimal)[0]


def _corrections(stage: Corrections, sides: _Sides) -> Stage:
    exact, near = replace(sides.exact), sides.near
    stage.apply(exact)
    near.need("rounded", "fraction")
    beyond = _beyond(near.rounded, exact.xyz, sides.bound)
    if not near.decimal:  # decimals stay decimals
        away = np.asarray(beyond.any(axis=1))
        beyond[_nudged_within(near.rounded, exact.xyz, away, sides)] = False
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
    found = from_ordinals(expected, np.dtype("<f4"))
    beyond = np.asarray(_beyond(found, exact.xyz, sides.bound).any(axis=1))
    if near.blank is not None:
        beyond &= ~near.blank
    beyond &= ~_nudged_within(found, exact.xyz, beyond, sides)
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
