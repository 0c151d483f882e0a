"""Codec 2: sweeps of spinning sensors (docs/format/sweep.md)."""

from __future__ import annotations

import numpy as np

from second_reader import grid
from second_reader.bytestream import Bytes, demand
from second_reader.container import CODEC, File
from second_reader.layout import Fields
from second_reader.sweep.returns import Returns
from second_reader.sweep.stages import STAGES


def decode(file: File, fields: Fields) -> list[np.ndarray]:
    """All columns."""
    head = Bytes(file.one(CODEC))
    _words_for_users(head)
    parts = head.varint()
    counts = head.varints(parts - 1)
    counts.append(file.count - sum(counts))
    grids = file.all(CODEC + 1)
    demand(len(grids) == parts, "a sweep has not as many grids as parts")
    done = []
    for count, data in zip(counts, grids, strict=True):
        stages = [(head.varint(), head.string()) for _ in range(head.varint())]
        demand(all(tag in STAGES for tag, _ in stages), f"a stage of {[tag for tag, _ in stages]} is not read here")
        returns = Returns(*grid.decode(data), fields, count)
        for tag, body in stages:
            rest = Bytes(body)
            STAGES[tag](rest, returns)
            rest.end()
        done.append(returns.columns)
    head.end()
    return [np.concatenate([columns[name] for columns in done]) for name, _ in fields]


def _words_for_users(head: Bytes) -> None:
    head.varint()
    for _ in range(head.varint()):
        head.varint()
        head.signed()
    head.string()
    for _ in range(head.varint()):
        head.varints(5)
