"""A bag of 1 GB, of the same sweeps again and again: how much memory it takes, and how long one message at random."""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.logs import ros
from lizip.log_reader import Message

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
    """Time messages at random: each with opening the log, then from a log opened once."""
    import random

    import lizip

    places = random.Random(1).sample(range(300), 20)
    spent = [_timed(lambda at: next(lizip.messages(path, "/points", start=ros.BEGIN + at * 10**8)), i) for i in places]
    begin = time.process_time()
    log = lizip.LogReader(path)
    opening = 1000 * (time.process_time() - begin)
    at_once = [_timed(partial(log.message, "/points"), i) for i in places]
    print(
        f"one message, processor time, with opening the log: {_told(spent[1:])}; from a log that is open:"
        f" {_told(at_once)}; opening {opening:.0f} ms; the first of a process, imports and all, {spent[0][1]:.0f} ms"
    )


def _timed(read: Callable[[int], Message], place: int) -> tuple[int, float]:
    """Points of a message, and ms of processor time that it took."""
    begin = time.process_time()
    message = read(place)
    return len(message.columns["x"]), 1000 * (time.process_time() - begin)


def _told(spent: list[tuple[int, float]]) -> str:
    """The median of the smaller and of the larger clouds, and the most of all."""
    middle = (min(spent)[0] + max(spent)[0]) / 2
    medians = [
        f"{len(part)} of {min(part)[0]} to {max(part)[0]} points {statistics.median(ms for _, ms in part):.0f} ms"
        for part in ([each for each in spent if (each[0] > middle) == large] for large in (False, True))
    ]
    return f"{', '.join(medians)}, at most {max(ms for _, ms in spent):.0f} ms"


def _peak() -> float:
    """Most memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    _child()
