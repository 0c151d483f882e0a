"""Is this tree slower than another? Both code the same files, in turn, and are compared by processor time.

    python scripts/compare_speed.py ../base ../shared/data/kitti/full_a.bin ../shared/data/las/autzen_trim.las

Each tree runs in a process of its own; one call of the one follows one of the other, so that what the machine does
besides befalls both. Said are the least processor times of both, their ratio, the median ratio of the pairs, and bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

_WORKER = """
import json, sys, time
import lizip

streams = {}
for line in sys.stdin:
    what, path, level = json.loads(line)
    if what == "encode":
        data = open(path, "rb").read()
        start = time.process_time()
        streams[path, level] = lizip.compress(data, level=level, check=False)
    else:
        start = time.process_time()
        lizip.decompress(streams[path, level])
    answer = time.process_time() - start, len(streams[path, level])
    print(json.dumps(answer), flush=True)
"""


class Worker:
    """A process that imports lizip from one tree.

    Parameters
    ----------
    tree : Path
        The folder that holds the package.
    """

    def __init__(self, tree: Path):
        environment = {**os.environ, "PYTHONPATH": str(tree.resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tree,  # searched before all else
            env=environment,
            text=True,
        )

    def ask(self, what: str, path: Path, level: str) -> tuple[float, int]:
        """Seconds of one call, and bytes of the stream."""
        self._process.stdin.write(json.dumps((what, str(path.resolve()), level)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{path}: a worker ended")
        seconds, size = json.loads(line)
        return seconds, size

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def compare(here: Worker, there: Worker, path: Path, level: str, runs: int) -> dict[str, Any]:
    """Times (ms) and bytes of one file."""
    row: dict[str, Any] = {}
    for what in ("encode", "decode"):
        for worker in (here, there):
            worker.ask(what, path, level)  # compiles, or loads what is compiled
        pairs = [(here.ask(what, path, level), there.ask(what, path, level)) for _ in range(runs)]
        a, b = ([1000 * seconds for seconds, _ in side] for side in zip(*pairs, strict=True))
        row[what] = min(a), min(b), min(a) / min(b), statistics.median(x / y for x, y in zip(a, b, strict=True))
        row["bytes"] = pairs[0][0][1], pairs[0][1][1]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, help="the other tree")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--level", default="default", choices=("fast", "default", "max"))
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    here, there = Worker(Path(__file__).resolve().parents[1]), Worker(options.tree)
    print("ms here, there, ratio of the least, median ratio")
    for path in options.files:
        row = compare(here, there, path, options.level, options.runs)
        times = " | ".join(
            f"{what} {row[what][0]:6.1f} {row[what][1]:6.1f} {row[what][2]:.3f} {row[what][3]:.3f}"
            for what in ("encode", "decode")
        )
        a, b = row["bytes"]
        print(f"{path.parent.name + '/' + path.name:28} {times} | bytes {a} {b} {100 * (a / b - 1):+.2f} %", flush=True)
    here.close()
    there.close()


if __name__ == "__main__":
    main()
