"""A LAS file too large to hold in memory, there and back with all cores: time, memory of all processes, byte for byte.

    python scripts/measure_large_las.py AUTZEN.las [--gigabytes 2] [--threads 2] [--folder /tmp]

The file is made by writing the points of a small one again and again, and is deleted afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import laspy

POINT_COUNT = 107
"""Where the header of LAS 1.0 to 1.3 says how many points there are."""


def write_tiled(source: Path, target: Path, length: int) -> None:
    """Write the points of a file over and over, up to about `length` bytes."""
    header = laspy.open(source).header
    data = source.read_bytes()
    start, size = header.offset_to_point_data, header.point_format.size * header.point_count
    times = max(1, length // size)
    front = bytearray(data[:start])
    struct.pack_into("<I", front, POINT_COUNT, header.point_count * times)
    with target.open("wb") as file:
        file.write(front)
        for _ in range(times):
            file.write(data[start : start + size])


def digest(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    members = [root]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def private_bytes(pid: int) -> int:
    """Memory that is a process's own: pages of the mapped file, which the system may drop at any time, left out."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(("RssAnon", "RssShmem")))


def resident_bytes(pid: int) -> int:
    """All memory of a process that is in use, mapped files included."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def run(command: list[str]) -> None:
    """Run lizip and print its time and the most memory that all its processes had together."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "lizip", *command])
    peaks = [0, 0]

    def watch() -> None:
        while process.poll() is None:
            members = family(process.pid)
            peaks[0] = max(peaks[0], sum(map(resident_bytes, members)))
            peaks[1] = max(peaks[1], sum(map(private_bytes, members)))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    watcher.join()
    if code:
        raise SystemExit(f"lizip {' '.join(command)} failed")
    seconds = time.perf_counter() - start
    print(f"{command[0]}: {seconds:.0f} s, at most {peaks[0] >> 20} MiB resident, {peaks[1] >> 20} MiB of them private")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--no-check", action="store_true", help="leave out the check that users get by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        large, packed, back = (Path(folder) / name for name in ("large.las", "large.las.lizip", "back.las"))
        write_tiled(options.source, large, int(options.gigabytes * 1e9))
        expected = digest(large)
        threads = ["-T", str(options.threads)]
        flags = ["--no-check"] if options.no_check else []
        run(["compress", *threads, *flags, str(large), "-o", str(packed)])
        print(f"{large.stat().st_size} -> {packed.stat().st_size} bytes")
        run(["decompress", *threads, str(packed), "-o", str(back)])
        if digest(back) != expected:
            raise SystemExit("the file did not come back")
        print("the file came back byte for byte")


if __name__ == "__main__":
    main()
