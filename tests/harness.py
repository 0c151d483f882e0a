"""Small deterministic samples of every kind, and one round trip for all codecs.

As a program it prints JSON, which two runs under different compilers, or on different machines, must print alike:

    python tests/harness.py --samples kitti las_1   hashes of the streams of these samples under every codec
    python tests/harness.py --golden FOLDER         whether each .lizip file decodes and is made again to the byte
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import numpy as np

import lizip
from lizip import codecs, simulator
from lizip.codecs.sweep import weights
from lizip.container import CODEC, MODELS, Container
from lizip.formats import lzf
from lizip.relations import motion
from lizip.sensor.stages import profile
from lizip.simulator import at128, driver_columns, drivers, os_sensor, packets, turning
from lizip.simulator.motion import rotation
from lizip.simulator.scene import street
from lizip.simulator.sensors import SENSORS


def millimetres(data: bytes) -> bytes:
    """Records of five float32, the coordinates of which are rounded to millimetres, without signs of zeros."""
    points = np.frombuffer(data, "<f4").reshape(-1, 5).copy()
    points[:, :3] = np.rint(points[:, :3].astype(np.float64) * 1000) / 1000 + 0.0
    return points.tobytes()


def of_driver(sensor: str, driver: str, span: float, seed: int = 1, **options: Any) -> bytes:
    """A part of a turn as a driver computes it."""
    return drivers.sweep(seed, SENSORS[sensor], driver, span=span, **options).data


def placed(driver: str, writer: driver_columns.Writer, lasers: int) -> bytes:
    """A turn in few steps of some lasers of an HDL-64E, which sit beside the axis; all columns, as PCD."""
    whole = SENSORS["hdl64"]
    arrays: dict[str, Any] = {name: value for name, value in vars(whole).items() if isinstance(value, np.ndarray)}
    model = replace(whole, step=172.0, **{name: value[:: 64 // lasers] for name, value in arrays.items()})
    return pcd_of_records(driver_columns.with_columns(drivers.sweep(5, model, driver), model, writer))


def unlocked(advance: Literal["whole", "exact"]) -> bytes:
    """A part of a turn of a sensor whose azimuths keep to no raster."""
    records = turning.sweep(3, turning.MODELS["vlp16"], advance=advance, span=0.06).records
    return records[records[:, :3].any(axis=1)].tobytes()


def on_a_vehicle(data: bytes) -> bytes:
    """Records of four float32 in the frame of a vehicle that the sensor stands on, tilted."""
    points = np.frombuffer(data, "<f4").reshape(-1, 4).copy()
    points[:, :3] = turning.mounted(points[:, :3], rotation(0.3, 0.02, -0.03), np.array([1.2, -0.3, 1.73]))
    return points.tobytes()


def mirrored_rings(data: bytes) -> bytes:
    """Records of five float32, the last of them rings, ring after ring; y counts the other way."""
    points = np.frombuffer(data, "<f4").reshape(-1, 5)
    return (points[np.argsort(points[:, 4], kind="stable")] * np.array([1, -1, 1, 1, 1], np.float32)).tobytes()


def led(data: bytes) -> bytes:
    """Records of four float32, the last of which comes first."""
    return np.roll(np.frombuffer(data, "<f4").reshape(-1, 4), 1, axis=1).tobytes()


def counted(data: bytes) -> bytes:
    """Records of four float32 as millimetres (int32) and what else they have."""
    records = np.frombuffer(data, "<f4").reshape(-1, 4)
    out = np.empty(len(records), [*((axis, "<i4") for axis in "xyz"), ("intensity", "<f4")])
    for name, column in zip(out.dtype.names, records.T, strict=True):
        out[name] = np.rint(column.astype("<f8") * 1000) if name != "intensity" else column
    return npy(out)


def doubles() -> np.ndarray:
    """A depth camera's points (N, 3) computed in float64."""
    image = simulator.camera.depth_image(1, width=60, height=45)
    row, column = (each.ravel() for each in np.indices(image.counts.shape))
    depth = image.counts.ravel() / 1000
    points = np.stack([(column - image.centre) * depth, (row - 22.0) * depth, depth], axis=1)
    points[:, :2] /= image.focal
    points[depth == 0] = np.nan
    return points


