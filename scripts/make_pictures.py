"""Draw the pictures of docs/how-it-works.md.

python scripts/make_pictures.py                                # from simulated sweeps
python scripts/make_pictures.py KITTI=a.bin nuScenes=b.pcd.bin # from files of your own, with names to show or without

Each picture of one sweep shows the first file that has such a thing; the streams are shown of all files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lizip
from benchmarks import pictures as drawn
from lizip import simulator
from lizip.errors import FormatError

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"

OF_ONE = {
    "range-image.png": drawn.range_image,
    "polar-grid.png": drawn.polar_grid,
    "residuals.png": drawn.residual_histogram,
    "lattice.png": drawn.hidden_lattice,
}


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


def first_drawn(draw: Callable[[Path, str], bytes], files: dict[str, Path]) -> bytes | None:
    """The picture of the first file that has what it shows."""
    for name, path in files.items():
        try:
            return draw(path, name)
        except FormatError as unsuitable:
            print(unsuitable, file=sys.stderr)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="[NAME=]FILE", help="sweeps; simulated ones when none are given")
    parser.add_argument("--out", type=Path, default=PICTURES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        named = (text.rpartition("=")[::2] for text in options.files)
        files = {name or Path(path).name: Path(path) for name, path in named} or simulated(Path(scratch))
        pictures = {name: first_drawn(draw, files) for name, draw in OF_ONE.items()}
        targets = compressed(list(files.values()), Path(scratch))
        pictures["streams.png"] = drawn.bits_by_stream(targets, list(files))
    for name, picture in pictures.items():
        if picture is not None:
            (options.out / name).write_bytes(picture)
            print(options.out / name)


if __name__ == "__main__":
    main()
