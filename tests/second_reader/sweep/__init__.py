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
    return decode_after(file, fields, [])[0]


def decode_after(file: File, fields: Fields, before: list) -> tuple[list[np.ndarray], list]:
    """All columns, given what each part of the sweep before left; and what those of this one leave."""
    head = Bytes(file.one(CODEC))
    _words_for_users(head)
    parts = head.varint()
    counts = head.varints(parts - 1)
    counts.append(file.count - sum(counts))
    grids = file.all(CODEC + 1)
    demand(len(grids) == parts, "a sweep has not as many grids as parts")
    done, left = [], []
    known = [*before[:parts], *[(None, {})] * (parts - len(before))]
    for count, data, (past, said) in zip(counts, grids, known, strict=True):
        stages = [_stage(head, said) for _ in range(head.varint())]
        demand(all(tag in STAGES for tag, _ in stages), f"a stage of {[tag for tag, _ in stages]} is not read here")
        ranges, intensity, leaves = grid.decode_after(data, past)
        left.append((leaves, dict(stages)))
        returns = Returns(ranges, intensity, fields, count)
        for tag, body in stages:
            rest = Bytes(body)
            STAGES[tag](rest, returns)
            rest.end()
        done.append(returns.columns)
    head.end()
    return [np.concatenate([columns[name] for columns in done]) for name, _ in fields], left


def _stage(head: Bytes, said: dict[int, bytes]) -> tuple[int, bytes]:
    """Tag and bytes of a stage: its own, or those that the key frame said."""
    tag = head.varint()
    if tag < 1024:
        return tag, head.string()
    demand(tag - 1024 in said, "a stage that the key frame has not")
    return tag - 1024, said[tag - 1024]


def _words_for_users(head: Bytes) -> None:
    head.varint()
    for _ in range(head.varint()):
        head.varint()
        head.signed()
    head.string()
    for _ in range(head.varint()):
        head.varints(5)
