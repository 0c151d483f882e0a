"""Tables from the results: one a data set, and the short one of the README.

python -m benchmarks.report                       # print all tables
python -m benchmarks.report --readme README.md    # refill the table between the markers
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks import results
from benchmarks.datasets import CURIOUS, SETS
from benchmarks.measure import Measurement
from lizip.bench import PUBLISHED, RIVALS

BEGIN, END = "<!-- benchmark:begin -->", "<!-- benchmark:end -->"
PAPER = "LiZIP paper (published)"
TITLES = {
    "nuscenes": "nuScenes HDL-32E",
    "kitti": "KITTI HDL-64E",
    "kitti_fov": "KITTI camera view",
    "argoverse": "Argoverse 2 x VLP-32C",
    "pandaset": "PandaSet Pandar64",
    "ouster": "Ouster OS0, OS1",
    "las": "LAS",
    "las_odd": "odd small LAS",
    "other": "other",
}


@dataclass(frozen=True)
class Summary:
    """What one rival did on one set."""

    rows: Sequence[Measurement]

    @cached_property
    def good(self) -> list[Measurement]:
        """Rows with a result."""
        return [row for row in self.rows if row.outcome in ("exact", "lossy")]

    @cached_property
    def bits(self) -> list[float]:
        """Bits a point of each file that has points."""
        return [8 * row.encoded / row.points for row in self.good if row.points]

    @property
    def mean(self) -> float:
        """Mean over the files of bits a point; NaN when there is none."""
        return sum(self.bits) / len(self.bits) if self.bits else math.nan

    @property
    def body(self) -> float:
        """Mean bits a point of the points alone."""
        bodies = [8 * row.body / row.points for row in self.good if row.points]
        return sum(bodies) / len(bodies) if bodies else math.nan

    @property
    def ratio(self) -> float:
        """Bytes of the files over bytes of their compressed forms."""
        return sum(row.original for row in self.good) / max(sum(row.encoded for row in self.good), 1)

    def times(self, way: str) -> list[float]:
        """All counted times (ms), sorted; way is encode or decode."""
        return sorted(value for row in self.good for value in getattr(row, f"{way}_ms"))

    def speed(self, way: str) -> float:
        """Million points a second, by each file's median."""
        seconds = sum(quantile(sorted(getattr(row, f"{way}_ms")), 0.5) for row in self.good) / 1000
        return sum(row.points for row in self.good) / 1e6 / seconds if seconds else math.nan

    def memory(self, way: str) -> float:
        """Peak memory over the size of the input, on the largest file of the set (small ones see only fixed costs)."""
        largest = max(self.good, key=lambda row: row.original)
        return getattr(largest, f"{way}_bytes") / max(largest.original, 1)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted values do not exceed; NaN of nothing."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def summaries(rows: Iterable[Measurement], name: str) -> dict[str, Summary]:
    """Rival -> summary on the set `name`, rivals in the order of the tables."""
    mine = [row for row in rows if row.set == name]
    return {rival: Summary(found) for rival in RIVALS if (found := [row for row in mine if row.rival == rival])}


def comes_back(summary: Summary, rival: str) -> str:
    """What comes back, in a few words."""
    failed = [row for row in summary.rows if row not in summary.good]
    wrong = f"; {len(failed)} of {len(summary.rows)} files without result" if failed else ""
    if not RIVALS[rival].loses:
        return "every byte" + wrong
    errors = [row.error for row in summary.good if not math.isnan(row.error)]
    largest = f"; largest error {1000 * max(errors):.2g} mm" if errors and max(errors) > 0 else ""
    if summary.good and not any(row.error != 0 for row in summary.good):
        return "the records, not the file" + wrong
    return f"loses: {RIVALS[rival].loses}{largest}{wrong}"


