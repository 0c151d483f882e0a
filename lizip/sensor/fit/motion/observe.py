"""A sweep as the fits see it: far frame, track, what each firing measured, and each point's place with its uncertainty.

Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.linear import cross, multiply, principal_axes, rotate
from lizip.sensor.fit.lattice.frame import Frame, find_far_frame, place_on_grid, turn_points, ulp
from lizip.sensor.fit.lattice.pairs import no_returns
from lizip.sensor.fit.motion.blocks import find_phase, fit_blocks, settle_blocks
from lizip.sensor.fit.motion.firing import ARITHMETIC, Sensor, place_points
from lizip.sensor.fit.motion.law_track import condense
from lizip.sensor.fit.motion.track import Tracked, track_sweep
from lizip.sensor.stages.pose import AT_ORIGIN, Mount
from lizip.sensor.stages.pose_spline import pose_matrices

LEAST_EXPLAINED = 0.5
_TRACK_SIGMA = 2e-6
_AZIMUTH_NOISE = 3e-5
"""Largest azimuth noise of a point that takes part in tracking, rad; a step is 1.7e-4."""
_LEVEL_SHARE = 0.02
"""What is left of the weight of the other points' level coordinates."""
_OPEN_SIGMA = 1e-5
"""Standard deviations assumed while tracking: along an axis whose rounding is fine, and where nothing is known, m."""
_LEAST_FOLLOWED, _WIDER = 0.05, (1.5, 3.0)
"""Share of the points that a track has which is lost on the way; how many times further off points may be then."""
_SPARSE = 0.5
"""Share of the cells with points below which a sweep is sparse."""
_UPRIGHT = 0.8
"""Cosine of the largest tilt of an axis that counts as pointing up."""


@dataclass
class Observed:
    """What is known of a sweep before its poses are modelled.

    Attributes
    ----------
    stored : (F, R, 3) float64
        The file's points, m; NaN where there are none.
    frame : Frame
    track : Tracked
    phase : int
        First firing that starts a packet.
    block, advance : (F,) int64
        Azimuth A and advance D of each firing, 0.01 degrees.
    sensor_points : (F, R, 3) float64
        What the integers say in the sensor frame, m.
    points, sigma : (F, R, 3) float64
        Points in the far frame's axes (put on its grid where that shows), relative to its offset, and their
        standard deviation, m: infinite where there are none.
    decimal : int
        Rounding of the file's coordinates, as `lizip.sensor.stages.rounding` has it; 0: float32 alone.
    """

    stored: np.ndarray
    frame: Frame
    track: Tracked
    phase: int
    block: np.ndarray
    advance: np.ndarray
    sensor_points: np.ndarray
    points: np.ndarray
    sigma: np.ndarray
    decimal: int = 0

    @property
    def weight(self) -> np.ndarray:
        """1 / standard deviation, 0 where there are no points."""
        return 1.0 / self.sigma

    @property
    def sparse(self) -> bool:
        """Whether a sweep was thinned, or most of it is missing: pairs of near points are few then."""
        return _is_sparse(self.stored)

    def blurred(self, blur: np.ndarray) -> np.ndarray:
        """As `weight`, where poses may be off by `blur` (3,), m."""
        return 1.0 / np.sqrt(self.sigma**2 + blur**2)

    def refer(self, frame: Frame) -> None:
        """Take a (better) far frame and put the points into it."""
        self.frame = frame
        self.points, self.sigma = _placed(self.stored, frame)


def _is_sparse(stored: np.ndarray) -> bool:
    return bool(np.count_nonzero(~np.isnan(stored[..., 0])) < _SPARSE * stored[..., 0].size)


