"""Back from points to what a firing measured: ticks and columns by its pose. Encoder only."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import arctangent2, sincos_steps
from lizip.jit import kernel
from lizip.sensor.stages.arithmetic import FINE_ANGLES, PRODUCTS, Arithmetic
from lizip.sensor.stages.beams import COSINE, SINE, Beams
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.firing_azimuths import columns_of
from lizip.sensor.stages.profile import PROFILES, Profile, Rhythm, load_profile

RINGS = 32
NEAREST = 0.3
"""Points nearer than this to the sensor are no-returns, m."""

ARITHMETIC = Arithmetic(PRODUCTS, FINE_ANGLES)
"""How the driver computes points."""


class Sensor(NamedTuple):
    """What fits need to know of a sensor.

    Attributes
    ----------
    profile : Profile
    beams : Beams
    rhythm : Rhythm
    tick : float
        Range unit, m.
    cos_elevation, sin_elevation : (R,) float32
    coarse : tuple of Coarse
        The stage before the others, where ranges count halves of ticks.
    """

    profile: Profile
    beams: Beams
    rhythm: Rhythm
    tick: float
    cos_elevation: np.ndarray
    sin_elevation: np.ndarray
    coarse: tuple[Coarse, ...] = ()

    def halved(self) -> Sensor:
        """The same sensor, whose ranges may lie between two ticks: those of a sweep that was near-lossless once."""
        tick = 0.5 * self.tick
        return self._replace(beams=replace(self.beams, tick=tick), tick=tick, coarse=(Coarse(1, 0, 1),))


@lru_cache(maxsize=1)
def hdl32e() -> Sensor:
    """The HDL-32E as in nuScenes (`models/sensors/hdl32e-nuscenes.json`)."""
    index = PROFILES.index("hdl32e-nuscenes")
    shipped = load_profile(PROFILES[index])
    beams = shipped.beams
    assert shipped.rhythm is not None
    elevation = beams.table[:, [COSINE, SINE]].astype(np.float32)
    cosine, sine = np.ascontiguousarray(elevation.T)
    return Sensor(Profile(index, np.ones(beams.count, bool)), beams, shipped.rhythm, beams.tick, cosine, sine)


def as_rings(column: np.ndarray) -> np.ndarray | None:
    """A column (N,) as rings, int64; None when it tells none."""
    with np.errstate(invalid="ignore"):
        ring = column.astype(np.int64)
        whole = (ring == column) & (ring >= 0) & (ring < RINGS)
    return ring if whole.all() and len(np.unique(ring[:4096])) >= 4 else None


def place_points(sensor: Sensor, ranges: np.ndarray, block: np.ndarray, advance: np.ndarray) -> np.ndarray:
    """Sensor points (F, R, 3) of a whole sweep from ranges (F, R), blocks (F,) and advances (F,)."""
    ring = np.arange(ranges.shape[1])
    column = columns_of(sensor.rhythm, block[:, None], advance[:, None], ring)
    flat = np.broadcast_to(ring, ranges.shape).ravel().astype(np.int32)
    points = ARITHMETIC.points(sensor.beams, flat, column.ravel().astype(np.int32), ranges.ravel().astype(np.int32))
    return points.reshape(*ranges.shape, 3)


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
            steps = np.int64(0) if steps >= 36000 else steps
        ranges[i, j] = ticks
        azimuth[i, j] = steps
        s, c = sincos_steps(steps, 9000)
        distance = ticks * tick
        level = distance * np.float64(cos_elevation[j])
        sensor[i, j, 0] = level * c
        sensor[i, j, 1] = level * s
        sensor[i, j, 2] = distance * np.float64(sin_elevation[j])