def set_table(rows: Sequence[Measurement], name: str) -> str:
    """Markdown table of one set."""
    las = name.startswith("las")
    lines = [
        f"### {TITLES.get(name, name)}",
        "",
        "| method | bits a point | worst file |" + (" points alone |" if las else "") + " ratio | encode ms p50 / p99 "
        "| Mpoints/s | decode ms p50 / p99 | Mpoints/s | memory x input, enc / dec | comes back |",
        "|---|---|---|" + ("---|" if las else "") + "---|---|---|---|---|---|---|",
    ]
    for rival, summary in summaries(rows, name).items():
        if not summary.good:
            lines.append(f"| {rival} | - |" + " |" * (8 if las else 7) + f" {summary.rows[0].outcome} |")
            continue
        cells = [rival, f"{summary.mean:.2f}", f"{max(summary.bits, default=math.nan):.2f}"]
        cells += [f"{summary.body:.2f}"] if las else []
        cells.append(f"{summary.ratio:.1f}")
        for way in ("encode", "decode"):
            times = summary.times(way)
            cells += [f"{quantile(times, 0.5):.0f} / {quantile(times, 0.99):.0f}", f"{summary.speed(way):.2f}"]
        cells.append(f"{summary.memory('encode'):.1f} / {summary.memory('decode'):.1f}")
        lines.append("| " + " | ".join([*cells, comes_back(summary, rival)]) + " |")
    if name in PUBLISHED:
        empty = " |" * (8 if las else 7)
        lines.append(f"| {PAPER} | {PUBLISHED[name]:.1f} |{empty} x, y, z only, to 0.01 mm, order lost |")
    return "\n".join(lines)


def file_table(rows: Sequence[Measurement], name: str) -> str:
    """Markdown table by file: bits a point of the points alone, and lizip's whole file over LASzip's points alone."""
    rivals = [rival for rival in RIVALS if rival.startswith("lizip") or rival == "LASzip"]
    found = {
        (row.file, row.rival): row
        for row in rows
        if row.set == name and row.rival in rivals and row.encoded and row.points
    }
    present = [rival for rival in rivals if any(key[1] == rival for key in found)]
    files = sorted({file for file, _ in found})
    if not files or present in ([], ["LASzip"]):
        return ""
    lines = [f"| file | points | {' | '.join(present)} | lizip / LASzip |", "|---|---|" + "---|" * (len(present) + 1)]
    for file in files:
        mine = [found.get((file, rival)) for rival in present]
        points = next(row.points for row in mine if row is not None)
        cells = [f"{8 * row.body / points:.2f}" if row is not None else "-" for row in mine]
        ours, laz = found.get((file, "lizip")), found.get((file, "LASzip"))
        share = f"{ours.encoded / laz.body:.3f}" if ours is not None and laz is not None else "-"
        lines.append(f"| {file} | {points} | {' | '.join(cells)} | {share} |")
    return "\n".join(lines)


def overview(rows: Sequence[Measurement]) -> str:
    """Markdown table of all sets: mean bits a point of the whole record."""
    names = [name for name in SETS if name not in CURIOUS and any(row.set == name for row in rows)]
    tables = {name: summaries(rows, name) for name in names}
    lines = [
        "| bits a point (mean) | comes back | " + " | ".join(TITLES.get(name, name) for name in names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    raw = {name: _raw_bits(rows, name) for name in names}
    lines.append("| as it is | every byte | " + " | ".join(f"{raw[name]:.0f}" for name in names) + " |")
    for rival in RIVALS:
        cells = [tables[name].get(rival) for name in names]
        if not any(cell is not None and cell.good for cell in cells):
            continue
        bold = "**" if rival == "lizip" else ""
        texts = [f"{bold}{cell.mean:.1f}{bold}" if cell is not None and cell.good else "-" for cell in cells]
        back = "every byte" if not RIVALS[rival].loses else "not the file"
        lines.append(f"| {bold}{rival}{bold} | {back} | " + " | ".join(texts) + " |")
    published = [f"{PUBLISHED[name]:.1f}" if name in PUBLISHED else "-" for name in names]
    lines.append(f"| {PAPER} | x, y, z to 0.01 mm, order lost | " + " | ".join(published) + " |")
    return "\n".join(lines)


def _raw_bits(rows: Sequence[Measurement], name: str) -> float:
    """Mean bits a point of the files as they are."""
    files = {row.file: 8 * row.original / row.points for row in rows if row.set == name and row.points}
    return sum(files.values()) / len(files)


def refill(readme: Path, table: str) -> None:
    """Put `table` between the markers; ValueError when they are not there."""
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{readme} has no {BEGIN} ... {END}")
    head, rest = text.split(BEGIN, 1)
    readme.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=results.FOLDER)
    parser.add_argument("--readme", type=Path, help="refill the table between the markers of this file")
    options = parser.parse_args()
    rows = results.load(options.results)
    if options.readme:
        refill(options.readme, overview(rows))
        return
    print(full_report(rows))


def full_report(rows: Sequence[Measurement]) -> str:
    """The overview and every set's table."""
    names = [name for name in SETS if any(row.set == name for row in rows)]
    parts = [overview(rows)]
    for name in names:
        parts += [set_table(rows, name), file_table(rows, name)]
    return "\n\n".join(filter(None, parts)) + "\n"


if __name__ == "__main__":
    main()
