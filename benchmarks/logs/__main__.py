"""Measure lizip on bags, captures, tables and range images, beside what people keep them in.

    python -m benchmarks.logs DATA [--only bags captures floors images tables] [--output benchmarks/results/logs.md]
    python -m benchmarks.logs DATA --large SCRATCH       # a bag of 1 GB: memory and reading one message at random

DATA is the folder with `nuscenes`, `kitti`, `ouster`, ... Needs mcap, rosbags, lz4, imagecodecs, pyarrow and pureini.
What lizip made came back byte for byte.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.logs import bags, captures, floors, images, large, tables

KINDS = {each.__name__.rpartition(".")[2]: each for each in (tables, bags, captures, images, floors)}
OUTPUT = Path(__file__).parents[1] / "results" / "logs.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--large", type=Path, metavar="SCRATCH", help="folder with 2 GB of room")
    options = parser.parse_args()
    parts = _parts(options.output)
    for name in ["large"] if options.large else options.only:
        made = large.report(options.data, options.large) if options.large else KINDS[name].report(options.data)
        parts[name] = made.strip()
        print(parts[name], flush=True)
        text = "\n\n".join(parts[each] for each in (*KINDS, "large") if each in parts)
        options.output.write_text(f"# Logs: made by `python -m benchmarks.logs`\n\n{text}\n")


def _parts(path: Path) -> dict[str, str]:
    """What the file says already, by kind: a section begins with `## kind: `."""
    sections = path.read_text().split("\n## ")[1:] if path.exists() else []
    return {section.split(":")[0].strip().lower(): "## " + section.strip() for section in sections}


if __name__ == "__main__":
    main()