@cache
def parked(count: int) -> list[bytes]:
    """So many sweeps of a small sensor that stands: the same scene, other noise."""
    scene, beams = street(3), os_sensor.Beams.draw(4, 16)
    return [os_sensor.sweep(seed, 16, 128, beams=beams, scene=scene).data for seed in range(count)]


def by_rings(data: bytes) -> bytes:
    """Records of five float32, the last of them rings, sorted by ring and then by azimuth."""
    points = np.frombuffer(data, "<f4").reshape(-1, 5)
    return points[np.lexsort((np.arctan2(points[:, 1], points[:, 0]), points[:, 4]))].tobytes()


def centimetres(count: int) -> np.ndarray:
    """Records of four float32: decimals with holes, with odd values, integers times a float32, two values."""
    steps = np.random.default_rng(8).integers(-40, 41, (count, 3)).cumsum(axis=0)
    columns = np.zeros((count, 4), "<f4")
    columns[:, :2] = steps[:, :2] / 100
    columns[:, 2] = steps[:, 2].astype(np.float32) * np.float32(0.001)
    columns[30:45, :3] = columns[::9, 3] = np.nan
    columns[[7, 150], 1] = -3.7e-14, np.inf
    return columns


SAMPLES: dict[str, Callable[[], bytes]] = {
    "kitti": lambda: simulator.kitti(1, firings=24),
    "kitti_part": lambda: simulator.kitti(1, firings=250),
    "nuscenes_part": lambda: simulator.nuscenes(1, firings=100),
    "rounded_part": lambda: millimetres(simulator.nuscenes(1, firings=100)),
    "ouster_part": lambda: simulator.ouster(1, columns=1024, span=0.05),
    "parked": lambda: parked(11)[10],
    "argoverse": lambda: simulator.vlp32c_pair(1, packets=2),
    "pandaset_part": lambda: simulator.pandaset(1, blocks=220),
    "driver_part": lambda: drivers.sweep(1, SENSORS["xt32"], "nebula Hesai", span=0.1).records.tobytes(),
    "argoverse_whole": lambda: simulator.vlp32c_pair(1),
    "dual": lambda: drivers.sweep(1, SENSORS["xt32"], "nebula Hesai", span=0.05, twice=0.2).records.tobytes(),
    "driver_table": lambda: of_driver("vlp16", "nebula Velodyne", 0.06),
    "driver_exact": lambda: of_driver("hdl32", "PCL", 0.05),
    "driver_fine": lambda: of_driver("xt32", "Hesai SDK 2.0", 0.04),
    "driver_turned": lambda: of_driver("vlp32c", "velodyne_pointcloud", 0.04),
    "driver_lens": lambda: of_driver("rs16", "rs_driver", 0.15),
    "transformed": lambda: transformed(printed_ouster()),
    "six_decimals": lambda: six_decimals(simulator.ouster(1, columns=1024, span=0.05)),
    "driver_single": lambda: of_driver("vlp16", "velodyne_pointcloud", 0.06),
    "driver_pairs": lambda: of_driver("vlp16", "nebula Velodyne", 0.09),
    "driver_degrees": lambda: of_driver("vlp16", "table in float32", 0.06),
    "driver_zeros": lambda: of_driver("vlp16", "PCL", 0.05, 12, missing="zeros"),
    "driver_finer": lambda: of_driver("bpearl", "nebula Hesai, fine", 0.1),
    "driver_blocks": lambda: of_driver("vlp16", "nebula Velodyne", 0.06, twice=0.2, arranged="blocks"),
    "driver_placed": lambda: placed("velodyne_pointcloud", "velodyne_pointcloud", 8),
    "driver_placed_single": lambda: placed("velodyne_pointcloud, new libm", "velodyne_pointcloud", 8),
    "driver_placed_double": lambda: placed("PCL", "PCL", 16),
    "whole_azimuths": lambda: unlocked("whole"),
    "exact_azimuths": lambda: unlocked("exact"),
    "mounted": lambda: on_a_vehicle(simulator.ouster(1, rings=16, columns=512, span=0.2)),
    "mirrored_rings": lambda: mirrored_rings(simulator.nuscenes(1, firings=100)),
    "led_part": lambda: led(simulator.kitti(1, firings=250)),
    "counted_part": lambda: counted(simulator.kitti(1, firings=250)),
    "nearly": lambda: bytes(lizip.decompress(lizip.compress(simulator.nuscenes(1, firings=100), max_error=0.001))),
    "camera_doubles": lambda: npy(doubles()),
    "mirror_part": lambda: at128.sweep(1, blocks=24).data,
    "camera": lambda: simulator.depth_camera(1, width=80, height=60),
    "image": lambda: npy(image(20, 90)),
    "log": lambda: mcap(numbers(60), numbers(60)),
    "unordered": lambda: simulator.unordered(1, points=300),
    "tree": lambda: tree(400),
    "las_1": lambda: simulator.airborne_las(1, 1, 200),
    "las_3": lambda: simulator.airborne_las(3, 3, 200),
    "pcd": lambda: pcd(200),
    "pcd_text": lambda: pcd_of("ascii", b"".join(b"%g %g %g %g\n" % tuple(p) for p in numbers(120).tolist()), 120),
    "pcd_packed": lambda: packed_pcd(150, lambda data: lzf.pack(np.frombuffer(data, np.uint8))),
    "pcd_copied": lambda: packed_pcd(90, copied),
    "ply": lambda: ply(150),
    "npz": lambda: npz(points=numbers(110), label=np.arange(110, dtype="<u2") % 7),
    "fortran": lambda: npy(np.asfortranarray(numbers(100).astype(">f4"))),
    "table": lambda: table(120),
    "packets": lambda: packets.velodyne(1, 16, 768),
    "npy": lambda: npy(numbers(120).astype("<f8")),
    "related": lambda: npy(related(200)),
    "moved": lambda: moved(simulator.kitti(1, firings=24)),
    "moved_wide": lambda: moved_wide(simulator.kitti(1, firings=24)),
    "rolled": lambda: rolled(simulator.nuscenes(1, firings=150)),
    "by_rings": lambda: by_rings(simulator.nuscenes(12, firings=300)),
    "centimetres": lambda: centimetres(400).tobytes(),
    "odd": lambda: odd_values().tobytes() + b"odd",
    "one_point": lambda: np.array([1.5, -2.25, 0.5, 7], np.float32).tobytes(),
    "text": lambda: b"".join(b"%d is the square of %d\n" % (i * i, i) for i in range(200)),
    "empty": lambda: b"",
}
"""Name -> what makes the bytes of a small file, the same each time. Parts of sweeps are long enough for `sweep`."""

