"""Say what the grid coder costs: bits by stream and nanoseconds a cell, for each sweep of a folder.

    python scripts/profile_grid.py ../shared/data/kitti --net spinning-1

Times are CPU times, the least of several runs; they vary by a few per cent on a quiet machine and much more on a busy
one, so compare within one run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lizip.codecs.sweep.dataset import Grid, grid_of
from lizip.codecs.sweep.grid import STREAMS, decode_grid, encode_grid
from lizip.codecs.sweep.weights import DEFAULT_NET


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--net", default=DEFAULT_NET, help=f"predictor ({DEFAULT_NET})")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print("bits a cell where every cell is stored, else a point; ns a cell")
    for path in sorted(path for folder in options.folders for path in folder.rglob("*") if path.is_file()):
        grid = grid_of(path.read_bytes())
        if grid is not None:
            for net in (None, options.net):
                print(f"{path.parent.name}/{path.name:14} {net or '--fast':12} {profile(grid, net, options.runs)}")


def profile(grid: Grid, net: str | None, runs: int) -> str:
    """One line: bits by stream, total, encode and decode times."""
    count = grid.ranges.size if grid.everywhere else int((grid.ranges > 0).sum())

    def encode() -> Any:
        return encode_grid(grid.ranges, grid.intensity, everywhere=grid.everywhere, near=grid.near, net=net)

    stream = encode()
    parts = " ".join(f"{name} {stream.bits[name] / count:.3f}" for name in STREAMS)
    encoding, decoding = least(encode, runs), least(lambda: decode_grid(stream.data), runs)
    cells = grid.ranges.size
    speed = f"encode {1e9 * encoding / cells:.0f} decode {1e9 * decoding / cells:.0f} ({1e3 * decoding:.0f} ms)"
    return f"{parts} total {8 * len(stream.data) / count:.3f} | {speed}"


def least(function: Callable[[], Any], runs: int) -> float:
    """Least CPU time of several runs, s."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        function()
        times.append(time.process_time() - begin)
    return min(times)


if __name__ == "__main__":
    main()
