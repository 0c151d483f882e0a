"""A coded sweep opened up: its cells, what each cost, how far the model was off, what was found of the sensor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.sweep.decoded import DecodedGrid, joined, open_blocks
from lizip.codecs.sweep.grid import encode_grid
from lizip.codecs.sweep.sections import GRID, HEADER, followed, most_cells, unpack_shapes
from lizip.entropy.coder import metered
from lizip.errors import CorruptError
from lizip.exact.ulp import from_ordinals
from lizip.packing import Unpacker
from lizip.report.found import Part, filled, part_of
from lizip.resources import at_hand
from lizip.sensor.model import Stage, SweepModel, unpack_about, unpack_model
from lizip.sensor.returns import Returns
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.far_corrections import FarCorrections, expected_places

if TYPE_CHECKING:
    from lizip.cloud import Columns, Schema
    from lizip.codecs.sweep.past import GridPast
    from lizip.container import Container

KINDS = 3
"""What a cell says: whether something returned, range, intensity."""


class Explained(NamedTuple):
    """A sweep, points (N,) in the order in which they are coded.

    Attributes
    ----------
    columns : dict
        The coded columns.
    ring, row : (N,) int64
        Cell of each point; rings of all parts are counted on. -1: a point outside of the grid.
    bits : (N,) float64
        What the point's own cell and corrections took.
    empty : (R,) float64
        Bits that say of the other cells of each ring that nothing returned.
    range : (N,) float64
        Metres; NaN of points outside of the grid, and where the grid counts something else.
    error : (N,) float64
        Metres from what the model says to what is stored; NaN of points outside of the grid.
    parts : list of Part
        What was found of each sensor.
    """

    columns: Columns
    ring: np.ndarray
    row: np.ndarray
    bits: np.ndarray
    empty: np.ndarray
    range: np.ndarray
    error: np.ndarray
    parts: list[Part]


def explain(container: Container, schema: Schema, count: int) -> Explained:
    """Open a sweep up as `codecs.sweep` decodes it; raises CorruptError."""
    with at_hand(container.models):
        return _explained(container, schema, count)


def _explained(container: Container, schema: Schema, count: int) -> Explained:
    model = _model(container, count)
    grids, costs = [], []
    streams = list(container.sections(GRID))
    if len(streams) != len(model.parts):
        raise CorruptError("a sweep has not as many grids as parts")
    before = followed(container, None, len(streams), count)
    for part, stream, each in zip_longest(model.parts, streams, before):
        grid, cost = _metered(stream, most_cells(part.count), each)
        grids.append(grid)
        costs.append(cost)
    pieces = [
        _explain(part.stages, part.count, grid, cost, schema)
        for part, grid, cost in zip(model.parts, grids, costs, strict=True)
    ]
    columns = model.rebuild([each.grid for each in grids], schema) if len(pieces) > 1 else pieces[0].columns
    first = np.cumsum([0, *(len(each.empty) for each in pieces)])
    rings = [np.where(p.ring < 0, -1, p.ring + at) for p, at in zip(pieces, first, strict=False)]
    join = np.concatenate
    return Explained(
        {name: columns[name] for name, _ in schema},
        join(rings),
        join([each.row for each in pieces]),
        join([each.bits for each in pieces]),
        join([each.empty for each in pieces]),
        join([each.range for each in pieces]),
        join([each.error for each in pieces]),
        [part for each in pieces for part in each.parts],
    )


def _model(container: Container, count: int) -> SweepModel:
    unpacker = Unpacker(container.section(HEADER))
    unpack_about(unpacker)
    unpack_shapes(unpacker)
    return unpack_model(unpacker, count)


def _metered(stream: bytes, most: int, before: GridPast | None = None) -> tuple[DecodedGrid, np.ndarray]:
    """A grid, and the bits (F, R, 3) of its cells; at the fast level as the default without a network would share."""
    grid, costs = _opened(stream, most, before)
    if grid.fast:
        ranges, intensity = grid.grid
        form = grid.form
        again = encode_grid(ranges, intensity, everywhere=bool(form.everywhere), near=form.near)
        _, costs = _opened(again.data, most)
        if costs.any():
            costs *= 8 * len(stream) / costs.sum()
    return grid, costs


def _opened(stream: bytes, most: int, before: GridPast | None = None) -> tuple[DecodedGrid, np.ndarray]:
    """A grid, and the bits (F, R, 3) that the decoder took for its cells."""
    blocks, costs = [], []
    for block in open_blocks(stream, most, before):
        with metered() as meters:
            blocks.append(block.decode())
        costs.append(np.zeros((block.firings, block.rings, KINDS)))
        for meter in meters:
            places, bits = meter.costs()
            costs[-1].reshape(-1)[places] += bits
    return joined(blocks), np.concatenate(costs, axis=1)


def _explain(stages: Sequence[Stage], count: int, grid: DecodedGrid, costs: np.ndarray, schema: Schema) -> Explained:
    """One part."""
    returns = Returns(*grid.grid, schema, count)
    corrected, error = np.zeros(0), np.zeros(0)
    for stage in stages:
        expected = _expected(stage, returns)
        with metered() as meters:
            stage.apply(returns)
        if isinstance(stage, Corrections):
            corrected = np.zeros(len(filled(returns.xyz)))
            for places, bits in (meter.costs() for meter in meters):
                corrected[places] += bits
        if expected is not None:
            error = _distance(filled(returns.xyz), expected)
    return _spread(returns, costs, corrected, error, part_of(stages, returns))


def _expected(stage: Stage, returns: Returns) -> np.ndarray | None:
    """Points (M, 3) as the model has them, before a stage that corrects them."""
    if isinstance(stage, Corrections):
        return returns.rounded
    if isinstance(stage, FarCorrections):
        return from_ordinals(expected_places(returns), np.dtype("<f4"))
    return None


def _distance(stored: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Metres (M,) between points (M, 3), NaN where one is nowhere."""
    with np.errstate(all="ignore"):
        apart = np.linalg.norm(stored.astype(np.float64) - expected.astype(np.float64), axis=1)
    return np.where(np.isfinite(apart), apart, np.nan)


def _spread(returns: Returns, costs: np.ndarray, corrected: np.ndarray, error: np.ndarray, part: Part) -> Explained:
    """From returns (M,) to the points (N,) of the part."""
    count, place = returns.count, filled(returns.place)
    ring, row = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    ring[place], row[place] = filled(returns.ring), filled(returns.row)
    bits, off = np.zeros(count), np.full(count, np.nan)
    own = place if returns.nth is None else place[returns.nth == 0]
    bits[own] = costs[row[own], ring[own]].sum(axis=1)
    left = costs.copy()
    left[row[own], ring[own]] = 0
    if len(corrected) == len(place):
        bits[place] += corrected
    away = np.full(count, np.nan)
    if part.tick:
        away[place] = filled(returns.ticks) * part.tick
    off[place] = error if len(error) == len(place) else 0.0
    return Explained(returns.columns, ring, row, bits, left.sum(axis=(0, 2)), away, off, [part])
