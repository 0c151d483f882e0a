"""Rate and distortion: bits a point against errors, of lizip's near-lossless mode and of what else loses something.

python -m benchmarks.distortion --data DIR                        # the first file of each set
python -m benchmarks.distortion --data DIR --sets nuscenes kitti

Writes results/distortion/points.csv and table.md, and docs/pictures/rate-distortion.png. Sizes are of the whole record;
where a rival rounds or drops other fields than the coordinates, that is in its favour.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks.datasets import files_of
from benchmarks.lossy import METHODS, points_of
from benchmarks.report import TITLES
from benchmarks.results import FOLDER
from lizip.bench import PUBLISHED, Subject

SETS = ("nuscenes", "kitti", "argoverse", "ouster", "pandaset", "las", "voxels")
DRAWN = SETS[:4]
"""Sets in the picture."""
_ORDERED = tuple(name for name in METHODS if name not in ("lizip, order dropped", "lizip, x y z only"))
_METHODS = {
    "las": ("lizip", "LASzip"),
    "voxels": ("lizip, order dropped", "Draco"),
    **dict.fromkeys(PUBLISHED, (*_ORDERED[:1], "lizip, x y z only", *_ORDERED[1:])),
}
"""What is asked of a set, where that is not all that keeps the order."""
_VOXEL = 0.1
"""Metres."""
PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "rate-distortion.png"
PAPER = "LiZIP paper, published"
COLOURS = {"lizip": "#c1432e", "LASzip": "#35618f", "Draco": "#7f9c5a", "Cloudini": "#8a6fae", PAPER: "#d9a82f"}
_NEIGHBOURS = 9


@dataclass(frozen=True)
class Point:
    """A method at one of its settings on one file.

    Attributes
    ----------
    set, file, method, setting : str
    bits : float
        A point.
    largest, rms : float
        Errors of a coordinate, m; the root of the mean square over all three.
    chamfer : float
        Mean distance to the nearest point of the other cloud, m, both ways.
    plane : float
        Root of the mean square of the distances of points to the planes of the original, m.
    """

    set: str
    file: str
    method: str
    setting: str
    bits: float
    largest: float = float("nan")
    rms: float = float("nan")
    chamfer: float = float("nan")
    plane: float = float("nan")


class Distances:
    """Distances of other clouds to an original one, (N, 3); points at the origin are none."""

    def __init__(self, original: np.ndarray):
        from scipy.spatial import cKDTree

        self.there = (original != 0).any(axis=1)
        self.points = original[self.there]
        self.tree = cKDTree(self.points)
        _, near = self.tree.query(self.points, _NEIGHBOURS)
        around = self.points[near] - self.points[near].mean(axis=1, keepdims=True)
        _, vectors = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
        self.normals = vectors[:, :, 0]

    def of(self, decoded: np.ndarray, ordered: bool = True) -> tuple[float, float]:
        """Chamfer distance and point-to-plane error of a decoded cloud (N, 3)."""
        from scipy.spatial import cKDTree

        decoded = decoded[self.there if ordered else (decoded != 0).any(axis=1)]
        there, nearest = self.tree.query(decoded)
        back, _ = cKDTree(decoded).query(self.points)
        away = ((decoded - self.points[nearest]) * self.normals[nearest]).sum(axis=1)
        return float(there.mean() + back.mean()) / 2, float(np.sqrt(np.mean(away * away)))


def means_of_voxels(points: np.ndarray) -> np.ndarray:
    """Means (M, 3) float32 of points (N, 3) in each voxel of a decimetre, in no order."""
    _, voxel, counts = np.unique(np.floor(points / _VOXEL), axis=0, return_inverse=True, return_counts=True)
    voxel = voxel.ravel()
    means = np.stack([np.bincount(voxel, points[:, k]) / counts for k in range(3)], axis=1).astype(np.float32)
    return means[np.random.default_rng(1).permutation(len(means))]


def file_of(folder: Path, name: str, scratch: Path) -> Path:
    """The file of a set that is measured: its first; of `voxels`, what is left of the first of KITTI."""
    if name != "voxels":
        return files_of(folder, name, scratch)[0]
    path = scratch / "voxels.npy"
    np.save(path, means_of_voxels(Subject(file_of(folder, "kitti", scratch).read_bytes()).points.astype(np.float64)))
    return path


def measure(name: str, path: Path, methods: Sequence[str]) -> Iterator[Point]:
    """All settings of some methods on a file."""
    subject = Subject(path.read_bytes())
    original = points_of(subject)
    distances = Distances(original)
    for method in methods:
        if method not in _METHODS.get(name, _ORDERED):
            continue
        for coded in METHODS[method][1](subject):
            errors = coded.largest, float("nan")
            if coded.largest is None:
                away = np.abs(coded.decoded - original)
                errors = float(away.max()), float(np.sqrt(np.mean(away * away)))
            bits = 8 * len(coded.stream) / subject.cloud.count
            near = distances.of(coded.decoded, coded.largest is None)
            yield Point(name, path.name, method, coded.setting, bits, *errors, *near)
    if name in PUBLISHED:
        yield Point(name, path.name, PAPER, "10 um, x y z only, order lost", PUBLISHED[name], 1e-5)


def table(points: Sequence[Point]) -> str:
    """All points as tables, one a file."""
    lines = ["# Bits a point against errors", "", "Written by `python -m benchmarks.distortion`.", ""]
    for name, file in dict.fromkeys((point.set, point.file) for point in points):
        lines += [
            f"## {TITLES.get(name, name)}: {file}",
            "",
            "| method | setting | bits a point | largest error, mm | RMS, mm | Chamfer, mm | point to plane, mm |",
            "|---|---|---|---|---|---|---|",
        ]
        for point in (each for each in points if (each.set, each.file) == (name, file)):
            errors = point.largest, point.rms, point.chamfer, point.plane
            words = ["-" if np.isnan(error) else f"{1e3 * error:.4g}" for error in errors]
            lines.append(f"| {point.method} | {point.setting} | {point.bits:.2f} | {' | '.join(words)} |")
        lines.append("")
    return "\n".join(lines)


def draw(points: Sequence[Point], path: Path) -> None:
    """Bits a point against the largest error, one axis a set."""
    from matplotlib import use

    use("Agg")
    from matplotlib import pyplot

    names = [name for name in DRAWN if any(point.set == name for point in points)]
    figure, axes = pyplot.subplots(1, len(names), figsize=(3.6 * len(names), 3.6), squeeze=False, sharey=True)
    for axis, name in zip(axes.flat, names, strict=True):
        for method, colour in COLOURS.items():
            mine = [p for p in points if p.set == name and p.method == method and p.largest > 0]
            mine = sorted((p.bits, p.largest) for p in mine)
            if mine:
                bits, errors = zip(*mine, strict=True)
                axis.plot(errors, bits, "o-", color=colour, label=method, markersize=3, linewidth=1.2)
        axis.set_xscale("log")
        axis.set_ylim(0, 1.05 * max(p.bits for p in points if p.set in names))
        axis.set_title(TITLES.get(name, name), fontsize=10)
        axis.set_xlabel("largest error of a coordinate, m", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    axes.flat[0].set_ylabel("bits a point", fontsize=8)
    axes.flat[0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def _kept(path: Path, sets: Sequence[str], methods: Sequence[str]) -> list[Point]:
    """Points measured before, of sets and methods that are not asked for now."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = [{key: value for key, value in row.items() if value != ""} for row in csv.DictReader(file)]
    words = ("set", "file", "method", "setting")
    points = [Point(**{key: value if key in words else float(value) for key, value in row.items()}) for row in rows]
    again = {*methods, PAPER}
    return [point for point in points if point.set not in sets or point.method not in again]


def main() -> None:
    from importlib.util import find_spec

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with one subfolder a data set")
    parser.add_argument("--out", type=Path, default=FOLDER / "distortion", help="where the CSV and the table go")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    options = parser.parse_args()
    missing = {name: METHODS[name][0] for name in options.methods if find_spec(METHODS[name][0]) is None}
    for name, module in missing.items():
        print(f"{name} is left out; it needs: pip install {module}")
    points = _kept(options.out / "points.csv", options.sets, options.methods)
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.sets:
            path = file_of(options.data, name, Path(scratch))
            for point in measure(name, path, [name for name in options.methods if name not in missing]):
                print(
                    f"{point.set:10} {point.method:10} {point.setting:12} {point.bits:8.3f} bits {point.largest:.3g} m"
                )
                points.append(point)
    order = {name: place for place, name in enumerate((*METHODS, PAPER))}
    points.sort(key=lambda point: (SETS.index(point.set) if point.set in SETS else len(SETS), order[point.method]))
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "points.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Point)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(point) for point in points)
    (options.out / "table.md").write_text(table(points))
    draw(points, options.picture)


if __name__ == "__main__":
    main()
