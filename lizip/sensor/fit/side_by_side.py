"""An exact model and a coarser one side by side: the stages of the coarser one, made anew where they code something.

`make_stages` applies each stage to the coarser one, and compares with the exact one's `states`. Where points of the
coarser model are beyond the bound, or in another order, it raises an error that says which: their ranges can be changed
and all be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.sensor.fit.chunked.coarse_track import retimed
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.fit.motion.coarse_law import coarse_law
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.cells import CellOrder
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections, expected_places
from lizip.sensor.stages.far_frame import FarFrame
from lizip.sensor.stages.fused import Fused
from lizip.sensor.stages.pose_law import PoseLaw, decode_law, firing_times, second_packet
from lizip.sensor.stages.rounding import round_points, rounding_units
from lizip.sensor.stages.screw import Screw
from lizip.sensor.stages.seconds import Seconds

_LAST_PLACES = 4
"""By so many a pose's flips move a point at most."""
_COARSE_TRACK, _COARSE_LAW = 1e-3, 5e-3
"""Metres from which on as a bound the errors of a coarser track and of a coarser law, up to 0.2 mm, are next to
nothing: where the bound is about half a step, they bring points beyond it."""

_FINE_LATTICE = 2.0**-16
"""Metres; a lattice of a map's coordinates that few pairs of points show."""


class ReorderedError(Exception):
    """Returns that stand in another order with coarser ranges; their cells."""

    def __init__(self, row: np.ndarray, ring: np.ndarray):
        super().__init__(f"{len(row)} returns in another order")
        self.cells = row, ring


class BeyondError(ReorderedError):
    """Returns that are beyond the bound; their cells."""


class Sides(NamedTuple):
    """Returns of the exact model before and after a stage, of the coarser one before it, the bound (m), and whether
    ranges may still be moved."""

    exact: Returns
    after: Returns
    near: Returns
    bound: float
    movable: bool


def states(stages: Sequence[Stage], returns: Returns) -> list[Returns]:
    """Returns before the first of some stages, and after each."""
    found = [returns]
    for stage in stages:
        found.append(found[-1].copied())
        stage.apply(found[-1])
    return found


def make_stages(
    stages: Sequence[Stage], exact: Sequence[Returns], near: Returns, bound: float, movable: bool
) -> list[Stage]:
    """Stages of the coarser model, applied to its returns; CorruptError where they do not go with other ranges.

    `exact` are the `states` of the exact one.
    """
    made: list[Stage] = []
    for stage, before, after in zip(stages, exact, exact[1:], strict=False):
        made.append(_anew(stage, Sides(before, after, near, bound, movable)))
        made[-1].apply(near)
        _check_same(after, near)
    return made


def _anew(stage: Stage, sides: Sides) -> Stage:
    """A stage for the coarser model."""
    if isinstance(stage, Attributes):
        known = sides.exact.columns
        return Attributes.of(sides.near, [each for name, each in sides.after.columns.items() if name not in known])
    make = _ANEW.get(type(stage))
    return make(stage, sides) if make else stage


def _check_same(exact: Returns, near: Returns) -> None:
    """Stop where the coarser ranges have brought returns into another order."""
    if exact.row is None or exact.ring is None:
        return
    if len(exact.row) != len(near.row):
        raise CorruptError("the number of returns depends on their ranges")
    other = (exact.row != near.row) | (exact.ring != near.ring)
    if other.any():
        raise ReorderedError(exact.row[other], exact.ring[other])


def _cell_order(stage: CellOrder, sides: Sides) -> Stage:
    return CellOrder.of(stage.kind, sides.near.ticks, stage.those_behind(sides.exact.ticks))


def _seconds(stage: Seconds, sides: Sides) -> Stage:
    return Seconds.of(sides.near, stage.ranges(sides.exact))


def _fused(stage: Fused, sides: Sides) -> Stage:
    """No flips: they move a point by a few last places, which are nothing against most bounds, and would hide the poses
    from who codes the points again."""
    farthest = np.abs(sides.after.xyz).max(initial=np.float32(0))
    return Fused() if _LAST_PLACES * float(np.spacing(farthest)) < sides.bound else stage


def _screw(stage: Screw, sides: Sides) -> Stage:
    """Few digits: whoever codes the points again finds the track nearly, and rounds it to this one."""
    return Screw.of(retimed(stage.track()), coarse=True) if sides.bound >= _COARSE_TRACK else stage


