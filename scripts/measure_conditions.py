"""What bad conditions cost: sweeps of every simulated sensor in rain, between walls, with lost packets and more.

    python scripts/measure_conditions.py [--sensor WORD] [--only WORD] [--seeds 3] [--first 0] [--all] [--drawn]

For each sweep: bits a point, and how many of them explain where points are (all but ranges, intensities and whether
anything returned), beside the same sweep's on a clear day. A sweep whose chain is not found shows there; these rows end
in "<--". Without --all only they are printed, and how many there were of each kind.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import lizip
from lizip.simulator import at128, hdl32, hdl64, os_sensor, pandar64, turning, vlp32
from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.drivers import sweep as by_driver
from lizip.simulator.scene import street
from lizip.simulator.sensors import SENSORS

_MOTION = ("speed", "yaw_rate")
CONDITIONS: dict[str, dict[str, Any]] = {
    "clear": {},
    "rain": {"rain": 0.05, "silence": 0.1},
    "heavy rain": {"rain": 0.25, "silence": 0.4},
    "walls beside": {"walls": 1.6},
    "tunnel": {"walls": 4.0},
    "own roof": {"roof": 0.5},
    "trailer": {"trailer": True},
    "roof, trailer and walls": {"roof": 0.45, "trailer": True, "walls": 2.5},
    "a lost packet": {"gaps": 1, "gap": 1},
    "some lost packets": {"lost": 0.03},
    "many lost packets": {"lost": 0.3},
    "a gap": {"gaps": 1, "gap": 8},
    "gaps": {"gaps": 5, "gap": 4},
    "half lost": {"gaps": 1, "gap": 45},
    "night": {"reach": 0.3},
    "fog": {"reach": 0.1, "silence": 0.2},
    "few returns": {"reach": 0.4, "silence": 0.8},
    "open field": {"density": 0.0},
    "crowd": {"density": 2.5},
    "standing": {"speed": 0.0},
    "jerks": {"jerk": 6.0},
    "strong jerks": {"jerk": 12.0},
    "fast": {"speed": 36.0},
    "turn": {"speed": 4.0, "yaw_rate": 0.7},
    "turn and jerks": {"speed": 6.0, "yaw_rate": -0.5, "jerk": 10.0},
    "reverse": {"speed": -3.0, "yaw_rate": 0.2},
    "everything": {
        **{"rain": 0.1, "silence": 0.2, "walls": 3.0, "roof": 0.5, "lost": 0.1, "gaps": 2, "gap": 5},
        **{"jerk": 5.0, "speed": 10.0, "yaw_rate": 0.3},
    },
}
"""What is unlike a town on a clear day: fields of `Conditions`, the street's density, the vehicle's motion."""


def _drawn(seed: int) -> dict[str, Any]:
    """Some of all that, at random."""
    draws, some = Draws(seed, "campaign"), dict[str, Any]()
    for name, low, high in (
        *(("rain", 0.01, 0.4), ("silence", 0.02, 0.7), ("walls", 1.3, 8.0), ("roof", 0.3, 0.9), ("reach", 0.1, 0.9)),
        *(("lost", 0.003, 0.4), ("jerk", 2.0, 20.0), ("density", 0.0, 2.5)),
    ):
        if draws.chance(0.3):
            some[name] = float(draws.uniform(low, high))
    if draws.chance(0.3):
        some |= {"gaps": int(draws.integers(1, 8)), "gap": int(draws.integers(1, 12))}
    some["trailer"] = bool(draws.chance(0.2))
    return some | {"speed": float(draws.uniform(-6, 36)), "yaw_rate": float(0.25 * draws.normal())}


def _made(
    make: Callable[..., Any], *first: Any, without: tuple[str, ...] = (), **fixed: Any
) -> Callable[[int, dict[str, Any]], bytes]:
    """A simulator of a seed, what comes `first` then, and options, but for those that it does not take."""

    def data(seed: int, options: dict[str, Any]) -> bytes:
        taken = {name: options[name] for name in options if name not in without}
        return make(seed, *first, **fixed, **taken).data

    return data


def _driver(sensor: str, driver: str, **fixed: Any) -> Callable[[int, dict[str, Any]], bytes]:
    return _made(by_driver, SENSORS[sensor], driver, without=_MOTION, **fixed)


def _turning(name: str, **fixed: Any) -> Callable[[int, dict[str, Any]], bytes]:
    """The returns alone of a sensor that turns and stands still."""

    def data(seed: int, options: dict[str, Any]) -> bytes:
        taken = {key: options[key] for key in options if key not in _MOTION}
        records = turning.sweep(seed, turning.MODELS[name], **fixed, **taken).records
        return records[(records[:, :3] != 0).any(axis=1)].tobytes()

    return data


KINDS: dict[str, tuple[int, Callable[[int, dict[str, Any]], bytes]]] = {
    "nuscenes": (5, _made(hdl32.sweep)),
    "nuscenes, leaning, near the map's axis": (5, _made(hdl32.sweep, tilt=(0.04, 0.03), map_position=(497.0, 86.0))),
    "nuscenes, not through a map": (5, _made(hdl32.sweep, far_frame=False)),
    "kitti": (4, _made(hdl64.sweep, without=_MOTION[1:])),
    "kitti, camera": (4, _made(hdl64.sweep, without=_MOTION[1:], camera=True)),
    "argoverse": (5, _made(vlp32.sweep)),
    "pandaset": (4, _made(pandar64.sweep)),
    "pandaset, world": (4, _made(pandar64.sweep, world=True)),
    "os 32": (4, _made(os_sensor.sweep, without=_MOTION, rings=32)),
    "os 64": (4, _made(os_sensor.sweep, without=_MOTION)),
    "os 64, all": (4, _made(os_sensor.sweep, without=_MOTION, drop_missing=False)),
    "os 128, by beam": (4, _made(os_sensor.sweep, without=_MOTION, rings=128, layout="beam")),
    "vlp16": (4, _turning("vlp16", advance="whole")),
    "vlp16 exact": (4, _turning("vlp16", advance="exact")),
    "vlp32": (4, _turning("vlp32", advance="whole", offsets="whole")),
    "hdl32": (4, _turning("hdl32", arithmetic="float")),
    "xt32": (4, _turning("xt32")),
    "rs32": (4, _turning("rs32", advance="whole", offsets="whole")),
    "at128": (4, _made(at128.sweep, without=_MOTION)),
    "nebula pandar64": (4, _driver("pandar64", "nebula Hesai", own_cut=True)),
    "nebula qt128": (4, _driver("qt128", "nebula Hesai", own_cut=True)),
    "SDK 2.0 ot128": (
        4,
        _driver("ot128", "Hesai SDK 2.0", missing="zeros", span=0.3),
    ),
    "velodyne_pointcloud vlp16": (4, _driver("vlp16", "velodyne_pointcloud")),
    "velodyne_pointcloud vlp32c": (4, _driver("vlp32c", "velodyne_pointcloud")),
    "velodyne_pointcloud hdl64": (
        4,
        _driver("hdl64", "velodyne_pointcloud", span=0.5),
    ),
    "velodyne_pointcloud vls128": (
        4,
        _driver("vls128", "velodyne_pointcloud", span=0.3),
    ),
    "nebula vls128": (4, _driver("vls128", "nebula Velodyne", span=0.3)),
    "rs_driver rs16": (4, _driver("rs16", "rs_driver")),
    "rs_driver helios": (4, _driver("helios", "rs_driver", missing="NaN")),
    "rs_driver ruby": (4, _driver("ruby", "rs_driver", span=0.3)),
}
"""Floats a point, and how a sweep is made of a seed and options."""

_PLAIN = ("flags", "range", "intensity")


class Cost(NamedTuple):
    """Of one sweep: points, bits a point, those that explain where points are, and seconds."""

    points: int
    bits: float
    explained: float
    seconds: float


def options_of(seed: int, what: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a simulator for a set of `CONDITIONS`."""
    options = {name: what[name] for name in _MOTION if name in what}
    if "density" in what:
        options["scene"] = street(seed, what["density"])
    rest = {name: what[name] for name in what if name not in (*_MOTION, "density")}
    return options | {"conditions": Conditions(**rest) if rest else CLEAR}


