"""What a file holds besides coordinates: intensities, which go with the grid, and all other columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.sensor.fit.intensity import find_intensity, intensity_stage, with_further
from lizip.sensor.model import Grid, Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.intensity import lit_cells


def add_further(columns: Sequence[np.ndarray], returns: Returns, tick: float, stages: list[Stage]) -> Grid:
    """Make the grid of placed returns, with intensities if there are any, and add the stages of further columns.

    `columns` are all those of the file, coordinates first.
    """
    grid, ranges = Grid(returns.ranges, None, tick), returns.ranges
    if len(columns) == 3:
        return grid
    cells, place = lit_cells(returns)
    rings = np.full(returns.count, -1, np.int32)
    rings[returns.place] = returns.ring
    lit = find_intensity(columns, rings, place)
    if lit is not None:
        intensity = np.zeros_like(ranges)
        intensity[cells] = lit.integers
        grid = grid._replace(intensity=intensity, everywhere=bool(intensity[ranges == 0].any()))
        column, returns.intensity = np.ascontiguousarray(columns[lit.column]), intensity
        stage = intensity_stage(column, lit, place)
        stages.append(stage if returns.nth is None else with_further(stage, returns, column))
    others = [column for at, column in enumerate(columns) if at > 2 and (lit is None or at != lit.column)]
    if others:
        stages.append(Attributes.of(returns, others))
    return grid
