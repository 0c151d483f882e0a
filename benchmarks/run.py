"""Measure lizip and its rivals on a folder of data sets.

python -m benchmarks.run --data DIR                     # everything
python -m benchmarks.run --data DIR --rivals lizip      # only lizip; the rows of the rivals stay as they are
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import plots, report, results
from benchmarks.datasets import SETS, files_of
from benchmarks.measure import Measurement, measure
from lizip.bench import Rival, choose


def run_set(name: str, paths: list[Path], rivals: list[Rival], out: Path, seconds: float) -> None:
    """Measure all rivals on all files of a set and save after each rival."""
    for rival in rivals:
        rows = []
        for path in paths:
            row = measure(name, path, rival.name, seconds)
            rows.append(row)
            print(_line(row), flush=True)
        results.merge(out, rival.name, rows)


def _line(row: Measurement) -> str:
    bits = f"{8 * row.encoded / row.points:8.3f} bits a point" if row.points and row.encoded else " " * 21
    fastest = [f"{min(times):8.1f}" if times else "       -" for times in (row.encode_ms, row.decode_ms)]
    return f"{row.set:10} {row.file[:32]:32} {row.rival:17} {bits}  ms{fastest[0]}{fastest[1]}  {row.outcome}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with one subfolder a data set")
    parser.add_argument("--out", type=Path, default=results.FOLDER, help="where the CSV, tables and plots go")
    parser.add_argument("--rivals", nargs="+", help="names; `lizip` is all its levels; default: all")
    parser.add_argument("--sets", nargs="+", choices=SETS, help="default: all that are there but las_odd")
    parser.add_argument("--seconds", type=float, default=1.0, help="repeat each call for about so long")
    parser.add_argument("--quick", action="store_true", help="one file a set, one run each")
    options = parser.parse_args()
    rivals = choose(options.rivals)
    for rival in rivals:
        if rival.missing:
            print(f"{rival.name} is left out; it needs: {rival.missing}")
    rivals = [rival for rival in rivals if not rival.missing]
    names = [
        name for name in options.sets or [name for name in SETS if name != "las_odd"] if (options.data / name).is_dir()
    ]
    if not names:
        parser.error(f"{options.data} has none of the folders {', '.join(SETS)}")
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            paths = files_of(options.data, name, Path(scratch))
            paths = paths[:1] if options.quick else paths
            run_set(name, paths, rivals, options.out, 0.0 if options.quick else options.seconds)
    rows = results.load(options.out)
    (options.out / "tables.md").write_text(report.full_report(rows))
    plots.draw(rows, options.out)


if __name__ == "__main__":
    main()
