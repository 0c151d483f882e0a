"""Two VLP-32C in the layout of Argoverse: poses per chunk of points, everything but the pose in float32.

The chain, by stages (the tables are the maker's, exact):

    range       r = float32(k) * 0.004
    azimuth     x = raw * 0.01 * pi / 180 per firing, raw whole; it goes on by slot / 24 of the packet's rate
                upper: theta = -(x + (advance + AZ));  lower, upside down: theta = (2 pi - x) + (AZ - advance), -E
    point       p = (r cosE) cos theta, (r cosE) sin theta, r sinE
    pose        one per chunk: points in time order, within 24.5 slots of the first; at the time of its middle point;
                piecewise linear in rotation vector and position, knots 9.752 ms apart
    stored      ((m0 x + m1 y) + m2 z) + t with the sensor-to-vehicle matrix cast to float32

The vehicle frame is that of the sweep's start. First all returns of the upper sensor, then those of the lower.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.exact import apply, interpolate, multiply, sine_cosine
from lizip.simulator.motion import rotation, rotation_of_vector
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver, receive
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

RINGS = 32
PACKET = 12
TURN = 36000
SLOT_TIME = 2.304
"""Microseconds; a firing takes 24 slots, of which 16 fire two lasers each."""

SLOTS = 24
CHUNK = 24.5
KNOT_GAP = 9752.0
RATE_EXCESS = 1 + 3.5e-5
"""Measured on real sweeps: the azimuth goes on a little faster inside a firing than from firing to firing."""

# fmt: off
ELEVATION = np.array([
    -25, -1, -1.667, -15.639, -11.31, 0, -.667, -8.843, -7.254, .333, -.333, -6.148, -5.333, 1.333, .667, -4,
    -4.667, 1.667, 1, -3.667, -3.333, 3.333, 2.333, -2.667, -3, 7, 4.667, -2.333, -2, 15, 10.333, -1.333,
])
"""Degrees, lasers in firing order."""

AZIMUTH_OFFSET = np.array([
    1.4, -4.2, 1.4, -1.4, 1.4, -1.4, 4.2, -1.4, 1.4, -4.2, 1.4, -1.4, 4.2, -1.4, 4.2, -1.4,
    1.4, -4.2, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4, 1.4, -1.4, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4,
])
"""Degrees, lasers in firing order."""
# fmt: on

RECEIVER = Receiver(tick=0.004, noise=0.008, reach=110.0, nearest=1.2, gain=90.0, speckle=3.0)


@dataclass(frozen=True)
class Mount:
    """How a sensor sits on the vehicle: Euler angles (yaw, pitch, roll; rad), position (m), and which way up."""

    angles: tuple[float, float, float]
    position: tuple[float, float, float]
    upside_down: bool


UPPER = Mount((0.0, 0.0, 0.0), (1.3546, 0.0, 1.5903), False)
LOWER = Mount((np.radians(12.52) + 284e-6, -903e-6, -448e-6), (1.3546, 0.0, 1.4816), True)
GROUND = -0.33
"""Height of the road in the vehicle's frame (rear axle), m."""


def sweep(
    seed: int, packets: int = 151, speed: float = 8.0, yaw_rate: float = 0.0, scene: Scene | None = None
) -> Sweep:
    """Simulate one turn of both sensors (0.1 s).

    Parameters
    ----------
    seed : int
        Decides the scene, the motion and the noise.
    packets : int
        Packets of 12 firings from each sensor.
    speed, yaw_rate : float
        m/s and rad/s.
    scene : Scene, optional
        Use this street instead of drawing one.

    Returns
    -------
    Sweep
        Five float32 fields: x, y, z and two that are always zero. `ranges` holds the firings of the upper sensor, then
        those of the lower.
    """
    scene = scene or street(seed)
    draws = Draws(seed, "vlp32")
    knots = _knots(draws, speed, yaw_rate, packets)
    parts = [_sensor(mount, scene, knots, packets, draws) for mount in (UPPER, LOWER)]
    points = np.concatenate([part["points"] for part in parts])
    records = np.zeros((len(points), 5), "<f4")
    records[:, :3] = points
    ranges = np.concatenate([part["ranges"] for part in parts])
    truth = {
        "raw": np.concatenate([part["raw"] for part in parts]),
        "chunks": np.concatenate([part["chunks"] for part in parts]),
        "knot_times": knots[0],
        "knots": knots[1],
        "upper": np.array(len(parts[0]["points"])),
    }
    return Sweep(records.tobytes(), 5, ranges, np.zeros_like(ranges), truth)


def _knots(draws: Draws, speed: float, yaw_rate: float, packets: int) -> tuple[np.ndarray, np.ndarray]:
    """Times (us) and (K, 6) rotation vector and position of the vehicle; the identity at time 0."""
    times = KNOT_GAP * (np.arange(int(packets * 664 / KNOT_GAP) + 4) - 1 - draws.uniform())
    seconds = times * 1e-6
    moving = min(1.0, abs(speed) / 3 + abs(yaw_rate) * 5)
    pose = np.zeros((len(times), 6))
    pose[:, 2] = yaw_rate * seconds
    pose[:, 3] = speed * seconds
    pose[:, 4] = 0.5 * speed * yaw_rate * seconds**2
    pose[:, :3] += 2e-4 * (0.05 + moving) * np.cumsum(draws.normal((len(times), 3)), axis=0)
    pose[:, 5] = 5e-4 * moving * np.cumsum(draws.normal(len(times)))
    start = [interpolate(np.float64(0.0), times, pose[:, axis]) for axis in range(6)]
    return times, pose - start


