"""What it takes to make a pack, and to train from one: `python -m benchmarks.packs`, on a machine that is quiet.

The sweeps are simulated (HDL-32E in the layout of nuScenes, driving), or those of a folder (`--folder`). Each number is
the best of three. A server that speaks S3 is started on this machine (moto's).
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import lizip
from lizip import storage

TRIES = 3


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=60, help="how many")
    parser.add_argument("--folder", type=Path, help="take the .bin files of this folder")
    parser.add_argument("--workers", type=int, default=2, help="of the DataLoader")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place)
        sweeps = laid_out(folder / "drive", given.sweeps, given.folder)
        packing(folder, len(sweeps))
        reading(folder / "drive.lizips", sweeps)
        training(folder / "drive.lizips", given.workers)


def laid_out(folder: Path, count: int, source: Path | None) -> list[bytes]:
    """Write the sweeps to a folder, again from the first when there are not enough."""
    from lizip.simulator import hdl32
    from lizip.simulator.scene import street

    if source is None:
        scene, some = street(3), min(count, 20)
        found = [hdl32.sweep(k, scene=scene, map_position=(650 + 0.8 * k, 1600)).data for k in range(some)]
    else:
        found = [path.read_bytes() for path in sorted(source.glob("*.bin"))[:count]]
    folder.mkdir()
    for k in range(count):
        (folder / f"{k:06}.bin").write_bytes(found[k % len(found)])
    return [found[k % len(found)] for k in range(count)]


def packing(folder: Path, count: int) -> None:
    """Rates of `lizip pack` with one and two workers; the pack stays."""
    rates = {}
    for workers in (1, 2):
        command = [sys.executable, "-m", "lizip", "pack", "drive", "-o", "drive.lizips", "-f", "-q", "-T", str(workers)]
        rates[workers] = count / best(lambda command=command: subprocess.run(command, cwd=folder, check=True))
        print(f"pack -T {workers}: {rates[workers]:.2f} sweeps/s")
    print(f"-T 2 against -T 1: {rates[2] / rates[1]:.2f}")


def reading(path: Path, sweeps: list[bytes]) -> None:
    """What a sweep at random costs, against one that stands alone: where its key frame is at hand, and where not.

    All in processor time.
    """
    alone = [lizip.compress(sweep) for sweep in sweeps[:5]]
    single = best(lambda: [lizip.decompress(each) for each in alone], time.process_time) / len(alone)
    at_random = random.Random(1).sample([k for k in range(len(sweeps)) if k % 10], min(5, len(sweeps) // 2))

    def cold() -> None:
        for k in at_random:
            lizip.PackReader(path)[k]

    def warm() -> None:
        for k in at_random:
            pack[k]

    pack = lizip.PackReader(path)
    for k in at_random:
        pack[k]
    print(f"a sweep alone: {1000 * single:.1f} ms")
    print(f"at random, key frame at hand: {best(warm, time.process_time) / len(at_random) / single:.2f} of that")
    print(f"at random, pack just opened: {best(cold, time.process_time) / len(at_random) / single:.2f}")


def training(path: Path, workers: int) -> None:
    """Rates of a DataLoader, from the file and from the server."""
    here = loading(str(path), workers)
    print(f"DataLoader, {workers} workers: {here / workers:.1f} sweeps/s a worker, one sweep at a time")
    print(f"in batches of those that lie together: {loading(str(path), workers, by_runs=True) / workers:.1f}")
    with bucket() as url:
        with storage.publishing(f"{url}/drive.lizips") as sink:
            sink.write(path.read_bytes())
        there = loading(f"{url}/drive.lizips", workers)
    print(f"one at a time from S3 on this machine: {there / workers:.1f} ({there / here - 1:+.0%})")


def loading(place: str, workers: int, by_runs: bool = False) -> float:
    """Sweeps a second, once the workers are there: the first sweeps, for which they start, do not count."""
    from torch.utils.data import DataLoader

    from lizip.integrations.torch import Sweeps

    def rate() -> float:
        sweeps = Sweeps(place)
        how = {"batch_sampler": sweeps.runs(), "collate_fn": list} if by_runs else {"batch_size": None}
        loader = DataLoader(sweeps, num_workers=workers, multiprocessing_context="spawn", **how)
        begin = count = 0
        for k, loaded in enumerate(loader):
            count += len(loaded) if by_runs else 1
            if k == (workers if by_runs else 4 * workers):
                begin, count = time.perf_counter(), 0
        return count / (time.perf_counter() - begin)

    return max(rate() for _ in range(TRIES))


@contextmanager
def bucket() -> Iterator[str]:
    """A bucket of a server on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"ACCESS_KEY_ID": "anybody", "SECRET_ACCESS_KEY": "anything", "DEFAULT_REGION": "us-east-1"}
    os.environ.update({f"AWS_{name}": value for name, value in told.items()})
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(300):
                try:
                    request = urllib.request.Request(f"http://127.0.0.1:{port}/bucket", method="PUT")
                    urllib.request.urlopen(request, timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield "s3://bucket"
        finally:
            server.terminate()


def best(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the best of some tries."""
    seconds = []
    for _ in range(TRIES):
        begin = clock()
        work()
        seconds.append(clock() - begin)
    return min(seconds)


if __name__ == "__main__":
    main()
