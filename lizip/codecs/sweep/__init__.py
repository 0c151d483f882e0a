"""A spinning sensor's sweep, coded as what the sensor measured.

Compression, top to bottom: a solver (`lizip.sensor.solvers`) recovers the grid of ranges and intensities, firing by
ring, and the stages that compute the stored floats from it (`lizip.sensor.model`); the grid is coded cell by cell in
firing order, each cell predicted from its neighbours (`lizip.codecs.sweep.grid`); what is left (calibration, firing
times, poses, corrections) is small. Decompression is the same from the bottom up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from lizip import defects
from lizip.codecs import Options
from lizip.codecs.sweep.sections import (
    GRID,
    GRID_STREAMS,
    HEADER,
    followed,
    lay_out,
    most_cells,
    unpack_shapes,
    what_is_left,
)
from lizip.container import FOLLOWS, Container, Section
from lizip.errors import CorruptError
from lizip.packing import Unpacker
from lizip.sensor import SOLVERS, Registered
from lizip.sensor.model import SweepModel, list_stages, model_of, said_by, unpack_about
from lizip.sensor.state import SensorState

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.sensor.model import Solution

MOST_POINTS = 1 << 22
"""Most points of a sweep: all are decoded at once."""

_ENOUGH = 2
"""Bytes a point (`_weight`) up to which a sweep whose coordinates were printed need not be looked at as it stands."""

_MODERATE = 1.5
"""Bytes a point up to which parts of a turn that are apart are not asked each by itself."""

_AS_BEFORE = 1.1
"""Nor where the sweep before took so nearly as many."""


class _Solved(NamedTuple):
    """What solved the sweep before: the solver's name, and the bytes a point that it took."""

    solver: str
    weight: float


class _Further(NamedTuple):
    """Whether the sweep before had further returns."""

    found: bool


class Sweep:
    """The sweep codec."""

    name = "sweep"
    number = 2

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Try the solvers in turn; None when none of them explains the cloud."""
        printed = self._solve_printed(cloud, options)
        if printed is not None and _weight(printed) <= _ENOUGH * cloud.count:
            return lay_out(printed, options)
        solution = self.solve(cloud, options)
        if solution is None:
            return None if printed is None else lay_out(printed, options)
        if printed is not None and _weight(printed) < _weight(solution):
            return lay_out(printed, options)
        if options.level != "fast":
            from lizip.sensor.fit.outer.unmoved import with_moves_undone

            solution = with_moves_undone(solution, cloud, lambda each: self._solve_alone(each, options.level))
        return lay_out(solution, options)

    def _solve_printed(self, cloud: Cloud, options: Options) -> Solution | None:
        """A solution of what was there before coordinates were printed, if they were."""
        from lizip.sensor.fit.digits import find_digits, solve_printed

        form = None if options.level == "fast" or cloud.count > MOST_POINTS else find_digits(cloud)
        if form is None:
            return None
        again = replace(options, state=SensorState())
        return solve_printed(cloud, form, lambda each: self.solve(each, again))

    def _solve_alone(self, cloud: Cloud, level: str) -> Solution | None:
        """What the first solver says that explains a cloud, of one sensor and one return a pulse."""
        from lizip.sensor.fit.common_step import with_common_steps

        solution = _solve_one(cloud, level, SensorState())
        return None if solution is None else with_common_steps(solution, cloud.schema)

    def solve(self, cloud: Cloud, options: Options) -> Solution | None:
        """What the first solver says that explains the cloud, or the one that explains most of it.

        None of few points, of too many, or of points in no order.
        """
        from lizip.sensor.fit.missing import enough_returns

        if cloud.count > MOST_POINTS or not cloud.once(enough_returns):
            return None
        from lizip.sensor.fit.coordinates import stored_points
        from lizip.sensor.fit.shuffled import is_shuffled

        xyz = stored_points(cloud)
        if xyz is not None and is_shuffled(xyz):
            return None
        from lizip.sensor.fit.apart import solve_apart
        from lizip.sensor.fit.common_step import with_common_steps
        from lizip.sensor.fit.dual import solve_dual
        from lizip.sweeps import find_sweeps

        state = options.state or SensorState()

        def solve_one(cloud: Cloud) -> Solution | None:
            return _solve_one(cloud, options.level, state)

        driver = next(each for each in SOLVERS if each.name == "driver")
        known = state.get("solver", _Solved)
        tried: dict[str, Solution | None] = {}
        if known is None or known.solver == driver.name:
            tried[driver.name] = _attempt(driver, cloud, options.level, state)
        by_law = tried.get(driver.name)
        explained = by_law is not None and _weight(by_law) <= driver.enough * cloud.count
        if by_law is not None and explained and _has_seconds(by_law):
            return with_common_steps(by_law, cloud.schema)
        solution, further = None, state.get("further", _Further)
        if further is None or further.found:
            with defects.passed_over(f"further returns among {cloud.count} points were not told"):
                solution = solve_dual(cloud, solve_one, lambda each: each.once(find_sweeps))
            state.put("further", _Further(solution is not None))
        # what looks like further returns may be none
        alone = by_law if explained else _solve_one(cloud, options.level, state, tried)
        solution = _lightest(solution, alone)
        poor = solution is None or _weight(solution) > _MODERATE * cloud.count
        # sweeps of a file are pieces anyway
        if poor and not cloud.once(find_sweeps):
            solution = _lightest(solution, solve_apart(cloud, solve_one))
        return None if solution is None else with_common_steps(solution, cloud.schema)

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield all points at once: a sweep is small."""
        from lizip.codecs.sweep.decoded import decode
        from lizip.codecs.sweep.grid import MAX_CELLS

        if count > MOST_POINTS:
            raise CorruptError("more points than a sweep may have")
        unpacker = Unpacker(container.section(HEADER))
        unpack_about(unpacker)
        unpack_shapes(unpacker)
        past = container.past if container.entries(FOLLOWS) else None
        listed = list_stages(unpacker, count, past.said if past else ())
        model = model_of(listed)
        unpacker.finish()
        grids = list(container.sections(GRID))
        if len(grids) != len(model.parts):
            raise CorruptError("a sweep has not as many grids as parts")
        before = followed(container, past, len(grids), count)
        decoded, left = [], MAX_CELLS
        for part, grid, each in zip_longest(model.parts, grids, before):
            decoded.append(decode(grid, max_cells=min(most_cells(part.count), left), before=each))
            left -= decoded[-1].ranges.size
        columns = SweepModel(model.parts).rebuild([each.grid for each in decoded], schema)
        if container.past is not None:  # before they are handed on: who wants columns may not come back
            container.left = what_is_left(container, decoded, said_by(listed))
        yield columns

    def describe(self, container: Container) -> dict[str, Any]:
        """Sensor, fit and model in words, and the bytes of each stream."""
        unpacker = Unpacker(container.section(HEADER))
        sensor, notes = unpack_about(unpacker)
        net, shapes = unpack_shapes(unpacker)
        parts = list_stages(unpacker, container.header.count)
        unpacker.finish()
        streams = dict.fromkeys(GRID_STREAMS, 0)
        for shape in shapes:
            for name, size in zip(GRID_STREAMS, shape[2:], strict=True):
                streams[name] += size
        for _, stages in parts:
            for row, data in stages:
                streams[row.name] = streams.get(row.name, 0) + len(data)
        firings, rings = sum(shape[0] for shape in shapes), max(shape[1] for shape in shapes)
        info = {"sensor": sensor, "parts": len(parts), "firings": firings, "rings": rings, **notes}
        return {**info, **({"model": net} if net else {}), "streams": streams}


