"""Sensors on a moving vehicle, each firing with a pose of its own, through the float32 coordinates of a map (nuScenes).

Range ticks and azimuth -> float32 sensor point -> pose of the firing -> float32 in the map -> pose of the last firing,
inverted -> stored float32. Where no rounding in a map shows, it is a plain moving sensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.triples import every
from lizip.sensor.fit.coordinates import stored_points
from lizip.sensor.fit.decimals import find_decimal, hides_arithmetic
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.intensity import Lit, find_intensity, intensity_stage
from lizip.sensor.fit.lattice.frame import Frame
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.fit.motion.attempts import Attempt, straight_on_by_all, through_map_by_all
from lizip.sensor.fit.motion.cells import MOST_FIRINGS, Laid, find_axes, lay_out
from lizip.sensor.fit.motion.firing import ARITHMETIC, RINGS, Sensor, hdl32e
from lizip.sensor.fit.motion.frame import find_moved_frame, find_sector_end
from lizip.sensor.fit.motion.gaps import find_gaps
from lizip.sensor.fit.motion.observe import Observed, observe
from lizip.sensor.fit.motion.rounded import observe_rounded
from lizip.sensor.fit.motion.sharp import is_sharp
from lizip.sensor.fit.motion.track import SEEN_FROM_ORIGIN
from lizip.sensor.fit.motion.velocities import last_seen
from lizip.sensor.model import TITLES, About, Grid, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.axes import AS_THEY_ARE, Axes
from lizip.sensor.stages.cells import CellOrder, Cells
from lizip.sensor.stages.firing_azimuths import FiringAzimuths
from lizip.sensor.stages.intensity import TABLE, Intensity
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.pose import AT_ORIGIN, Mount
from lizip.sensor.state import SensorState

_MOST_BITS = 34
"""Bits a point for poses and corrections beyond which the model explains nothing."""
_PLACE = 9
"""Bytes of a point that is in no firing."""
_GOOD_BITS = 6
"""Bits a point for these below which a way to see the sweep is the right one."""
_MOST_POINTS = MOST_FIRINGS * RINGS
"""What is longer is no sweep of this sensor, and none need look whether it is."""
_ROUNDS = 2
"""Of looking for firings that lack: where the sensor was in a long gap is known better when it is."""
_AMID, _FARTHEST = 30.0, 1e5
"""Where the middle of the points is further off than the first (m) they are in the frame of a map; beyond the second
they are no places."""
_LEAST_UPRIGHT = 0.6
"""Cosine of the largest tilt of a moved sweep: the stored height has to tell the height."""


class Moving:
    """The solver."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find ranges, azimuths and poses; see `lizip.sensor.Solver`."""
        xyz, sensor = stored_points(cloud), hdl32e()
        if xyz is None or len(xyz) > _MOST_POINTS or is_coarse(decimal := find_decimal(xyz), sensor.tick):
            return None
        # six decimals are finer than what coordinates of a map leave, and a few ULPs: taken for none
        decimal = decimal if hides_arithmetic(decimal) else 0
        best: tuple[_Writing, Attempt] | None = None
        least = _MOST_BITS / 8 * cloud.count
        for placed in _places(xyz, list(cloud.columns.values())[3:], decimal):
            seen = _observed(placed, sensor, state)
            if seen is None:
                continue
            written, attempt = _written(cloud, placed, seen, level)
            size = attempt.size + _PLACE * placed.laid.left_out
            if size <= least:
                best, least = (written, attempt), size
            if 8 * size < _GOOD_BITS * cloud.count:
                break
        return None if best is None else best[0].solution(best[1])


@dataclass
class _Placed:
    """Points laid out as firings by rings.

    Attributes
    ----------
    stored : (N, 3) float32
        As the file has them, on the sensor's axes.
    points : (N, 3) float32 or float64
        In the frame of the sensor at the end of the sweep.
    laid : Laid
    axes : Axes
    mount : Mount or None
        From that frame to the stored one, where they differ by more than axes.
    end : Mount
        Pose of the last firing.
    decimal : int
        Rounding of the stored points, as `lizip.sensor.stages.rounding` has it; 0: float32 alone.
    """

    stored: np.ndarray
    points: np.ndarray
    laid: Laid
    axes: Axes = AS_THEY_ARE
    mount: Mount | None = None
    end: Mount = AT_ORIGIN
    decimal: int = 0

    def seen(self, sensor: Sensor, known: Frame | None) -> Observed | None:
        """The sweep as fits see it."""
        stored = self.laid.spread(self.points)
        if self.decimal:
            return observe_rounded(stored, self.decimal, sensor, self.end)
        return observe(stored, sensor, known, self.end) if is_sharp(stored, sensor, self.end) else None


