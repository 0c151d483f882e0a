"""Kill batches at random moments, start each once more, and compare with one that nobody disturbed.

    python scripts/kill_batches.py                  200 kills over trees of 200 files: some twenty minutes
    python scripts/kill_batches.py --kills 20 --files 50

Every signal (KILL, HUP, TERM, INT), to the parent alone and to the group, over compress and decompress, in place,
mirrored and with --rm, with one worker and with two. After one rerun the tree must be that of the undisturbed run:
names, bytes, permissions, times of change, nothing else; and so must the manifest. Exit status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIZIP = (sys.executable, "-m", "lizip")

PATIENCE = 30.0
"""Seconds that workers of a killed parent have to notice, and any run to end."""

Tree = dict[str, tuple[bytes, int, int]]
"""Place -> bytes, permissions, time of change."""


@dataclass(frozen=True)
class Case:
    """One kill: how the batch is started and how it is ended."""

    number: signal.Signals
    group: bool
    verb: str
    way: str
    workers: int

    def __str__(self) -> str:
        whom = "group" if self.group else "parent"
        return f"{self.number.name} to the {whom}, {self.verb} {self.way} -T {self.workers}"


def cases() -> list[Case]:
    """All of them, in an order that has every kind among the first few."""
    numbers = (signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    all_ = itertools.product(
        numbers, (True, False), ("compress", "decompress"), ("in place", "mirrored", "--rm"), (1, 2)
    )
    chosen = [Case(*each) for each in all_]
    random.Random(3).shuffle(chosen)
    return chosen


class Ground:
    """Trees to kill batches over.

    Parameters
    ----------
    folder : Path
        Where they are made.
    files : int
        In each tree: plain bytes of some kilobytes.
    """

    def __init__(self, folder: Path, files: int):
        self.folder = folder
        self.original = folder / "original"
        for number in range(files):
            path = self.original / f"d{number % 7}" / f"scan {number}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            chance = random.Random(number)
            path.write_bytes(chance.randbytes(chance.randrange(500, 4000)) * 2)
            os.chmod(path, 0o640 if number % 3 else 0o400)
            os.utime(path, ns=(10**18, 10**18 + number))
        self.packed = folder / "packed"
        self.run("compress", ["-r", self.original, "-o", self.packed, "--manifest", folder / "compress.list"])
        self.run("decompress", ["-r", self.packed, "-o", folder / "back", "--manifest", folder / "decompress.list"])

    def run(self, verb: str, arguments: list) -> int:
        """Run a batch to its end; its exit status."""
        command = [*LIZIP, verb, "-q", *map(os.fspath, arguments)]
        return subprocess.run(command, timeout=20 * PATIENCE).returncode

    def source(self, verb: str) -> Path:
        """The tree that a verb starts from."""
        return self.original if verb == "compress" else self.packed

    def expected(self, case: Case) -> Tree:
        """What an undisturbed batch leaves in the folder it writes to."""
        result = tree(self.packed if case.verb == "compress" else self.original)
        return result | tree(self.source(case.verb)) if case.way == "in place" else result

    def hashes(self, verb: str) -> dict[str, str]:
        """Place -> hash, as the manifest of the undisturbed batch says."""
        return manifest(self.folder / f"{verb}.list", self.source(verb))


def tree(folder: Path) -> Tree:
    """All files below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_dir():
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = (path.read_bytes(), status.st_mode & 0o777, status.st_mtime_ns)
    return found


def manifest(path: Path, source: Path) -> dict[str, str]:
    """Place -> hash of the files that are done."""
    records = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    return {os.path.relpath(each["source"], source): each["hash"] for each in records if each["status"] != "failed"}


def kill(ground: Ground, case: Case, chance: random.Random) -> str:
    """Kill one batch, start it again, and say what is wrong then; "" when nothing is."""
    work = ground.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    source, out, listing = ground.source(case.verb), work / "tree", work / "list"
    work.mkdir()
    if case.way != "mirrored":
        shutil.copytree(source, out, copy_function=shutil.copy2)
        source = out
    arguments = ["-r", source, "-T", case.workers, "--manifest", listing]
    arguments += {"mirrored": ["-o", out], "in place": [], "--rm": ["--rm"]}[case.way]
    arguments = [str(each) for each in arguments]
    process = subprocess.Popen([*LIZIP, case.verb, "-q", *arguments], stderr=subprocess.PIPE, start_new_session=True)
    least = 0 if case.number == signal.SIGKILL else 1  # before the first file it may still be Python that starts
    _wait_for(out, chance.randrange(least, len(ground.hashes(case.verb))), process, case)
    time.sleep(chance.uniform(0, 0.05))
    ended = process.poll() is not None
    if not ended:
        (os.killpg if case.group else os.kill)(process.pid, case.number)
    message = process.communicate(timeout=4 * PATIENCE)[1].decode()
    if "Traceback" in message:
        return f"a traceback: {message}"
    status = ground.run(case.verb, arguments)
    if status and not (status == 2 and case.way == "--rm"):  # 2: all was done, and all sources are gone
        return f"the rerun ended with status {status}"
    return _compare(ground, case, out, listing)


def _wait_for(out: Path, count: int, process: subprocess.Popen, case: Case) -> None:
    """Until so many targets are there."""
    suffix = ".lizip" if case.verb == "compress" else ".bin"
    latest = time.monotonic() + 4 * PATIENCE
    while process.poll() is None and time.monotonic() < latest:
        if sum(name.endswith(suffix) for _, _, names in os.walk(out) for name in names) >= count:
            return
        time.sleep(0.005)


def _compare(ground: Ground, case: Case, out: Path, listing: Path) -> str:
    expected, latest = ground.expected(case), time.monotonic() + PATIENCE
    while (there := tree(out)) != expected and not case.group and time.monotonic() < latest:
        time.sleep(0.2)  # a worker whose parent was killed may still be cleaning up
    if there != expected:
        more, less = sorted(set(there) - set(expected)), sorted(set(expected) - set(there))
        other = [name for name in there if name in expected and there[name] != expected[name]]
        return f"the tree differs; too many: {more[:5]}, missing: {less[:5]}, other: {other[:5]}"
    source = out if case.way != "mirrored" else ground.source(case.verb)
    if case.way != "--rm" and manifest(listing, source) != ground.hashes(case.verb):
        return "the manifest differs"
    return ""


def campaign(folder: Path, kills: int, files: int, seed: int = 1) -> Iterator[tuple[Case, str]]:
    """Yield each case and what went wrong with it."""
    ground, chance = Ground(folder, files), random.Random(seed)
    for case in itertools.islice(itertools.cycle(cases()), kills):
        yield case, kill(ground, case, chance)


def main() -> None:
    """Run the campaign and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="lizip-kills-") as folder:
        for number, (case, fault) in enumerate(campaign(Path(folder), options.kills, options.files, options.seed), 1):
            print(f"{number}: {case}: {fault or 'as if nothing had been'}", flush=True)
            wrong += bool(fault)
    print(f"{options.kills} kills, {wrong} with a difference")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
