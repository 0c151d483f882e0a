"""What the sweep codec makes of simulated sensors that nobody described: codec, bits a point, side bits, time.

    python scripts/measure_sensors.py [--only WORD] [--repeats 1]

Every file is decoded and compared.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import lizip
from lizip.simulator import at128, os_sensor, turning
from lizip.simulator.driver_columns import Writer, with_columns
from lizip.simulator.drivers import sweep
from lizip.simulator.motion import rotation
from lizip.simulator.sensors import SENSORS

Grid = np.ndarray
"""(F, R, K) float32: firings, rings, fields; zeros where nothing returned."""


def returns(cells: Grid) -> np.ndarray:
    """Points of a grid in its order, without those that are zero."""
    points = cells.reshape(-1, cells.shape[-1])
    return points[(points[:, :3] != 0).any(axis=1)]


def ouster(seed: int, rings: int, columns: int, **options: object) -> Grid:
    beams = os_sensor.Beams.draw(seed, rings).printed()
    data = os_sensor.sweep(seed, rings, columns, drop_missing=False, beams=beams, **options).data
    return np.frombuffer(data, "<f4").reshape(columns, rings, 4).copy()


def driver(seed: int, name: str, **options: object) -> Grid:
    model = turning.MODELS[name]
    return turning.sweep(seed, model, **options).records.reshape(-1, model.rings, 4).copy()


def destaggered(cells: Grid, shift: float) -> Grid:
    """Rows moved by whole columns, as Ouster's destagger does."""
    out = cells.copy()
    for ring in range(cells.shape[1]):
        out[:, ring] = np.roll(cells[:, ring], int([3, 1, -1, -3][ring % 4] * shift), axis=0)
    return out


def mount(points: np.ndarray, angles: tuple[float, float, float], arithmetic: str = "double") -> np.ndarray:
    """Points in a vehicle's frame; zeros stay zeros."""
    out = points.copy()
    there = (points[..., :3] != 0).any(axis=-1)
    moved = turning.mounted(points[there][:, :3], rotation(*angles), np.array([1.2, -0.3, 1.73]), arithmetic)
    out[there, :3] = moved
    return out


def with_ring_and_time(cells: Grid) -> Grid:
    firings, rings, _ = cells.shape
    ring = np.broadcast_to(np.arange(rings, dtype=np.float32)[None, :, None], (firings, rings, 1))
    when = (np.arange(firings, dtype=np.float32) * np.float32(5e-5))[:, None, None] + 0 * ring
    return np.concatenate([cells, ring, when], axis=2)


def rings_first(cells: Grid) -> Grid:
    return cells.transpose(1, 0, 2)


TILT = (0.3, 0.02, -0.03)

_MOST_CELLS = 48000
HESAI = ("pandar40p", "pandar64", "qt64", "qt128", "xt16", "xt32", "xt32m", "ot128")
VELODYNE = ("vlp16", "vlp32c", "vls128", "hdl32", "hdl64")
ROBOSENSE = ("rs16", "rs32", "bpearl", "helios", "ruby")


def by_driver(sensor: str, driver: str, writer: Writer, **options: Any) -> Callable[[], np.ndarray]:
    """A sweep as a public driver hands it on, with its further columns; a part of a turn where it has many lasers."""
    model = SENSORS[sensor]
    span = min(1.0, _MOST_CELLS / (turning.TURN / model.step * model.rings))
    return lambda: with_columns(sweep(7, model, driver, span=span, **options), model, writer, sensor)


