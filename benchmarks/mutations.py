"""What people do to sweeps before they store them, and what each of it costs: sweeps of three sensors, some fifty
mutations each.

    python -m benchmarks.mutations DATA [--sensor nuscenes] [--only WORD] [--output benchmarks/results/mutations.md]

DATA is the folder with `nuscenes`, `kitti` and `ouster`. Every file is compressed, decompressed and compared. A row
also says what a perfect codec would need: the figure of the sweep as it is, and what the mutation itself adds (an
estimate: the entropy of which points were dropped, lost neighbours, a second float32 rounding). A cliff is a row that
should stay below 15 bits a point and takes more than 30; a gap one that takes 4 bits more than it should.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import lizip

CLIFF, MODEST, GAP = 30.0, 15.0, 4.0


class Sensor(NamedTuple):
    """A sweep to mutate: file, a second one, floats a point, bits a point as it is and of its intensity."""

    file: str
    other: str
    fields: int
    bits: float
    light: float
    forward: int


SENSORS = {
    "nuscenes": Sensor("nuscenes/sweep_c.bin", "nuscenes/sweep_d.bin", 5, 7.74, 2.4, 1),
    "kitti": Sensor("kitti/full_a.bin", "kitti/full_b.bin", 4, 11.17, 4.2, 0),
    "ouster": Sensor("ouster/os1_128_returns.bin", "", 4, 8.05, 3.4, 0),
}


class Mutation(NamedTuple):
    """A mutated file and the bits a point a perfect codec would need."""

    name: str
    data: bytes
    perfect: float


class Outcome(NamedTuple):
    """What became of it."""

    points: int
    bits: float
    codec: str
    seconds: float


def entropy(share: float) -> float:
    """Bits to say which of two happened, the one with probability `share`."""
    return float(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)))


def pose(yaw: float, pitch: float, roll: float, shift: tuple[float, float, float]) -> np.ndarray:
    """A rigid transform (4, 4) float64; angles in radians."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = about_z @ about_y @ about_x, shift
    return out


MOUNT = pose(1.57, 0.01, -0.008, (0.94, 0.01, 1.84))
DRIVEN = pose(0.02, 0.001, 0.001, (0.1, -3.0, 0.02))
CAMERA = np.array(
    [
        [7.533745e-03, -9.999714e-01, -6.166020e-04, -4.069766e-03],
        [1.480249e-02, 7.280733e-04, -9.998902e-01, -7.631618e-02],
        [9.998621e-01, 7.523790e-03, 1.480755e-02, -2.717806e-01],
        [0, 0, 0, 1],
    ]
)
"""KITTI's velodyne-to-camera transform (Geiger 2013)."""


def moved(points: np.ndarray, matrix: np.ndarray, kind: type) -> np.ndarray:
    """Points transformed as numpy does it, in float64 or float32."""
    out = points.copy()
    homogeneous = np.concatenate([points[:, :3], np.ones((len(points), 1), np.float32)], axis=1).astype(kind)
    out[:, :3] = (homogeneous @ matrix.astype(kind).T)[:, :3].astype(np.float32)
    return out


