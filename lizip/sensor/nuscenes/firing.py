"""One firing of the sensor: which integers it measures, where they put a point, and the rule of its azimuths.

The sensor reports one azimuth A a firing, in 0.01 degrees; the driver gives the ring fired in slot s of 40 the azimuth
a = A - floor(D s / 40 + 1/2), where D is how far the head turned until the next firing (the last firing of a packet
repeats the D before it). A point is d = r * 0.002, xy = d * cosE, (xy * cos a, xy * sin a, d * sinE), all in float32.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lizip.exact.trig import arctangent2, sincos_degrees, sincos_steps
from lizip.jit import kernel
from lizip.resources import models_folder

RINGS = 32
NEAREST = 0.3
"""Points nearer than this to the sensor are no-returns, m."""

_NARROWEST, _WIDEST = 24, 44
"""Advances D tried, 0.01 degrees (20 Hz is 33.2)."""


@dataclass(frozen=True)
class Sensor:
    """A sensor profile and its tables.

    Attributes
    ----------
    tick : float
        Range unit, m.
    packet : int
        Firings a packet.
    period : float
        Time between firings of a packet, us.
    slot : (R,) int64
        When in a firing each ring fires, in fortieths.
    cos_elevation, sin_elevation : (R,) float32
    cos_azimuth, sin_azimuth : (36000,) float32
    """

    tick: float
    packet: int
    period: float
    slot: np.ndarray
    cos_elevation: np.ndarray
    sin_elevation: np.ndarray
    cos_azimuth: np.ndarray
    sin_azimuth: np.ndarray

    @property
    def tables(self) -> tuple[np.ndarray | float, ...]:
        """What kernels need to place points: slot, tick, cos and sin of elevation, cos and sin of azimuth."""
        return (
            self.slot,
            self.tick,
            self.cos_elevation,
            self.sin_elevation,
            self.cos_azimuth,
            self.sin_azimuth,
        )


@kernel
def _azimuth_tables(cosine, sine):
    for k in range(cosine.size):
        s, c = sincos_steps(k, cosine.size // 4)
        cosine[k] = np.float32(c)
        sine[k] = np.float32(s)


@lru_cache(maxsize=1)
def hdl32e() -> Sensor:
    """The HDL-32E as in nuScenes (`models/sensors/hdl32e-nuscenes.json`)."""
    profile = json.loads((models_folder() / "sensors" / "hdl32e-nuscenes.json").read_text())
    cosine, sine = np.empty(profile["turn"], np.float32), np.empty(profile["turn"], np.float32)
    _azimuth_tables(cosine, sine)
    elevation = [sincos_degrees(np.float64(angle)) for angle in profile["elevation"]]
    return Sensor(
        profile["tick"],
        profile["packet"],
        profile["firing_microseconds"],
        np.array(profile["slot"], np.int64),
        np.array([c for _, c in elevation], np.float64).astype(np.float32),
        np.array([s for s, _ in elevation], np.float64).astype(np.float32),
        cosine,
        sine,
    )


@kernel
def ring_azimuth(block, advance, slot):
    """Azimuth (0.01 degrees, 0 to 35999) of the ring fired in `slot` of a firing at `block` that turns by `advance`."""
    azimuth = (block - (2 * advance * slot + 40) // 80) % 36000
    return azimuth + 36000 if azimuth < 0 else azimuth


@kernel
def sensor_point(ticks, azimuth, tick, cos_elevation, sin_elevation, cos_azimuth, sin_azimuth, ring):
    """Point in the sensor frame as three float64 that hold float32 values; m."""
    distance = np.float32(ticks) * np.float32(tick)
    level = distance * cos_elevation[ring]
    return (
        np.float64(level * cos_azimuth[azimuth]),
        np.float64(level * sin_azimuth[azimuth]),
        np.float64(distance * sin_elevation[ring]),
    )


@kernel
def place_points(ranges, block, advance, slot, tick, cos_elevation, sin_elevation, cos_azimuth, sin_azimuth, out):
    """Sensor points (F, R, 3) of a whole sweep from ranges (F, R), blocks (F,) and advances (F,)."""
    for i in range(ranges.shape[0]):
        for j in range(ranges.shape[1]):
            azimuth = ring_azimuth(block[i], advance[i], slot[j])
            x, y, z = sensor_point(
                ranges[i, j], azimuth, tick, cos_elevation, sin_elevation, cos_azimuth, sin_azimuth, j
            )
            out[i, j, 0] = x
            out[i, j, 1] = y
            out[i, j, 2] = z


@kernel
def measure_firing(points, rotation, shift, tick, cos_elevation, sin_elevation, i, ranges, azimuth, sensor):
    """Take a firing's points back into the sensor frame by its pose and round them to ticks and 0.01 degrees.

    Writes ranges[i], azimuth[i] (0 where nothing returned) and the ideal sensor points sensor[i] (float64).
    """
    for j in range(points.shape[1]):
        v0 = points[i, j, 0] - shift[i, 0]
        v1 = points[i, j, 1] - shift[i, 1]
        v2 = points[i, j, 2] - shift[i, 2]
        x = rotation[i, 0, 0] * v0 + rotation[i, 1, 0] * v1 + rotation[i, 2, 0] * v2
        y = rotation[i, 0, 1] * v0 + rotation[i, 1, 1] * v1 + rotation[i, 2, 1] * v2
        z = rotation[i, 0, 2] * v0 + rotation[i, 1, 2] * v1 + rotation[i, 2, 2] * v2
        distance = np.sqrt(x * x + y * y + z * z)
        ticks = np.int64(0)
        steps = np.int64(0)
        if NEAREST <= distance < 1e3:
            ticks = np.int64(np.rint(distance / tick))
            steps = np.int64(np.rint(arctangent2(y, x) * (18000.0 / np.pi)))
            steps = steps + 36000 if steps < 0 else steps
            steps = 0 if steps >= 36000 else steps
        ranges[i, j] = ticks
        azimuth[i, j] = steps
        s, c = sincos_steps(steps, 9000)
        distance = ticks * tick
        level = distance * np.float64(cos_elevation[j])
        sensor[i, j, 0] = level * c
        sensor[i, j, 1] = level * s
        sensor[i, j, 2] = distance * np.float64(sin_elevation[j])


@kernel
def fit_blocks(ranges, azimuth, slot, block, advance, misses):
    """Find A and D of every firing from the azimuths of its returns.

    Writes for each firing the A (`block`) and D (`advance`) that explain most returns, and how many they miss
    (`misses`); firings without returns get misses -1. A tie goes to the D nearest to 33.
    """
    for i in range(ranges.shape[0]):
        total = np.int64(0)
        for j in range(ranges.shape[1]):
            total += 1 if ranges[i, j] > 0 else 0
        misses[i] = -1
        for away in range(_WIDEST - _NARROWEST if total else 0):
            turn = 33 + (away + 1) // 2 * (1 if away % 2 else -1)
            best = np.int64(0)
            winner = np.int64(0)
            for j in range(ranges.shape[1]):
                if ranges[i, j] == 0:
                    continue
                candidate = azimuth[i, j] + (2 * turn * slot[j] + 40) // 80
                votes = np.int64(0)
                for k in range(ranges.shape[1]):
                    if ranges[i, k] > 0 and (azimuth[i, k] + (2 * turn * slot[k] + 40) // 80 - candidate) % 36000 == 0:
                        votes += 1
                if votes > best:
                    best = votes
                    winner = candidate
                if 2 * votes > total:
                    break
            if misses[i] < 0 or total - best < misses[i]:
                misses[i] = total - best
                block[i] = winner % 36000
                advance[i] = turn
            if misses[i] == 0:
                break
