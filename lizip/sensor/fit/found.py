"""What a solver found out about a sweep at rest, written down as grid and stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.triples import some
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.further import add_further
from lizip.sensor.model import About, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.axes import AS_THEY_ARE, Axes
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.firings import Columns, Firings, rows_of
from lizip.sensor.stages.order import AzimuthOrder, Order
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.profile import Profile
from lizip.sensor.stages.rounding import Rounding
from lizip.sensor.stages.timing import OwnColumns, Steps


@dataclass(frozen=True)
class Found:
    """M returns, in the order of the file, and what they have in common.

    Attributes
    ----------
    calibration : Calibration
    profile : Profile or None
        Where the calibration's beams are those of a profile.
    order : Order or AzimuthOrder
    columns : Columns
        All firings.
    base, rows : int
        Index of the firing in row 0 of a ring without lag; rows of the grid.
    place, ring, row, firing, ticks : (M,) int64
        Place in the file, cell of the grid, index of the firing, range.
    corrections : Corrections
    corrected : int
        How many returns these correct.
    residual : int
        Micrometres a coordinate from model points to stored ones.
    away : (M,) int64 or None
        See `lizip.sensor.stages.timing.OwnColumns`.
    steps : (F,) int64 or None
        See `lizip.sensor.stages.timing.Steps`; `usual` likewise.
    missing : (N,) bool or None
        Points that are no returns and follow no grid.
    nothing : (3,) uint32
        Bits of their coordinates.
    coarse : tuple of Coarse
        The stage before the profile, where ranges count halves of its ticks.
    axes : Axes
        How the file's coordinates follow from those that all the above is about.
    """

    calibration: Calibration
    profile: Profile | None
    order: Order | AzimuthOrder
    columns: Columns
    base: int
    rows: int
    place: np.ndarray
    ring: np.ndarray
    row: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    corrections: Corrections
    corrected: int
    residual: int
    away: np.ndarray | None = None
    steps: np.ndarray | None = None
    usual: int = 0
    missing: np.ndarray | None = None
    nothing: np.ndarray | None = None
    coarse: tuple[Coarse, ...] = ()
    axes: Axes = AS_THEY_ARE

    @property
    def whole(self) -> Order | None:
        """The order of a file of which every cell of the grid is a point; None of others."""
        return self.order if isinstance(self.order, Order) and self.order.whole else None

    def among(self, missing: np.ndarray, nothing: np.ndarray) -> Found:
        """The same in a file that has further points which are no returns, (N,) bool, with the bits `nothing`."""
        return replace(self, place=np.flatnonzero(~missing)[self.place], missing=missing, nothing=nothing)


def solution_of(cloud: Cloud, found: Found, title: int) -> Solution:
    """Write down a sweep."""
    columns, beams = list(cloud.columns.values()), found.calibration.beams
    returns = _returns_of(cloud, found)
    stages = _geometry(found)
    places, exceptions = _places_of(cloud, found)
    stages.append(places)
    if found.axes != AS_THEY_ARE:
        stages.append(found.axes)
    grid = add_further(columns, returns, beams.tick, stages)
    notes = {
        "fitted to this scan": int(found.profile is None),
        "columns of a turn": beams.columns,
        "tick, um": round(beams.tick * 1e6),
        "exceptions": exceptions,
        "residual, um": found.residual,
        "corrected": found.corrected,
    }
    return Solution(SweepModel([Part(stages, cloud.count)]), [grid], About(title, notes))


def _places_of(cloud: Cloud, found: Found) -> tuple[Places, int]:
    """The stage of all that are no returns, and how many these are but for missing ones."""
    xyz = stored_points(cloud)
    assert xyz is not None
    if found.axes != AS_THEY_ARE:
        xyz = found.axes.undone(xyz)
    listed = np.ones(cloud.count, bool)
    listed[found.place] = False
    if (whole := found.whole) is not None:
        listed &= some(xyz.view(np.uint32) != whole.nothing)
    elif found.missing is not None:
        listed &= ~found.missing
    exceptions = np.flatnonzero(listed)
    return Places.of(xyz, exceptions, found.missing, found.nothing), len(exceptions)


def _returns_of(cloud: Cloud, found: Found) -> Returns:
    """Returns as a decoder has them once they are placed."""
    ranges = np.zeros((found.rows, found.calibration.beams.count), np.int32)
    ranges[found.row, found.ring] = found.ticks
    returns = Returns(ranges, None, cloud.schema, cloud.count, decimal=found.calibration.decimal)
    returns.beams, returns.fired, returns.base = found.calibration.beams, found.columns, found.base
    returns.place, returns.ring, returns.row = found.place, found.ring, found.row
    returns.firing, returns.ticks = found.firing, found.ticks
    if (whole := found.whole) is not None:
        ring, firing = whole.cells(len(found.columns.fired))
        lags = found.columns.lags(found.calibration.beams.leads)
        returns.every = ring, firing, rows_of(found.columns, found.base, lags, ring, firing, found.rows)
    return returns


def _geometry(found: Found) -> list[Stage]:
    """Stages up to the stored coordinates of the returns."""
    c, columns = found.calibration, found.columns
    firings = Firings.of(columns, found.base, columns.turn // c.beams.columns)
    stages: list[Stage] = [*found.coarse, found.profile or c.beams, firings]
    if found.away is not None and found.away.any():
        at = np.lexsort((found.row, found.ring))
        stages.append(OwnColumns.of(columns, found.ring[at], found.firing[at], found.away[at]))
    if found.steps is not None:
        assert c.advances is not None
        stages.append(Steps.of(columns, found.steps, found.usual, c.advances))
    stages.append(c.arithmetic)
    if c.mount is not None:
        stages.append(c.mount)
    return [*stages, found.order, Rounding(c.decimal), found.corrections]
