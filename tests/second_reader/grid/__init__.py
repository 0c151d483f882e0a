"""Grids: ranges and intensities by row and ring (docs/format/grid.md)."""

from __future__ import annotations

import copy

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
    follows, bits, fast, everywhere = how >> 7, how >> 2 & 31, how >> 1 & 1, how & 1
    facts = known = None
    if follows:
        demand(before is not None and before.bits == bits, "a grid does not follow the one before")
        facts, known = prior.shifted(head, before, rows)
    shares = [0]
    if bits and not follows:
        shares = ans.decode(head.string(), read_shares, 1 << min(bits, 8))
    if fast:
        cells = FastCells(rings, near, bits, everywhere, shares)
    else:
        name = head.string().decode()
        network = Network(load(name, head.take(8)), bits) if name else None
        if follows:
            cells = copy.deepcopy(before.cells)
            cells.follow(facts, network)
        else:
            cells = Cells(rings, near, bits, everywhere, shares, network)
    ranges, intensity = np.zeros((rows, rings), np.int64), np.zeros((rows, rings), np.int64)
    step = max(1, SEGMENT // max(rings, 1))
    for first in range(0, rows if rings else 0, step):
        cells.decode(head.string(), ranges, intensity, first, min(first + step, rows))
    head.end()
    left = None if fast else prior.Left(cells, *prior.remembered(known, ranges, intensity, near, bits), bits)
    return ranges, intensity if bits else None, left