def _placed(stored: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    points, sigma = place_on_grid(stored.reshape(-1, 3), frame)
    sigma[np.isnan(points)] = np.inf
    return points.reshape(stored.shape), sigma.reshape(stored.shape)


def _track(stored: np.ndarray, frame: Frame, sensor: Sensor, open_sigma: np.ndarray, end: Mount) -> Tracked:
    """Track a sweep in a far frame back from its `end`; `open_sigma` (3,) holds for the axes without rounding.

    A track that is lost on the way, where few points are seen, need not be where points may be further off.
    """
    points, noise = turn_points(stored.reshape(-1, 3), frame.axes)
    coarse = np.nanmedian(ulp(points + frame.offset), axis=0) * 0.3
    sigma = np.maximum(np.where(frame.rounded, coarse, open_sigma), _TRACK_SIGMA)

    def within(sigma: np.ndarray) -> Tracked:
        weight = (1 / np.sqrt(noise**2 + sigma**2)).reshape(stored.shape)
        weight = level_out(stored, weight, sigma[:2].max(), end)
        return track_sweep(points.reshape(stored.shape), frame.axes, weight, sensor, end)

    track = within(sigma)
    for wider in _WIDER:
        if not track.began or not _LEAST_FOLLOWED < track.explained < LEAST_EXPLAINED:
            break
        track = within(wider * sigma)
    return track


def level_out(stored: np.ndarray, weight: np.ndarray, sigma: float, end: Mount) -> np.ndarray:
    """Weights (F, R, 3) while the sensor is tracked: points so near that their noise (m) spans azimuth steps would only
    confirm whatever step they are rounded to; their height still tells how the sensor is tilted."""
    near = ((stored - end.shift) ** 2).sum(axis=2) < (sigma / _AZIMUTH_NOISE) ** 2
    weight = weight.copy()
    weight[near & ~no_returns(stored), :2] *= _LEVEL_SHARE
    weight[np.isnan(stored)] = 0.0
    return weight


def _upright(stored: np.ndarray, frame: Frame, track: Tracked, sensor: Sensor) -> tuple[Frame, np.ndarray]:
    """Turn the axes so that the third points where least is left over; returns also the spread along each, m."""
    rotation, shift = np.empty((len(stored), 3, 3)), np.empty((len(stored), 3))
    pose_matrices(track.pose, frame.axes, rotation, shift)
    ring = np.broadcast_to(np.arange(stored.shape[1], dtype=np.int32), track.ranges.shape)
    cells = ring.ravel(), track.azimuth.ravel().astype(np.int32), track.ranges.ravel().astype(np.int32)
    ideal = ARITHMETIC.points(sensor.beams, *cells).reshape(stored.shape)
    left = condense(rotate(stored, frame.axes), ideal, np.ones(stored.shape), rotation, shift, np.inf).residual
    left = left[(np.abs(left).max(axis=2) < 10 * _OPEN_SIGMA) & (track.ranges > 0)]
    values, vectors = principal_axes(multiply(left.T, left) / max(len(left), 1))
    axes = multiply(vectors, frame.axes)
    if abs(axes[2, 2]) < _UPRIGHT:
        return frame, np.full(3, _OPEN_SIGMA)
    if axes[2, 2] < 0:
        axes[2] = -axes[2]
    axes[0] = cross(axes[1], axes[2])
    return Frame(axes, frame.offset, frame.rounded), np.sqrt(np.maximum(values, 0))


def _frame_without_lattice(stored: np.ndarray, sensor: Sensor, end: Mount) -> tuple[Frame, Tracked] | None:
    """Where no lattice shows: track all the same; the axis along which least is left over points up."""
    frame = Frame(np.eye(3), np.zeros(3), np.zeros(3, bool))
    track = _track(stored, frame, sensor, np.full(3, 3 * _OPEN_SIGMA), end)
    for _ in range(2):
        if track.explained < LEAST_EXPLAINED:
            return None
        sensor = track.sensor
        frame, spread = _upright(stored, frame, track, sensor)
        track = _track(stored, frame, sensor, np.maximum(spread, _TRACK_SIGMA), end)
    return frame, track


def _track_through(stored: np.ndarray, frame: Frame, sensor: Sensor, end: Mount) -> Tracked | None:
    """Track a sweep in the far frame whose lattice shows; None when that explains too little."""
    track = _track(stored, frame, sensor, np.array([_OPEN_SIGMA, _OPEN_SIGMA, _TRACK_SIGMA]), end)
    return None if track.explained < LEAST_EXPLAINED else track


def observe(stored: np.ndarray, sensor: Sensor, hint: Frame | None = None, end: Mount = AT_ORIGIN) -> Observed | None:
    """Find all that can be found of a sweep, stored (F, R, 3) float64; None when no pose explains it.

    `hint` is the far frame of a sweep from about the same place, or one without lattice: then none is looked for. `end`
    is the pose of the last firing.
    """
    frame = None
    searched = hint is None or hint.rounded.any()
    if searched:
        frame = find_far_frame(stored, hint)
        if hint is not None and (frame is None or not frame.rounded.all()):
            frame = find_far_frame(stored)
    track = None if frame is None else _track_through(stored, frame, sensor, end)
    if frame is None or track is None:
        found = _frame_without_lattice(stored, sensor, end)
        if found is None:
            return None
        frame, track = found
        # of few points the lattice shows once it is known what is up
        told = find_far_frame(stored, up=frame.axes[2], again=True) if searched and _is_sparse(stored) else None
        through = None if told is None else _track_through(stored, told, sensor, end)
        if told is not None and through is not None:
            frame, track = told, through
    firings, sensor = len(stored), track.sensor
    block, advance, misses = np.zeros(firings, np.int64), np.zeros(firings, np.int64), np.zeros(firings, np.int64)
    slot, packet = sensor.rhythm.slot, sensor.rhythm.packet
    fit_blocks(track.ranges, track.azimuth, slot, block, advance, misses)
    phase = find_phase(block, advance, packet)
    settle_blocks(track.ranges, track.azimuth, slot, phase, packet, misses, block, advance)
    sensor_points = place_points(sensor, track.ranges, block, advance)
    points, sigma = _placed(stored, frame)
    return Observed(stored, frame, track, phase, block, advance, sensor_points, points, sigma)
