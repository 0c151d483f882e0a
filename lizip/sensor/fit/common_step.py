"""Ranges that are all multiples of some ticks, as those of a sweep that was near-lossless once: the grid holds less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.sensor.model import Solution, SweepModel
from lizip.sensor.stages.coarse import MOST_STEP, Coarse

_LEAST_RETURNS = 64


def with_common_steps(solution: Solution) -> Solution:
    """The same solution, with what all ranges of a part are multiples of taken out of its grid."""
    parts, grids = [], []
    for part, grid in zip(solution.model.parts, solution.grids, strict=True):
        step = int(np.gcd.reduce(grid.ranges, axis=None))
        if 1 < step <= MOST_STEP and np.count_nonzero(grid.ranges) >= _LEAST_RETURNS:
            part = replace(part, stages=[Coarse(step, 0), *part.stages])
            grid = grid._replace(ranges=grid.ranges // np.int32(step), tick=grid.tick * step)
        parts.append(part)
        grids.append(grid)
    return solution._replace(model=SweepModel(parts), grids=grids)
