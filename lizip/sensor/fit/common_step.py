"""Ranges that are multiples of some ticks, as those of a sweep that was near-lossless once: the grid holds less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.sensor.fit.coarser import WORTH, Source, Try, make_coarser
from lizip.sensor.model import Grid, Part, Solution, SweepModel
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.moves import Moves

if TYPE_CHECKING:
    from lizip.cloud import Schema

_LEAST_RETURNS = 64
_QUICK, _SAMPLE = 512, 8192
_MOST = 512
"""Largest step looked for, ticks or halves of them."""
_LEAST_GAIN = 0.1
"""Bits a return."""


def with_common_steps(solution: Solution, schema: Schema) -> Solution:
    """The same solution, with what nearly all ranges of a part are multiples of taken out of its grid.

    Ranges that are none are moved there.
    """
    parts, grids = [], []
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        part, grid = _with_common_step(part, grid, schema)
        parts.append(part)
        grids.append(grid)
    return solution._replace(model=SweepModel(parts), grids=grids)


def _with_common_step(part: Part, grid: Grid, schema: Schema) -> tuple[Part, Grid]:
    returned = grid.ranges[grid.ranges > 0]
    if len(returned) < _LEAST_RETURNS or not _worthwhile(_some(returned, _QUICK)):
        return part, grid
    source = Source.of(part, grid, schema)
    returned = source.ranges[source.ranges > 0]
    best = max(_worthwhile(_some(returned, _SAMPLE)), default=None)
    if best is None:
        return part, grid
    _, step, offset = best
    coarse = Coarse(step, offset, int(source.halved))
    numbers = coarse.divided(source.ranges)
    made: list[Coarse | Moves] = [coarse]
    multiples = coarse.multiplied(numbers)
    if (moves := source.ranges - multiples).any():
        made.append(Moves.of(multiples, moves))
    plain = replace(part, stages=[*made, *source.part.stages])
    # ranges that a rounding put beside a multiple are on it where their points are the same
    settled = make_coarser(source, 0.0, coarse, step)
    if settled is not None and _size(settled.part) < _size(plain) and _same(settled, source):
        return settled.part, settled.grid
    return plain, grid._replace(ranges=numbers, tick=source.unit * step)


def _size(part: Part) -> int:
    return sum(len(stage.pack()) for stage in part.stages)


def _same(found: Try, source: Source) -> bool:
    """Whether a part gives the points that it is made of, bit for bit."""
    given = (
        (found.part, found.grid),
        (replace(source.part, stages=[*source.coarse, *source.part.stages]), source.before),
    )
    try:
        one, other = (
            SweepModel([part]).rebuild([(grid.ranges, grid.intensity)], source.schema) for part, grid in given
        )
    except CorruptError:
        return False
    return all(column.tobytes() == other[name].tobytes() for name, column in one.items())


def _some(values: np.ndarray, most: int) -> np.ndarray:
    return values[:: max(1, len(values) // most)]


def _worthwhile(ranges: np.ndarray) -> list[tuple[float, int, int]]:
    """Steps whose multiples, from an offset on, so many ranges (K,) are that it pays: gain in bits, step, offset."""
    found = []
    offsets, shares = np.zeros(_MOST + 1, np.int64), np.zeros(_MOST + 1, np.int64)
    _find_offsets(np.ascontiguousarray(ranges, np.int32), np.zeros(_MOST + 1, np.int64), offsets, shares)
    for step in range(2, _MOST + 1):
        offset, moved = int(offsets[step]), 1.0 - shares[step] / len(ranges)
        if moved > 0.6 or (step > 8 and shares[step] < 8):
            continue
        gain = WORTH * float(np.log2(step)) - _cost_of_moves(np.bincount(ranges % step, minlength=step), offset)
        if gain > _LEAST_GAIN:
            found.append((gain, step, offset))
    return found


@kernel
def _find_offsets(ranges, rests, offsets, shares):
    """Fill, for each step from 2 on, what most ranges (K,) int32 are beyond its multiples, and how many are that."""
    for step in range(2, offsets.size):
        rests[:step] = 0
        for i in range(ranges.size):
            rests[np.uintp(np.uint32(ranges[i]) % np.uint32(step))] += 1
        for rest in range(step):
            if rests[rest] > shares[step]:
                offsets[step] = rest
                shares[step] = rests[rest]


def _cost_of_moves(rests: np.ndarray, offset: int) -> float:
    """Bits a return, about, of moves to multiples from `offset` on; rests (S,) are numbers of returns."""
    step, share = len(rests), rests / rests.sum()
    away = np.abs((np.arange(step) - offset + step // 2) % step - step // 2)
    stays = share[offset]
    entropy = -sum(p * np.log2(p) for p in (stays, 1 - stays) if p > 0)
    return float(entropy + (share * np.where(away > 0, 1 + 2 * np.log2(np.maximum(away, 1)), 0)).sum())
