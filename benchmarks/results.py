"""Results on disk: one CSV a rival, so that one rival is measured again without touching the others."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from benchmarks.measure import Measurement, as_row, from_row

FOLDER = Path(__file__).resolve().parent / "results"


def path_of(folder: Path, rival: str) -> Path:
    """CSV of a rival."""
    return folder / f"{re.sub(r'[^a-z0-9]+', '-', rival.casefold()).strip('-')}.csv"


def load(folder: Path) -> list[Measurement]:
    """All rows of all rivals."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            rows += [from_row(row) for row in csv.DictReader(file)]
    return rows


def merge(folder: Path, rival: str, fresh: Iterable[Measurement]) -> None:
    """Write the rows of a rival; older rows of other files stay."""
    path = path_of(folder, rival)
    rows = {}
    if path.exists():
        with path.open(newline="") as file:
            rows = {(row["set"], row["file"]): row for row in csv.DictReader(file)}
    rows |= {(each.set, each.file): as_row(each) for each in fresh}
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Measurement)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(rows.items()))
