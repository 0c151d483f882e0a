"""Archive KITTI raw: every drive becomes a pack, each sweep checked against its file, with its time.

    python examples/archive_kitti.py KITTI ARCHIVE

KITTI is searched for folders `.../velodyne_points/data`, whose `timestamps.txt` is beside them; ARCHIVE gets
`DRIVE.lizips` for each. A pack that was broken off is gone on with. The files stay where they are.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

import lizip


def main(kitti: Path, archive: Path) -> None:
    """Make all packs and say what became of each drive."""
    archive.mkdir(parents=True, exist_ok=True)
    folders = sorted(kitti.rglob("velodyne_points/data"))
    if not folders:
        sys.exit(f"{kitti}: no folder velodyne_points/data below it")
    for folder in folders:
        pack = archive / f"{folder.parents[1].name}.lizips"
        files = sorted(folder.glob("*.bin"))
        add(pack, files, times_of(folder.parent / "timestamps.txt"))
        check(pack, files)
        before, after = sum(file.stat().st_size for file in files), pack.stat().st_size
        print(f"{pack}: {len(files)} sweeps, {before / after:.1f} times smaller, all equal")


def add(pack: Path, files: list[Path], times: list[int]) -> None:
    """Add the sweeps that are not in the pack yet; each but every tenth is said by what differs from the last."""
    with lizip.PackWriter(pack, append=True) as writer:
        for place, file in enumerate(files):
            if file.name not in writer:
                time = times[place] if place < len(times) else None
                writer.add(file.name, file.read_bytes(), time=time, fields=4)


def check(pack: Path, files: list[Path]) -> None:
    """Compare every sweep with its file, byte for byte."""
    with lizip.PackReader(pack) as reader:
        for file in files:
            if reader[file.name] != file.read_bytes():
                sys.exit(f"{pack}: {file.name} differs from the file, which has changed since")


def times_of(file: Path) -> list[int]:
    """Nanoseconds since 1970 of each sweep; none where the file is missing."""
    if not file.exists():
        return []
    times = []
    for line in file.read_text().split("\n"):
        if line.strip():
            second, _, rest = line.strip().partition(".")
            whole = datetime.fromisoformat(second).replace(tzinfo=timezone.utc).timestamp()
            times.append(int(whole) * 10**9 + int(rest.ljust(9, "0")[:9]))
    return times


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