def _far_frame(stage: FarFrame, sides: Sides) -> Stage:
    """No first rounding that is next to nothing: whoever codes the points again hardly sees it."""
    steps = np.spacing(np.abs(stage.offset[stage.rounded == 1]).astype(np.float32))
    fine = sides.bound >= _COARSE_TRACK and bool((steps <= _FINE_LATTICE).all())
    return replace(stage, rounded=np.zeros(3, np.int64), offset=np.zeros(3)) if fine else stage


def _pose_law(stage: PoseLaw, sides: Sides) -> Stage:
    """The same of a law."""
    near = sides.near
    if sides.bound < _COARSE_LAW:
        return stage
    packet, period = near.rhythm.packet, near.rhythm.period
    law = decode_law(stage.body, near.firings, near.phase, packet)
    times = firing_times(law.steps, near.firings, near.phase, packet, period)
    begin = times[second_packet(near.firings, near.phase, packet)]
    return PoseLaw.of(coarse_law(law, float(begin)), near.firings)


def _beyond(found: np.ndarray, wanted: np.ndarray, sides: Sides) -> np.ndarray:
    """Coordinates (M, 3) that are, or might be, further off than the bound; raises BeyondError where that may be
    mended by moving ranges."""
    near = sides.near
    with np.errstate(over="ignore", invalid="ignore"):
        away = ~(np.abs(found.astype(np.float64) - wanted.astype(np.float64)) < sides.bound * (1 - 2.0**-50))
    if not sides.bound:
        away = bits_of(np.ascontiguousarray(found)) != bits_of(np.ascontiguousarray(wanted))
    if near.blank is not None:
        away[near.blank] = False
    if sides.movable and near.row is not None:
        cells = away.any(axis=1) & (near.ticks > 0)
        cells &= near.ticks != _ticks_of_exact(sides)
        if near.nth is not None:
            cells &= near.nth == 0
        if cells.any():
            raise BeyondError(near.row[cells], near.ring[cells])
    return away


def _ticks_of_exact(sides: Sides) -> np.ndarray:
    """Ticks of the exact returns as the coarser ones count them."""
    return sides.exact.ticks * np.int32(2 if sides.near.halved and not sides.exact.halved else 1)


def _nearest(found: np.ndarray, wanted: np.ndarray, bound: float, decimal: int) -> np.ndarray:
    """Numbers that can be stored, within the bound of the wanted ones, and nearest to those found."""
    unit = rounding_units(wanted, decimal).astype(np.float64)
    room = np.floor(np.maximum(bound / unit - 1, 0)) * unit
    middle = wanted.astype(np.float64)
    moved = np.clip(found.astype(np.float64), middle - room, middle + room)
    return round_points(moved, decimal)[0]


def _corrections(stage: Corrections, sides: Sides) -> Stage:
    exact, near = sides.after, sides.near
    near.need("rounded", "fraction")
    beyond = _beyond(near.rounded, exact.xyz, sides)
    actual = np.ascontiguousarray(exact.xyz)
    for wanted in (_nearest(near.rounded, actual, sides.bound, near.decimal), actual):
        target = np.where(beyond, wanted, near.rounded)
        units, fits = find_corrections(near.rounded, np.ascontiguousarray(target), near.decimal)
        if fits.all():
            return Corrections.of(near, units)
    raise CorruptError("no correction reaches a point")


def _far_corrections(stage: FarCorrections, sides: Sides) -> Stage:
    exact, near = sides.after, sides.near
    actual, expected = to_ordinals(np.ascontiguousarray(exact.xyz)), expected_places(near)
    found = from_ordinals(expected, np.dtype("<f4"))
    beyond = np.asarray(_beyond(found, exact.xyz, sides).any(axis=1))
    lattice, _ = choose_lattice(near.far, near.points, actual)
    lattice[~beyond] = 0
    return FarCorrections.of(near, lattice, np.where(beyond[:, None], actual, expected))


_ANEW: dict[type, Callable[..., Stage]] = {
    CellOrder: _cell_order,
    FarFrame: _far_frame,
    Fused: _fused,
    Screw: _screw,
    PoseLaw: _pose_law,
    Seconds: _seconds,
    Corrections: _corrections,
    FarCorrections: _far_corrections,
}
"""Stages that depend on ranges or bring points to where they are stored."""
