"""Drivers' sweeps that were moved by one rigid transform and stored in float32 again."""

from __future__ import annotations

import numpy as np
import pytest

import lizip
from lizip.sensor.fit.outer.driven import find_driven
from lizip.simulator.drivers import sweep
from lizip.simulator.sensors import SENSORS

_FLOAT = np.float32


def _turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    (a, b), (c, d), (e, f) = ((np.sin(angle), np.cos(angle)) for angle in (yaw, pitch, roll))
    about_z = np.array([[b, -a, 0], [a, b, 0], [0, 0, 1]])
    about_y = np.array([[d, 0, c], [0, 1, 0], [-c, 0, d]])
    return about_z @ about_y @ np.array([[1, 0, 0], [0, f, -e], [0, e, f]])


MOUNTS = {
    "small": (_turned(0.3, 0.02, -0.03), np.array([1.2, -0.1, 1.8])),
    "quarter": (_turned(np.pi / 2, 0.0, 0.0), np.array([0.9, 0.0, 1.7])),
    "shift": (np.eye(3), np.array([0.943, 0.0, 1.84])),
}


def moved(points: np.ndarray, mount: str) -> np.ndarray:
    """Points (N, 3) float32 as somebody moves them in double."""
    turn, shift = MOUNTS[mount]
    return (points.astype(np.float64) @ turn.T + shift).astype(_FLOAT)


def _simulated(sensor: str, driver: str) -> np.ndarray:
    return sweep(11, SENSORS[sensor], driver, span=0.5).records.astype(_FLOAT)


@pytest.mark.parametrize(
    ("sensor", "driver", "mount"),
    [
        ("vlp32c", "nebula Velodyne", "small"),
        ("vlp32c", "velodyne_pointcloud", "small"),
        ("vlp16", "velodyne_pointcloud", "shift"),
        ("xt32m", "nebula Hesai", "small"),
        ("pandar64", "nebula Hesai", "quarter"),
        ("xt16", "Hesai SDK 2.0", "small"),
        ("vlp16", "PCL", "small"),
        ("vls128", "nebula Velodyne", "small"),
        ("ot128", "nebula Hesai", "small"),
        ("qt64", "nebula Hesai", "small"),
        ("bpearl", "nebula RoboSense", "small"),
    ],
)
def test_a_moved_sweep_costs_what_its_driver_made(sensor: str, driver: str, mount: str) -> None:
    records = _simulated(sensor, driver)
    alone = len(lizip.compress(records))
    records[:, :3] = moved(records[:, :3], mount)
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    assert len(packed) < 1.05 * alone + 600


def test_angles_of_any_decimals_are_found() -> None:
    records = _simulated("qt128", "nebula Hesai")
    alone = len(lizip.compress(records))
    records[:, :3] = moved(records[:, :3], "small")
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    assert len(packed) < 1.1 * alone + 600


def test_points_come_back_to_the_bit() -> None:
    points = _simulated("vlp32c", "nebula Velodyne")[:, :3]
    found = find_driven(np.ascontiguousarray(moved(points, "small")))
    assert found is not None
    place, inner = found
    assert len(place) > 0.99 * len(points)
    # a quarter of a turn more or less rounds alike, so heights tell, and distances from the axis
    assert (inner[:, 2] == points[place, 2]).mean() > 0.99
    level = np.sort(np.abs(inner[:, :2]), axis=1) == np.sort(np.abs(points[place, :2]), axis=1)
    assert level.mean() > 0.95


def test_the_order_of_float32_sums_is_found() -> None:
    records = _simulated("xt16", "nebula Hesai")
    alone = len(lizip.compress(records))
    turn, shift = (each.astype(_FLOAT) for each in MOUNTS["small"])
    x, y, z = records[:, :3].T.copy()
    records[:, :3] = np.stack([a * x + (b * y + (c * z + d)) for (a, b, c), d in zip(turn, shift, strict=True)], axis=1)
    assert len(lizip.compress(records)) < 1.05 * alone + 600


def test_missing_returns_that_were_moved_too_are_none() -> None:
    records = sweep(12, SENSORS["vlp16"], "velodyne_pointcloud", "zeros", span=0.5).records.astype(_FLOAT)
    alone = len(lizip.compress(records))
    records[:, :3] = moved(records[:, :3], "small")
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    assert len(packed) < 1.1 * alone + 600


def test_other_points_are_declined() -> None:
    draw = np.random.default_rng(3)
    assert find_driven(draw.normal(0, 20, (20_000, 3)).astype(_FLOAT)) is None
