"""Moving sensors whose packets' returns went to the vehicle's frame chunk by chunk: one or more in a file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.chunked.describe import describe
from lizip.sensor.fit.chunked.observed import Law, Observed
from lizip.sensor.fit.chunked.parts import Parts, find_parts
from lizip.sensor.fit.chunked.solve import solve
from lizip.sensor.fit.decimals import find_decimal, noise_of
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.missing import find_missing, find_seen
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
        axes, whole, columns = _find_parts(columns)
        if whole is None:
            return None
        decimal = find_decimal(np.stack(columns[:3], axis=1))
        if is_coarse(decimal, VLP_32C.tick):
            return None
        found = _solve_each(np.stack(columns[:3], axis=1), missing, whole, noise_of(decimal))
        if found is None:
            return None
        parts, grids, notes = [], [], dict[str, int]()
        for (first, last), strange, (seen, law) in found:
            inside = [np.ascontiguousarray(column[first:last]) for column in columns]
            absent = missing[first:last]
            described = describe(inside, cloud.schema, seen, law, axes, (absent, strange), nothing, decimal)
            if described is None:
                return None
            parts.append(described[0])
            grids.append(described[1])
            for name, value in described[2].items():
                notes[name] = notes.get(name, 0) + value
        return Solution(SweepModel(parts), grids, About(TITLES.index("Velodyne VLP-32C in packets"), notes))


SOLVER = Chunked()

_MOST_STRANGE = 0.1
"""Share of the points that may be a scrap, too short to tell anything of its sensor."""


def _solve_each(
    points: np.ndarray, missing: np.ndarray, whole: Parts, noise: float
) -> list[tuple[tuple[int, int], np.ndarray, tuple[Observed, Law]]] | None:
    """Where the parts of points (N, 3) begin and end, which of their points are of a scrap beside, and what they are.

    None when more than a scrap is not explained.
    """
    seen = find_seen(points, missing)
    found, strange = [], ~seen & ~missing
    for first, last in pairwise(whole.bounds):
        one = solve(points[first:last][seen[first:last]], VLP_32C, noise, whole.fits.get((first, last)))
        if one is None:
            strange[first:last] = ~missing[first:last]
        else:
            found.append((last, one))
    if not found or np.count_nonzero(strange) > _MOST_STRANGE * len(points):
        return None
    ends = [*(last for last, _ in found[:-1]), len(points)]
    return [((a, b), strange[a:b], one) for a, b, (_, one) in zip([0, *ends], ends, found, strict=False)]


_WAYS = (AS_THEY_ARE, Axes(negative_y=True))
"""Any mirror image is one of these, turned; and how a sensor is turned is found out anyway."""


def _find_parts(columns: list[np.ndarray]) -> tuple[Axes, Parts | None, list[np.ndarray]]:
    """How to take the axes, the sensors' parts (None without any), and the columns so taken."""
    for axes in _WAYS:
        taken = columns
        if axes != AS_THEY_ARE:
            undone = axes.undone(np.stack(columns[:3], axis=1))
            taken = [*np.ascontiguousarray(undone.T), *columns[3:]]
        if (parts := find_parts(taken, VLP_32C)) is not None:
            break
    return axes, parts, taken