def moved_by_pcl(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points transformed in float32, term by term, as pcl::transformPointCloud does."""
    out, m = points.copy(), matrix.astype(np.float32)
    for k in range(3):
        out[:, k] = ((m[k, 0] * points[:, 0] + m[k, 1] * points[:, 1]) + m[k, 2] * points[:, 2]) + m[k, 3]
    return out


def voxel_of(points: np.ndarray, size: float = 0.1) -> np.ndarray:
    """Number of the cube each point lies in."""
    cube = np.floor(points[:, :3] / size).astype(np.int64)
    return (cube[:, 0] * 100003 + cube[:, 1]) * 100003 + cube[:, 2]


def voxel_mean(points: np.ndarray) -> np.ndarray:
    """Mean of the points of each cube."""
    _, which, counts = np.unique(voxel_of(points), return_inverse=True, return_counts=True)
    means = [np.bincount(which, column) / counts for column in points.T]
    return np.stack(means, axis=1).astype(np.float32)


def npy(array: np.ndarray) -> bytes:
    """The array as an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def pcd(columns: dict[str, np.ndarray]) -> bytes:
    """Columns as a binary PCD file."""
    kinds = {"f": "F", "u": "U", "i": "I"}
    count = len(next(iter(columns.values())))
    lines = (
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS " + " ".join(columns),
        "SIZE " + " ".join(str(column.itemsize) for column in columns.values()),
        "TYPE " + " ".join(kinds[column.dtype.kind] for column in columns.values()),
        "COUNT " + " ".join("1" for _ in columns),
        f"WIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA binary\n",
    )
    return "\n".join(lines).encode() + _records(columns)


def ply(columns: dict[str, np.ndarray]) -> bytes:
    """Columns of float32 as a binary PLY file."""
    count = len(next(iter(columns.values())))
    properties = "".join(f"property float {name}\n" for name in columns)
    head = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{properties}end_header\n"
    return head.encode() + _records(columns)


def _records(columns: dict[str, np.ndarray]) -> bytes:
    record = np.empty(len(next(iter(columns.values()))), [(name, c.dtype.str) for name, c in columns.items()])
    for name, column in columns.items():
        record[name] = column
    return record.tobytes()


def _kept(points: np.ndarray, base: float, forward: int) -> Iterator[tuple[str, np.ndarray, float]]:
    """Points removed."""
    count, reach = len(points), np.sqrt((points[:, :3].astype(np.float64) ** 2).sum(axis=1))
    x, y, z = np.abs(points[:, 0]), np.abs(points[:, 1]), points[:, 2]
    draw = np.random.default_rng(0)
    for share in (0.01, 0.05, 0.3):
        lost = 0.1 if share < 0.1 else 0.5
        kept = draw.random(count) >= share
        yield f"random {100 * share:.0f} % removed", points[kept], base + entropy(share) / (1 - share) + lost
    boxes = {
        "points nearer than 2 m removed": (reach >= 2, 0.1),
        "abs x, abs y < 1 m removed (devkit remove_close)": (~((x < 1) & (y < 1)), 0.1),
        "ego box 3 x 5 m removed": (~((x < 1.5) & (y < 2.6)), 0.4),
    }
    for name, (kept, more) in boxes.items():
        yield name, points[kept], base * count / np.count_nonzero(kept) + more
    yield "r <= 50 m", points[reach <= 50], base + 0.2
    yield "crop abs x, abs y < 50, -3 < z < 1", points[(x < 50) & (y < 50) & (z > -3) & (z < 1)], base + 0.4
    yield "ground cut, z > -1.2, abs x, abs y < 50", points[(x < 50) & (y < 50) & (z > -1.2)], base + 1.2
    ahead = np.arctan2(points[:, 1 - forward], points[:, forward])
    yield "front 70 degrees", points[(np.abs(ahead) < np.radians(35)) & (reach > 1)], base + 0.7
    yield "every second point", points[::2], base + 0.6
    yield "last 5 points cut off", points[:-5], base
    yield "first 7 points cut off", points[7:], base
    some = np.sort(np.random.default_rng(1).choice(count, 16384, replace=False))
    yield "16384 drawn, in order", points[some], base + entropy(16384 / count) * count / 16384 + 1.5
    first = np.sort(np.unique(voxel_of(points), return_index=True)[1])
    yield "voxel 0.1 m, first point, in order", points[first], base + 2.5
    yield "voxel 0.1 m, mean", voxel_mean(points), 40.0
    shuffled = points[np.random.default_rng(1).permutation(count)]
    yield "shuffled", shuffled, base + np.log2(count) - 1.94


def _changed(points: np.ndarray, base: float, light: float) -> Iterator[tuple[str, np.ndarray, float]]:
    """Coordinates moved, turned, rounded; columns added or left out."""
    count, xyz = len(points), points[:, :3]
    rest = points[:, 3:]
    signs = np.array([1, -1] + [1] * (points.shape[1] - 2), np.float32)
    shift = np.array([1.2, 0, 1.73] + [0] * (points.shape[1] - 3), np.float32)
    yield "as it is", points, base
    yield "xyz only", xyz, base - light
    yield "a column of zeros appended", np.concatenate([points, np.zeros((count, 1), np.float32)], axis=1), base
    turned = np.concatenate([points[:, 1:2], -points[:, :1], points[:, 2:]], axis=1)
    yield "exact quarter turn (x, y) -> (y, -x)", turned, base
    yield "y mirrored", points * signs, base
    yield "rigid transform in float64, stored float32", moved(points, MOUNT, np.float64), base + 2
    yield "rigid transform in float32 (numpy)", moved(points, MOUNT, np.float32), base + 4
    yield "rigid transform in float32 (as pcl)", moved_by_pcl(points, MOUNT), base + 3
    yield "translation only, float32", points + shift, base + 1
    yield "scaled by 1.05", np.concatenate([xyz * np.float32(1.05), rest], axis=1), base + 3
    half = xyz.astype(np.float16).astype(np.float32)
    yield "xyz rounded to float16, stored float32", np.concatenate([half, rest], axis=1), base + 0.5
    for name, units, more in (("1 mm", 1000, 0.1), ("1 cm", 100, -1.0)):
        rounded = (np.rint(xyz.astype(np.float64) * units) / units).astype(np.float32)
        yield f"rounded to {name}", np.concatenate([rounded, rest], axis=1), base + more
    nothing = points.copy()
    nothing[np.random.default_rng(3).random(count) < 0.02, :3] = np.nan
    yield "2 % of points set to NaN", nothing, base + 0.1
    padding = np.zeros((count // 10, points.shape[1]), np.float32)
    yield "padded with 10 % zero rows", np.concatenate([points, padding]), base / 1.1


def _stored(points: np.ndarray, base: float, light: float) -> Iterator[Mutation]:
    """Other file formats and types."""
    x, y, z, intensity = np.ascontiguousarray(points[:, :4].T)
    names = ("x", "y", "z", "intensity")
    colour = np.random.default_rng(2).integers(0, 1 << 24, len(points) // 64 + 1).repeat(64)[: len(points)]
    packed = colour.astype(np.uint32).view(np.float32)
    doubles = dict(zip(names, (*(c.astype(np.float64) for c in (x, y, z)), intensity), strict=True))
    yield Mutation(".npy float32", npy(points), base)
    yield Mutation(".npy float64", npy(points.astype(np.float64)), base)
    yield Mutation(".npy float16", npy(points.astype(np.float16)), base + 0.5)
    yield Mutation(".pcd x y z intensity", pcd(dict(zip(names, (x, y, z, intensity), strict=True))), base)
    yield Mutation(".pcd x y z rgb(float)", pcd({"x": x, "y": y, "z": z, "rgb": packed}), base - light + 0.6)
    yield Mutation(".pcd x y z intensity, float64 xyz", pcd(doubles), base)
    yield Mutation(".ply x y z intensity", ply(dict(zip(names, (x, y, z, intensity), strict=True))), base)


def _of_nuscenes(a: np.ndarray, other: np.ndarray, base: float) -> Iterator[tuple[str, np.ndarray, float]]:
    count, cells = len(a), a.reshape(-1, 32, 5)

    def at(points: np.ndarray, seconds: float) -> np.ndarray:
        return np.concatenate([points[:, :4], np.full((len(points), 1), seconds, np.float32)], axis=1)

    def far(points: np.ndarray) -> np.ndarray:
        return points[~((np.abs(points[:, 0]) < 1) & (np.abs(points[:, 1]) < 1))]

    both = (base + 7.4) / 2
    yield "ring column dropped (4 fields)", a[:, :4], base
    yield "ring replaced by time 0 (5 fields, as mmdet3d loads)", at(a, 0), base
    yield "intensity / 255", a / np.array([1, 1, 1, 255, 1], np.float32), base
    yield "every second ring (16 beams)", cells[:, ::2].reshape(-1, 5), base + 0.8
    yield "every second firing", cells[::2].reshape(-1, 5), base + 0.5
    yield "ring by ring", cells.transpose(1, 0, 2).reshape(-1, 5), base
    returned = (a[:, :3].astype(np.float64) ** 2).sum(axis=1) >= 0.25
    yield "no-returns moved to the end", np.concatenate([a[returned], a[~returned]]), base + 0.2
    yield "two sweeps, one after the other", np.concatenate([a, other]), both
    gathered = moved(other, DRIVEN, np.float64)
    yield "two sweeps, the second moved in float64", np.concatenate([a, gathered]), both + 1
    devkit = np.concatenate([at(far(a), 0), at(far(gathered), 0.05)])
    yield "two sweeps as the devkit gathers them (close removed, moved, time)", devkit, (both + 1) * 1.25
    yield "as KITTI export (rotated, 4 fields)", moved(a, pose(-np.pi / 2, 0, 0, (0, 0, 0)), np.float64)[:, :4], base
    assert count == cells.shape[0] * 32


def _of_kitti(a: np.ndarray, other: np.ndarray, base: float) -> Iterator[tuple[str, np.ndarray, float]]:
    from lizip.sensor.fit.rings import split_rings

    x, y, z = a[:, 0], a[:, 1], a[:, 2]
    yield (
        "OpenPCDet range 0..70.4, +-40, -3..1",
        a[(x > 0) & (x < 70.4) & (abs(y) < 40) & (z > -3) & (z < 1)],
        base + 0.4,
    )
    for name, light, more in (
        ("reflectance x 255", a[:, 3] * np.float32(255), 0.0),
        ("reflectance x 255 rounded", np.rint(a[:, 3] * 255), 0.0),
        ("reflectance x 100 rounded", np.rint(a[:, 3] * 100), 0.0),
        ("reflectance zero", 0 * a[:, 3], -4.2),
    ):
        yield name, np.column_stack([a[:, :3], light]).astype(np.float32), base + more
    yield "camera frame, float64 -> float32", moved(a, CAMERA, np.float64), base + 2
    yield "camera frame, float32 numpy", moved(a, CAMERA, np.float32), base + 4
    bounds = split_rings(np.ascontiguousarray(x), np.ascontiguousarray(y), 80)
    ring = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)).astype(np.float32)
    yield "ring column appended", np.column_stack([a, ring]), base
    yield "32 of 64 rings", a[ring % 2 == 0], base + 0.5
    yield "sorted by azimuth", a[np.argsort(np.arctan2(y.astype(np.float64), x), kind="stable")], base + 0.5
    yield "rows ring by ring from below", a[np.argsort(-ring, kind="stable")], base
    yield "two sweeps, one after the other", np.concatenate([a, other]), base - 0.2
    driven = moved(other, pose(0.02, 0.001, 0.001, (1.1, -0.03, 0.02)), np.float64)
    yield "two sweeps, the second moved in float64", np.concatenate([a, driven]), base + 1


def _of_ouster(a: np.ndarray, other: np.ndarray, base: float) -> Iterator[tuple[str, np.ndarray, float]]:
    from lizip.sensor.fit.elevations import rings_by_elevation

    azimuth = np.arctan2(a[:, 1].astype(np.float64), a[:, 0])
    yield "sorted by azimuth", a[np.argsort(azimuth, kind="stable")], base + 0.5
    ring = rings_by_elevation(np.ascontiguousarray(a[:, :3])).astype(np.float32)
    yield "ring by ring", a[np.argsort(ring, kind="stable")], base
    yield "ring column appended", np.column_stack([a, ring]), base
    yield "64 of 128 rings", a[ring % 2 == 0], base + 0.3


_OWN: dict[str, Callable[..., Iterator[tuple[str, np.ndarray, float]]]] = {
    "nuscenes": _of_nuscenes,
    "kitti": _of_kitti,
    "ouster": _of_ouster,
}


def mutations(folder: Path, name: str) -> Iterator[Mutation]:
    """All mutations of a sensor's sweep."""
    sensor = SENSORS[name]
    points = np.fromfile(folder / sensor.file, "<f4").reshape(-1, sensor.fields)
    other = np.fromfile(folder / sensor.other, "<f4").reshape(-1, sensor.fields) if sensor.other else points[:0]
    for rows in (
        _changed(points, sensor.bits, sensor.light),
        _kept(points, sensor.bits, sensor.forward),
        _OWN[name](points, other, sensor.bits),
    ):
        for title, array, perfect in rows:
            yield Mutation(title, np.ascontiguousarray(array, np.float32).tobytes(), float(perfect))
    yield from _stored(points, sensor.bits, sensor.light)


def measure(data: bytes) -> Outcome:
    """Compress, decompress, compare."""
    start = time.process_time()
    packed = lizip.compress(data)
    seconds = time.process_time() - start
    if lizip.decompress(packed) != data:
        raise AssertionError("not the same bytes")
    info = lizip.info(io.BytesIO(packed))
    points = max(info["points"], 1)
    return Outcome(info["points"], 8 * len(packed) / points, info["codec"], seconds)


def verdict(bits: float, perfect: float) -> str:
    """CLIFF, gap or nothing."""
    if perfect <= MODEST and bits > CLIFF:
        return "**CLIFF**"
    return "gap" if bits > perfect + GAP else ""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sensor", choices=SENSORS, action="append")
    parser.add_argument("--only", default="", help="only mutations with this word in their name")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    lines, bits, perfect, seen = [], [], [], {"**CLIFF**": 0, "gap": 0, "": 0}
    for name in options.sensor or SENSORS:
        lines += [
            f"\n### {SENSORS[name].file}\n",
            "| mutation | points | bits a point | codec | perfect | |",
            "|" + "---|" * 6,
        ]
        print(*lines[-3:], sep="\n")
        for mutation in mutations(options.data, name):
            if options.only not in mutation.name:
                continue
            outcome = measure(mutation.data)
            word = verdict(outcome.bits, mutation.perfect)
            row = (mutation.name, outcome.points, f"{outcome.bits:.2f}", outcome.codec, f"{mutation.perfect:.1f}", word)
            lines.append("| " + " | ".join(map(str, row)) + " |")
            print(lines[-1], f"{outcome.seconds:.1f} s", flush=True)
            bits.append(outcome.bits)
            perfect.append(mutation.perfect)
            seen[word] += 1
    summary = (
        f"{len(bits)} rows: {seen['**CLIFF**']} cliffs, {seen['gap']} gaps, mean {np.mean(bits):.2f} bits a point "
        f"({np.mean(perfect):.2f} if all were perfect)"
    )
    print("\n" + summary)
    if options.output:
        options.output.write_text("\n".join([summary, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
