"""Where the bits of a file went: what each point took, read off the decoder while it decodes.

The entropy decoder knows after each point how many bits it has used (`lizip.entropy.coder.metered`), which is what an
adaptive model's -log2 p of the decisions adds up to. What belongs to no point (headers, calibration, checksums, whole
streams of a general compressor) is shared out evenly, so the bits of all points are those of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.survey.points import Reader
from lizip.container import RECIPE
from lizip.entropy.coder import Meter, metered
from lizip.report.sweep import Explained, explain

if TYPE_CHECKING:
    from lizip.cloud import Columns, Schema
    from lizip.container import Container
    from lizip.decoder import Decoder
    from lizip.report.found import Part


class Spent(NamedTuple):
    """A piece of a file: its points (N,) in file order and what they took.

    Attributes
    ----------
    columns : dict
        As in the file.
    bits : (N,) float64
        Adds up to the file.
    shared : float
        How many of these, in sum, belong to no point and are shared out evenly.
    ring, row : (N,) int64 or None
        Cells of a grid, -1 outside of it; None where there is none.
    range : (N,) float64 or None
        As measured, metres; NaN where that is not known.
    error : (N,) float64 or None
        Metres by which the sensor's model missed before it was corrected; NaN: it says nothing about the point.
    parts : list of Part
        What was found of sensors.
    """

    columns: Columns
    bits: np.ndarray
    shared: float
    ring: np.ndarray | None = None
    row: np.ndarray | None = None
    range: np.ndarray | None = None
    error: np.ndarray | None = None
    parts: list[Part] = []  # noqa: RUF012


def spent(decoder: Decoder) -> Iterator[Spent]:
    """Yield the pieces of a file that have points, each decoded once; raises what decoding raises.

    What is in none of them is shared out by their sizes.
    """
    parts = [part for part in decoder.parts() if part.header.count]
    more = decoder.container.size / max(sum(part.container.size for part in parts), 1)
    for part in parts:
        yield _piece(part, part.container.size * more)


def _piece(decoder: Decoder, size: float) -> Spent:
    """One piece of so many bytes."""
    count, schema = decoder.header.count, decoder.schema()
    recipe = decoder.container.section(RECIPE)
    if decoder.stands or decoder.codec.name not in _WAYS:
        blocks = list(decoder.blocks())
        columns = {name: np.concatenate([block[name] for block in blocks]) for name, _ in schema}
        return Spent(columns, np.full(count, 8 * size / count), 8.0 * size)
    way = _WAYS[decoder.codec.name]
    if not recipe:
        return _shared(way(decoder.container, schema, count), size)
    from lizip.relations import Recipe
    from lizip.relations.order import decode_order

    rules = Recipe.unpack(recipe, schema)
    coded = way(decoder.container, rules.coded(schema), count)
    ranks = decode_order(rules.order, list(coded.columns.values())) if rules.order else slice(None)
    (columns,) = rules.restored([coded.columns], schema)
    ring, row, away, error = (
        None if each is None else each[ranks] for each in (coded.ring, coded.row, coded.range, coded.error)
    )
    return _shared(Spent(columns, coded.bits[ranks], 0.0, ring, row, away, error, coded.parts), size)


def _shared(piece: Spent, size: float) -> Spent:
    """With what belongs to no point shared out."""
    rest = 8.0 * size - piece.bits.sum()
    return piece._replace(bits=piece.bits + rest / len(piece.bits), shared=rest)


def _of_sweep(container: Container, schema: Schema, count: int) -> Spent:
    """A sweep: own cells; what says that other cells of a ring are empty, by ring."""
    told: Explained = explain(container, schema, count)
    on_grid = told.ring >= 0
    points = np.bincount(told.ring[on_grid], minlength=len(told.empty))
    bits = told.bits.copy()
    bits[on_grid] += (told.empty / np.maximum(points, 1))[told.ring[on_grid]]
    return Spent(told.columns, bits, 0.0, told.ring, told.row, told.range, told.error, told.parts)


def _of_survey(container: Container, schema: Schema, count: int) -> Spent:
    """LAS records, chunk by chunk."""
    reader, names = Reader(container, schema, count), [name for name, _ in schema]
    bits, blocks = np.zeros(count), []
    for number, entry in enumerate(reader.index):
        with metered() as meters:
            blocks.append(reader.chunk(number, names))
        _add(bits[entry.start : entry.start + entry.count], meters)
    return Spent({name: np.concatenate([block[name] for block in blocks]) for name in names}, bits, 0.0)


def _of_floats(container: Container, schema: Schema, count: int) -> Spent:
    """Columns, segment by segment."""
    from lizip.codecs import floats

    bits, blocks, at = np.zeros(count), [], 0
    with metered() as meters:
        for block in floats.CODEC.decode(container, schema, count):
            rows = len(next(iter(block.values())))
            _add(bits[at : at + rows], meters)
            meters.clear()
            blocks.append(block)
            at += rows
    return Spent({name: np.concatenate([block[name] for block in blocks]) for name, _ in schema}, bits, 0.0)


_WAYS = {"sweep": _of_sweep, "survey": _of_survey, "floats": _of_floats}


def _add(bits: np.ndarray, meters: list[Meter]) -> None:
    """Add what streams say of points to theirs, (n,)."""
    for meter in meters:
        places, costs = meter.costs()
        if len(places):
            bits += np.bincount(places, costs, minlength=len(bits))