def _places(xyz: np.ndarray, others: list[np.ndarray], decimal: int) -> Iterator[_Placed]:
    """Find firings and rings of stored points (N, 3) float32 beside further columns, and how they were moved, if at
    all: ways worth a trial, the likeliest first. `decimal`: the points' rounding."""
    missing, nothing = find_missing(xyz)
    laid = lay_out(xyz, others, missing, nothing)
    if laid is not None:
        laid = laid.without(missing) if decimal else laid
        axes = find_axes(laid.spread(xyz))
        turned = axes.undone(xyz)
        laid = laid.turned(axes)
        yield _Placed(turned, turned, laid, axes, decimal=decimal)
        end = find_sector_end(laid.spread(turned)) if decimal or is_sharp(laid.spread(turned), hdl32e()) else None
        if end is not None:
            yield _Placed(turned, turned, laid, axes, end=end, decimal=decimal)
    mount = _moved_frame(xyz, others, missing)
    if mount is None or abs(mount.rotation[2, 2]) < _LEAST_UPRIGHT:
        return
    points = mount.to_sensor(xyz)
    laid = lay_out(points, others, missing, nothing)
    if laid is None:
        return
    end = AT_ORIGIN if last_seen(laid.spread(points)) == len(laid.place) else SEEN_FROM_ORIGIN
    yield _Placed(xyz, points, laid.without(missing) if decimal else laid, mount=mount, end=end, decimal=decimal)


def _moved_frame(xyz: np.ndarray, others: list[np.ndarray], missing: np.ndarray) -> Mount | None:
    """Where the sensor was at the end of the sweep, of points (N, 3) in the frame of a vehicle or of a map."""
    known = ~missing & every(np.abs(xyz) < _FARTHEST)
    about = np.rint(np.median(xyz[known], axis=0)).astype(np.float32) if known.any() else np.zeros(3, np.float32)
    if not (np.abs(about) > _AMID).any():
        return find_moved_frame(xyz, others, missing)
    # the difference is exact: what is near a whole number of metres has more bits than what is far from 0
    found = find_moved_frame(xyz - about, others, missing)
    return None if found is None else Mount(found.rotation, found.shift + about)


def _observed(placed: _Placed, sensor: Sensor, state: SensorState) -> Observed | None:
    """Observe a sweep, again when firings are found to lack; what the next one may use is put into the state."""
    known = state.get("moving", Frame)
    for _ in range(_ROUNDS):
        opened = placed.laid.opened(find_gaps(placed.laid.spread(placed.points), sensor, placed.end))
        if opened is placed.laid:
            break
        placed.laid = opened
    seen = placed.seen(sensor, known)
    if seen is None:
        return None
    spaced = placed.laid.spaced(seen.block, np.count_nonzero(seen.track.ranges > 0, axis=1) > 0)
    if spaced is not placed.laid:
        closed, placed.laid = placed.laid, spaced
        again = placed.seen(sensor, seen.frame if seen.sparse and not seen.frame.rounded.any() else known)
        if again is None:
            placed.laid = closed
        else:
            seen = again
    state.put("moving", seen.frame if seen.frame.rounded.all() else None)
    return seen


def _written(cloud: Cloud, placed: _Placed, seen: Observed, level: str) -> tuple[_Writing, Attempt]:
    """The smallest way to write an observed sweep; points that no way leads to lose their cells."""
    while True:
        written = _Writing(cloud, placed, seen)
        attempt = min(written.attempts(level), key=lambda attempt: attempt.size)
        if attempt.fits is None or attempt.fits.all():
            return written, attempt
        lost = np.zeros(cloud.count, bool)
        lost[placed.laid.place[placed.laid.present][~attempt.fits]] = True
        placed.laid = placed.laid.without(lost)


SOLVER = Moving()


