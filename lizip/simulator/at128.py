"""Hesai's AT128: 128 lasers behind turning mirrors, corrected by tables, as its public drivers compute the points.

azimuth     a = 2 (A - start of the mirror's field) - az[laser] + 256 adjust_az(laser, A)      1/25600 degrees
elevation   e = el[laser] + 256 adjust_el(laser, A)
point       L = d cos e;  x = L sin a,  y = L cos a,  z = d sin e                               float32, from tables

A, of a block, is in 1/25600 degrees too; the corrections are whole 0.01 degrees, linear between knots every 2 degrees
of A and rounded. Written down from the drivers' sources (nebula, HesaiLidar_SDK_2.0).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from lizip.exact.single import MODERN, sines_and_cosines
from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep
from lizip.simulator.turning import MOUNT

LASERS, TICK = 128, 0.004
DEGREE = 25600
"""Units of both angles."""
TURN = 360 * DEGREE
BLOCKS = 1200
"""Of a frame: 120 degrees, a mirror turns half as fast."""
PACKET = 2
_STEP, _JITTER = 1280, 6.0
_FIRST = 15 * DEGREE
_KNOT = 2 * DEGREE
_FINE = 256
_FLOAT = np.float32


class Correction(NamedTuple):
    """What a sensor's correction file says.

    Attributes
    ----------
    azimuth, elevation : (R,) int64
        1/25600 degrees.
    adjust_azimuth, adjust_elevation : (R, 181) int64
        0.01 degrees, at knots 2 degrees apart.
    start : int
        Where the mirror's field begins, 1/25600 degrees.
    """

    azimuth: np.ndarray
    elevation: np.ndarray
    adjust_azimuth: np.ndarray
    adjust_elevation: np.ndarray
    start: int


def correction(seed: int) -> Correction:
    """Draw a sensor."""
    draws, lasers = Draws(seed, "at128"), np.arange(LASERS)
    groups = np.array([-2.4, 1.1, -0.9, 2.6])[lasers % 4]
    azimuth = np.rint(DEGREE * (groups + 0.05 * draws.normal(LASERS))).astype(np.int64)
    elevation = np.rint(DEGREE * (12.9 - 0.2 * lasers + 0.02 * draws.normal(LASERS))).astype(np.int64)
    knots = np.arange(181) * 2.0 * np.pi / 180
    tables = []
    for size in (30.0, 45.0):
        bend, phase = draws.uniform(0.5, 1.0, 2), draws.uniform(0, 6, 2)
        common = size * (bend[0] * sine_cosine(3 * knots + phase[0])[0] + 0.4 * bend[1] * sine_cosine(7 * knots)[0])
        tilt = 1 + 0.3 * (lasers / LASERS - 0.5)[:, None]
        table = np.rint(tilt * common + 0.6 * draws.normal((LASERS, 181)))
        tables.append(np.clip(table, -128, 127).astype(np.int64))
    return Correction(azimuth, elevation, tables[0], tables[1], 7 * DEGREE)


def _adjust(table: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """Corrections (F, R) of blocks (F,), rounded half away from zero, in float32."""
    knot, beyond = np.divmod(azimuth, _KNOT)
    share = (beyond.astype(_FLOAT) / _FLOAT(_KNOT))[:, None]
    low, high = (table[:, at].T.astype(_FLOAT) for at in (knot, knot + 1))
    between = (_FLOAT(1) - share) * low + share * high
    whole = np.floor(np.abs(between).astype(np.float64) + 0.5)
    return np.where(between < 0, -whole, whole).astype(np.int64)


def _nebula(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle = (_FLOAT(2) * index.astype(_FLOAT)) * _FLOAT(np.pi) / _FLOAT(TURN)
    sine, cosine = sines_and_cosines(angle, MODERN).astype(_FLOAT)
    return sine, cosine


def _sdk(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sine, cosine = sine_cosine(index * (2 * np.pi) / TURN)
    return sine.astype(_FLOAT), cosine.astype(_FLOAT)


def sweep(
    seed: int,
    driver: Literal["nebula", "SDK"] = "nebula",
    blocks: int = BLOCKS,
    missing: Literal["dropped", "zeros"] = "dropped",
    conditions: Conditions = CLEAR,
    scene: Scene | None = None,
) -> Sweep:
    """Simulate a frame of a sensor at rest in a street: x, y, z, intensity, block after block.

    `driver` is who computes the points: nebula, or HesaiLidar_SDK_2.0, which keeps (`missing`) what did not return as
    zeros with the signs of its direction.
    """
    sensor, draws, rough = correction(seed), Draws(seed, "at128 sweep"), Draws(seed, "conditions")
    exact = sensor.start + _FIRST + _STEP * np.arange(blocks) + _JITTER * draws.normal(blocks)
    block = np.rint(exact + draws.uniform(0, _STEP)).astype(np.int64)
    azimuth = 2 * (block - sensor.start)[:, None] - sensor.azimuth + _FINE * _adjust(sensor.adjust_azimuth, block)
    elevation = sensor.elevation + _FINE * _adjust(sensor.adjust_elevation, block)
    azimuth, elevation = azimuth.ravel() % TURN, elevation.ravel() % TURN
    rise, fall = sine_cosine(elevation * (2 * np.pi) / TURN)
    sine, cosine = sine_cosine(azimuth * (2 * np.pi) / TURN)
    rays = np.stack([fall * sine, fall * cosine, rise], axis=1)
    receiver = Receiver(tick=TICK, noise=0.008, reach=150.0, nearest=0.5, gain=110.0, speckle=3.5)
    start = np.zeros_like(rays) + np.array([0.0, 0.0, MOUNT])
    hits = cast(scene or street(seed), start, rays, draws)
    ticks, intensity, _ = conditions.receive(hits, rays, receiver, draws, rough)
    ticks[np.repeat(conditions.lost_firings(blocks, PACKET, rough), LASERS)] = 0
    # nebula multiplies in double and rounds, the SDK in float32
    single = ticks.astype(_FLOAT) * _FLOAT(TICK)
    distance = (ticks * TICK).astype(_FLOAT) if driver == "nebula" else single
    table = _nebula if driver == "nebula" else _sdk
    (up, level), (across, along) = table(elevation), table(azimuth)
    flat = distance * level
    points = np.stack([flat * across, flat * along, distance * up], axis=1)
    records = np.concatenate([points, intensity[:, None].astype(_FLOAT)], axis=1)
    kept = ticks > 0 if missing == "dropped" else np.ones(len(ticks), bool)
    truth = {"block": block, "azimuth": azimuth[kept], "elevation": elevation[kept]}
    truth["laser"] = np.tile(np.arange(LASERS), blocks)[kept]
    shape = blocks, LASERS
    return Sweep(records[kept].tobytes(), 4, ticks.reshape(shape), intensity.reshape(shape), truth)
