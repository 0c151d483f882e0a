"""Moving sensors whose packets' returns went to the vehicle's frame chunk by chunk: one or more in a file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.calibrate import find_decimal, noise_of
from lizip.sensor.fit.chunked.describe import describe
from lizip.sensor.fit.chunked.parts import find_parts
from lizip.sensor.fit.chunked.solve import solve
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.model import TITLES, About, Solution, SweepModel
from lizip.sensor.stages.axes import AS_THEY_ARE, Axes
from lizip.sensor.stages.slots import VLP_32C
from lizip.sensor.state import SensorState


class Chunked:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find packets, chunks and track of each sensor; see `lizip.sensor.Solver`."""
        columns = list(cloud.columns.values())
        if len(columns) < 3 or any(column.dtype != np.dtype("<f4") for column in columns[:3]):
            return None
        missing, nothing = find_missing(np.stack(columns[:3], axis=1))
        axes, bounds, columns = _find_parts(columns)
        if bounds is None:
            return None
        decimal = find_decimal(np.stack(columns[:3], axis=1))
        if is_coarse(decimal, VLP_32C.tick):
            return None
        parts, grids, notes = [], [], dict[str, int]()
        for first, last in pairwise(bounds):
            inside = [np.ascontiguousarray(column[first:last]) for column in columns]
            absent = missing[first:last]
            found = solve(np.stack(inside[:3], axis=1)[~absent], VLP_32C, noise_of(decimal))
            described = (
                None if found is None else describe(inside, cloud.schema, *found, axes, absent, nothing, decimal)
            )
            if described is None:
                return None
            parts.append(described[0])
            grids.append(described[1])
            for name, value in described[2].items():
                notes[name] = notes.get(name, 0) + value
        return Solution(SweepModel(parts), grids, About(TITLES.index("Velodyne VLP-32C in packets"), notes))


SOLVER = Chunked()

_WAYS = (AS_THEY_ARE, Axes(negative_y=True))
"""Any mirror image is one of these, turned; and how a sensor is turned is found out anyway."""


def _find_parts(columns: list[np.ndarray]) -> tuple[Axes, list[int] | None, list[np.ndarray]]:
    """How to take the axes, bounds of the sensors' points (None without any), and the columns so taken."""
    for axes in _WAYS:
        taken = columns
        if axes != AS_THEY_ARE:
            undone = axes.undone(np.stack(columns[:3], axis=1))
            taken = [*np.ascontiguousarray(undone.T), *columns[3:]]
        if (bounds := find_parts(taken, VLP_32C)) is not None:
            break
    return axes, bounds, taken
