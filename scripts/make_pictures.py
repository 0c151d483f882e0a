"""Draw the pictures of docs/how-it-works.md.

python scripts/make_pictures.py                                # from simulated sweeps
python scripts/make_pictures.py KITTI=a.bin nuScenes=b.pcd.bin # from files of your own, with names to show or without

The first file is shown in detail, the first that went through a map as a lattice, all of them by their streams.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import lizip
from lizip import simulator, viz
from lizip.errors import FormatError

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def simulated(folder: Path) -> dict[str, Path]:
    """Two sweeps to show when there are none."""
    paths = {}
    for name, data in (("simulated KITTI", simulator.kitti(7)), ("simulated nuScenes", simulator.nuscenes(7))):
        paths[name] = folder / f"{name}.bin"
        paths[name].write_bytes(data)
    return paths


def compressed(paths: list[Path], folder: Path) -> list[Path]:
    """Compressed copies in `folder`."""
    targets = [folder / f"{path.name}.lizip" for path in paths]
    for path, target in zip(paths, targets, strict=True):
        target.write_bytes(lizip.compress(path.read_bytes()))
    return targets


def lattice(files: dict[str, Path]) -> bytes:
    """The lattice of the first file that has one."""
    for name, path in files.items():
        try:
            return viz.hidden_lattice(path, name)
        except FormatError:
            continue
    raise FormatError("none of the files went through map coordinates")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="[NAME=]FILE", help="sweeps; simulated ones when none are given")
    parser.add_argument("--out", type=Path, default=PICTURES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        named = (text.rpartition("=")[::2] for text in options.files)
        files = {name or Path(path).name: Path(path) for name, path in named} or simulated(Path(scratch))
        name, path = next(iter(files.items()))
        pictures = {
            "range-image.png": viz.range_image(path, name),
            "polar-grid.png": viz.polar_grid(path, name),
            "residuals.png": viz.residual_histogram(path, name),
            "lattice.png": lattice(files),
            "streams.png": viz.bits_by_stream(compressed(list(files.values()), Path(scratch)), list(files)),
        }
    for name, picture in pictures.items():
        (options.out / name).write_bytes(picture)
        print(options.out / name)


if __name__ == "__main__":
    main()