def driver_cases() -> dict[str, Callable[[], np.ndarray]]:
    """Every public driver, with every sensor that it knows, and the ways it has to leave out and to order points."""
    twice: dict[str, Any] = {"twice": 0.05, "arranged": "blocks", "repeated": True}
    cases = {f"nebula {name}": by_driver(name, "nebula Hesai", "nebula", own_cut=True) for name in HESAI}
    cases |= {
        f"nebula {name}, dual": by_driver(name, "nebula Hesai", "nebula", own_cut=True, twice=0.04, nearer=True)
        for name in ("pandar64", "qt128")
    }
    cases |= {f"SDK 2.0 {name}": by_driver(name, "Hesai SDK 2.0", "Hesai", missing="zeros") for name in HESAI}
    for name in ("pandar64", "qt128"):
        cases[f"SDK 2.0 {name}, dual"] = by_driver(name, "Hesai SDK 2.0", "Hesai", missing="zeros", **twice)
    for name in ("pandar40p", "pandar64", "qt64", "xt32"):
        cases[f"general SDK {name}"] = by_driver(name, "Hesai general SDK, timed", "Hesai")
        cases[f"general SDK {name}, by ring"] = by_driver(name, "Hesai general SDK", "Hesai", arranged="rings")
    for name in VELODYNE[:3]:
        cases[f"nebula {name}"] = by_driver(name, "nebula Velodyne", "nebula")
        cases[f"nebula {name}, dual"] = by_driver(name, "nebula Velodyne", "nebula", twice=0.1, arranged="blocks")
    for name in VELODYNE:
        cases[f"velodyne_pointcloud {name}"] = by_driver(name, "velodyne_pointcloud", "velodyne_pointcloud")
        cases[f"velodyne_pointcloud {name}, NaN"] = by_driver(
            name, "velodyne_pointcloud", "velodyne_pointcloud", missing="NaN"
        )
    for name in ("vlp16", "hdl32"):
        cases[f"velodyne_pointcloud {name}, dual"] = by_driver(
            name, "velodyne_pointcloud", "velodyne_pointcloud", **twice
        )
    for name in ("hdl32", "vlp16", "vlp32c", "hdl64"):
        cases[f"PCL {name}"] = by_driver(name, "PCL", "PCL")
    cases["Hesai with 40 beams, double"] = by_driver("pandar40 2 mm", "Hesai double", "PCL")
    for name in ROBOSENSE:
        cases[f"rs_driver {name}"] = by_driver(name, "rs_driver", "rs_driver")
        cases[f"rs_driver {name}, NaN"] = by_driver(name, "rs_driver", "rs_driver", missing="NaN")
    cases["rs_driver rs32, dual"] = by_driver("rs32", "rs_driver", "rs_driver", **twice)
    for name in ("helios", "bpearl"):
        cases[f"nebula {name}"] = by_driver(name, "nebula RoboSense", "nebula")
    return cases


