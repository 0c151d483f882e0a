"""Sweeps whose coordinates were printed finely: solved as the float32 that they had been. Encoder only.

Which float32 that were is not known, but any that is printed so will do: what a model says without corrections mostly
is. Where digits are few, the model is fitted to coarser decimals first, which solvers know how to take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.sensor.model import Solution, Stage, SweepModel
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.digits import IN_ALL, Digits, printed
from lizip.sensor.stages.far_corrections import FarCorrections, expected_points

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.sensor.returns import Returns

_SAMPLE, _LEAST_TELLING = 4096, 256
"""Coordinates that are looked at, and how many of them must have other float32 next to them that are not printed so."""
_COARSE = (2, 3, 4, 5)
"""Decimals that solvers take as they are."""
_FORMS = (IN_ALL + 5, IN_ALL + 6, IN_ALL + 7, 6, IN_ALL + 8, 7)
"""How people print, the coarsest first."""
_FEW, _DECIMALS = 6, 2
"""Digits in all up to which decimals are rounded first, and how many of the digits are before these."""
_ROUNDS, _WORTH = 6, 0.9
"""Times that a model is fitted to what the last one expected, and how much smaller it has to become to go on."""

Solve = Callable[["Cloud"], Solution | None]


def find_digits(cloud: Cloud) -> int | None:
    """How the first three columns were printed, as `lizip.sensor.stages.digits` has it; None where not, or coarsely."""
    columns = list(cloud.columns.values())[:3]
    if len(columns) < 3 or any(column.dtype != np.dtype("<f4") for column in columns):
        return None
    step = max(1, 3 * cloud.count // _SAMPLE)
    sample = np.concatenate([column[::step] for column in columns])
    if any(_tells(sample, form) for form in _COARSE):
        return None
    told = (form for form in _FORMS if _tells(sample, form))
    return next((form for form in told if all(_is_printed(column, form) for column in columns)), None)


def _is_printed(values: np.ndarray, form: int) -> bool:
    return bool((printed(values, form).view(np.uint32) == values.view(np.uint32)).all())


def _tells(sample: np.ndarray, form: int) -> bool:
    """Whether all of the sample (M,) float32 are printed in a form, and float32 next to them would not be."""
    if not _is_printed(sample, form):
        return False
    with np.errstate(all="ignore"):  # of the largest, and of NaN that signal
        following = np.nextafter(sample, np.float32(np.inf))
    return bool(np.count_nonzero(printed(following, form) == sample) >= _LEAST_TELLING)


def solve_printed(cloud: Cloud, form: int, solve: Solve) -> Solution | None:
    """A solution of a cloud whose coordinates were printed in a form, or the plain one where that says less; None where
    there is none."""
    names = list(cloud.columns)[:3]
    before = cloud.columns
    if IN_ALL < form <= IN_ALL + _FEW:
        before = {**before, **{name: printed(before[name], form - IN_ALL - _DECIMALS) for name in names}}
    solution, best, least = solve(replace(cloud, columns=before)), None, np.inf
    plain = solution if before is cloud.columns else None
    for _ in range(_ROUNDS):
        if solution is None:
            break
        expected = _expected(solution, cloud.schema)
        before = dict(cloud.columns)
        for name in names:
            right = printed(expected[name], form).view(np.uint32) == before[name].view(np.uint32)
            before[name] = np.where(right, expected[name], before[name])
        solution = solve(replace(cloud, columns=before))
        size = np.inf if solution is None else _size(solution)
        if size < least:
            best, least, before_that = solution, size, least
            if size < _WORTH * before_that:
                continue
        break
    if best is None or (plain is not None and _size(plain) <= least):
        return plain
    parts = [replace(part, stages=[*part.stages, Digits(form)]) for part in best.model.parts]
    return best._replace(model=SweepModel(parts))


def _size(solution: Solution) -> int:
    return sum(len(stage.pack()) for part in solution.model.parts for stage in part.stages)


def _expected(solution: Solution, schema: Schema) -> Columns:
    """The columns of a cloud as a model says them, whatever was stored."""
    parts = [replace(part, stages=[_without(stage) for stage in part.stages]) for part in solution.model.parts]
    return SweepModel(parts).rebuild([(grid.ranges, grid.intensity) for grid in solution.grids], schema)


def _without(stage: Stage) -> Stage:
    if isinstance(stage, FarCorrections):
        return _Unmissed()
    return _Unrounded() if isinstance(stage, Corrections) else stage


@dataclass(frozen=True)
class _Unmissed(FarCorrections):
    """In place of what was missed of a far rounding: nothing was."""

    body: bytes = b""

    def apply(self, returns: Returns) -> None:
        returns.xyz = expected_points(returns)


@dataclass(frozen=True)
class _Unrounded(Corrections):
    """In place of corrections: the points as float32, without decimals."""

    def apply(self, returns: Returns) -> None:
        returns.xyz = returns.points.astype(np.float32) if returns.decimal else returns.rounded