ANY = "any"
"""In place of a codec: whichever says least."""

GOLDEN = (
    "kitti.floats",
    "kitti_part.sweep",
    "kitti_part.sweep.fast",
    "nuscenes_part.sweep",
    "rounded_part.sweep",
    "nuscenes_part.sweep.embedded",
    "ouster_part.sweep",
    "ouster_part.sweep.fast",
    "parked.sweep.around",
    "argoverse.floats",
    "pandaset_part.sweep",
    "argoverse_whole.sweep",
    "driver_part.sweep",
    "driver_table.sweep",
    "driver_exact.sweep",
    "driver_fine.sweep",
    "driver_turned.sweep",
    "driver_lens.sweep",
    "driver_single.sweep",
    "driver_pairs.sweep",
    "driver_degrees.sweep",
    "driver_zeros.sweep",
    "driver_finer.sweep",
    "driver_blocks.sweep",
    "driver_placed.sweep",
    "driver_placed_single.sweep",
    "driver_placed_double.sweep",
    "whole_azimuths.sweep",
    "exact_azimuths.sweep",
    "mounted.sweep",
    "mirrored_rings.sweep",
    "led_part.sweep",
    "counted_part.any",
    "nearly.sweep",
    "camera_doubles.sweep",
    "dual.sweep",
    "mirror_part.sweep",
    "camera.sweep",
    "image.image",
    "image.image.fast",
    "log.floats",
    "unordered.opaque",
    "tree.octree",
    "las_1.survey",
    "las_3.survey",
    "las_1.floats",
    "pcd.floats",
    "pcd_text.floats",
    "pcd_packed.floats",
    "pcd_copied.floats",
    "ply.floats",
    "npz.floats",
    "fortran.floats",
    "table.floats",
    "packets.floats",
    "npy.opaque",
    "related.floats",
    "transformed.sweep",
    "six_decimals.sweep",
    "moved.any",
    "moved_wide.any",
    "rolled.any",
    "by_rings.any",
    "centimetres.floats",
    "odd.floats",
    "one_point.floats",
    "text.opaque",
    "empty.opaque",
)
"""Samples, codecs and levels (none: default; embedded: that, with what it needs; around: that, with what ten sweeps
before have seen around the sensor) whose files stand in tests/golden:
every codec, format, chain, stage and driver's law."""