CASES: dict[str, Callable[[], np.ndarray]] = {
    "os 16x512 firings": lambda: returns(ouster(11, 16, 512)),
    "os 32x2048 firings": lambda: returns(ouster(12, 32, 2048)),
    "os 64x1024 firings": lambda: returns(ouster(13, 64, 1024)),
    "os 64x1024 all firings": lambda: ouster(13, 64, 1024),
    "os 64x1024 all rings": lambda: rings_first(ouster(13, 64, 1024)),
    "os 64x1024 rings": lambda: returns(rings_first(ouster(13, 64, 1024))),
    "os 64x1024 destaggered rows": lambda: rings_first(destaggered(ouster(13, 64, 1024), 4)),
    "os 64x1024 destaggered, returns": lambda: returns(rings_first(destaggered(ouster(13, 64, 1024), 4))),
    "os 64x1024 destaggered, firings": lambda: returns(destaggered(ouster(13, 64, 1024), 4)),
    "os 128x1024 firings": lambda: returns(ouster(14, 128, 1024)),
    "os 128x2048 all rings": lambda: rings_first(ouster(15, 128, 2048)),
    "os 128x512 8 mm": lambda: returns(ouster(16, 128, 512, tick=0.008)),
    "os 32x1024 4 mm": lambda: returns(ouster(17, 32, 1024, tick=0.004)),
    "os 64x1024 float32 table": lambda: returns(ouster(13, 64, 1024, arithmetic="float")),
    "os 64x1024 all, float32 table": lambda: ouster(13, 64, 1024, arithmetic="float"),
    "os 64x1024 ring, time": lambda: returns(with_ring_and_time(ouster(13, 64, 1024))),
    "os 64x1024 yaw": lambda: mount(returns(ouster(13, 64, 1024)), (0.3, 0, 0)),
    "os 64x1024 tilted": lambda: mount(returns(ouster(13, 64, 1024)), TILT),
    "os 64x1024 tilted float32": lambda: mount(returns(ouster(13, 64, 1024)), TILT, "float"),
    "os 64x1024 tilted rings": lambda: mount(returns(rings_first(ouster(13, 64, 1024))), TILT),
    "os 64x1024 tilted all firings": lambda: mount(ouster(13, 64, 1024), TILT),
    "os 128x1024 steep 40 deg": lambda: mount(returns(ouster(14, 128, 1024)), (1.0, 0.7, 0.1)),
    "vlp16 block": lambda: returns(driver(21, "vlp16")),
    "vlp16 whole": lambda: returns(driver(21, "vlp16", advance="whole")),
    "vlp16 whole, float": lambda: returns(driver(21, "vlp16", advance="whole", arithmetic="float")),
    "vlp16 whole, float (ROS)": lambda: returns(driver(21, "vlp16", advance="whole", arithmetic="ros")),
    "vlp16 exact": lambda: returns(driver(21, "vlp16", advance="exact")),
    "vlp16 whole, by ring": lambda: returns(rings_first(driver(21, "vlp16", advance="whole"))),
    "vlp16 whole, all cells": lambda: driver(21, "vlp16", advance="whole"),
    "vlp16 whole, tilted": lambda: mount(returns(driver(21, "vlp16", advance="whole")), TILT),
    "hdl32 block": lambda: returns(driver(22, "hdl32")),
    "hdl32 block float": lambda: returns(driver(22, "hdl32", arithmetic="float")),
    "hdl32 whole": lambda: returns(driver(22, "hdl32", advance="whole")),
    "hdl32 exact": lambda: returns(driver(22, "hdl32", advance="exact")),
    "vlp32 block": lambda: returns(driver(23, "vlp32")),
    "vlp32 whole": lambda: returns(driver(23, "vlp32", advance="whole", offsets="whole")),
    "vlp32 whole, ring, time": lambda: returns(with_ring_and_time(driver(23, "vlp32", advance="whole"))),
    "vlp32 exact, float": lambda: returns(driver(23, "vlp32", advance="exact", arithmetic="float")),
    "pandar64": lambda: returns(driver(24, "pandar64")),
    "pandar64 whole offsets": lambda: returns(driver(24, "pandar64", offsets="whole")),
    "pandar64 float": lambda: returns(driver(24, "pandar64", offsets="whole", arithmetic="float")),
    "pandar64 tilted": lambda: mount(returns(driver(24, "pandar64")), TILT),
    "xt32": lambda: returns(driver(25, "xt32")),
    "xt32 by ring": lambda: returns(rings_first(driver(25, "xt32"))),
    "at128 nebula": lambda: at128.sweep(27, "nebula").records,
    "at128 SDK 2.0": lambda: at128.sweep(27, "SDK").records,
    "at128 SDK 2.0, all cells": lambda: at128.sweep(27, "SDK", missing="zeros").records,
    "rs32 whole": lambda: returns(driver(26, "rs32", advance="whole", offsets="whole")),
    "rs32 whole, all rings NaN": lambda: nan_for_zero(rings_first(driver(26, "rs32", advance="whole"))),
}


def nan_for_zero(cells: Grid) -> Grid:
    cells = cells.copy()
    cells[(cells[..., :3] == 0).all(axis=-1), :3] = np.nan
    return cells


def measure(points: np.ndarray, repeats: int) -> str:
    """One line about a cloud (N, K) float32, or of N records."""
    if points.dtype.names is None:
        points = np.ascontiguousarray(points, np.float32).reshape(-1, points.shape[-1])
    packed = lizip.compress(points)
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        packed = lizip.compress(points)
        seconds.append(time.process_time() - start)
    if lizip.decompress(packed).tobytes() != points.tobytes():
        return "DID NOT COME BACK"
    info = lizip.info(io.BytesIO(packed))
    bits = 8 * len(packed) / len(points)
    streams = {name: 8 * size / len(points) for name, size in info.get("streams", {}).items()}
    side = ", ".join(f"{name} {size:.2f}" for name, size in streams.items() if size >= 0.01)
    chain = "driver" if "driver" in streams else info["codec"]
    exceptions = info.get("exceptions", "")
    head = f"{chain:6} {bits:6.2f} bpp {min(seconds):5.2f} s  exceptions {exceptions!s:5}"
    return f"{head} {side}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    for name, make in (CASES | driver_cases()).items():
        if options.only in name:
            print(f"{name:34} {measure(make(), options.repeats)}", flush=True)


if __name__ == "__main__":
    main()
