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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

import lizip
from benchmarks.datasets import files_of
from benchmarks.report import TITLES
from benchmarks.results import FOLDER
from lizip.bench import PUBLISHED, Subject
from lizip.bench.lossy import encode_draco, encode_laszip
from lizip.formats import split

SETS = ("nuscenes", "kitti", "argoverse", "ouster")
BOUNDS = (1e-5, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2)
"""Metres."""
DRACO_BITS = (14, 16, 18, 20, 22, 24)
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


class Cloudini:
    """What Cloudini's encoder is given: records of the file's columns, coordinates with a resolution."""

    def __init__(self, subject: Subject):
        columns = subject.cloud.columns
        self.names = list(columns)
        self.records = np.zeros(subject.cloud.count, [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            self.records[name] = column

    def encode(self, step: float) -> bytes:
        """Compress with multiples of `step` metres."""
        import pureini

        info = pureini.EncodingInfo()
        numbers = {"f": "FLOAT", "i": "INT", "u": "UINT"}
        info.fields = [
            pureini.PointField(
                name,
                offset,
                pureini.FieldType[f"{numbers[kind.kind]}{8 * kind.itemsize}"],
                step if name in "xyz" else None,
            )
            for name, (kind, offset) in self.records.dtype.fields.items()
        ]
        info.width, info.height, info.point_step = len(self.records), 1, self.records.itemsize
        info.encoding_opt, info.compression_opt = pureini.EncodingOptions.LOSSY, pureini.CompressionOption.ZSTD
        return bytes(pureini.PointcloudEncoder(info).encode(self.records.tobytes()))

    def decode(self, stream: bytes) -> np.ndarray:
        """Coordinates (N, 3)."""
        import pureini

        data = pureini.PointcloudDecoder().decode(stream)[0]
        records = np.frombuffer(data, self.records.dtype)
        return np.stack([records[axis] for axis in "xyz"], axis=1)


def _lizip(subject: Subject) -> Iterator[tuple[str, bytes, np.ndarray]]:
    for bound in BOUNDS:
        stream = lizip.compress(subject.data, max_error=bound)
        columns = split(lizip.decompress(stream)).columns
        yield length(bound), stream, np.stack([columns[axis] for axis in "xyz"], axis=1)


def _laszip(subject: Subject) -> Iterator[tuple[str, bytes, np.ndarray]]:
    import io

    import laspy

    for bound in BOUNDS:
        stream = encode_laszip(subject, 2 * bound)
        las = laspy.read(io.BytesIO(stream), laz_backend=laspy.LazBackend.Lazrs)
        yield length(bound), stream, np.stack([las.X, las.Y, las.Z], axis=1) * (2 * bound)


def _draco(subject: Subject) -> Iterator[tuple[str, bytes, np.ndarray]]:
    """Sizes of the form that loses the order; errors of the one that keeps it, which quantises alike."""
    import DracoPy

    for bits in DRACO_BITS:
        ordered = DracoPy.decode(encode_draco(subject, True, bits)).points
        yield f"{bits} bits", encode_draco(subject, False, bits), np.asarray(ordered, np.float64)


def _cloudini(subject: Subject) -> Iterator[tuple[str, bytes, np.ndarray]]:
    rival = Cloudini(subject)
    for bound in BOUNDS:
        stream = rival.encode(2 * bound)
        yield length(bound), stream, rival.decode(stream)


Method = Callable[[Subject], Iterator[tuple[str, bytes, np.ndarray]]]
METHODS: dict[str, tuple[str, Method]] = {
    "lizip": ("numpy", _lizip),
    "LASzip": ("laspy", _laszip),
    "Draco": ("DracoPy", _draco),
    "Cloudini": ("pureini", _cloudini),
}
"""Name; module it needs; what yields its settings, streams and decoded points (N, 3) in the order of the file."""


def length(metres: float) -> str:
    """A length as users write it."""
    for unit, size in (("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6)):
        if metres >= 0.999 * size:
            return f"{metres / size:.6g} {unit}"
    return f"{metres:g} m"


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

    def of(self, decoded: np.ndarray) -> tuple[float, float]:
        """Chamfer distance and point-to-plane error of a decoded cloud (N, 3)."""
        from scipy.spatial import cKDTree

        decoded = decoded[self.there]
        there, nearest = self.tree.query(decoded)
        back, _ = cKDTree(decoded).query(self.points)
        away = ((decoded - self.points[nearest]) * self.normals[nearest]).sum(axis=1)
        return float(there.mean() + back.mean()) / 2, float(np.sqrt(np.mean(away * away)))


def measure(name: str, path: Path, methods: Sequence[str]) -> Iterator[Point]:
    """All settings of some methods on a file."""
    subject = Subject(path.read_bytes())
    original = subject.points.astype(np.float64)
    distances = Distances(original)
    for method in methods:
        for setting, stream, decoded in METHODS[method][1](subject):
            away = np.abs(decoded.astype(np.float64) - original)
            errors = float(away.max()), float(np.sqrt(np.mean(away * away)))
            bits = 8 * len(stream) / subject.cloud.count
            yield Point(name, path.name, method, setting, bits, *errors, *distances.of(decoded.astype(np.float64)))
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

    names = list(dict.fromkeys(point.set for point in points))
    figure, axes = pyplot.subplots(1, len(names), figsize=(3.6 * len(names), 3.6), squeeze=False, sharey=True)
    for axis, name in zip(axes.flat, names, strict=True):
        for method, colour in COLOURS.items():
            mine = [p for p in points if p.set == name and p.method == method and p.largest > 0]
            mine = sorted((p.bits, p.largest) for p in mine)
            if mine:
                bits, errors = zip(*mine, strict=True)
                axis.plot(errors, bits, "o-", color=colour, label=method, markersize=3, linewidth=1.2)
        axis.set_xscale("log")
        axis.set_ylim(0, 1.05 * max(p.bits for p in points))
        axis.set_title(TITLES.get(name, name), fontsize=10)
        axis.set_xlabel("largest error of a coordinate, m", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    axes.flat[0].set_ylabel("bits a point", fontsize=8)
    axes.flat[0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


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
    points = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.sets:
            path = files_of(options.data, name, Path(scratch))[0]
            for point in measure(name, path, [name for name in options.methods if name not in missing]):
                print(
                    f"{point.set:10} {point.method:10} {point.setting:12} {point.bits:8.3f} bits {point.largest:.3g} m"
                )
                points.append(point)
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "points.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Point)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(point) for point in points)
    (options.out / "table.md").write_text(table(points))
    draw(points, options.picture)


if __name__ == "__main__":
    main()