def cost(data: bytes, fields: int) -> Cost:
    """Compress, decompress, compare."""
    points = np.frombuffer(data, "<f4").reshape(-1, fields)
    start = time.process_time()
    packed = lizip.compress(points)
    seconds = time.process_time() - start
    if lizip.decompress(packed).tobytes() != points.tobytes():
        raise AssertionError("a sweep did not come back")
    streams = lizip.info(io.BytesIO(packed)).get("streams", {})
    each = 8 / max(len(points), 1)
    plain = sum(streams.get(name, 0) for name in _PLAIN) if "range" in streams else 0
    return Cost(len(points), len(packed) * each, (len(packed) - plain) * each, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sensor", default="", help="kinds whose name begins with this")
    parser.add_argument("--only", default="", help="conditions whose name holds this")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="print every row")
    parser.add_argument("--drawn", action="store_true", help="conditions at random instead of those listed")
    options = parser.parse_args()
    for sensor, (fields, make) in KINDS.items():
        if not sensor.startswith(options.sensor):
            continue
        count, fallen = 0, 0
        for seed in range(options.first, options.first + options.seeds):
            named = {"drawn": _drawn(seed)} if options.drawn else CONDITIONS
            clear = cost(make(seed, options_of(seed, {})), fields)
            for name, what in named.items():
                if options.only not in name:
                    continue
                data = make(seed, options_of(seed, what))
                found = clear if not what else cost(data, fields)
                # fewer points share what a sweep says once
                once = clear.explained * max(1.0, clear.points / max(found.points, 1))
                fell = found.explained > once + 0.3 * clear.bits
                count, fallen = count + 1, fallen + fell
                if fell or options.all or (not what and found.explained > 2.5):
                    print(
                        f"{sensor:26} {name:24} {seed:3} {found.points:7} {found.bits:6.2f} ({clear.bits:5.2f})  "
                        f"explained {found.explained:6.2f} ({clear.explained:5.2f}) {found.seconds:5.1f} s"
                        f"{' <--' if fell else ''}",
                        flush=True,
                    )
        print(f"{sensor}: {fallen} of {count} fell", flush=True)


if __name__ == "__main__":
    main()