class _Writing:
    """An observed sweep on its way into stages."""

    def __init__(self, cloud: Cloud, placed: _Placed, seen: Observed):
        sensor = seen.track.sensor
        xyz, laid, self.mount = placed.stored, placed.laid, placed.mount
        self.cloud, self.xyz, self.laid, self.axes, self.seen, self.sensor = cloud, xyz, laid, placed.axes, seen, sensor
        ranges = np.where(laid.present, seen.track.ranges, 0).astype(np.int32)
        self.grid, self.intensities, cells = self._grid(ranges)
        self.stages: list[Stage] = [
            *sensor.coarse,
            sensor.profile,
            cells,
            FiringAzimuths.of(sensor.rhythm, seen.block, seen.advance, seen.phase),
            ARITHMETIC,
        ]
        self.returns = Returns(ranges, self.grid.intensity, cloud.schema, cloud.count)
        for stage in self.stages:
            stage.apply(self.returns)
        self.stored = np.ascontiguousarray(xyz[laid.place[laid.present]])

    def _grid(self, ranges: np.ndarray) -> tuple[Grid, Intensity | None, Cells]:
        """Grid with intensities, and the stages that say what they mean."""
        laid, columns = self.laid, list(self.cloud.columns.values())
        place = laid.place[laid.present]
        cell = np.nonzero(laid.present)
        order = np.argsort(place, kind="stable")
        ring = np.full(self.cloud.count, -1)
        ring[place] = cell[1]
        lit = find_intensity(columns, ring, place[order])
        intensity = None
        silent = ranges[laid.present] == 0
        blank = laid.missing[place]
        absent = -1
        if lit is not None:
            lit, absent = _with_one_set_aside(lit, silent[order]) if not laid.present.all() else (lit, -1)
            intensity = np.full(ranges.shape, max(absent, 0), np.int32)
            intensity[cell[0][order], cell[1][order]] = lit.integers
        elif not laid.present.all():
            absent = 1
            intensity = np.where(laid.present, 0, 1).astype(np.int32)
        grid = Grid(ranges, intensity, self.sensor.tick, intensity is not None)
        stage = None if lit is None else intensity_stage(columns[lit.column], lit, place[order])
        return grid, stage, Cells.of(absent, laid.nothing, cell[1][silent], blank[silent])

    def attempts(self, level: str) -> Iterator[Attempt]:
        """Poses in all ways worth a trial."""
        by_all = straight_on_by_all if self.seen.decimal else through_map_by_all
        return by_all(self.seen, self.returns, self.stored, self.mount, level)

    def solution(self, attempt: Attempt) -> Solution:
        """Write everything down."""
        returns, laid, cloud = self.returns, self.laid, self.cloud
        stages = [*self.stages, *attempt.stages]
        place = laid.place[laid.present]
        if (np.diff(place) < 0).any():
            stages.append(CellOrder.of(laid.kind, returns.ticks, place >= laid.first))
        returns.take(np.argsort(place, kind="stable"))
        returns.place = np.sort(place)
        others = np.ones(cloud.count, bool)
        others[returns.place] = False
        missing = others & laid.missing
        stages.append(Places.of(self.xyz, np.flatnonzero(others & ~missing), missing, laid.nothing))
        if self.axes != AS_THEY_ARE:
            stages.append(self.axes)
        lit = -1
        if self.intensities is not None:
            stages.append(self.intensities)
            lit = self.intensities.column
        further = [column for k, column in enumerate(cloud.columns.values()) if k > 2 and k != lit]
        if further:
            stages.append(Attributes.of(returns, further))
        notes = {"far axes": int(self.seen.frame.rounded.sum()), "exact points": attempt.exact}
        about = About(TITLES.index("Velodyne HDL-32E as in nuScenes"), notes)
        return Solution(SweepModel([Part(stages, cloud.count)]), [self.grid], about)


def _with_one_set_aside(lit: Lit, silent: np.ndarray) -> tuple[Lit, int]:
    """Free one intensity for cells that are no points: the one that fewest points without a return (M,) have.

    Those that had it become exceptions. Returns the intensities and the one set aside.
    """
    size = 1 << max(int(lit.integers.max(initial=0)).bit_length(), 1)
    if lit.scale == TABLE:
        assert lit.table is not None
        size = min(size, len(lit.table) + 1)
    of_silent = np.bincount(lit.integers[silent], minlength=size)[:size]
    of_all = np.bincount(lit.integers, minlength=size)[:size]
    absent = int(np.lexsort((of_all, of_silent))[0])
    clash = silent & (lit.integers == absent)
    integers, exact = lit.integers.copy(), lit.exact & ~clash
    integers[clash] = absent - 1 if absent else 1
    return lit._replace(integers=integers, exact=exact), absent
