"""What it costs to find that nothing fits: processor time of compressing clouds that no sensor model explains, and of
each try on the way.

    python scripts/profile_declines.py ../shared/data --level fast

DATA is a folder with `nuscenes`, `sensors/livox.pcd` and the like; what is missing there is left out. Times are those
of one run after a first one, s; compare in pairs.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import lizip

_TRIES = (
    ("lizip.contest", "Contest.undo"),
    ("lizip.contest", "Contest.attempt_undone"),
    ("lizip.orders", "Orders.attempt_sorted"),
    ("lizip.sweeps", "find_sweeps"),
    ("lizip.sensor.fit.dual.follow", "find_further"),
    ("lizip.sensor.fit.dual.follow", "find_apart"),
    ("lizip.sensor.solvers.moving", "find_moved_frame"),
    ("lizip.sensor.solvers.moving", "find_sector_end"),
    ("lizip.codecs.sweep", "Sweep.solve"),
)
"""Searches by module and name; `Sweep.solve` is the sum of the solvers and all they call."""


def clouds(data: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of clouds."""
    rng = np.random.default_rng(5)
    for folder, columns in (("nuscenes", 5), ("kitti", 4)):
        found = sorted((data / folder).rglob("*.bin"))
        if found:
            points = np.fromfile(found[0], "<f4").reshape(-1, columns)
            yield f"{folder} float16", _with_places(points, points[:, :3].astype(np.float16))
            yield f"{folder} shuffled", rng.permutation(points).tobytes()
            yield f"{folder} voxel means", _voxel_means(points[:, :4]).tobytes()
    livox = data / "sensors" / "livox.pcd"
    if livox.exists():
        yield "livox", livox.read_bytes()
    yield "random", (rng.normal(size=(50_000, 4)) * [20, 20, 2, 1]).astype("<f4").tobytes()
    x, y = np.sort(rng.uniform(0, 100, 50_000)), rng.uniform(0, 100, 50_000)
    terrain = np.stack([x, y, np.sin(x / 9) + np.cos(y / 7), rng.integers(0, 255, 50_000)], axis=1)
    yield "terrain, cm", (np.rint(terrain * 100) / 100).astype("<f4").tobytes()


def _with_places(points: np.ndarray, xyz: np.ndarray) -> bytes:
    return np.concatenate([xyz.astype("<f4"), points[:, 3:]], axis=1).astype("<f4").tobytes()


def _voxel_means(points: np.ndarray, size: float = 0.2) -> np.ndarray:
    _, voxel = np.unique(np.floor(points[:, :3] / size).astype(np.int64), axis=0, return_inverse=True)
    count = np.bincount(voxel.ravel())
    return np.stack([np.bincount(voxel.ravel(), each) / count for each in points.T], axis=1).astype("<f4")


def timed(spent: dict[str, float]) -> None:
    """Make all tries add their seconds to `spent`."""
    for module, path in _TRIES:
        owner: Any = importlib.import_module(module)
        *outer, name = path.split(".")
        for each in outer:
            owner = getattr(owner, each)
        plain = getattr(owner, name)

        def run(*args: Any, plain: Any = plain, name: str = path, **named: Any) -> Any:
            start = time.process_time()
            try:
                return plain(*args, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - start

        setattr(owner, name, run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--level", default="default", choices=("fast", "default", "max"))
    options = parser.parse_args()
    spent: dict[str, float] = {}
    timed(spent)
    for name, data in clouds(options.data):
        for _ in range(2):
            spent.clear()
            start = time.process_time()
            stream = lizip.compress(data, level=options.level, check=False)
            whole = time.process_time() - start
        tries = ", ".join(f"{each} {seconds:.3f}" for each, seconds in spent.items() if seconds > 0.005)
        print(f"{name:22} {len(stream):8} bytes, {whole:.2f} s: {tries}", flush=True)


if __name__ == "__main__":
    main()