def _sensor(mount: Mount, scene: Scene, knots: tuple[np.ndarray, np.ndarray], packets: int, draws: Draws) -> dict:
    """All that one sensor reports in a turn."""
    firings = packets * PACKET
    raw = np.rint(draws.uniform(0, TURN) + 19.8675 * np.arange(firings) + 0.3 * draws.normal(firings)).astype(np.int64)
    theta = azimuths(raw, mount.upside_down)
    elevation = np.radians(-ELEVATION if mount.upside_down else ELEVATION)
    slot = np.arange(firings)[:, None] * SLOTS + np.arange(RINGS) // 2
    packet_time = np.rint(draws.uniform(0, 20000) + 663.5525 * np.arange(packets))
    place = (np.arange(firings) % PACKET)[:, None] * SLOTS + np.arange(RINGS) // 2
    times = np.repeat(packet_time - packet_time[0], PACKET)[:, None] + place * SLOT_TIME
    turn, shift = poses(mount, *knots, times.ravel())
    (rise, level), (sine, cosine) = sine_cosine(elevation), sine_cosine(theta)
    beam = np.stack([level * cosine, level * sine, np.broadcast_to(rise, theta.shape)], axis=2)
    directions = apply(turn, beam.reshape(-1, 3))
    hits = cast(scene, shift - np.array([0.0, 0.0, GROUND]), directions, draws)
    ticks, _, _ = receive(hits, RECEIVER, draws)
    kept = np.nonzero(ticks)[0]
    starts, middle = chunks(slot.ravel()[kept])
    own = np.repeat(middle, np.diff(np.append(starts, len(kept))))
    theta = theta.ravel()[kept]
    points = sensor_points(ticks[kept], theta, np.tile(elevation, firings)[kept])
    points = to_vehicle(points, turn[kept[own]].astype(np.float32), shift[kept[own]].astype(np.float32))
    return {"points": points, "ranges": ticks.reshape(firings, RINGS), "raw": raw, "chunks": starts}


def azimuths(raw: np.ndarray, upside_down: bool) -> np.ndarray:
    """Angles theta (F, 32) float32 (rad) from the firings' whole azimuths (F,) in 0.01 degrees, not wrapped."""
    step = np.float32(0.01)
    block = ((raw % TURN).astype(np.float32) * step * np.float32(np.pi)) / np.float32(180)
    ends = raw.reshape(-1, PACKET)
    rate = np.repeat((ends[:, -1] - ends[:, 0]) / (PACKET - 1), PACKET)
    advance = np.radians(0.01) * rate[:, None] * (np.arange(RINGS) // 2 / SLOTS) * RATE_EXCESS
    offset = np.radians(AZIMUTH_OFFSET)
    if upside_down:
        return (np.float32(2 * np.pi) - block)[:, None] + (offset - advance).astype(np.float32)
    return -(block[:, None] + (advance + offset).astype(np.float32))


def poses(mount: Mount, knot_times: np.ndarray, knots: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sensor-to-vehicle rotations (N, 3, 3) and positions (N, 3), float64, at times (us)."""
    pose = np.stack([interpolate(times, knot_times, knots[:, axis]) for axis in range(6)], axis=1)
    vehicle = rotation_of_vector(pose[:, :3])
    return multiply(vehicle, rotation(*mount.angles)), apply(vehicle, np.array(mount.position)) + pose[:, 3:]


def sensor_points(ticks: np.ndarray, theta: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Points (N, 3) float32 in the sensor's frame."""
    distance = ticks.astype(np.float32) * np.float32(0.004)
    rise, fall = (each.astype(np.float32) for each in sine_cosine(elevation.astype(np.float32)))
    sine, cosine = (each.astype(np.float32) for each in sine_cosine(theta))
    level = distance * fall
    return np.stack([level * cosine, level * sine, distance * rise], axis=1)


def to_vehicle(points: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Apply float32 matrices (N, 3, 3) and shifts (N, 3) to points (N, 3), summed from left to right in float32."""
    x, y, z = points.T
    rows = [
        ((turn[:, axis, 0] * x + turn[:, axis, 1] * y) + turn[:, axis, 2] * z) + shift[:, axis] for axis in range(3)
    ]
    return np.stack(rows, axis=1)


def chunks(slot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First points and middle points (C,) of the chunks of returns whose slots are `slot` (N,), ascending."""
    starts = []
    start = 0
    while start < len(slot):
        starts.append(start)
        start = int(np.searchsorted(slot, slot[start] + CHUNK))
    first = np.array(starts, dtype=np.int64)
    sizes = np.diff(np.append(first, len(slot)))
    return first, first + sizes // 2
