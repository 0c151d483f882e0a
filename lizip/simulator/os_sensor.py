"""Ouster OS sensors by their maker's public formula, with beams that nobody has described beforehand.

enc = 2 pi (1 - column / columns)
x = (r - n) cos(enc + az) cos(alt) + n cos(enc),  y likewise with sin,  z = (r - n) sin(alt)
stored = float32 of this, turned by half a turn about z and lifted into the sensor's frame
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

LIFT = 0.03618
"""Lidar frame above the sensor's base, m."""

MOUNT = 1.9

PACKET = 16
"""Columns in one."""


@dataclass(frozen=True)
class Beams:
    """The tables of one sensor.

    Attributes
    ----------
    altitude, azimuth : (R,) float64
        rad, from the highest beam down.
    origin : float
        n: distance of the beams' origin from the axis, m.
    """

    altitude: np.ndarray
    azimuth: np.ndarray
    origin: float

    @classmethod
    def draw(cls, seed: int, rings: int) -> Beams:
        """Make one: about even altitudes, azimuths staggered by four, a maker's tolerance on both."""
        draws = Draws(seed, "ouster beams")
        half = float(draws.uniform(15.0, 45.0))
        altitude = np.linspace(half, -half, rings) + 0.08 * draws.normal(rings)
        stagger = np.array([4.2, 1.4, -1.4, -4.2]) * draws.uniform(0.7, 2.0)
        azimuth = stagger[np.arange(rings) % 4] + 0.04 * draws.normal(rings)
        origin = 0.001 * round(1000 * float(draws.uniform(0.010, 0.030)), 3)
        return cls(np.radians(altitude), np.radians(azimuth), origin)

    def printed(self) -> Beams:
        """Angles rounded to hundredths of a degree, as the maker prints them."""
        altitude, azimuth = (np.radians(np.round(np.degrees(each), 2)) for each in (self.altitude, self.azimuth))
        return Beams(altitude, azimuth, self.origin)

    def points(self, ring: np.ndarray, encoder: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """Points (N, 3) float64 in the sensor's frame; encoder in rad, reach in m."""
        rise, fall = (each[ring] for each in sine_cosine(self.altitude))
        (sine, cosine), (across, along) = sine_cosine(encoder + self.azimuth[ring]), sine_cosine(encoder)
        level = (reach - self.origin) * fall
        x = level * cosine + self.origin * along
        y = level * sine + self.origin * across
        z = (reach - self.origin) * rise
        return np.stack([-x, -y, z + LIFT], axis=1)


def sweep(
    seed: int,
    rings: int = 64,
    columns: int = 1024,
    layout: Literal["firing", "beam"] = "firing",
    tick: float = 0.001,
    drop_missing: bool = True,
    speed: float = 0.0,
    span: float = 1.0,
    counts: int | None = None,
    beams: Beams | None = None,
    scene: Scene | None = None,
    *,
    arithmetic: Literal["double", "float"] = "double",
    conditions: Conditions = CLEAR,
) -> Sweep:
    """Simulate one turn.

    Parameters
    ----------
    seed : int
        Decides the scene, the beams and the noise.
    rings, columns : int
        Beams, and firings in a whole turn.
    layout : {"firing", "beam"}
        Rows of the file: firing after firing, or beam after beam.
    tick : float
        Step of the range, m.
    drop_missing : bool
        Leave out what did not return; otherwise it is stored as zeros.
    speed : float
        m/s.
    span : float
        Share of the turn to simulate.
    counts : int, optional
        Counts of the encoder in a turn, where it is not locked to the columns as Ouster's is: azimuths are whole counts
        and step unevenly, as Velodyne's and Hesai's do (36000).
    beams, scene : optional
        Use these instead of drawing them.
    arithmetic : {"double", "float"}
        Compute points in double, or in float32 from a table of directions and offsets as Ouster's driver for ROS does.
    conditions : Conditions
        Weather, what stands beside, what is lost.
    """
    draws, rough = Draws(seed, "ouster"), Draws(seed, "conditions")
    beams = beams or Beams.draw(seed, rings)
    scene = scene or street(seed)
    firings = max(1, round(columns * span))
    turned = np.arange(firings) / columns
    if counts is not None:
        turned = np.rint(counts * (turned + 0.02 / columns * draws.normal(firings))) / counts
    encoder = np.repeat(2 * np.pi * (1 - turned), rings)
    ring = np.tile(np.arange(rings), firings)
    near, far = beams.points(ring, encoder, np.zeros(len(ring))), beams.points(ring, encoder, np.ones(len(ring)))
    origins = near + np.array([0.0, 0.0, MOUNT])
    origins[:, 0] += speed * 0.1 * np.repeat(np.arange(firings) / columns, rings)
    receiver = Receiver(tick=tick, noise=0.006, reach=100.0, nearest=0.5, gain=120.0, speckle=3.5)
    hits = cast(scene, origins, far - near, draws)
    ticks, intensity, _ = conditions.receive(hits, far - near, receiver, draws, rough)
    ticks[np.repeat(conditions.lost_firings(firings, PACKET, rough), rings)] = 0
    records = np.zeros((firings * rings, 4), "<f4")
    if arithmetic == "float":
        offset = beams.points(ring, encoder, np.zeros(len(ring)))
        way = beams.points(ring, encoder, np.ones(len(ring))) - offset
        records[:, :3] = ticks.astype("<f4")[:, None] * (way * tick).astype("<f4") + offset.astype("<f4")
    else:
        records[:, :3] = beams.points(ring, encoder, ticks * tick)
    records[:, 3] = intensity
    records[ticks == 0] = 0.0
    shape = (firings, rings)
    grid, kept = records.reshape(firings, rings, 4), ticks.reshape(shape) > 0
    if layout == "beam":
        grid, kept = grid.transpose(1, 0, 2), kept.T
    elif layout != "firing":
        raise ValueError(f"layout is 'firing' or 'beam', not {layout!r}")
    stored = grid[kept] if drop_missing else grid
    truth = {"turned": turned, "altitude": beams.altitude, "azimuth": beams.azimuth, "origin": np.array(beams.origin)}
    return Sweep(stored.tobytes(), 4, ticks.reshape(shape), intensity.reshape(shape), truth)