def printed(script: str, beside: str = "", **environment: str) -> str:
    """What a script prints in a process of its own, where warnings are errors; modules `beside` a file are at hand."""
    folders = os.path.dirname(beside), os.path.dirname(__file__), os.environ.get("PYTHONPATH")
    path = os.pathsep.join(filter(None, folders))
    command = [sys.executable, "-W", "error", "-c", script]
    environment = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def sample(name: str) -> bytes:
    """Bytes of a sample."""
    return SAMPLES[name]()


def numbers(count: int) -> np.ndarray:
    """Points (count, 4) along a spiral, to the millimetre, from integers only: the same on every machine."""
    i = np.arange(count, dtype=np.int64)
    x, y, z = (i * 7919) % 1009 - 500, (i * i) % 2003 - 1000, (i * 31) % 97 - 40
    return np.stack([x + i, y - i, z, i % 256], axis=1).astype(np.float32) / np.float32(1000)


def related(count: int) -> np.ndarray:
    """Points with columns that follow from others: float64 that holds float32, one twice, bytes packed to a colour."""
    points, index = numbers(count), np.arange(count)
    names = ("x", "y", "z", "intensity", "again", "red", "green", "blue", "rgb")
    out = np.zeros(
        count,
        [
            *((name, "<f8") for name in names[:3]),
            *((name, "<f4") for name in names[3:5]),
            *((name, "u1") for name in names[5:8]),
            (names[8], "<u4"),
        ],
    )
    for name, column in zip(names, (*points.T, points[:, 3]), strict=False):
        out[name] = column
    for name, step in zip(names[5:8], (1, 7, 3), strict=True):
        out[name] = index * step % 200
    out["rgb"] = out["red"].astype("<u4") << 16 | out["green"].astype("<u4") << 8 | out["blue"]
    return out


