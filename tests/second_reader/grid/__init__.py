"""Grids: ranges and intensities by row and ring (docs/format/grid.md)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.bytestream import Bytes, demand
from second_reader.grid.cells import Cells
from second_reader.grid.fast import FastCells
from second_reader.grid.levels import read_shares
from second_reader.grid.network import Network, load

SEGMENT = 1 << 16


def decode(data: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Ranges (F, R) and intensities, if there are any."""
    head = Bytes(data)
    rows, rings, near, how = head.varints(4)
    demand(how < 128, "grids that follow others are not read here")
    bits, fast, everywhere = how >> 2, how >> 1 & 1, how & 1
    shares = ans.decode(head.string(), read_shares, 1 << min(bits, 8)) if bits else [0]
    if fast:
        cells = FastCells(rings, near, bits, everywhere, shares)
    else:
        name = head.string().decode()
        network = Network(load(name, head.take(8)), bits) if name else None
        cells = Cells(rings, near, bits, everywhere, shares, network)
    ranges, intensity = np.zeros((rows, rings), np.int64), np.zeros((rows, rings), np.int64)
    step = max(1, SEGMENT // max(rings, 1))
    for first in range(0, rows if rings else 0, step):
        cells.decode(head.string(), ranges, intensity, first, min(first + step, rows))
    head.end()
    return ranges, intensity if bits else None
