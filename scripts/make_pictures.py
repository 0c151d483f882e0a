"""Draw the pictures of docs/how-it-works.md.

python scripts/make_pictures.py                       # from simulated sweeps
python scripts/make_pictures.py kitti.bin nu.pcd.bin  # from sweeps of your own; the first one is shown in detail
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import lizip
from lizip import simulator, viz

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def simulated(folder: Path) -> list[Path]:
    """Two sweeps to show when there are none."""
    paths = []
    for name, data in (("simulated-kitti.bin", simulator.kitti(7)), ("simulated-nuscenes.bin", simulator.nuscenes(7))):
        (folder / name).write_bytes(data)
        paths.append(folder / name)
    return paths


def compressed(paths: list[Path], folder: Path) -> list[Path]:
    """Compressed copies in `folder`."""
    targets = [folder / f"{path.name}.lizip" for path in paths]
    for path, target in zip(paths, targets, strict=True):
        target.write_bytes(lizip.compress(path.read_bytes()))
    return targets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", help="sweeps; simulated ones when none are given")
    parser.add_argument("--out", type=Path, default=PICTURES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        paths = options.files or simulated(Path(scratch))
        pictures = {
            "range-image.png": viz.range_image(paths[0]),
            "residuals.png": viz.residual_histogram(paths[0]),
            "streams.png": viz.bits_by_stream(compressed(paths, Path(scratch))),
            "lattice.png": viz.hidden_lattice(),
        }
    for name, picture in pictures.items():
        (options.out / name).write_bytes(picture)
        print(options.out / name)


if __name__ == "__main__":
    main()
