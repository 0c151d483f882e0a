"""A Pandar64 in the layout of PandaSet: a pose for every point at its own time, everything but two roundings in double.

The chain, by stages:

    range       r = 0.004 k
    azimuth     A = raw + offset of the laser; raw goes on by exactly 0.2 degrees a block, the wobble is in the times
    point       s = (r cosE cosA, -r cosE sinA, r sinE), clockwise; forward, left, up
    time        2**-22 s (packet + 233 block + slot): packets at whole microseconds rounded to that, six blocks each
    pose        position, roll, pitch and yaw of the vehicle, each linear in time between knots 50 ms apart
    world       X = float32(T + Rz Ry Rx (M s + lever))
    stored      X, or float32(R' (X - t)) with the vehicle's pose (R, t) at the third knot, levelled by a fixed tilt

In a block the lasers come from the top down; a sweep holds the points that look from straight back once around.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lizip.resources import models_folder
from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import apply, interpolate, multiply, sine_cosine
from lizip.simulator.motion import rotation
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

RINGS, PACKET, BLOCK = 64, 6, 233
COLUMN_STEP, TURN = 20, 36000
TICK = 0.004
KNOT_TIMES = np.array([-49.4, 1.05, 51.5, 100.9, 150.3]) * 4194.304
"""Slots of 2**-22 s from the sweep's first block."""
MICROSECOND = 4.194304
HEIGHT = 0.39
"""Of the vehicle's origin above the road, m."""
RECEIVER = Receiver(tick=TICK, noise=0.01, reach=160.0, nearest=1.4, gain=60.0, speckle=2.0)


class Mount(NamedTuple):
    """How the sensor sits on the vehicle: Euler angles (roll, pitch, yaw; rad) and position (m)."""

    angles: tuple[float, float, float] = (0.0004, 0.0157, 0.0026)
    lever: tuple[float, float, float] = (0.828, 0.0, 1.835)


class Lasers(NamedTuple):
    """Lasers from the bottom up, (64,) each: elevation and azimuth offset (rad), slot in a block."""

    elevation: np.ndarray
    offset: np.ndarray
    slot: np.ndarray


@lru_cache(maxsize=1)
def lasers() -> Lasers:
    """The sensor's tables, from the profile that ships with lizip."""
    content = json.loads((models_folder() / "sensors" / "pandar64.json").read_text())
    elevation = np.array([beam["elevation"] for beam in content["beams"]])
    phase = np.array([beam["phase"] for beam in content["beams"]])
    return Lasers(elevation, phase * (2 * np.pi / TURN), np.array(content["rhythm"]["slot"], np.int64))


