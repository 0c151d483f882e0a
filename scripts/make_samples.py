"""Write simulated sweeps of every sensor to a folder, one subfolder a sensor, for those without data of their own.

python scripts/make_samples.py samples --count 3
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from lizip import simulator

SAMPLES: dict[str, tuple[str, Callable[[int, bool], bytes]]] = {
    "kitti": (".bin", lambda seed, small: simulator.kitti(seed, firings=200 if small else 2150)),
    "kitti_fov": (".bin", lambda seed, small: simulator.kitti(seed, firings=500 if small else 2150, camera=True)),
    "nuscenes": (".pcd.bin", lambda seed, small: simulator.nuscenes(seed, firings=120 if small else 1085)),
    "argoverse": (".bin", lambda seed, small: simulator.vlp32c_pair(seed, packets=12 if small else 151)),
    "ouster": (".bin", lambda seed, small: simulator.ouster(seed, columns=1024, span=0.1 if small else 1.0)),
    "other": (".bin", lambda seed, small: simulator.unordered(seed, points=2000 if small else 50000)),
    "las": (".las", lambda seed, small: simulator.airborne_las(seed, 1 + seed % 3, 2000 if small else 60000)),
}
"""Folder -> suffix of the file, and what makes it from a seed and the wish for a small one."""


def write_samples(folder: Path, count: int, seed: int, small: bool) -> list[Path]:
    """Write `count` files of each sensor below `folder` and return their paths."""
    paths = []
    for name, (suffix, make) in SAMPLES.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(seed, seed + count):
            path = folder / name / f"{name}_{number:04d}{suffix}"
            path.write_bytes(make(number, small))
            paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1, help="files of each sensor")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first file")
    parser.add_argument("--small", action="store_true", help="a tenth of a turn each, for quick trials")
    options = parser.parse_args()
    for path in write_samples(options.folder, options.count, options.seed, options.small):
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
