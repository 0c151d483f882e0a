"""Where the time of decoding a sweep goes: least processor time of each stage, and of all.

python scripts/profile_stages.py ../shared/data/kitti/full_a.bin --level fast
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import lizip
from lizip.sensor.stages import STAGES


def timed(spent: dict[str, float]) -> None:
    """Make all stages add the seconds of their `apply` to `spent`, by their names."""
    for row in STAGES:
        kind = row.load()

        def apply(stage, returns, plain=kind.apply, name=kind.__name__) -> None:
            start = time.thread_time()
            plain(stage, returns)
            spent[name] = spent.get(name, 0.0) + time.thread_time() - start

        kind.apply = apply


def least(stream: bytes, runs: int, spent: dict[str, float]) -> Mapping[str, float]:
    """Least seconds of each stage, and of all ("decode"), of several decodings; see `timed`."""
    best: dict[str, float] = {}
    for _ in range(runs):
        spent.clear()
        start = time.thread_time()
        lizip.decompress(stream)
        spent["decode"] = time.thread_time() - start
        best = {name: min(best.get(name, seconds), seconds) for name, seconds in spent.items()}
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--level", default="default", choices=("fast", "default", "max"))
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    spent: dict[str, float] = {}
    timed(spent)
    for path in options.files:
        stream = lizip.compress(path.read_bytes(), level=options.level, check=False)
        print(f"{path.parent.name}/{path.name}, ms")
        for name, seconds in least(stream, options.runs, spent).items():
            print(f"  {name:20} {1000 * seconds:7.2f}")


if __name__ == "__main__":
    main()
