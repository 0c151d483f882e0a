"""HDL-32E in the layout of nuScenes: every firing through the float32 coordinates of a map, and back.

The chain, by stages (all sensor arithmetic in float32, all poses in float64, one rounding each):

    range ticks r (2 mm), azimuth a = A_i - floor(D_i slot / 40 + 1/2) in 0.01 degrees, D_i = A_i - A_(i+1)
    d = r * 0.002;  xy = d * cosE;  p = (xy * cosa, xy * sina, d * sinE)                       float32
    X = float32(R_i p + t_i)                     pose of the firing, map frame
    P = float32(G^T (X - t_ref))                 G, t_ref: pose of the last firing

Twelve firings 553/12 us apart make a packet; packets start on whole microseconds, 554 apart, sometimes 553. The 12th
firing of a packet repeats the D before it. Nothing returned: r = 0, hence the point is where the sensor was.
"""

from __future__ import annotations

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import apply, multiply, sine_cosine
from lizip.simulator.motion import Track, drive, rotation
from lizip.simulator.rays import Hits, cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

RINGS = 32
TURN = 36000
# fmt: off
ELEVATION = np.array([
    -30.67, -29.33, -28, -26.66, -25.33, -24, -22.67, -21.33, -20, -18.67, -17.33, -16, -14.67, -13.33, -12, -10.67,
    -9.33, -8, -6.66, -5.33, -4, -2.67, -1.33, 0, 1.33, 2.67, 4, 5.33, 6.67, 8, 9.33, 10.67,
])
# fmt: on
"""Degrees, ring 0 (lowest) to 31."""

RADIAN = np.pi / 180.0
"""A degree."""

SLOT = np.where(np.arange(RINGS) < 16, 2 * np.arange(RINGS), 2 * (np.arange(RINGS) - 16) + 1)
"""When in a firing the ring fires, in fortieths of a firing."""

PACKET = 12
STEP = 553.0 / 12.0
"""Microseconds from firing to firing."""

RECEIVER = Receiver(tick=0.002, noise=0.004, reach=70.0, nearest=0.9, gain=60.0, speckle=1.6)
NO_RETURN_INTENSITY = np.array(
    [0, 0, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 10, 10, 10, 12, 6, 3, 6, 3, 9, 6, 4, 4, 10, 9, 9, 10, 9, 5, 18, 30]
)
"""What each ring reports where nothing returned, nearly always."""

MOUNT = np.array([0.902, 0.005, 1.845])
"""The sensor in the vehicle's frame, m: forward, left, up. Its own axes are right, forward, up."""


def sweep(
    seed: int,
    firings: int = 1085,
    map_position: tuple[float, float] = (650.0, 1600.0),
    heading: float | None = None,
    speed: float = 8.0,
    yaw_rate: float = 0.0,
    tilt: tuple[float, float] = (0.0, 0.0),
    no_return_share: float | None = None,
    far_frame: bool = True,
    scene: Scene | None = None,
    conditions: Conditions = CLEAR,
) -> Sweep:
    """Simulate one turn of 50 ms.

    Parameters
    ----------
    seed : int
        Decides the scene, the motion and the noise.
    firings : int
        How many firings; the first packet is usually partial.
    map_position : (float, float)
        Where the vehicle ends, m; its size decides how coarse the float32 coordinates are.
    heading : float, optional
        Direction of travel in the map, rad; drawn when None.
    speed, yaw_rate : float
        m/s and rad/s.
    tilt : (float, float)
        How the sensor leans to the side and back, rad; some 0.05 on nuScenes' vehicles.
    no_return_share : float, optional
        Make this share of the points no-returns: the weakest echoes go, or a distant wall appears. None: as it comes.
    far_frame : bool
        False leaves out the rounding to float32 in the map: a plain moving sensor.
    scene : Scene, optional
        Use this street instead of drawing one.
    conditions : Conditions
        Weather, what stands beside, what is lost.
    """
    draws, rough = Draws(seed, "hdl32"), Draws(seed, "conditions")
    scene = scene or street(seed)
    heading = float(draws.uniform(-np.pi, np.pi)) if heading is None else heading
    phase = int(draws.integers(0, PACKET))
    times = firing_times(draws, firings, phase)
    track = drive(draws, (times[0], times[-1]), map_position, heading, speed, yaw_rate, jerk=conditions.jerk)
    rotations, positions = sensor_poses(track, times, 0.003 * draws.normal(3) + np.array([0.0, *tilt]))
    block, advance = block_azimuths(draws, firings, phase)
    azimuth = (block[:, None] - np.floor(advance[:, None] * SLOT * 0.025 + 0.5).astype(np.int64)) % TURN
    origins, directions = _rays(rotations, positions, azimuth, map_position, heading)
    hits = cast(scene, origins, directions, draws)
    ticks, intensity = _readings(hits, directions, no_return_share, conditions, draws, rough)
    ticks, intensity = ticks.reshape(firings, RINGS), intensity.reshape(firings, RINGS)
    ring = np.broadcast_to(NO_RETURN_INTENSITY, ticks.shape)
    odd = draws.chance(0.08, ticks.shape)
    intensity = np.where((ticks > 0) | odd, intensity, ring).astype(np.int32)
    points = sensor_points(ticks, azimuth).astype(np.float64)
    stored = through_map(points, rotations, positions, far_frame)
    records = np.empty((firings, RINGS, 5), "<f4")
    records[:, :, :3] = stored
    records[:, :, 3] = intensity
    records[:, :, 4] = np.arange(RINGS)
    truth = {
        "block_azimuth": block,
        "advance": advance,
        "times": times,
        "rotations": rotations,
        "positions": positions,
        "phase": np.array(phase),
    }
    there = ~conditions.lost_firings(firings, PACKET, rough, phase)
    truth = {name: each[there] if each.ndim else each for name, each in truth.items()}
    return Sweep(records[there].tobytes(), 5, ticks[there], intensity[there], truth)


