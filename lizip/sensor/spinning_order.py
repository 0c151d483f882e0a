"""Where each return of a spinning sensor stands in its file, and the header that says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints
from lizip.scan.columns import Columns
from lizip.scan.layout import ALL_FIRINGS, ALL_RINGS, FIRINGS
from lizip.sensor.calibration import Calibration
from lizip.sensor.extras import Cells
from lizip.sensor.intensity import DENOMINATORS

NO_INTENSITY = 255
"""`Order.denominator` of a file without intensities."""


MOST_TURNS = 16
"""A sweep is about one turn, and often a little more."""


@dataclass(frozen=True)
class Order:
    """All that fixes the place of a return in the file.

    Attributes
    ----------
    kind : int
        See `lizip.scan.layout`.
    places : (R,) int64
        Place of each ring among those of a firing, or of the file.
    starts : (R,) int64
        Firing column at which each ring begins (all alike unless rings follow one another).
    firings : int
        Number of firings of a whole grid, 0 where only returns are stored.
    nothing : (3,) uint32
        Bits of the coordinates of a point that is no return.
    denominator : int
        Index of the intensity's denominator.
    span : int
        Columns to count in: those of a turn, or of as many turns as the file holds.
    light : int
        Which column of the file holds the intensities.
    """

    kind: int
    places: np.ndarray
    starts: np.ndarray
    firings: int
    nothing: np.ndarray
    denominator: int
    span: int
    light: int = 3

    def keys(self, ring: np.ndarray, firing: np.ndarray, rank: np.ndarray) -> np.ndarray:
        """Integers (M,) int64 in the order of the file, from ring, firing column and index of the firing, (M,) int64.

        The index counts only where every cell is stored.
        """
        since = rank if self.firings else (firing - self.starts[ring]) % self.span
        if self.kind in (FIRINGS, ALL_FIRINGS):
            return since * len(self.places) + self.places[ring]
        return self.places[ring] * (self.firings or self.span) + since


def whole_turn(order: Order) -> Columns:
    """Columns of a grid of which every cell is stored, and every column: all from the start on."""
    fired = (order.starts[0] + np.arange(order.firings)) % order.span
    return Columns(order.span, fired, order.firings == order.span)


def all_cells(
    order: Order, firings: Columns, base: int, calibration: Calibration, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Grid cell (ring, row), both (N,), of every point of a whole grid in the order of the file."""
    index = np.arange(order.firings * len(order.places))
    if order.kind == ALL_FIRINGS:
        rank, ring = np.divmod(index, len(order.places))
    else:
        ring, rank = np.divmod(index, order.firings)
    row = rank - firings.lags(calibration.leads)[ring]
    row = row % order.firings if firings.closed else row - base
    if len(row) and not 0 <= int(row.min()) <= int(row.max()) < rows:
        raise CorruptError("a point lies outside of the grid")
    return ring, row


def cells_of(
    order: Order, kept: np.ndarray, ring: np.ndarray, rank: np.ndarray, ticks: np.ndarray, count: int, firings: int
) -> Cells:
    """Where `count` points were measured, given ring, rank and ticks (M,) of those at the places `kept` (M,)."""
    rings = len(order.places)
    spread = np.full((3, count), -1, np.int64)
    spread[2] = 0
    if order.firings:
        index = np.arange(count)
        spread[:2] = divmod(index, order.firings) if order.kind == ALL_RINGS else divmod(index, rings)[::-1]
    spread[0, kept], spread[1, kept], spread[2, kept] = ring, rank, ticks
    return Cells(*spread, rings, firings)


def pack_header(calibration: Calibration, base: int, order: Order) -> bytes:
    """Write calibration, base row (see `lizip.sensor.returns.Grid`) and order."""
    head = pack_varints([order.kind, order.denominator, order.firings]) + pack_signed(base)
    head += order.nothing.astype("<u4").tobytes() if order.firings else b""
    head += pack_varints([order.span // calibration.columns, order.light])
    same = bool((order.starts == order.starts[0]).all())
    head += pack_varint(same) + pack_varints(order.starts[:1] if same else order.starts)
    plain = bool((order.places == np.arange(len(order.places))).all())
    head += pack_varint(plain) + (b"" if plain else pack_varints(order.places))
    return calibration.pack() + head


def unpack_header(data: bytes) -> tuple[Calibration, int, Order]:
    """Calibration, base row, order; raises CorruptError."""
    unpacker = Unpacker(data)
    calibration = Calibration.unpack(unpacker)
    rings = len(calibration.beams)
    kind, denominator, firings, base = unpacker.varint(), unpacker.varint(), unpacker.varint(), unpacker.signed()
    nothing = np.frombuffer(unpacker.take(12), "<u4").astype(np.uint32) if firings else np.zeros(3, np.uint32)
    turns, light = unpacker.varint(), unpacker.varint()
    span = turns * calibration.columns
    starts = [unpacker.varint()] * rings if unpacker.varint() else [unpacker.varint() for _ in range(rings)]
    places = list(range(rings)) if unpacker.varint() else [unpacker.varint() for _ in range(rings)]
    unpacker.finish()
    if not 0 < turns <= MOST_TURNS:
        raise CorruptError("impossible order of points")
    whole = kind in (ALL_FIRINGS, ALL_RINGS)
    if kind > ALL_RINGS or whole != (firings > 0) or firings > span or abs(base) > 1 << 32:
        raise CorruptError("impossible order of points")
    if denominator != NO_INTENSITY and denominator >= len(DENOMINATORS):
        raise CorruptError("impossible order of points")
    if sorted(places) != list(range(rings)) or any(start >= span for start in starts) or not rings:
        raise CorruptError("impossible order of points")
    order = Order(kind, np.array(places), np.array(starts, np.int64), firings, nothing, denominator, span, light)
    return calibration, base, order
