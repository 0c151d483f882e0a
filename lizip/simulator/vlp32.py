"""Two VLP-32C in the layout of Argoverse: poses per chunk of points, everything but the pose in float32.

The chain, by stages (the tables are the maker's, exact):

    range       r = float32(k) * 0.004
    azimuth     x = raw * 0.01 * pi / 180 per firing, raw whole; it goes on by slot / 24 of the packet's rate
                upper: theta = -(x + (advance + AZ));  lower, upside down: theta = (2 pi - x) + (AZ - advance), -E
    point       p = (r cosE) cos theta, (r cosE) sin theta, r sinE
    time        packets at whole microseconds, floor(663.5523 p + c), a few of them 2 to 4 beside; 55.294 a firing
    pose        one per chunk: points in time order, less than 55.5 us after the first; at the time of its middle point;
                screw motion between knots 9.752 ms apart
    stored      fma(m2, z, fma(m0, x, m1 y)) + t with the sensor-to-vehicle matrix cast to float32

The vehicle frame is that of the sweep's start. First all returns of the upper sensor, then those of the lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import apply, multiply, sine_cosine
from lizip.simulator.motion import rotation, rotation_of_vector
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

RINGS = 32
PACKET = 12
TURN = 36000
SLOT_TIME, FIRING_TIME, PACKET_TIME = 2.304, 55.294, 663.5523
"""Microseconds; a firing takes 24 slots, of which 16 fire two lasers each."""

CHUNK = 55.5
KNOT_GAP = 9752.2

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

DOUBLE = 9
"""The laser whose sine of the elevation is no float32."""

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


class Knots(NamedTuple):
    """Poses of the vehicle.

    Attributes
    ----------
    times : (K,) float64
        Microseconds.
    turns, places : (K, 3, 3), (K, 3) float64
    """

    times: np.ndarray
    turns: np.ndarray
    places: np.ndarray


def sweep(
    seed: int,
    packets: int = 151,
    speed: float = 8.0,
    yaw_rate: float = 0.0,
    scene: Scene | None = None,
    mounts: Sequence[Mount] = (UPPER, LOWER),
    lost: float = 0.0,
    conditions: Conditions = CLEAR,
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
    mounts : sequence of Mount
        The sensors, in the order of the file.
    lost : float
        Share of the points that are dropped in the end, when all have their poses.
    conditions : Conditions
        Weather, what stands beside, what is lost.

    Returns
    -------
    Sweep
        Five float32 fields: x, y, z and two that are always zero. `ranges` holds the firings of the upper sensor, then
        those of the lower.
    """
    scene = scene or street(seed)
    draws, rough = Draws(seed, "vlp32"), Draws(seed, "conditions")
    knots = _knots(draws, speed, yaw_rate, packets, conditions.jerk)
    parts = [_sensor(mount, scene, knots, packets, (draws, rough), lost, conditions) for mount in mounts]
    points = np.concatenate([part["points"] for part in parts])
    records = np.zeros((len(points), 5), "<f4")
    records[:, :3] = points
    ranges = np.concatenate([part["ranges"] for part in parts])
    truth = {
        **{name: np.concatenate([part[name] for part in parts]) for name in ("raw", "chunks", "lasers", "packets")},
        "knot_times": knots.times,
        "knots": knots.places,
        "upper": np.array(len(parts[0]["points"])),
    }
    return Sweep(records.tobytes(), 5, ranges, np.zeros_like(ranges), truth)


def _knots(draws: Draws, speed: float, yaw_rate: float, packets: int, jerk: float) -> Knots:
    """Poses of the vehicle; the identity near time 0. Its wheels rock it, and now and then a pose comes late."""
    times = KNOT_GAP * (np.arange(int(packets * PACKET_TIME / KNOT_GAP) + 4) - 1 - draws.uniform())
    seconds = times * 1e-6
    moving = min(1.0, abs(speed) / 3 + abs(yaw_rate) * 5)
    angles = np.cumsum(2e-4 * jerk * (0.05 + moving) * draws.normal((len(times), 3)), axis=0)
    angles[:, 2] += yaw_rate * seconds
    places = np.zeros((len(times), 3))
    places[:, 0] = speed * seconds * (1 + 0.002 * jerk * draws.normal())
    places[:, 1] = 0.5 * speed * yaw_rate * seconds**2
    places[:, 2] = np.cumsum(5e-4 * jerk * moving * draws.normal(len(times)))
    late = np.where(draws.uniform(size=len(times)) < 0.2, 5.0 * draws.uniform(size=len(times)), 0.0)
    return Knots(times + late, rotation_of_vector(angles - angles[1]), places - places[1])


