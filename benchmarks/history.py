"""How fast each commit was, against LASzip in the same minutes: figures of different days and machines that compare.

python -m benchmarks.history DATA            # DATA holds kitti/full_b.bin and nuscenes/sweep_a.bin; adds to history.csv

Encoder and decoder of lizip (without its check) and of LASzip run in turns in one process; the shortest processor time
of each counts, and only its ratio to LASzip's is kept.
"""

from __future__ import annotations

import argparse
import csv
import platform
import subprocess
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lizip
from lizip.bench.rivals import RIVALS
from lizip.bench.subject import Subject

HISTORY = Path(__file__).with_name("history.csv")
FILES = ("kitti/full_b.bin", "nuscenes/sweep_a.bin")
FIELDS = ("date", "commit", "machine", "file", "level", "bits_a_point", "encode_of_laszip", "decode_of_laszip")
REFERENCE = "LASzip"


def measure(path: Path, rounds: int) -> list[dict[str, Any]]:
    """Rows of one file, a level each: bits a point, and processor times as shares of the reference's."""
    subject, rival = Subject(path.read_bytes()), RIVALS[REFERENCE]
    encode: dict[str, Callable[[], Any]] = {REFERENCE: lambda: rival.encode(subject)}
    for level in ("fast", "default"):
        encode[level] = lambda level=level: lizip.compress(subject.data, level=level, check=False)
    packed = {name: make() for name, make in encode.items()}
    decode = {name: lambda name=name: lizip.decompress(packed[name]) for name in encode}
    decode[REFERENCE] = lambda: rival.decode(packed[REFERENCE], subject)
    encoding, decoding = _shortest(encode, rounds), _shortest(decode, 3 * rounds)
    return [
        {
            "file": path.name,
            "level": name,
            "bits_a_point": f"{8 * len(packed[name]) / subject.cloud.count:.3f}",
            "encode_of_laszip": f"{encoding[name] / encoding[REFERENCE]:.2f}",
            "decode_of_laszip": f"{decoding[name] / decoding[REFERENCE]:.2f}",
        }
        for name in encode
        if name != REFERENCE
    ]


def _shortest(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Shortest processor time of each call, all in turns; a first round to warm up does not count."""
    best = dict.fromkeys(calls, float("inf"))
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            call()
            if turn:
                best[name] = min(best[name], time.process_time() - start)
    return best


def add(rows: Iterable[dict[str, Any]], history: Path = HISTORY) -> None:
    """Append rows to the history, which is made where there is none."""
    fresh = not history.exists()
    with history.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


def _here() -> dict[str, str]:
    """Date, commit and machine."""
    git = ["git", "-C", str(HISTORY.parent), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    machine = f"{_processor()}, Python {platform.python_version()}"
    return {"date": datetime.now(timezone.utc).date().isoformat(), "commit": commit, "machine": machine}


def _processor() -> str:
    """Name of the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def main() -> None:
    """Measure and add."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    here = _here()
    for name in FILES:
        rows = [{**here, **row} for row in measure(options.data / name, options.rounds)]
        add(rows)
        for row in rows:
            print(", ".join(str(row[field]) for field in FIELDS))


if __name__ == "__main__":
    main()
