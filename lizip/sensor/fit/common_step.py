"""Ranges that are multiples of some ticks, as those of a sweep that was near-lossless once: the grid holds less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.sensor.fit.coarser import exactly
from lizip.sensor.model import Grid, Part, Solution, SweepModel
from lizip.sensor.stages.coarse import MOST_STEP, Coarse
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.far_corrections import FarCorrections

if TYPE_CHECKING:
    from lizip.cloud import Schema

_LEAST_RETURNS = 64
_SAMPLE = 4096
_MOST = 129
_NEARLY = 0.98
"""Nearly all ranges are multiples where so many are."""
_MANY = 0.1
"""So many bytes a return for corrections are worth a look at the halves of ticks."""


def with_common_steps(solution: Solution, schema: Schema) -> Solution:
    """The same solution, with what all ranges of a part, or nearly all, are multiples of taken out of its grid."""
    parts, grids = [], []
    nearly = False
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        step = int(np.gcd.reduce(grid.ranges, axis=None))
        if 1 < step <= MOST_STEP and np.count_nonzero(grid.ranges) >= _LEAST_RETURNS:
            part = replace(part, stages=[Coarse(step, 0), *part.stages])
            grid = grid._replace(ranges=grid.ranges // np.int32(step), tick=grid.tick * step)
        elif (coarse := _nearly_common(part, grid)) and (found := exactly(part, grid, schema, coarse)):
            part, grid = found
            nearly = True
        parts.append(part)
        grids.append(grid)
    made = solution._replace(model=SweepModel(parts), grids=grids)
    return made if not nearly or _same(solution, made, schema) else solution


def _nearly_common(part: Part, grid: Grid) -> Coarse | None:
    """The coarsest steps that nearly all ranges have, or lie in the middle of; None where they may have any."""
    returned = grid.ranges[grid.ranges > 0]
    if len(returned) < _LEAST_RETURNS:
        return None
    sample = returned[:: max(1, len(returned) // _SAMPLE)]
    for step in range(_MOST, 1, -1):
        if np.mean(sample % step == 0) >= _NEARLY:
            return Coarse(step, 0)
        # half a tick above a multiple, rounded either way
        if step % 2 == 0 and step > 2 and np.mean(sample % step <= 1) >= _NEARLY:
            return Coarse(step, 1)
    said = sum(len(stage.pack()) for stage in part.stages if isinstance(stage, Corrections | FarCorrections))
    return Coarse(2, 1) if said > _MANY * len(returned) else None


def _same(one: Solution, other: Solution, schema: Schema) -> bool:
    """Whether two solutions give the same points, bit for bit."""
    cells = ([(grid.ranges, grid.intensity) for grid in each.grids] for each in (one, other))
    try:
        before, after = (each.model.rebuild(grids, schema) for each, grids in zip((one, other), cells, strict=True))
    except CorruptError:
        return False
    return all(column.tobytes() == after[name].tobytes() for name, column in before.items())
