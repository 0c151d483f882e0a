"""Grids: ranges and intensities by row and ring (docs/format/grid.md)."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np

from second_reader import ans
from second_reader.bytestream import Bytes, demand
from second_reader.grid import prior
from second_reader.grid.cells import Cells
from second_reader.grid.fast import FastCells
from second_reader.grid.levels import read_shares
from second_reader.grid.network import Network, load

SEGMENT = 1 << 16


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Ranges (F, R) and intensities, if there are any."""
    ranges, intensity, _ = decode_after(data, None)
    return ranges, intensity


def decode_after(data: bytes, before: prior.Left | None) -> tuple[np.ndarray, np.ndarray | None, prior.Left | None]:
    """The same of a grid that may follow another one, and what it leaves itself."""
    head = Bytes(data)
    rows, rings, near, how = head.varints(4)
    halves, follows, bits, fast, everywhere = how >> 8, how >> 7 & 1, how >> 2 & 31, how >> 1 & 1, how & 1
    facts = known = None
    if follows:
        demand(before is not None and before.bits == bits, "a grid does not follow the one before")
        facts, known = prior.shifted(head, before, rows)
    shares = [0]
    if bits and not follows:
        shares = ans.decode(head.string(), read_shares, 1 << min(bits, 8))
    name = b"" if fast else head.string()
    digest = head.take(8) if name else b""
    ranges, intensity = np.zeros((rows, rings), np.int64), np.zeros((rows, rings), np.int64)
    bounds = [0, rings // 2, rings] if halves else [0, rings]
    for start, stop in itertools.pairwise(bounds):
        count = stop - start
        network = Network(load(name.decode(), digest), bits) if name else None
        cells: Any
        if fast:
            cells = FastCells(count, near, bits, everywhere, shares)
        elif follows:
            cells = copy.deepcopy(before.cells)
            if isinstance(cells, list):  # a background's shares
                cells = Cells(count, near, bits, everywhere, cells, network)
            cells.follow(facts, network)
        else:
            cells = Cells(count, near, bits, everywhere, shares, network)
        step = max(1, SEGMENT // max(count, 1))
        for first in range(0, rows if count else 0, step):
            last = min(first + step, rows)
            cells.decode(head.string(), ranges[:, start:stop], intensity[:, start:stop], first, last)
    head.end()
    if follows and before.stands:
        return ranges, intensity if bits else None, prior.Left(cells, facts, known, bits, True)
    met = None if fast or halves else prior.remembered(known, ranges, intensity, near, bits)
    left = prior.Left(cells, *met, bits) if met else None
    return ranges, intensity if bits else None, left


def around(data: bytes) -> prior.Left:
    """What stands around a sensor, as grids follow it; the shares of intensities take the place of the coder."""
    head = Bytes(data)
    _, bits, _ = head.varints(3)
    packed = head.string()
    shares = ans.decode(packed, read_shares, 1 << min(bits, 8)) if bits else [0]
    (means, light), (kinds, often) = decode(head.string()), decode(head.string())
    head.end()
    light = means * 0 if light is None else light
    facts = np.zeros((*means.shape, 8), np.int64)
    facts[..., prior.RANGE], facts[..., prior.MEAN] = (means + 2) >> 2, means << 2
    facts[..., prior.ROUGH], facts[..., prior.SEEN] = -1, often > 0
    facts[..., prior.LEVEL] = facts[..., prior.LEVELS] = np.where(means > 0, light if bits else -1, -1)
    facts[..., prior.KIND], facts[..., prior.OFTEN] = kinds, often
    return prior.Left(shares, facts.tolist(), [[[0, 0, 0]] * means.shape[1]] * len(means), bits, True)
