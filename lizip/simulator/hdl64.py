"""HDL-64E in the layout of the KITTI benchmark: millimetres, ring by ring.

The chain (constants from the calibration that all KITTI sweeps share):

    A = (n + phi) u,  R = k g + d,  q = R cosV - vo sinV,  lon = sqrt(q^2 - h^2)
    x = lon cosA - h sinA,  y = lon sinA + h cosA,  z = R sinV + vo cosV
    stored = float32(rint(1000 v) / 1000), reflectance float32(i / 100)

The column F = n + offset[ring] is shared by the 64 lasers of a firing. Missing returns are dropped; points are ordered
ring by ring, in a ring by the azimuth of the unrounded point modulo a turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep

RINGS, PACKET = 64, 6
TURN = 4000
"""Columns in a turn: 0.09 degrees each."""

UNIT = np.radians(360.0 / TURN)
TICK = 0.002
RECEIVER = Receiver(tick=TICK, noise=0.009, reach=150.0, nearest=1.5, gain=110.0, speckle=5.0, brightest=99)
MOUNT = 1.73
"""Height of the sensor above the road, m."""


@dataclass(frozen=True)
class Calibration:
    """What is particular to one HDL-64E, by ring (0 = highest).

    Attributes
    ----------
    phase : (64,) float64
        phi, in columns.
    horizontal, vertical, origin, offset : (64,) float64
        h (m), V (rad), vo (m), d (m).
    columns : (64,) int64
        Shared column minus the ring's own column.
    """

    phase: np.ndarray
    horizontal: np.ndarray
    vertical: np.ndarray
    origin: np.ndarray
    offset: np.ndarray
    columns: np.ndarray

    @classmethod
    def draw(cls, seed: int) -> Calibration:
        """Make one: two blocks of 32 lasers with the angles and origins of the manual, and a maker's tolerance."""
        draws = Draws(seed, "hdl64 calibration")
        ring = np.arange(32)
        upper = 0.0338 - 0.00598 * ring + 0.0003 * draws.normal(32)
        lower = -0.1575 - 0.0090 * ring + 0.0005 * draws.normal(32)
        vertical = np.concatenate([upper, lower])
        origin = np.concatenate([0.2066 + 0.0725 * upper, 0.1352 + 0.0690 * lower])
        horizontal = np.where(np.arange(RINGS) % 2 == 0, -0.026, 0.026)
        columns = np.concatenate([(48 + 24.4 * ring) % 137 - 125, (79 + 36.7 * ring) % 206.5 - 164])
        phase, offset = draws.uniform(0, 1, RINGS), draws.uniform(-0.001, 0.001, RINGS)
        return cls(phase, horizontal, vertical, origin, offset, np.floor(columns).astype(np.int64))

    def points(self, ring: np.ndarray, column: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """The unrounded points (N, 3) float64 of ring-own columns n and range ticks k."""
        azimuth = (column + self.phase[ring]) * UNIT
        reach = ticks * TICK + self.offset[ring]
        sine, cosine = (each[ring] for each in sine_cosine(self.vertical))
        level = reach * cosine - self.origin[ring] * sine
        along = np.sqrt(level * level - self.horizontal[ring] ** 2)
        sa, ca = sine_cosine(azimuth)
        x = along * ca - self.horizontal[ring] * sa
        y = along * sa + self.horizontal[ring] * ca
        return np.stack([x, y, reach * sine + self.origin[ring] * cosine], axis=1)


def sweep(
    seed: int,
    firings: int = 2150,
    calibration: Calibration | None = None,
    scene: Scene | None = None,
    speed: float = 8.0,
    camera: bool = False,
    conditions: Conditions = CLEAR,
) -> Sweep:
    """Simulate one turn.

    Parameters
    ----------
    seed : int
        Decides the scene, the noise and (unless given) the calibration.
    firings : int
        About how many firings make the turn; 2150 as in KITTI. Fewer make a smaller file of the same kind: the turn
        is then cut short, the columns stay as dense.
    calibration, scene : optional
        Use these instead of drawing them.
    speed : float
        m/s; the vehicle drives on while the sensor turns.
    camera : bool
        Keep only what falls into KITTI's left colour image (1242 x 375 pixels).
    conditions : Conditions
        Weather, what stands beside, what is lost.
    """
    calibration = calibration or Calibration.draw(seed)
    scene = scene or street(seed)
    draws, rough = Draws(seed, "hdl64"), Draws(seed, "conditions")
    columns = _columns(draws, firings)
    own = columns[:, None] - calibration.columns
    ring = np.broadcast_to(np.arange(RINGS), own.shape)
    origins, directions = _beams(calibration, ring.ravel(), own.ravel())
    drift = speed * 0.1 * (np.arange(len(columns)) / 2150 - 0.5)
    origins[:, 0] += np.repeat(drift, RINGS)
    hits = cast(scene, origins, directions, draws)
    hits.reflectivity *= np.tile(draws.uniform(0.85, 1.15, RINGS), len(columns))
    ticks, intensity, _ = conditions.receive(hits, directions, RECEIVER, draws, rough)
    ticks = np.where(_own_roof(ring.ravel(), own.ravel()), 0, ticks).reshape(own.shape)
    ticks[conditions.lost_firings(len(columns), PACKET, rough)] = 0
    data = _store(calibration, own, ticks, intensity.reshape(own.shape), camera)
    truth = {"columns": columns, "own_columns": own}
    return Sweep(data, 4, ticks, intensity.reshape(own.shape), truth)


def _columns(draws: Draws, firings: int) -> np.ndarray:
    """Shared columns of a turn that starts ahead: steps of 2, every seventh or so 1, rarely 3."""
    step = TURN / 2150 if firings <= 2150 else TURN / firings
    exact = -12 + step * np.arange(firings) + 0.05 * draws.normal(firings)
    columns = np.unique(np.rint(exact).astype(np.int64))
    columns = columns[~draws.chance(0.0003, len(columns))]
    return columns[columns < columns[0] + TURN]


def _beams(calibration: Calibration, ring: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Origins (m, above the road) and unit directions of the lasers, by the model in the small."""
    azimuth = (column + calibration.phase[ring]) * UNIT
    sine, cosine = (each[ring] for each in sine_cosine(calibration.vertical))
    sa, ca = sine_cosine(azimuth)
    back, side = -calibration.origin[ring] * sine, calibration.horizontal[ring]
    height = MOUNT + calibration.origin[ring] * cosine
    origins = np.stack([back * ca - side * sa, back * sa + side * ca, height], axis=1)
    return origins, np.stack([cosine * ca, cosine * sa, sine], axis=1)


def _own_roof(ring: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Where the lowest rings see only the vehicle they stand on (and report nothing)."""
    behind = np.abs(column % TURN - TURN / 2)
    return behind > TURN / 2 - np.maximum(ring - 48, 0) * 25


def _store(calibration: Calibration, own: np.ndarray, ticks: np.ndarray, intensity: np.ndarray, camera: bool) -> bytes:
    """Points as KITTI stores them, in its order."""
    firing, ring = np.nonzero(ticks)
    points = calibration.points(ring, own[firing, ring], ticks[firing, ring].astype(np.float64))
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    azimuth = np.where(azimuth < 0, azimuth + 2 * np.pi, azimuth)
    if camera:
        kept = _in_image(points)
        points, azimuth, firing, ring = points[kept], azimuth[kept], firing[kept], ring[kept]
    order = np.lexsort((azimuth, ring))
    records = np.empty((len(order), 4), "<f4")
    records[:, :3] = np.rint(1000 * points[order]) / 1000
    records[:, 3] = intensity[firing, ring][order] / 100.0
    return records.tobytes()


def _in_image(points: np.ndarray) -> np.ndarray:
    """Which points the left colour camera sees (its position and focal length, rounded)."""
    depth = points[:, 0] - 0.27
    safe = np.where(depth > 0.1, depth, np.inf)
    right = 609.6 - 721.5 * points[:, 1] / safe
    down = 172.9 - 721.5 * (points[:, 2] + 0.08) / safe
    return (depth > 0.1) & (right >= 0) & (right < 1242) & (down >= 0) & (down < 375)