def _readings(
    hits: Hits, ways: np.ndarray, no_return_share: float | None, conditions: Conditions, draws: Draws, rough: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """Ticks and intensities (N,), with the wanted share of no-returns."""
    if no_return_share is None:
        return conditions.receive(hits, ways, RECEIVER, draws, rough)[:2]
    open_sky = np.isinf(hits.distance)
    hits.distance[open_sky], hits.cosine[open_sky], hits.reflectivity[open_sky] = 70.0, 0.8, 0.3
    ticks, intensity, power = conditions.receive(hits, ways, RECEIVER, draws, rough)
    ticks = np.where(ticks == 0, np.rint(hits.distance / RECEIVER.tick), ticks).astype(np.int32)
    ticks[np.argsort(power, kind="stable")[: round(no_return_share * len(power))]] = 0
    return ticks, intensity


def firing_times(draws: Draws, firings: int, phase: int) -> np.ndarray:
    """When each firing was, us (F,); firing `phase` is the first of a packet."""
    packet = (np.arange(firings) - phase) // PACKET
    place = (np.arange(firings) - phase) % PACKET
    count = packet[-1] - packet[0] + 1
    short = (np.arange(count) + draws.integers(0, 25)) % 25 == 0
    start = np.cumsum(np.where(short, 553, 554))
    return start[packet - packet[0]] + place * STEP


def sensor_poses(track: Track, times: np.ndarray, tilt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (F, 3, 3) and positions (F, 3) of the sensor in the map; `tilt` (3,): how crooked it sits, rad."""
    vehicle, at = track.at(times)
    mount = rotation(-np.pi / 2 + tilt[0], tilt[1], tilt[2])
    return multiply(vehicle, mount), at + apply(vehicle, MOUNT)


def block_azimuths(draws: Draws, firings: int, phase: int) -> tuple[np.ndarray, np.ndarray]:
    """A (F,), falling by 31 to 35 a firing from straight behind, not wrapped; and D (F,)."""
    exact = 18000 + 100 * draws.normal() - TURN / 1085 * np.arange(firings + 1)
    block = np.rint(exact + 0.35 * draws.normal(firings + 1)).astype(np.int64)
    advance = block[:-1] - block[1:]
    twelfth = np.nonzero((np.arange(firings) - phase) % PACKET == PACKET - 1)[0]
    twelfth = twelfth[twelfth > 0]
    repeated = advance.copy()
    repeated[twelfth] = advance[twelfth - 1]
    return block[:-1], repeated


def sensor_points(ticks: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Points (F, 32, 3) float32 in the sensor's frame from range ticks and azimuths (0.01 degrees), both (F, 32)."""
    sine, cosine = (each.astype(np.float32) for each in sine_cosine(ELEVATION * RADIAN))
    sines, cosines = (each.astype(np.float32) for each in sine_cosine(np.arange(TURN) * (0.01 * RADIAN)))
    distance = ticks.astype(np.float32) * np.float32(0.002)
    level = distance * cosine
    return np.stack([level * cosines[azimuth], level * sines[azimuth], distance * sine], axis=2)


def through_map(points: np.ndarray, rotations: np.ndarray, positions: np.ndarray, far_frame: bool) -> np.ndarray:
    """Sensor points (F, R, 3) float64 -> stored points (F, R, 3) float32, in the frame of the last firing."""
    there = apply(rotations[:, None], points) + positions[:, None]
    if far_frame:
        there = there.astype(np.float32).astype(np.float64)
    return apply(rotations[-1].T, there - positions[-1]).astype(np.float32)


def _rays(
    rotations: np.ndarray, positions: np.ndarray, azimuth: np.ndarray, map_position: tuple[float, float], heading: float
) -> tuple[np.ndarray, np.ndarray]:
    """Origins and directions (F * 32, 3) in the frame of the street, which lies along the heading at the position."""
    (sa, ca), (se, ce) = sine_cosine(azimuth * (0.01 * RADIAN)), sine_cosine(ELEVATION * RADIAN)
    beam = np.stack([ce * ca, ce * sa, np.broadcast_to(se, azimuth.shape)], axis=2)
    to_street = rotation(-heading, 0.0, 0.0)
    directions = apply(multiply(to_street, rotations)[:, None], beam)
    origins = apply(to_street, positions - np.array([*map_position, 0.0]))
    return np.repeat(origins, RINGS, axis=0), directions.reshape(-1, 3)
