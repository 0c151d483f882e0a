"""What a predictor learns from: grids of real and simulated sweeps, varied, and the decisions their coding takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.grid import near_ticks


class Grid(NamedTuple):
    """A sweep as the grid coder sees it; see `lizip.codecs.sweep.grid.encode_grid`."""

    ranges: np.ndarray
    intensity: np.ndarray | None
    everywhere: bool
    near: int


class Decisions(NamedTuple):
    """The network's part in coding some cells.

    Attributes
    ----------
    features : (N, FEATURES) uint8
        Features + 128 of each cell.
    outputs : (N, MOST) int16
        Output that each binary decision of the cell belongs to, -1 past the last.
    bits : (N, MOST) uint8
        How the decision went.
    logits : (N, MOST) float16
        What the adaptive counters said without the network.
    """

    features: np.ndarray
    outputs: np.ndarray
    bits: np.ndarray
    logits: np.ndarray


MOST = 14
"""Decisions kept of a cell; a flag and a range rarely take more."""


def grid_of(data: bytes) -> Grid | None:
    """Grid of a file that the sweep codec understands, of its first sensor; None for others."""
    from lizip.codecs import Options
    from lizip.codecs.sweep import CODEC
    from lizip.formats import split

    solution = CODEC.solve(split(data), Options("fast"))
    if solution is None:
        return None
    grid = solution.grids[0]
    return Grid(grid.ranges, grid.intensity, grid.everywhere, near_ticks(grid.tick))


def simulated(count: int, seed: int) -> Iterator[Grid]:
    """Make `count` sweeps of made-up streets: HDL-64E, HDL-32E and Ouster sensors in turn."""
    from lizip import simulator

    random = np.random.default_rng(seed)
    for i in range(count):
        number, speed = int(random.integers(1 << 31)), float(random.uniform(0, 15))
        kind = i % 3
        if kind == 0:
            data = simulator.kitti(number, speed=speed)
        elif kind == 1:
            data = simulator.nuscenes(number, speed=speed)
        else:
            rings, tick = int(random.choice([16, 32, 64, 128])), float(random.choice([0.001, 0.002, 0.004]))
            data = simulator.ouster(number, rings=rings, tick=tick)
        grid = grid_of(data)
        if grid is not None:
            yield grid


def varied(grid: Grid, random: np.random.Generator) -> Iterator[Grid]:
    """Yield the grid and others made of it: turned round, upside down, other rings, other firings, other scales."""
    yield grid
    yield _picked(grid, slice(None, None, -1), slice(None))
    yield _picked(grid, slice(None), slice(None, None, -1))
    yield _picked(grid, slice(None, None, -1), slice(1, None, 2))
    yield _picked(grid, slice(None, None, 2), slice(None, None, -1))
    for scale, rings in ((0.6, slice(None)), (1.5, slice(None, None, -1))):
        stretched = np.rint(grid.ranges * scale * random.uniform(0.85, 1.15)).astype(np.int32)
        yield _picked(grid._replace(ranges=stretched), slice(None), rings)


def _picked(grid: Grid, firings: slice, rings: slice) -> Grid:
    """Part of a grid, in another order."""
    ranges = np.ascontiguousarray(grid.ranges[firings, rings])
    intensity = None if grid.intensity is None else np.ascontiguousarray(grid.intensity[firings, rings])
    return grid._replace(ranges=ranges, intensity=intensity)


def record(grid: Grid) -> Decisions:
    """Code a grid without a network and write down what a network would have been asked."""
    from lizip.codecs.sweep.blocks import record_grid
    from lizip.codecs.sweep.grid import prepared
    from lizip.codecs.sweep.net import FLAG_OUTPUT
    from lizip.entropy.coder import LOG

    coder, net = record_grid(*prepared(grid.ranges, grid.intensity, grid.everywhere, grid.near))
    asked = np.flatnonzero(net.nodes[: coder.at[LOG]] >= 0)
    log, outputs = coder.log[asked], net.nodes[asked]
    begins = np.flatnonzero(outputs == FLAG_OUTPUT)
    cell = np.cumsum(outputs == FLAG_OUTPUT) - 1
    place = np.arange(len(asked)) - begins[cell]
    kept = place < MOST
    at = cell[kept], place[kept]
    shape = (len(begins), MOST)
    table = Decisions(
        net.cells[net.cells.any(axis=1)], np.full(shape, -1, np.int16), np.zeros(shape, np.uint8), np.zeros(shape, "f2")
    )
    chance = (log >> 1) / (1 << 24)
    table.outputs[at] = outputs[kept]
    table.bits[at] = (log & 1)[kept]
    table.logits[at] = np.log(chance / (1 - chance))[kept]
    return table


def joined(parts: list[Decisions]) -> Decisions:
    """Put decisions of several grids together."""
    return Decisions(*map(np.concatenate, zip(*parts, strict=True)))