def _sensor(
    mount: Mount,
    scene: Scene,
    knots: Knots,
    packets: int,
    both: tuple[Draws, Draws],
    lost: float,
    conditions: Conditions,
) -> dict[str, Any]:
    """All that one sensor reports in a turn; `both`: draws of the sensor, and of the conditions."""
    draws, rough = both
    firings = packets * PACKET
    raw = np.rint(draws.uniform(0, TURN) + 19.9066 * np.arange(firings) + 0.3 * draws.normal(firings)).astype(np.int64)
    theta = azimuths(raw, mount.upside_down)
    elevation = np.radians(-ELEVATION if mount.upside_down else ELEVATION)
    packet_time = np.floor(PACKET_TIME * np.arange(packets) + draws.uniform())
    odd = np.sign(draws.normal(packets)) * np.rint(draws.uniform(1.5, 4.5, packets))
    packet_time += np.where(draws.uniform(size=packets) < 0.01, odd, 0.0)
    place = FIRING_TIME * (np.arange(firings) % PACKET)[:, None] + SLOT_TIME * (np.arange(RINGS) // 2)
    times = (np.repeat(packet_time, PACKET)[:, None] + place).ravel()
    turn, shift = poses(mount, knots, times)
    (rise, level), (sine, cosine) = sine_cosine(elevation), sine_cosine(theta)
    beam = np.stack([level * cosine, level * sine, np.broadcast_to(rise, theta.shape)], axis=2)
    directions = apply(turn, beam.reshape(-1, 3))
    hits = cast(scene, shift - np.array([0.0, 0.0, GROUND]), directions, draws)
    ticks, _, _ = conditions.receive(hits, directions, RECEIVER, draws, rough)
    ticks[np.repeat(conditions.lost_firings(firings, PACKET, rough), RINGS)] = 0
    kept = np.nonzero(ticks)[0]
    starts, middle = chunks(times[kept])
    own = np.repeat(middle, np.diff(np.append(starts, len(kept))))
    points = sensor_points(ticks[kept], theta.ravel()[kept], kept % RINGS, mount.upside_down)
    points = to_vehicle(points, turn[kept[own]].astype(np.float32), shift[kept[own]].astype(np.float32))
    stay = draws.uniform(size=len(kept)) >= lost
    ticks[kept[~stay]] = 0
    return {
        "points": points[stay],
        "ranges": ticks.reshape(firings, RINGS),
        "raw": raw,
        "chunks": starts,
        "lasers": kept[stay] % RINGS,
        "packets": packet_time,
    }


def azimuths(raw: np.ndarray, upside_down: bool) -> np.ndarray:
    """Angles theta (F, 32) float32 (rad) from the firings' whole azimuths (F,) in 0.01 degrees, not wrapped."""
    step = np.float32(0.01)
    block = ((raw % TURN).astype(np.float32) * step * np.float32(np.pi)) / np.float32(180)
    ends = block.reshape(-1, PACKET)
    rate = ends[:, -1] - ends[:, 0]
    rate = np.where(rate < 0, rate + np.float32(2 * np.pi), rate).astype(np.float64) / (PACKET - 1)
    advance = np.repeat(rate, PACKET)[:, None] * (np.arange(RINGS) // 2 * (SLOT_TIME / FIRING_TIME))
    advance, offset = advance.astype(np.float32), np.radians(AZIMUTH_OFFSET).astype(np.float32)
    if upside_down:
        return (np.float32(2 * np.pi) - block)[:, None] + (offset - advance)
    return -(block[:, None] + (advance + offset))


def poses(mount: Mount, knots: Knots, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sensor-to-vehicle rotations (N, 3, 3) and positions (N, 3), float64, at times (us)."""
    after = np.clip(np.searchsorted(knots.times, times, side="right"), 1, len(knots.times) - 1)
    share = ((times - knots.times[after - 1]) / (knots.times[after] - knots.times[after - 1]))[:, None]
    between = multiply(knots.turns[1:], np.swapaxes(knots.turns[:-1], 1, 2))
    spin = 0.5 * np.stack([between[:, i, j] - between[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], axis=1)
    sine = (spin**2).sum(axis=1, keepdims=True)
    spin = (spin * (1.0 + sine / 6.0 + 0.075 * sine * sine))[after - 1]
    way = np.diff(knots.places, axis=0)[after - 1]
    bend = np.cross(spin, way)
    vehicle = multiply(rotation_of_vector(share * spin), knots.turns[after - 1])
    place = knots.places[after - 1] + share * way - 0.5 * share * (1 - share) * bend
    place += share * (1 - share) * (1 - 2 * share) / 12 * np.cross(spin, bend)
    return multiply(vehicle, rotation(*mount.angles)), apply(vehicle, np.array(mount.position)) + place


def sensor_points(ticks: np.ndarray, theta: np.ndarray, laser: np.ndarray, upside_down: bool) -> np.ndarray:
    """Points (N, 3) float32 in the sensor's frame."""
    distance = ticks.astype(np.float32) * np.float32(0.004)
    rise, fall = sine_cosine(np.radians(-ELEVATION if upside_down else ELEVATION))
    rise = np.where(np.arange(RINGS) == DOUBLE, rise, rise.astype(np.float32))
    sine, cosine = (each.astype(np.float32) for each in sine_cosine(theta))
    level = distance * fall.astype(np.float32)[laser]
    return np.stack([level * cosine, level * sine, (distance * rise[laser]).astype(np.float32)], axis=1)


def to_vehicle(points: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Apply float32 matrices (N, 3, 3) and shifts (N, 3) to points (N, 3), two of the products fused."""
    x, y, z = points.T
    rows = []
    for axis in range(3):
        first = turn[:, axis, 1] * y
        second = _fused(turn[:, axis, 0], x, first)
        rows.append(_fused(turn[:, axis, 2], z, second) + shift[:, axis])
    return np.stack(rows, axis=1)


def _fused(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Product and sum of float32 in one rounding (but for one in 10**9 that lies between two)."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def chunks(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First points and middle points (C,) of the chunks of returns that came at times (N,), ascending, us."""
    starts = []
    start = 0
    while start < len(times):
        starts.append(start)
        start = int(np.searchsorted(times, times[start] + CHUNK))
    first = np.array(starts, dtype=np.int64)
    sizes = np.diff(np.append(first, len(times)))
    return first, first + sizes // 2
