"""Compress the LiDAR sweeps of a nuScenes data set in place; its tables stay as they are and stay usable.

    python scripts/compress_nuscenes.py /data/nuscenes --rm -T 0

makes a `.pcd.bin.lizip` of every `.pcd.bin` below samples/LIDAR_TOP and sweeps/LIDAR_TOP. The devkit reads the result
through `lizip.integrations.nuscenes`; `lizip decompress -r --rm` undoes it. Broken off, it goes on where it was.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from tqdm import tqdm

from lizip.batch import Input, cause, plan, run
from lizip.container import SUFFIX

FOLDERS = ("samples/LIDAR_TOP", "sweeps/LIDAR_TOP")


def sweeps_below(root: Path) -> list[Path]:
    """All sweeps not compressed yet, or not removed yet."""
    return sorted(path for folder in FOLDERS for path in (root / folder).glob("*.pcd.bin"))


def missing_sweeps(root: Path) -> list[str]:
    """Sweeps that a table of the data set names and that are there neither as they were nor compressed."""
    missing = []
    for table in sorted(root.glob("*/sample_data.json")):
        for record in json.loads(table.read_text()):
            path = root / record["filename"]
            if path.name.endswith(".pcd.bin") and not path.exists() and not Path(f"{path}{SUFFIX}").exists():
                missing.append(record["filename"])
    return missing


@click.command(help=__doc__)
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rm", "remove", is_flag=True, help="Delete each sweep once its compressed file is checked and on disk.")
@click.option("--level", type=click.Choice(["fast", "default", "max"]), default="default", show_default=True)
@click.option("-T", "--threads", default=1, show_default=True, help="Worker processes; 0 = all cores.")
def main(root: Path, remove: bool, level: str, threads: int) -> None:
    sweeps = sweeps_below(root)
    inputs = [Input(str(path), str(path.relative_to(root))) for path in sweeps]
    jobs = plan("compress", inputs, level=level, fields=5, remove=remove)
    before = after = failed = 0
    for outcome in tqdm(run(jobs, threads), total=len(jobs), unit="sweep", disable=None):
        if outcome.error is not None:
            failed += 1
            click.echo(cause(outcome.error, outcome.source), err=True)
        before += outcome.size
        after += outcome.compressed
    missing = missing_sweeps(root)
    for name in missing[:10]:
        click.echo(f"{name}: named in a table, but not there", err=True)
    ratio = f", {before / after:.1f} times smaller" if after else ""
    click.echo(f"{len(jobs)} sweeps, {failed} failed{ratio}; {len(missing)} named in the tables are missing")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
