"""How a vehicle moves: a track that is linear between knots, and the poses on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.exact import cosine, interpolate, multiply, sine, sine_cosine


def rotation(yaw: np.ndarray | float, pitch: np.ndarray | float, roll: np.ndarray | float) -> np.ndarray:
    """Rz(yaw) Ry(pitch) Rx(roll): (..., 3, 3) float64 from angles in rad."""
    (sy, cy), (sp, cp), (sr, cr) = sine_cosine(yaw), sine_cosine(pitch), sine_cosine(roll)
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.stack([np.stack(np.broadcast_arrays(*row), axis=-1) for row in rows], axis=-2)


@dataclass(frozen=True)
class Track:
    """Two streams of knots, as two clocks in the vehicle write them.

    Attributes
    ----------
    tilt_times : (A,) float64
        Times (us) of the knots of roll and pitch.
    tilt : (A, 2) float64
        Pitch and roll (rad).
    plane_times : (B,) float64
        Times (us) of the knots of x, y and yaw.
    plane : (B, 3) float64
        x, y (m) and yaw (rad).
    height : float
        z (m), constant.
    """

    tilt_times: np.ndarray
    tilt: np.ndarray
    plane_times: np.ndarray
    plane: np.ndarray
    height: float

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (N, 3, 3) and positions (N, 3) of the vehicle at times (us)."""
        pitch, roll = (interpolate(times, self.tilt_times, self.tilt[:, axis]) for axis in (0, 1))
        x, y, yaw = (interpolate(times, self.plane_times, self.plane[:, axis]) for axis in (0, 1, 2))
        return rotation(yaw, pitch, roll), np.stack([x, y, np.full(len(times), self.height)], axis=1)


def drive(
    draws: Draws,
    span: tuple[float, float],
    position: tuple[float, float],
    heading: float,
    speed: float,
    yaw_rate: float,
    height: float = 0.0,
    jerk: float = 1.0,
) -> Track:
    """Drive along a gentle curve.

    Parameters
    ----------
    span : (float, float)
        First and last time that will be asked for, us; the vehicle is at `position` and `heading` at its end.
    position, heading, speed, yaw_rate
        m, rad, m/s, rad/s. A vehicle that stands (both zero) only rocks a little.
    jerk : float
        How much rougher than usual it moves.
    """
    tilt_times = _knots(draws, span)
    plane_times = np.sort(np.concatenate([tilt_times, _knots(draws, span, gap=13000.0)]))
    keep = np.concatenate([[True], np.diff(plane_times) > 1500.0])
    plane_times = plane_times[keep]
    moving = min(1.0, abs(speed) / 3 + abs(yaw_rate) * 5)
    rock = 0.003 * (0.05 + moving) * jerk
    step = np.diff(tilt_times, prepend=tilt_times[0]) * 1e-6
    tilt = draws.uniform(-0.012, 0.012, 2) + np.cumsum(
        rock * 5 * draws.normal((len(tilt_times), 2)) * step[:, None], axis=0
    )
    step = np.diff(plane_times) * 1e-6
    rates = yaw_rate + 0.004 * jerk * moving * draws.normal(len(step))
    speeds = speed * (1 + 0.004 * jerk * draws.normal(len(step)))
    yaw = heading + np.concatenate([[0.0], np.cumsum(rates * step)])
    middle = (yaw[1:] + yaw[:-1]) / 2
    x = np.concatenate([[0.0], np.cumsum(speeds * cosine(middle) * step)])
    y = np.concatenate([[0.0], np.cumsum(speeds * sine(middle) * step)])
    at_end = [interpolate(np.array(span[1]), plane_times, values) for values in (x, y, yaw)]
    plane = np.stack([x - at_end[0] + position[0], y - at_end[1] + position[1], yaw - at_end[2] + heading], axis=1)
    return Track(tilt_times, tilt, plane_times, plane, height)


def _knots(draws: Draws, span: tuple[float, float], gap: float = 10000.0) -> np.ndarray:
    """Times about `gap` us apart that cover the span."""
    count = int((span[1] - span[0]) / gap) + 3
    start = span[0] - gap * (0.05 + 0.9 * draws.uniform())
    return start + gap * np.arange(count + 1) + gap * 0.02 * draws.normal(count + 1)


def rotation_of_vector(vector: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) about the axes and by the lengths (rad) of vectors (N, 3): Rodrigues' formula."""
    square = vector[:, 0] * vector[:, 0] + vector[:, 1] * vector[:, 1] + vector[:, 2] * vector[:, 2]
    angle = np.sqrt(square)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    s, c = sine_cosine(safe)
    first = np.where(small, 1 - square / 6, s / safe)[:, None, None]
    second = np.where(small, 0.5 - square / 24, (1 - c) / (safe * safe))[:, None, None]
    x, y, z = vector.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    return np.eye(3) + first * cross + second * multiply(cross, cross)
