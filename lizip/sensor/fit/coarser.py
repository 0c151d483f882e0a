"""A sensor's model made coarser, within a bound of the cloud that it is of.

The exact model and the coarser one run side by side, stage by stage. Ranges become multiples of as many ticks as the
bound allows; where a coordinate then is within the bound, it is what the model says, without a correction. Ranges of
points just beyond the bound are moved by a tick, or half of one, towards what they were: all points stay on the ticks
of the sensor, or halfway between them, so that a solver finds them again. What is not within the bound even then is
corrected to the nearest number that is. Stages that code something given the ranges code it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.errors import CorruptError
from lizip.sensor.fit.side_by_side import BeyondError, ReorderedError, make_stages, states
from lizip.sensor.model import Grid, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.far_corrections import FarCorrections
from lizip.sensor.stages.moves import Moves
from lizip.sensor.stages.rounding import HALF

if TYPE_CHECKING:
    from lizip.cloud import Schema

WORTH = 0.7
"""Bits that a return gets shorter by when its range is halved: neighbours tell a good deal of a range already."""
_SURELY = 0.5
"""Share of what moves are expected to take that they take in any case."""
_ROUNDED = 0.4
"""How far two roundings to a decimal are from each other, in units."""
_FEW = 1000
"""Where only one return in so many is beyond the bound, it is moved to what it was at once."""
_ATTEMPTS = 18
"""Times that ranges are nudged which change the order of a file sorted by azimuth."""
_ROUNDS = 2
"""Times that ranges are moved: by one towards what they were, then to that."""
_LARGEST_STEP = 1 << 16
_DEPENDENT = (Moves, Corrections, FarCorrections)
"""Stages that depend on the step."""


class Source(NamedTuple):
    """A part, with ranges as its sensor counts them.

    Attributes
    ----------
    part : Part
        With no stages that make ranges coarse.
    ranges : (F, R) int32
    intensity : (F, R) int32 or None
    schema : Schema
    unit : float
        Metres that a 1 of the ranges stands for.
    halved : bool
        Whether that is half a tick.
    before : Grid
        As it was.
    coarse : list of Stage
        The stages left out.
    states : list of Returns
        See `exact`.
    """

    part: Part
    ranges: np.ndarray
    intensity: np.ndarray | None
    schema: Schema
    unit: float
    halved: bool
    before: Grid
    coarse: list[Stage]
    states: list[Returns]

    @classmethod
    def of(cls, part: Part, grid: Grid, schema: Schema) -> Source:
        """Take what makes ranges coarse out of a part."""
        coarse = [stage for stage in part.stages if isinstance(stage, Coarse | Moves)]
        rest = [stage for stage in part.stages if not isinstance(stage, Coarse | Moves)]
        returns, unit = Returns(grid.ranges, grid.intensity, schema, part.count), grid.tick
        for stage in coarse:
            stage.apply(returns)
            unit /= stage.step if isinstance(stage, Coarse) else 1
        own = replace(part, stages=rest)
        return cls(own, returns.ranges, grid.intensity, schema, unit, returns.halved, grid, list(coarse), [])

    def returns(self, ranges: np.ndarray) -> Returns:
        """Returns with ranges (F, R)."""
        return Returns(ranges, self.intensity, self.schema, self.part.count, self.halved)

    def exact(self) -> list[Returns]:
        """Returns before the first stage of the part, and after each."""
        if not self.states:
            self.states.extend(states(self.part.stages, self.returns(self.ranges)))
        return self.states


class Try(NamedTuple):
    """A part made coarser: stages, grid, about how many bits a return that saves, and how many the stages take that any
    other step has too."""

    part: Part
    grid: Grid
    saved: float
    needed: float

    @classmethod
    def of(cls, part: Part, grid: Grid, ratio: float) -> Try:
        """A part whose ranges have become so many times smaller."""
        needed = _said([stage for stage in part.stages if not isinstance(stage, _DEPENDENT)], grid)
        return cls(part, grid, WORTH * _bits(ratio) - _said(part.stages, grid), needed)

    def most(self, step: int) -> float:
        """What another step can save at most."""
        return WORTH * _bits(step) - self.needed


def coarser(solution: Solution, schema: Schema, bound: float) -> Solution | None:
    """A solution of a cloud within `bound` metres of the given one; None where there is none.

    Whoever takes it measures what it gives: here the bound is aimed at, not guaranteed.
    """
    parts, grids = [], []
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        best = _best(Source.of(part, grid, schema), bound)
        if best is None:
            return None
        parts.append(best.part)
        grids.append(best.grid)
    return Solution(SweepModel(parts), grids, solution.about)


def _best(source: Source, bound: float) -> Try | None:
    """The step of ranges that saves most; where none of those about twice the bound goes, smaller ones are tried."""
    whole = int(min(2 * bound / source.unit * (1 + 1e-9), _LARGEST_STEP))
    best: Try | None = None
    while whole > 0 and best is None:
        for step in (whole, whole + 1, whole - 1):
            coarse = Coarse.centred(step, source.halved)
            if step < 2 or (step % 2 == 0 and source.halved):
                continue
            most, saved = (WORTH * _bits(step), 0.0) if best is None else (best.most(step), best.saved)
            if saved >= most or saved >= most - _SURELY * _moved(source, bound, coarse):
                continue
            tried = make_coarser(source, bound, coarse, step, best)
            if tried is not None and (best is None or tried.saved > best.saved):
                best = tried
        whole //= 2
    if best is not None and best.saved > WORTH:
        return best
    least = _as_it_is(source, bound)
    return least if best is None or (least is not None and least.saved >= best.saved) else best


def _moved(source: Source, bound: float, coarse: Coarse) -> float:
    """About how many bits a return it takes to say which ranges are to be moved at a step, from the directions of the
    points; 0 where these are not known."""
    exact = source.exact()[-1]
    if exact.row is None or exact.ring is None or len(exact.xyz) != len(exact.row):
        return 0.0
    halves = 1 if coarse.halved and not source.halved else 0
    wanted = source.ranges[exact.row, exact.ring] << halves
    off = np.abs(wanted - coarse.multiplied(coarse.divided(wanted))) * (source.unit / (1 << halves))
    room = bound - (_ROUNDED / exact.decimal if 0 < exact.decimal < HALF else 0.0)
    xyz = exact.xyz.astype(np.float64)
    with np.errstate(all="ignore"):
        square = (xyz * xyz).sum(axis=1)
        beyond = off * off * (xyz * xyz).max(axis=1) > room * abs(room) * square
    share = float(np.count_nonzero(beyond & (square > 0) & (wanted > 0))) / max(len(wanted), 1)
    share = min(max(share, 1e-9), 0.5)
    return -share * np.log2(share) - (1 - share) * np.log2(1 - share) + share


def _as_it_is(source: Source, bound: float) -> Try | None:
    """A part with the ranges that it has; None where its stages do not go with that."""
    try:
        stages = make_stages(source.part.stages, source.exact(), source.returns(source.ranges), bound, False)
    except (CorruptError, ReorderedError):
        return None
    part = replace(source.part, stages=[*source.coarse, *stages])
    return Try.of(part, source.before, source.before.tick / source.unit)


def _bits(ratio: float) -> float:
    return float(np.log2(max(ratio, 1.0)))


def _said(stages: Sequence[Stage], grid: Grid) -> float:
    """Bits a return of the stages."""
    return 8 * sum(len(stage.pack()) for stage in stages) / max(int(np.count_nonzero(grid.ranges)), 1)


def make_coarser(source: Source, bound: float, coarse: Coarse, step: int, rival: Try | None = None) -> Try | None:
    """Make a part coarser by a step of ranges; None where its stages do not go with that, or a rival saves more.

    With a bound of 0 what comes of it is the same to the bit.
    """
    wanted = source.ranges << (1 if coarse.halved and not source.halved else 0)
    divided = coarse.divided(wanted)
    numbers, moves, rounds, reordered = divided, np.zeros(divided.shape, np.int64), 0, 0
    while reordered < _ATTEMPTS:
        near = source.returns(numbers)
        coarse.apply(near)
        multiples = near.ranges
        near.ranges = multiples + moves.astype(np.int32)
        try:
            stages = make_stages(source.part.stages, source.exact(), near, bound, rounds < _ROUNDS)
        except BeyondError as error:
            away = (wanted - coarse.multiplied(numbers))[error.cells]
            few = len(away) * _FEW < np.count_nonzero(wanted)
            moves[error.cells] = away if rounds or few or not bound else np.sign(away)
            rounds = _ROUNDS if few else rounds + 1
            if rival is not None and rounds == 1:
                said = _said([Moves.of(multiples, moves)], source.before)
                if rival.most(step) - said <= rival.saved:
                    return None
            continue
        except ReorderedError as error:
            moves[error.cells] = 0
            numbers = numbers.copy()
            numbers[error.cells] = _nudged(divided[error.cells], reordered)
            reordered += 1
            continue
        except CorruptError:
            return None
        made = [coarse, Moves.of(multiples, moves)] if moves.any() else [coarse]
        grid = source.before._replace(ranges=numbers, tick=source.unit * step)
        return Try.of(replace(source.part, stages=[*made, *stages]), grid, step)
    return None


def _nudged(ranges: np.ndarray, attempt: int) -> np.ndarray:
    """Ranges a step or two further or nearer, in ways that differ from neighbour to neighbour and time to time."""
    moves = ((np.arange(len(ranges)) + attempt) % 3 - 1) * (1 + attempt // 6)
    return np.maximum(ranges + (-moves if attempt // 3 % 2 else moves), 1).astype(np.int32)
