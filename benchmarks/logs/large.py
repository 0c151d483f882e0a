"""A bag of 1 GB, of the same sweeps again and again: how much memory it takes, and how long one message at random."""

from __future__ import annotations

import argparse
import itertools
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.logs import ros

BYTES = 10**9


def report(data: Path, scratch: Path) -> str:
    """Make the bag in `scratch`, pack and unpack it in processes of their own, compare, and delete all."""
    bag, packed, again = (scratch / name for name in ("large.mcap", "large.mcap.lizip", "again.mcap"))
    store = ros.types()
    messages = [
        ros.message(store, ros.records(sweep), i)
        for i, sweep in enumerate(
            itertools.chain.from_iterable(ros.sweeps(data, name) for name in ("nuscenes", "kitti"))
        )
    ]
    total, turns = 0, []
    for each in itertools.cycle(messages):
        if total >= BYTES:
            break
        turns.append(each)
        total += len(each)
    try:
        with bag.open("wb") as file:
            ros.write_mcap(file, turns)
        lines = [f"## Large: a bag of {bag.stat().st_size} bytes, {len(turns)} messages", ""]
        for what, source, target in (("compress", bag, packed), ("decompress", packed, again), ("random", packed, bag)):
            lines.append(f"- {what}: {_run(what, source, target)}")
            print(lines[-1], flush=True)
        same = subprocess.run(["cmp", bag, again], check=False).returncode == 0
        lines.append(f"- it comes back byte for byte: {'yes' if same else 'NO'}")
        lines.append(f"- size at the fast level: {packed.stat().st_size} bytes")
        return "\n".join(lines)
    finally:
        for path in (bag, packed, again):
            path.unlink(missing_ok=True)


def _run(what: str, source: Path, target: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.logs.large", what, str(source), str(target)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _child() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what")
    parser.add_argument("source")
    parser.add_argument("target")
    told = parser.parse_args()
    import lizip

    begin, before = time.process_time(), _peak()
    if told.what == "compress":
        lizip.compress_file(told.source, told.target, level="fast")
    elif told.what == "decompress":
        lizip.decompress_file(told.source, told.target)
    else:
        _random(told.source)
        return
    print(f"{time.process_time() - begin:.0f} s, memory {_peak():.0f} MB at most ({before:.0f} before)")


def _random(path: str) -> None:
    """Time the first message behind some times of a topic, the kernels being warm."""
    import random

    import lizip

    spent = []
    for i in random.Random(1).sample(range(300), 20):
        begin = time.process_time()
        message = next(lizip.messages(path, "/points", start=ros.BEGIN + i * 10**8))
        spent.append((len(message.columns["x"]), 1000 * (time.process_time() - begin)))
    by_size = sorted(spent[1:])
    print(
        f"one message, processor time: {by_size[0][0]} points {by_size[0][1]:.0f} ms, {by_size[-1][0]} points"
        f" {by_size[-1][1]:.0f} ms, at most {max(each for _, each in by_size):.0f} ms; the first of a process"
        f" {spent[0][1]:.0f} ms"
    )


def _peak() -> float:
    """Most memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    _child()
