"""Which cells of space hold points: an octree from the root down, level by level.

Each node of a level says which of its eight children hold points, one decision each, in the contexts of what is known
around that child: of cells before it in the order of the tree the children are known, of cells behind it only whether
they hold anything.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decisions import decide, fresh_model, row
from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import Coder
from lizip.errors import CorruptError
from lizip.jit import inlined_kernel, kernel

MOST_LEVELS = 20
"""Levels of a tree: cells have so many bits a coordinate, and three of them a key of 64 bits."""

_SLOTS = 1 << 12
_SETS = 32
_EMPTY, _FULL, _UNKNOWN = 0, 1, 2
_LIMIT = 250
_BLOCK = 64
"""The children of a node and the cells around them: 4 x 4 x 4."""


@inlined_kernel
def _slot(x, y, z, mask):
    """Where the search for a cell begins in a table."""
    key = (x * 0x2C1B3C6D) ^ (y * 0x297A2D39) ^ (z * 0x1B873593)
    return (key ^ (key >> 15)) & mask


@kernel
def fill_table(table, cells):
    """Make a table of the cells (K, 3), from (T,) int32 of which all are -1, T a power of two above K."""
    mask = table.size - 1
    for i in range(cells.shape[0]):
        at = _slot(cells[i, 0], cells[i, 1], cells[i, 2], mask)
        while table[at] >= 0:
            at = (at + 1) & mask
        table[at] = np.int32(i)


@inlined_kernel
def find(table, cells, x, y, z):
    """Index of a cell, -1 where there is none."""
    mask = table.size - 1
    at = _slot(x, y, z, mask)
    while table[at] >= 0:
        i = np.int64(table[at])
        if cells[i, 0] == x and cells[i, 1] == y and cells[i, 2] == z:
            return i
        at = (at + 1) & mask
    return np.int64(-1)


@kernel
def _look_around(table, nodes, masks, i, block, beside):
    """Fill the block of node i; `beside` gets the masks of the three nodes before it face to face, -1 for none.

    Returns how many of the 26 nodes around it hold points.
    """
    x, y, z = nodes[i, 0], nodes[i, 1], nodes[i, 2]
    count = np.int64(0)
    for k in range(27):
        dx, dy, dz = k // 9 - 1, k // 3 % 3 - 1, k % 3 - 1
        if k == 13:
            continue
        j = find(table, nodes, x + dx, y + dy, z + dz)
        if j >= 0:
            count += 1
        face = (dx == -1 and dy == 0 and dz == 0) * 1 + (dx == 0 and dy == -1 and dz == 0) * 2
        face += (dx == 0 and dy == 0 and dz == -1) * 3
        if face:
            beside[face - 1] = np.int64(masks[j]) if j >= 0 else np.int64(-1)
        for cx in range(2):
            if (dx == -1 and cx == 0) or (dx == 1 and cx == 1):
                continue
            for cy in range(2):
                if (dy == -1 and cy == 0) or (dy == 1 and cy == 1):
                    continue
                for cz in range(2):
                    if (dz == -1 and cz == 0) or (dz == 1 and cz == 1):
                        continue
                    state = np.int64(_EMPTY)
                    if j >= 0:
                        state = (np.int64(masks[j]) >> (4 * cx + 2 * cy + cz)) & 1 if j < i else np.int64(_UNKNOWN)
                    block[16 * (1 + 2 * dx + cx) + 4 * (1 + 2 * dy + cy) + (1 + 2 * dz + cz)] = state
    return count


@kernel
def _code_level(coder, model, table, nodes, masks, parents, level, block, beside):
    """Code which children of the nodes (K, 3) of a level hold points: `masks` (K,) uint8."""
    for i in range(nodes.shape[0]):
        around = _look_around(table, nodes, masks, i, block, beside)
        mask = np.int64(masks[i])
        known = np.int64(0)
        full = np.int64(0)
        for child in range(8):
            at = 16 * (1 + (child >> 2)) + 4 * (1 + (child >> 1 & 1)) + 1 + (child & 1)
            before = np.int64(0)  # the seven cells on the lower side: all known
            for k in range(7):
                before = 2 * before + (block[at - 16 * ((k + 1) >> 2) - 4 * ((k + 1) >> 1 & 1) - ((k + 1) & 1)] & 1)
            ahead = (block[at + 16] > 0) * 4 + (block[at + 4] > 0) * 2 + (block[at + 1] > 0) * 1
            sure, unsure = np.int64(0), np.int64(0)
            for dx in range(-1, 2):
                for dy in range(-1, 2):
                    for dz in range(-1, 2):
                        state = block[at + 16 * dx + 4 * dy + dz]
                        sure += state & 1
                        unsure += state >> 1
            same = np.int64(0)
            for k in range(3):
                same = 3 * same + (0 if beside[k] < 0 else 1 + ((beside[k] >> child) & 1))
            siblings = min(full, np.int64(3))
            rows = (
                row(model, 0, (before * 8 + ahead)),
                row(model, 1, (sure * 27 + unsure) * 4 + min(around, 3)),
                row(model, 2, ((known * 27 + same) * 4 + min(around >> 1, 3))),
                row(model, 3, (np.int64(parents[i]) * 256 + known)),
                row(model, 4, ((level * 32 + around) * 8 + ahead)),
                row(model, 5, ((same * 128 + before) * 8 + ahead)),
            )
            bit = np.int64(1)
            if child < 7 or full:
                bit = decide(
                    coder,
                    model,
                    rows,
                    min(around, np.int64(7)) * 4 + siblings,
                    4 * child + siblings,
                    (mask >> child) & 1,
                )
            block[at] = bit
            known |= bit << child
            full += bit
        masks[i] = np.uint8(known)


@kernel
def _children(nodes, masks, cells, parents):
    """Children (C, 3) of the nodes that hold points, in order, and the masks they come from."""
    c = np.int64(0)
    for i in range(nodes.shape[0]):
        for child in range(8):
            if (masks[i] >> child) & 1:
                cells[c, 0] = 2 * nodes[i, 0] + (child >> 2)
                cells[c, 1] = 2 * nodes[i, 1] + (child >> 1 & 1)
                cells[c, 2] = 2 * nodes[i, 2] + (child & 1)
                parents[c] = masks[i]
                c += 1


def table_of(cells: np.ndarray) -> np.ndarray:
    """A table of cells (K, 3), for `find`."""
    table = np.full(1 << (2 * len(cells)).bit_length(), -1, np.int32)
    fill_table(table, cells)
    return table


_BITS = np.array([bin(mask).count("1") for mask in range(256)])


def code_cells(coder: Coder, levels: int, cells: np.ndarray | None, most: int) -> np.ndarray:
    """Code the cells (K, 3) int64 that hold points, distinct and in the order of the tree; returns them.

    `cells` is None when decoding, when at most `most` may come.
    """
    model = fresh_model(6, _SLOTS, _SETS)
    nodes, parents = np.zeros((1, 3), np.int64), np.zeros(1, np.uint8)
    block, beside = np.zeros(_BLOCK, np.int64), np.zeros(3, np.int64)
    for level in range(levels):
        masks = np.zeros(len(nodes), np.uint8)
        if cells is not None:
            _masks(masks, cells, levels - 1 - level)
        _code_level(coder, model, table_of(nodes), nodes, masks, parents, level, block, beside)
        count = int(_BITS[masks].sum())
        children, parents = np.empty((count, 3), np.int64), np.empty(count, np.uint8)
        _children(nodes, masks, children, parents)
        nodes = children
        if count > most:
            raise CorruptError("more cells than points")
    return nodes


@kernel
def _masks(masks, cells, shift):
    """Which children hold points, of the nodes above the cells by so many levels and one."""
    i = np.int64(-1)
    for k in range(cells.shape[0]):
        other = k == 0
        for axis in range(3):
            if k and cells[k, axis] >> (shift + 1) != cells[k - 1, axis] >> (shift + 1):
                other = True
        if other:
            i += 1
        child = ((cells[k, 0] >> shift) & 1) * 4 + ((cells[k, 1] >> shift) & 1) * 2 + ((cells[k, 2] >> shift) & 1)
        masks[i] |= np.uint8(1 << child)


@kernel
def _code_counts(coder, counters, table, cells, counts, most):
    """Code how many points each cell holds (K,) int64; returns how many all do, above `most` where damaged."""
    total = np.int64(0)
    before = np.int64(1)
    for i in range(cells.shape[0]):
        beside = np.int64(1)
        for axis in range(3):
            x = cells[i, 0] - (axis == 0)
            y = cells[i, 1] - (axis == 1)
            z = cells[i, 2] - (axis == 2)
            j = find(table, cells, x, y, z)
            if j >= 0:
                beside = max(beside, counts[j])
        context = min(before, np.int64(8)) * 8 + min(beside, np.int64(8)) - 9
        count = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, counts[i] - 1) + 1
        if count < 1 or count > most - total:
            return most + 1
        counts[i] = count
        total += count
        before = count
    return total


def code_counts(coder: Coder, cells: np.ndarray, counts: np.ndarray, most: int) -> int:
    """Code how many points each cell (K, 3) holds, (K,) int64 from 1 up; returns the sum, above `most` if damaged."""
    return _code_counts(coder, fresh_counters(64 * INTEGER_NODES), table_of(cells), cells, counts, most)