def rolled(data: bytes) -> bytes:
    """A sweep whose last third of points comes first."""
    points = np.frombuffer(data, "<f4").reshape(-1, 5)
    return np.roll(points, len(points) // 3 + 5, axis=0).tobytes()


def printed_ouster() -> bytes:
    """A turn of a sensor whose beams are as its maker prints them."""
    return os_sensor.sweep(13, 16, 1024, beams=os_sensor.Beams.draw(13, 16).printed()).data


def six_decimals(data: bytes) -> bytes:
    """Records of four float32 whose points were printed with six decimals."""
    points = np.frombuffer(data, "<f4").reshape(-1, 4).copy()
    points[:, :3] = np.rint(points[:, :3].astype(np.float64) * 1e6) / 1e6
    return points.tobytes()


def transformed(data: bytes) -> bytes:
    """Records of four float32 whose points were moved in float32 to the frame of a vehicle."""
    records = np.frombuffer(data, "<f4").reshape(-1, 4).copy()
    mount = np.column_stack([rotation(0.3, 0.02, -0.03), [1.2, -0.3, 1.73]]).astype(np.float32).astype(np.float64)
    records[:, :3] = motion.moved(records[:, :3], mount, motion.FORWARD)
    return records.tobytes()


def moved(data: bytes) -> bytes:
    """Records of four float32 whose points were turned and shifted afterwards, in float64."""
    records = np.frombuffer(data, "<f4").reshape(-1, 4).copy()
    x, y, z = records[:, :3].astype(np.float64).T
    records[:, 0], records[:, 1], records[:, 2] = 0.8 * x - 0.6 * y + 1.5, 0.6 * x + 0.8 * y - 2.5, z + 0.25
    return records.tobytes()


def moved_wide(data: bytes) -> bytes:
    """Points of float32 that were turned and shifted, and kept in float64, as numpy's matrix products make them."""
    xyz = np.frombuffer(data, "<f4").reshape(-1, 4)[:, :3]
    mount = np.column_stack([rotation(0.3, 0.02, -0.03), [1.2, -0.3, 1.73]])
    return npy(motion.moved(xyz, mount, motion.WIDE_FUSED))


def tree(count: int) -> bytes:
    """Points on a bent sheet, some of them twice, in the order of an octree, from integers only."""
    from lizip.codecs.octree.points import order
    from lizip.formats import split

    i = np.arange(count, dtype=np.int64) * 7919 % (count - count // 8)
    x, y = i * 104729 % 4001, i * 15485863 % 3001
    sheet = np.stack([x, y, 200 + (x * x + 3 * y * y) // 40000 + i % 5, i % 90], axis=1)
    points = sheet.astype(np.float32) / np.float32(1000)
    return points[order(split(points.tobytes(), 4))].tobytes()


def odd_values() -> np.ndarray:
    """Points (200, 4) with NaNs of several payloads, infinities, negative zeros and denormals among them."""
    points = numbers(200)
    bits = points.view("<u4")
    bits[5, 0], bits[6, 1], bits[7, 2], bits[8, 3] = 0x7FC00000, 0x7F800001, 0xFFC12345, 0xFF800000
    bits[9:12, 0], bits[20, :3], bits[30, 2] = 0x80000000, 1, 0x007FFFFF
    return points


def pcd(count: int) -> bytes:
    """Binary PCD with fields of several types."""
    head = (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z intensity ring time\n"
        "SIZE 4 4 4 1 2 8\nTYPE F F F U U F\nCOUNT 1 1 1 1 1 1\n"
        f"WIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA binary\n"
    )
    points = numbers(count)
    rows = (struct.pack("<fffBHd", *map(float, p[:3]), i % 256, i % 32, i / 10) for i, p in enumerate(points))
    return head.encode() + b"".join(rows)


def pcd_of(encoding: str, body: bytes, count: int) -> bytes:
    """PCD of four float32 fields."""
    head = f"VERSION 0.7\nFIELDS x y z i\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH {count}\nHEIGHT 1\n"
    return (head + f"POINTS {count}\nDATA {encoding}\n").encode() + body


def pcd_of_records(records: np.ndarray) -> bytes:
    """Binary PCD of records with named fields."""
    types = [records.dtype[name] for name in records.dtype.names or ()]
    words = {"VERSION": ["0.7"], "FIELDS": records.dtype.names or (), "SIZE": [each.itemsize for each in types]}
    words |= {"TYPE": [each.kind.upper() for each in types], "COUNT": [1] * len(types), "WIDTH": [len(records)]}
    words |= {"HEIGHT": [1], "POINTS": [len(records)], "DATA": ["binary"]}
    lines = [" ".join(map(str, (name, *values))) for name, values in words.items()]
    return "\n".join(lines).encode() + b"\n" + records.tobytes()


def packed_pcd(count: int, pack: Callable[[bytes], bytes]) -> bytes:
    """Packed PCD: field after field."""
    data = numbers(count).T.tobytes()
    return pcd_of("binary_compressed", struct.pack("<II", len(pack(data)), len(data)) + pack(data), count)


def copied(data: bytes) -> bytes:
    """An LZF stream of a packer that hardly looks for repetitions: runs of bytes, and of zeros."""
    out, at = b"", 0
    while at < len(data):
        if at and data[at - 1 : at + 3] == bytes(4):
            out, at = out + b"\x20\0", at + 3
        else:
            size = min(32, len(data) - at)
            out, at = out + bytes([size - 1]) + data[at : at + size], at + size
    return out


def table(count: int) -> bytes:
    """Text with a heading, numbers printed in several ways, comments, an empty line and a row that differs."""
    lines = [b"# x y z i n t w\r\n"]
    for i, (x, y, z, k) in enumerate(numbers(count).tolist()):
        words = (x, y, 1e6 * z, repr(round(100 * x + k, 3)), i - 40, b"nan" if i % 9 == 4 else b"%.3e" % (y * 1e-7))
        texts = [word if isinstance(word, bytes) else str(word).encode() for word in words[3:]]
        lines.append(b"%.3f,%9.4f,%+.2E,%s,%03d,%s,%-7.1f|\r\n" % (*words[:3], texts[0], words[4], texts[2], k))
    lines[30:30] = [b"# half of them\r\n", b"\r\n"]
    lines[77] = lines[77].replace(b",", b", ", 1)
    return b"".join(lines) + b"the end"


def npz(**arrays: np.ndarray) -> bytes:
    """An archive of arrays, stored as they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), npy(array))
    return file.getvalue()


def ply(count: int) -> bytes:
    """Big-endian PLY."""
    head = f"ply\nformat binary_big_endian 1.0\nelement vertex {count}\n"
    head += "".join(f"property float {name}\n" for name in "xyz") + "end_header\n"
    return head.encode() + numbers(count)[:, :3].astype(">f4").tobytes()


def image(rows: int, columns: int) -> np.ndarray:
    """Three planes on a raster, from integers only; rows are staggered."""
    i, j = np.arange(rows)[:, None], (np.arange(columns) + 3 * (np.arange(rows)[:, None] % 4)) % columns
    planes = np.zeros((rows, columns), [("range", "<u4"), ("intensity", "u1"), ("signal", "<u2")])
    planes["range"] = np.where((i + j) % 11 == 0, 0, 8 * (2000 + 5 * i + j * j // 9 + i * j * 7919 % 5))
    planes["intensity"] = (i * 5 + j // 8 * 31) % 200
    planes["signal"] = planes["range"] // 64 * (1 + i % 2)
    return planes


def mcap(*clouds: np.ndarray) -> bytes:
    """The beginning of an MCAP file: schema, channel, and clouds (N, 4) float32 of ROS 1."""

    def record(opcode: int, *parts: bytes) -> bytes:
        return struct.pack("<BQ", opcode, sum(map(len, parts))) + b"".join(parts)

    def text(words: bytes) -> bytes:
        return struct.pack("<I", len(words)) + words

    fields = b"".join(text(name) + struct.pack("<IBI", 4 * i, 7, 1) for i, name in enumerate((b"x", b"y", b"z", b"i")))
    log = b"\x89MCAP0\r\n" + record(3, b"\1\0", text(b"sensor_msgs/PointCloud2"), text(b"ros1msg"), text(b""))
    log += record(4, b"\1\0\1\0", text(b"/points"), text(b"ros1"), text(b""))
    for i, cloud in enumerate(clouds):
        head = bytes(12) + text(b"lidar") + struct.pack("<III", 1, len(cloud), 4) + fields
        head += struct.pack("<BII", 0, 16, cloud.nbytes) + text(cloud.tobytes()) + b"\1"
        log += record(5, struct.pack("<HIQQ", 1, i, 10**9 * i, 10**9 * i), head)
    return log


def npy(array: np.ndarray) -> bytes:
    """An .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@contextmanager
def without_models(folder: Path = Path("gone")) -> Iterator[None]:
    """A lizip that brings no predictors and profiles, or those of a folder."""
    profile.installed.cache_clear()
    with (
        mock.patch.object(weights, "models_folder", return_value=folder),
        mock.patch.object(profile, "models_folder", return_value=folder),
        mock.patch.dict(os.environ, {"LIZIP_MODELS": "", "XDG_DATA_HOME": os.devnull}),
    ):
        yield
    profile.installed.cache_clear()


def how(codec: str, level: str = "default") -> dict[str, Any]:
    """What `GOLDEN` calls a codec and a level, as options of `lizip.compress`."""
    named = None if codec == ANY else codec
    if level == "around":
        ahead = lizip.Sequence()
        for sweep in parked(10):
            lizip.compress(sweep, codec=named, sequence=ahead)
        return {"codec": named, "sequence": ahead}
    return {"codec": named, "embed": True} if level == "embedded" else {"codec": named, "level": level}


def stream(data: bytes, codec: str, level: str = "default") -> bytes | None:
    """Code, decode and compare; None when the codec does not take such a file."""
    try:
        coded = lizip.compress(data, **how(codec, level))
    except lizip.FormatError as error:
        if "has nothing to say" not in str(error):
            raise
        return None
    assert lizip.decompress(coded) == data
    return coded


def golden(name: str) -> bytes:
    """A .lizip file of `GOLDEN`, made now."""
    sample_name, codec, *level = name.split(".")
    coded = stream(sample(sample_name), codec, *level)
    assert coded is not None, f"{codec} takes {sample_name} no more"
    return coded


def streams(names: Iterable[str], level: str = "default") -> Iterator[tuple[str, bytes]]:
    """Every sample under every codec that takes it: "sample.codec" and the .lizip file."""
    for name in names:
        for codec in codecs.NAMES:
            coded = stream(sample(name), codec, level)
            if coded is not None and lizip.info(io.BytesIO(coded))["codec"] == codec:
                yield f"{name}.{codec}", coded


def points_of(coded: bytes) -> list[bytes]:
    """The codec's sections of a .lizip file. What surrounds them depends on the version of zstd, as `opaque` does."""
    box = Container(io.BytesIO(coded))
    if box.header.codec == 0:
        return []
    return [box.read(entry) for entry in box.header.entries if CODEC <= entry.kind < MODELS]


def recoded(path: Path) -> bool:
    """Whether a .lizip file decodes, and coding its content again gives the same sections."""
    coded = path.read_bytes()
    again = lizip.compress(lizip.decompress(coded), **how(*path.name.split(".")[1:-1]))
    return points_of(again) == points_of(coded)


def main() -> None:
    """Print hashes of streams, or compare the files of a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", nargs="*", default=())
    parser.add_argument("--golden", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {}
    for name, coded in streams(options.samples):
        results[name] = hashlib.sha256(coded).hexdigest()[:16]
    for path in sorted(options.golden.glob("*.lizip")) if options.golden else ():
        results[path.name] = recoded(path)
        print(path.name, results[path.name], file=sys.stderr, flush=True)
    json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
