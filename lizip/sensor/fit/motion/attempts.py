"""Ways to write down the poses of a sweep whose firings are known: each comes to stages, the smallest wins.

From a sensor's points to the stored ones either through the float32 coordinates of a map, or, where what is stored was
rounded more coarsely than these, straight on to that rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.exact.rotation import quaternion_of_rotation, rotation_of_quaternion
from lizip.exact.ulp import to_ordinals
from lizip.sensor.fit.decimals import rounding_of
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.fit.lattice.frame import Frame
from lizip.sensor.fit.motion.law import solve_law
from lizip.sensor.fit.motion.observe import Observed
from lizip.sensor.fit.motion.spline import fit_spline
from lizip.sensor.model import Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections
from lizip.sensor.stages.far_frame import FarFrame, powers_of
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.pose_law import PoseLaw
from lizip.sensor.stages.pose_spline import PoseSpline

_ERRORS = {
    PoseSpline: np.array([1e-6, 1e-6, 1e-7, 5e-8, 5e-8, 4e-9]),
    PoseLaw: np.array([2e-7, 2e-7, 4e-9, 2e-8, 2e-8, 4e-10]),
}
"""Expected errors of a model's prediction: at the sensor (m), and growth with range (a metre)."""
_OPEN_ERRORS = np.array([0.0, 0.0, 6e-8, 0.0, 0.0, 0.0])
"""What the map's rounding of heights adds where it is not known."""
_LAWFUL = 0.6
"""Bits a point that a pose law reaches where it holds; splines stay above."""
_SPACINGS = {"fast": (8,), "default": (6,), "max": (6, 8, 4, 10)}
"""Firings from knot to knot of the splines tried."""
_LAWS = {"fast": ((0, 1.0, 1.0),), "default": ((0, 1.0, 1.0),), "max": ((0, 1.0, 1.0), (1, 0.5, 1.0), (0, 1.0, 2.0))}
"""Pose laws fitted: from which of the splines, and how dear it is to add and to keep a knot."""
_WIDE_SPACINGS = (256, 128, 64, 16, 8)
"""The same where points are rounded coarsely, and knots tell by many points only: the next while it gets smaller."""
_GATES = (30.0, 8.0, 6.0)
_FARTHEST = 1e4


class Attempt(NamedTuple):
    """Poses in one way.

    Attributes
    ----------
    stages : tuple of Stage
        From points of the sensor's frame to stored coordinates; the first is what the others have in common.
    exact : int
        Points that need no correction.
    fits : (M,) bool or None
        Points that come out right, where others do not.
    """

    stages: tuple[Stage, ...]
    exact: int
    fits: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Bytes that depend on the pose model."""
        return sum(len(stage.pack()) for stage in self.stages[1:])


def through_map(
    returns: Returns, places: np.ndarray, frame: Frame, pose: PoseLaw | PoseSpline, mount: Mount | None
) -> Attempt:
    """Take returns to the ordinals (M, 3) of their stored coordinates, through the float32 coordinates of a map."""
    errors = _ERRORS[type(pose)]
    errors = errors if frame.rounded[2] else np.maximum(errors, _OPEN_ERRORS)
    rounded = frame.rounded.astype(np.int64)
    axes = quaternion_of_rotation(frame.axes)
    far = FarFrame(axes, frame.offset * rounded, rounded, powers_of(errors), mount)
    returns = replace(returns)
    far.apply(returns)
    pose.apply(returns)
    lattice, exact = choose_lattice(returns.far, returns.points, places)
    return Attempt((far, pose, FarCorrections.of(returns, lattice, places)), exact)


def straight_on(returns: Returns, stored: np.ndarray, decimal: int, pose: PoseSpline, mount: Mount | None) -> Attempt:
    """Take returns to stored coordinates (M, 3) float32, whose rounding is known and coarse."""
    returns = replace(returns)
    nothing = np.zeros(3, np.int64)
    far = FarFrame(np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(3), nothing, powers_of(np.ones(6)))
    stages: list[Stage] = [far, pose, *([] if mount is None else [mount]), rounding_of(stored, decimal)]
    for stage in stages:
        stage.apply(returns)
    units, fits = find_corrections(returns.rounded, stored, decimal)
    units[~fits] = 0
    exact = int(np.count_nonzero(fits & ~units.any(axis=1)))
    return Attempt((*stages, Corrections.of(returns, units)), exact, fits)


def through_map_by_all(
    seen: Observed, returns: Returns, stored: np.ndarray, mount: Mount | None, level: str
) -> Iterator[Attempt]:
    """Pose models: the law, fitted from splines; and the splines where it does not hold."""
    splines, frame, places = _splines(seen, level), seen.frame, to_ordinals(stored)
    lawful = False
    for start, adding, keeping in _LAWS[level] if frame.rounded[:2].all() else ():
        law = solve_law(seen, *splines[start][1], seen.track.sensor, (adding, keeping))
        if law is not None:
            attempt = through_map(returns, places, seen.frame, PoseLaw.of(law, len(seen.stored)), mount)
            lawful = lawful or 8 * attempt.size < _LAWFUL * len(places)
            yield attempt
        seen.refer(frame)
    if not lawful:
        for spline, _ in splines:
            yield through_map(returns, places, frame, spline, mount)


def _splines(seen: Observed, level: str) -> list[tuple[PoseSpline, tuple[np.ndarray, np.ndarray]]]:
    """The sweep's poses as splines."""
    # the axes as the decoder will have them
    axes = rotation_of_quaternion(quaternion_of_rotation(seen.frame.axes))
    tight = seen.weight
    loose = seen.blurred(np.array([3e-6, 3e-6, 1e-6]))
    splines = []
    # without the map's coarse rounding, finer poses pay
    choices = [(spacing, 0) for spacing in _SPACINGS[level]]
    choices += [] if seen.frame.rounded.all() else [(8, 4)]
    for spacing, finer in choices:
        weights, gates = (loose, loose, tight, tight), (30.0, 15.0, 30.0, 15.0)
        knots = fit_spline(seen.points, seen.sensor_points, weights, axes, seen.track.pose, spacing, gates, finer)
        spline = PoseSpline.of(knots, spacing, finer)
        splines.append((spline, spline.poses(len(seen.stored), axes)))
    return splines


def straight_on_by_all(
    seen: Observed, returns: Returns, stored: np.ndarray, mount: Mount | None, level: str
) -> Iterator[Attempt]:
    """Splines of ever more knots, while that pays."""
    weights, least = (seen.weight,) * len(_GATES), None
    for spacing in _WIDE_SPACINGS:
        knots = fit_spline(
            seen.points, seen.sensor_points, weights, np.eye(3), seen.track.pose, spacing, _GATES, finer=2
        )
        attempt = straight_on(returns, stored, seen.decimal, PoseSpline.of(knots, spacing, 2), mount)
        yield attempt
        if least is not None and attempt.size >= least:
            return
        least = attempt.size