CODEC = Sweep()


def _lightest(*solutions: Solution | None) -> Solution | None:
    """The one that says most."""
    return min((each for each in solutions if each is not None), key=_weight, default=None)


def _attempt(registered: Registered, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
    """What a solver says of a cloud, if a decoder takes it."""
    solution = None
    with defects.passed_over(f"the solver {registered.name} failed on a cloud of {cloud.count} points"):
        solution = registered.load().solve(cloud, level, state)
    return solution if solution is not None and is_modest(solution) else None


def _has_seconds(solution: Solution) -> bool:
    """Whether further returns of a pulse were found."""
    from lizip.sensor.stages.seconds import Seconds

    return any(isinstance(stage, Seconds) for part in solution.model.parts for stage in part.stages)


def _solve_one(
    cloud: Cloud, level: str, state: SensorState, tried: Mapping[str, Solution | None] | None = None
) -> Solution | None:
    """The first solution that explains a cloud, or the one that explains most of it.

    What solved the sweep before goes first, and is the last if it does as well as there. `tried`: what solvers said.
    """
    best: Solution | None = None
    known, solver = state.get("solver", _Solved), ""
    for registered in sorted(SOLVERS, key=lambda each: known is None or each.name != known.solver):
        name = registered.name
        if best is not None and _weight(best) <= registered.enough * cloud.count:
            continue
        solution = tried[name] if tried and name in tried else _attempt(registered, cloud, level, state)
        if solution is None:
            continue
        if best is None or _weight(solution) < _weight(best):
            best, solver = solution, registered.name
        if known is not None and solver == known.solver and _weight(best) <= _AS_BEFORE * known.weight * cloud.count:
            return best
    if best is not None:
        state.put("solver", _Solved(solver, _weight(best) / cloud.count))
    return best


def is_modest(solution: Solution) -> bool:
    """Whether the decoder takes grids of so many cells for so few points."""
    from lizip.codecs.sweep.grid import MAX_CELLS, takes

    left = MAX_CELLS
    for grid, part in zip(solution.grids, solution.model.parts, strict=True):
        if grid.ranges.size > min(most_cells(part.count), left) or not takes(grid.ranges):
            return False
        left -= grid.ranges.size
    return True


def _weight(solution: Solution) -> int:
    """Bytes that say the coordinates, where a return takes about one and further ones of its pulse none.

    Where a model is not the right one, they are those of points that escape it.
    """
    from lizip.sensor.stages.attributes import Attributes
    from lizip.sensor.stages.intensity import Intensity
    from lizip.sensor.stages.seconds import Seconds

    stages = (stage for part in solution.model.parts for stage in part.stages)
    said = sum(len(stage.pack()) for stage in stages if not isinstance(stage, (Attributes, Intensity, Seconds)))
    return said + sum(int((grid.ranges != 0).sum()) for grid in solution.grids)
