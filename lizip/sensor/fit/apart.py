"""Parts of a turn that are apart in a file, as where a sector is cut out of a sweep that begins and ends in it.

What lies between is not there to say how the sensor moved meanwhile: each run has a model of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.runs import run_bounds
from lizip.sensor.model import Solution, SweepModel

if TYPE_CHECKING:
    from lizip.cloud import Cloud


def solve_apart(cloud: Cloud, solve: Callable[[Cloud], Solution | None]) -> Solution | None:
    """Solve each run of a cloud by `solve`; None where there is one run, or one of them is not explained."""
    xyz = stored_points(cloud)
    bounds = [] if xyz is None else run_bounds(xyz)
    if len(bounds) < 3:
        return None
    solutions = []
    for first, last in pairwise(bounds):
        columns = {name: column[first:last] for name, column in cloud.columns.items()}
        solution = solve(replace(cloud, columns=columns, shape=None))
        if solution is None:
            return None
        solutions.append(solution)
    parts = [part for solution in solutions for part in solution.model.parts]
    grids = [grid for solution in solutions for grid in solution.grids]
    return Solution(SweepModel(parts), grids, solutions[0].about)