def sweep(
    seed: int,
    blocks: int = 1851,
    speed: float = 10.0,
    yaw_rate: float = 0.05,
    world: bool = False,
    mount: Mount | None = None,
    scene: Scene | None = None,
    conditions: Conditions = CLEAR,
) -> Sweep:
    """Simulate one turn (0.1 s).

    Parameters
    ----------
    seed : int
        Decides the scene, the motion and the noise.
    blocks : int
        Blocks, of 1851 in a turn.
    speed, yaw_rate : float
        m/s and rad/s; 0 and 0 is a vehicle at rest.
    world : bool
        Whether points stay in the world's frame.
    mount : Mount, optional
        Of the sensor.
    scene : Scene, optional
        Use this street instead of drawing one.
    conditions : Conditions
        Weather, what stands beside, what is lost.

    Returns
    -------
    Sweep
        Four float32 fields: x, y, z, intensity.
    """
    draws, table, mount = Draws(seed, "pandar64"), lasers(), mount or Mount()
    rough = Draws(seed, "conditions")
    scene = scene or street(seed)
    margin = 27
    count = blocks + 2 * margin
    raw = TURN // 2 - margin * COLUMN_STEP + int(draws.integers(0, COLUMN_STEP)) + COLUMN_STEP * np.arange(count)
    starts, phase = _starts(draws, count)
    slots = starts[:, None] + table.slot
    slots -= slots[margin - 6].min()
    angle = raw[:, None] * (2 * np.pi / TURN) + table.offset
    (rise, level), (sine, cosine) = sine_cosine(table.elevation), sine_cosine(angle)
    beam = np.stack([level * cosine, -level * sine, np.broadcast_to(rise, angle.shape)], axis=2).reshape(-1, 3)
    knots, heading = _knots(draws, speed, yaw_rate, conditions.jerk)
    turn, place = _poses(knots, slots.ravel().astype(np.float64))
    fixed = rotation(*(np.float64(a) for a in (mount.angles[2], mount.angles[1], mount.angles[0])))
    spot = place + apply(turn, np.array(mount.lever))
    ways = apply(turn, apply(fixed, beam))
    # the street lies along the way, with the vehicle near its middle
    level_turn = rotation(np.float64(-heading), np.float64(0.0), np.float64(0.0))
    around = apply(level_turn, spot - place.mean(axis=0)) + np.array([0.0, 0.0, HEIGHT])
    ways = apply(level_turn, ways)
    hits = cast(scene, around, ways, draws)
    ticks, intensity, _ = conditions.receive(hits, ways, RECEIVER, draws, rough)
    ticks[np.repeat(conditions.lost_firings(count, PACKET, rough, -phase), RINGS)] = 0
    first = TURN // 2 * (2 * np.pi / TURN)
    inside = (angle.ravel() >= first) & (angle.ravel() < first + blocks * COLUMN_STEP * (2 * np.pi / TURN))
    ticks[~inside] = 0
    # from the top down
    order = np.arange(len(ticks)).reshape(count, RINGS)[:, ::-1].ravel()
    kept = order[ticks[order] > 0]
    points = beam[kept] * (TICK * ticks[kept])[:, None]
    points = place[kept] + apply(turn[kept], apply(fixed, points) + np.array(mount.lever))
    stored = points.astype(np.float32)
    if not world:
        stored = _to_vehicle(stored, knots)
    records = np.empty((len(kept), 4), "<f4")
    records[:, :3], records[:, 3] = stored, intensity[kept]
    truth = {"rings": kept % RINGS, "blocks": kept // RINGS, "ticks": ticks[kept], "slots": starts}
    ranges = ticks.reshape(count, RINGS)
    return Sweep(records.tobytes(), 4, ranges, intensity.reshape(count, RINGS), truth)


def _starts(draws: Draws, count: int) -> tuple[np.ndarray, int]:
    """When blocks start, slots, and the first one's place in its packet; packets: whole microseconds, which wobble."""
    phase = int(draws.integers(0, PACKET))
    number, place = np.divmod(np.arange(count) + phase, PACKET)
    packets = int(number[-1]) + 1
    turn = 2 * np.pi * np.arange(packets) / 308.5 + draws.uniform(0, 2 * np.pi)
    even = np.rint(333.4 * np.arange(packets) + 90.0 * sine_cosine(turn)[0] + 0.4 * draws.normal(packets))
    return np.rint(even * MICROSECOND + draws.uniform(0, 1)).astype(np.int64)[number] + BLOCK * place, phase


class Knots(NamedTuple):
    """Poses of the vehicle at `KNOT_TIMES`: positions (K, 3), m; roll, pitch, yaw (K, 3), rad."""

    places: np.ndarray
    angles: np.ndarray


def _knots(draws: Draws, speed: float, yaw_rate: float, jerk: float) -> tuple[Knots, float]:
    """Drive along a gentle curve; returns also the heading."""
    seconds = KNOT_TIMES / MICROSECOND * 1e-6
    moving = min(1.0, abs(speed) / 3 + 5 * abs(yaw_rate))
    heading = float(draws.uniform(-np.pi, np.pi)) * 0.99
    tilt = draws.uniform(-0.02, 0.02, 2) + np.cumsum(0.003 * jerk * moving * draws.normal((len(seconds), 2)), axis=0)
    rates = yaw_rate + 0.01 * jerk * moving * draws.normal(len(seconds))
    step = np.diff(seconds, prepend=seconds[0])
    yaw = heading + np.cumsum(rates * step)
    pace = speed * (1 + 0.005 * jerk * draws.normal(len(seconds)))
    sine, cosine = sine_cosine(yaw)
    places = np.stack([np.cumsum(pace * cosine * step), np.cumsum(pace * sine * step)], axis=1)
    climb = np.cumsum(0.003 * jerk * moving * draws.normal(len(seconds)))
    places = np.concatenate([places, climb[:, None]], axis=1) + np.append(draws.uniform(-150, 150, 2), HEIGHT)
    return Knots(places, np.concatenate([tilt, yaw[:, None]], axis=1)), heading


def _poses(knots: Knots, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (M, 3, 3) and positions (M, 3) of the vehicle at times (M,), slots."""
    roll, pitch, yaw = (interpolate(times, KNOT_TIMES, knots.angles[:, axis]) for axis in range(3))
    place = np.stack([interpolate(times, KNOT_TIMES, knots.places[:, axis]) for axis in range(3)], axis=1)
    return rotation(yaw, pitch, roll), place


def _to_vehicle(points: np.ndarray, knots: Knots) -> np.ndarray:
    """World points (N, 3) float32 in the vehicle's frame at the fourth of the knots, whose x axis is 31 mrad lower."""
    roll, pitch, yaw = (np.float64(angle) for angle in knots.angles[3])
    levelled = rotation(np.float64(0.0), np.float64(0.0314), np.float64(0.0))
    world = multiply(rotation(yaw, pitch, roll), levelled)
    back = np.ascontiguousarray(world.T)
    return apply(back, points.astype(np.float64) - knots.places[3]).astype(np.float32)
