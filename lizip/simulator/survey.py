"""Clouds that no spinning sensor made: a merged, shuffled one, and an airborne survey with several returns a pulse."""

from __future__ import annotations

import datetime
import io

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.rays import cast
from lizip.simulator.scene import street

FLIGHT_HEIGHT = 900.0
FLIGHT_SPEED = 60.0
PULSE_RATE = 70000.0
LINE_RATE = 40.0
HALF_ANGLE = np.radians(18.0)
MOST_RETURNS = 5


def unordered(seed: int, points: int = 20000) -> bytes:
    """Make a cloud from several stations, merged and shuffled, as float32 records x, y, z, intensity.

    Parameters
    ----------
    seed : int
        Decides everything.
    points : int
        How many.
    """
    draws = Draws(seed, "unordered")
    scene = street(seed, reach=60.0)
    parts, have = [], 0
    while have < points:
        station = np.array([draws.uniform(-40, 40), draws.uniform(-3, 3), draws.uniform(1.2, 2.5)])
        way = draws.normal((points // 2 + 50, 3))
        way /= np.sqrt((way * way).sum(axis=1))[:, None]
        origins = np.broadcast_to(station, way.shape)
        hits = cast(scene, origins, way, draws)
        near = hits.distance < 80.0
        there = station + way[near] * (hits.distance[near] + 0.003 * draws.normal(int(near.sum())))[:, None]
        parts.append(np.column_stack([there, 0.4 * hits.reflectivity[near] * hits.cosine[near]]))
        have += int(near.sum())
    cloud = np.concatenate(parts)
    return cloud[np.argsort(draws.uniform(size=len(cloud)), kind="stable")[:points]].astype("<f4").tobytes()


def airborne_las(seed: int, point_format: int = 1, pulses: int = 15000, scale: float = 0.01) -> bytes:
    """Make an airborne LAS file: a mirror swings across the flight line, leaves let a pulse return several times.

    Parameters
    ----------
    seed : int
        Decides everything.
    point_format : int
        0 to 10; the LAS version follows from it. Waveform packets (4, 5, 9, 10) point into a file that is not made.
    pulses : int
        Laser pulses; there are about 1.4 returns to each.
    scale : float
        Step of the coordinates, m.
    """
    import laspy

    draws = Draws(seed, "airborne")
    fields = _returns(draws, pulses)
    version = "1.4" if point_format >= 6 else "1.3" if point_format >= 4 else "1.2"
    header = laspy.LasHeader(point_format=point_format, version=version)
    header.creation_date = datetime.date(2024, 5, 17)
    header.generating_software = "lizip simulator"
    header.scales = np.full(3, scale)
    header.offsets = np.array([637000.0, 849000.0, 0.0])
    las = laspy.LasData(header)
    las.x, las.y, las.z = fields.pop("xyz").T + np.array([637250.0, 849400.0, 0.0])[:, None]
    available = set(las.point_format.dimension_names)
    if "scan_angle" in available:
        fields["scan_angle"] = np.rint(fields["scan_angle_rank"] / 0.006).astype(np.int16)
    for name, values in fields.items():
        if name in available:
            las[name] = values
    stream = io.BytesIO()
    las.write(stream)
    return stream.getvalue()


def _returns(draws: Draws, pulses: int) -> dict[str, np.ndarray]:
    """Fields of all returns (N,), in the order of flight."""
    times = np.arange(pulses) / PULSE_RATE
    swing = (times * LINE_RATE + draws.uniform()) % 1.0
    outward = swing < 0.5
    angle = HALF_ANGLE * np.where(outward, 4 * swing - 1, 3 - 4 * swing) + 2e-5 * draws.normal(pulses)
    flight = np.stack([FLIGHT_SPEED * times, np.zeros(pulses), np.full(pulses, FLIGHT_HEIGHT)], axis=1)
    beam = np.stack([0.002 * np.sin(40 * times), np.sin(angle), -np.cos(angle)], axis=1)
    foot = flight + beam * (FLIGHT_HEIGHT / np.cos(angle))[:, None]
    ground, roof, canopy = _terrain(draws, foot[:, 0], foot[:, 1])
    heights, count = _echoes(draws, ground, roof, canopy)
    pulse, order = np.nonzero(np.arange(MOST_RETURNS) < count[:, None])
    z = heights[pulse, order]
    xyz = flight[pulse] + beam[pulse] * ((FLIGHT_HEIGHT - z) / -beam[pulse, 2])[:, None]
    above = z - ground[pulse]
    last = order == count[pulse] - 1
    kind = np.where(above > 0.5, np.where(roof[pulse] > 0, 6, 5), 2)
    bright = np.where(kind == 2, 90, np.where(kind == 6, 140, 60)) / np.where(last, 1.0, 1.8)
    edge = np.concatenate([outward[1:] != outward[:-1], [False]])
    size = len(pulse)
    colour = (np.array([[110, 100, 90], [60, 110, 50], [150, 120, 110]])[(kind == 5) + 2 * (kind == 6)]).astype(float)
    colour = np.clip(np.rint(colour + 12 * draws.normal((size, 1)) + 4 * draws.normal((size, 3))), 0, 255) * 257
    return {
        "xyz": xyz,
        "gps_time": 412053.25 + np.rint(times[pulse] * 1e6) * 1e-6,
        "intensity": np.clip(np.rint(bright * (1 + 0.25 * draws.normal(size))), 1, 65535).astype(np.uint16),
        "return_number": (order + 1).astype(np.uint8),
        "number_of_returns": count[pulse].astype(np.uint8),
        "scan_direction_flag": outward[pulse].astype(np.uint8),
        "edge_of_flight_line": (edge[pulse] & last).astype(np.uint8),
        "scan_angle_rank": np.rint(np.degrees(angle[pulse])).astype(np.int8),
        "classification": kind.astype(np.uint8),
        "point_source_id": np.full(size, 4017, np.uint16),
        "red": colour[:, 0].astype(np.uint16),
        "green": colour[:, 1].astype(np.uint16),
        "blue": colour[:, 2].astype(np.uint16),
        "nir": np.where(kind == 5, 40000, 12000).astype(np.uint16),
        "wavepacket_index": np.ones(size, np.uint8),
        "wavepacket_offset": (60 + 256 * pulse).astype(np.uint64),
        "wavepacket_size": np.full(size, 256, np.uint32),
        "return_point_wave_location": (14000 + 1000 * above).astype(np.float32),
        "x_t": (beam[pulse, 0] * 1e-4).astype(np.float32),
        "y_t": (beam[pulse, 1] * 1e-4).astype(np.float32),
        "z_t": (beam[pulse, 2] * 1e-4).astype(np.float32),
    }


def _terrain(draws: Draws, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height of the ground, and of roof and canopy above it (0 where there is none), at x, y."""
    ground = 120 + 6 * np.sin(x / 70 + 1) * np.cos(y / 90) + 0.8 * np.sin(x / 9) * np.sin(y / 11)
    half_width = FLIGHT_HEIGHT * np.tan(HALF_ANGLE)
    low, high = float(x.min()) - 5, float(x.max()) + 5
    area = (high - low) * 2 * half_width
    roof, canopy = np.zeros_like(x), np.zeros_like(x)
    order = np.argsort(y, kind="stable")
    sorted_y = y[order]

    def near(centre: np.ndarray, reach: np.ndarray) -> np.ndarray:
        first, last = np.searchsorted(sorted_y, [centre - reach, centre + reach])
        return order[first:last]

    for _ in range(round(area / 900)):
        cx, cy = draws.uniform(low, high), draws.uniform(-half_width, half_width)
        length, width, tall = draws.uniform(5, 12), draws.uniform(4, 8), draws.uniform(3, 9)
        rays = near(cy, width)
        inside = rays[np.abs(x[rays] - cx) < length]
        roof[inside] = tall + 0.4 * (width - np.abs(y[inside] - cy))
    for _ in range(round(area / 90)):
        cx, cy = draws.uniform(low, high), draws.uniform(-half_width, half_width)
        radius, tall = draws.uniform(1.5, 4.5), draws.uniform(4, 18)
        rays = near(cy, radius)
        share = ((x[rays] - cx) ** 2 + (y[rays] - cy) ** 2) / (radius * radius)
        inside = rays[share < 1]
        canopy[inside] = np.maximum(canopy[inside], tall * (1 - 0.5 * share[share < 1]))
    return ground, roof, np.where(roof > 0, 0.0, canopy)


def _echoes(draws: Draws, ground: np.ndarray, roof: np.ndarray, canopy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights (P, MOST_RETURNS) of the returns of each pulse from the top, and their number (P,)."""
    size = len(ground)
    heights = np.zeros((size, MOST_RETURNS))
    leaves = (canopy > 2) & draws.chance(0.85, size)
    extra = np.where(leaves, np.floor(draws.uniform(size=size) ** 2 * (MOST_RETURNS - 1)).astype(np.int64), 0)
    reaches_ground = draws.chance(0.55, size) & (extra > 0)
    count = 1 + extra
    depth = np.cumsum(0.02 + 0.9 * draws.uniform(size=(size, MOST_RETURNS)) / MOST_RETURNS, axis=1)
    heights[:] = ground[:, None] + np.where(leaves, canopy, 0.0)[:, None] * (1.0 - depth)
    single = ~leaves
    heights[single, 0] = (ground + roof)[single]
    last = np.nonzero(reaches_ground)[0]
    heights[last, count[last] - 1] = ground[last]
    return heights + 0.02 * draws.normal((size, MOST_RETURNS)), count
