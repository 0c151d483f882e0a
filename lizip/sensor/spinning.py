"""Any spinning sensor at rest, found out from one scan: beams, steps and order of the points are all in the stream.

What is assumed: beams from about one origin at fixed elevations, an azimuth lattice, a range tick, coordinates computed
in double and rounded to float32 (or to decimals first). Points may come firing after firing or ring after ring, missing
returns left out or kept (as zeros, NaN, or whatever is repeated).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints
from lizip.scan.columns import Columns as Firings
from lizip.scan.columns import decode_columns, encode_columns, find_columns
from lizip.scan.layout import ALL_FIRINGS, ALL_RINGS, FIRINGS, RINGS, Layout, find_layout, layout_by_azimuth
from lizip.scan.missing import find_missing
from lizip.scan.order import decode_exceptions, encode_exceptions, keep_ascending, merge_columns
from lizip.sensor.calibration import Calibration
from lizip.sensor.chain import Measured
from lizip.sensor.corrections import apply_corrections, decode_corrections, encode_corrections, round_points
from lizip.sensor.extras import decode_extra, encode_extra
from lizip.sensor.intensity import DENOMINATORS, from_integers, to_integers
from lizip.sensor.returns import Explained, explain, make_grid, place_returns, residual_of
from lizip.sensor.spinning_fit import calibrate

HEADER, FIRING_COLUMNS, CORRECTIONS, EXCEPTIONS, ODD_INTENSITIES, EXTRAS = range(6)
"""Side streams; further columns of the file follow from EXTRAS on."""

_MOST_EXTRAS = 16
_NO_INTENSITY = 255
_LEAST_POINTS = 512
_MOST_EXCEPTIONS = 0.05
_MOST_UNITS = 1 << 18
_MOST_DECIMALS = 8


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
    """

    kind: int
    places: np.ndarray
    starts: np.ndarray
    firings: int
    nothing: np.ndarray
    denominator: int

    def keys(self, ring: np.ndarray, firing: np.ndarray, turn: int) -> np.ndarray:
        """Integers (M,) int64 in the order of the file, from ring and firing column, both (M,) int64."""
        since = (firing - self.starts[ring]) % turn
        if self.kind in (FIRINGS, ALL_FIRINGS):
            return since * len(self.places) + self.places[ring]
        return self.places[ring] * (self.firings or turn) + since


class SpinningSensor:
    """The chain of sensors without a profile."""

    name = "spinning sensor"
    number = 3

    def __init__(self) -> None:
        self.last_hint: Calibration | None = None

    def recover(self, cloud: Cloud, level: str, hint: object | None = None) -> Measured | None:
        """Find out the sensor, then ranges and intensities; see `lizip.sensor.chain.Chain`."""
        columns = list(cloud.columns.values())
        if cloud.count < _LEAST_POINTS or not 3 <= len(columns) <= 4 + _MOST_EXTRAS:
            return None
        if any(column.dtype != np.dtype("<f4") for column in columns[:3]):
            return None
        xyz = np.stack(columns[:3], axis=1)
        missing, nothing = find_missing(xyz)
        for layout in (find_layout(xyz, missing), None if missing.any() else layout_by_azimuth(xyz)):
            if layout is None:
                continue
            if isinstance(hint, Calibration) and len(hint.beams) == layout.rings:
                measured = _measure(cloud, xyz, missing, nothing, layout, hint)
                if measured is not None:
                    return measured
            calibration = calibrate(xyz, layout, missing, hinges=1 if level == "fast" else 3)
            if calibration is not None:
                self.last_hint = calibration
                return _measure(cloud, xyz, missing, nothing, layout, calibration)
        return None

    def rebuild(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Give back all columns; see `lizip.sensor.chain.Chain`."""
        calibration, base, order = _unpack_header(side.get(HEADER, b""))
        lit = order.denominator != _NO_INTENSITY
        width = 4 if lit else 3
        known = all(dtype == np.dtype("<f4") for _, dtype in schema[:width]) and len(schema) >= width
        if ranges.shape[1] != len(calibration.beams) or (intensity is None) == lit or not known:
            raise CorruptError("sweep does not have the shape that its sensor makes")
        turn = calibration.columns
        firings = _whole_turn(order, turn) if order.firings else decode_columns(side.get(FIRING_COLUMNS, b""), turn)
        ring, row, rank, points = place_returns(ranges, firings, base, calibration)
        keys = order.keys(ring, firings.fired[rank], turn)
        sort = np.argsort(keys, kind="stable")
        rounded, fraction = round_points(points[sort], calibration.decimal)
        corrections = decode_corrections(side.get(CORRECTIONS, b""), rounded, fraction)
        xyz = apply_corrections(rounded, corrections, calibration.decimal)
        places, words = decode_exceptions(side.get(EXCEPTIONS, b""), width, count)
        if (order.firings * len(order.places) or len(keys) + len(places)) != count:
            raise CorruptError("sweep does not hold as many points as its file")
        stored = [*np.ascontiguousarray(xyz.T)]
        if lit:
            cells = ring[sort], row[sort]
            if order.firings:
                cells = _all_cells(order, firings, base, calibration, ranges.shape[0])
            light = from_integers(intensity[cells[1], cells[0]], DENOMINATORS[order.denominator])
            odd, odd_words = decode_exceptions(side.get(ODD_INTENSITIES, b""), 1, len(light))
            light[odd] = odd_words[:, 0].view(np.float32)
            stored.append(light)
        if order.firings:
            kept = keys[sort]
            stored[:3] = (
                _spread(column, kept, nothing, count) for column, nothing in zip(xyz.T, order.nothing, strict=True)
            )
            out = np.stack(stored)
            out.view(np.uint32)[:, places] = words.T
        else:
            kept = np.delete(np.arange(count), places)
            out = merge_columns(stored, places, words).view(np.float32)
        columns = dict(zip((name for name, _ in schema), out, strict=False))
        if len(schema) > width:
            rings = _spread(ring[sort].astype(np.int32), kept, -1, count)
            for number, (name, dtype) in enumerate(schema[width:]):
                columns[name] = decode_extra(side.get(EXTRAS + number, b""), dtype, rings, len(order.places))
        return columns


def _spread(values: np.ndarray, places: np.ndarray, nothing: int, count: int) -> np.ndarray:
    """Put values (M,) of 4 bytes at their places (M,) among `count`; elsewhere the bits `nothing`."""
    out = np.full(count, nothing, np.uint32 if nothing >= 0 else np.int32).view(values.dtype)
    out[places] = values
    return out


CHAIN = SpinningSensor()


def _measure(
    cloud: Cloud, xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray, layout: Layout, calibration: Calibration
) -> Measured | None:
    """Write down a scan whose calibration is known; None when too many points escape it."""
    c = calibration
    ring = np.where(missing, -1, layout.ring).astype(np.int32)
    explained = explain(xyz, ring, c, _MOST_DECIMALS if c.decimal else _MOST_UNITS)
    found = _settle_order(layout, explained, ring, nothing, c)
    if found is None or np.count_nonzero(found[1]) < (1 - _MOST_EXCEPTIONS) * np.count_nonzero(~missing):
        return None
    order, kept = found
    if order.firings:
        firing = (order.starts[0] + layout.turn) % c.columns
        every = make_grid(firing, layout.ring, c, _whole_turn(order, c.columns))
        listed, lit_ring, lit_row, ranged = np.flatnonzero(~kept & ~missing), layout.ring, every.row, every.row[kept]
    else:
        every = make_grid(explained.firing[kept], ring[kept], c, find_columns(explained.firing[kept], c.columns))
        listed, lit_ring, lit_row, ranged = np.flatnonzero(~kept), ring[kept], every.row, every.row
    ranges = np.zeros((every.rows, len(c.beams)), np.int32)
    ranges[ranged, ring[kept]] = explained.ticks[kept]
    columns = list(cloud.columns.values())
    integers = None
    if len(columns) > 3 and columns[3].dtype == np.dtype("<f4"):
        light = np.ascontiguousarray(columns[3])
        light = light if order.firings else light[kept]
        integers = to_integers(light)
    side = {
        FIRING_COLUMNS: b"" if order.firings else encode_columns(every.columns),
        CORRECTIONS: encode_corrections(explained.rounded[kept], explained.fraction[kept], explained.corrections[kept]),
    }
    grid, everywhere, width = None, False, 3
    if integers is not None:
        denominator, values, exact = integers
        order = Order(order.kind, order.places, order.starts, order.firings, order.nothing, denominator)
        grid = np.zeros_like(ranges)
        grid[lit_row, lit_ring] = values
        everywhere = bool(order.firings and values[~kept].any())
        odd = np.flatnonzero(~exact)
        side[ODD_INTENSITIES] = encode_exceptions(odd, light[odd].view(np.uint32)[:, None])
        width = 4
    words = np.stack([np.ascontiguousarray(column)[listed].view(np.uint32) for column in columns[:width]], axis=1)
    side[EXCEPTIONS] = encode_exceptions(listed, words)
    side[HEADER] = _pack_header(c, every.base, order)
    known = np.where(kept, ring, -1)
    for number, column in enumerate(columns[width:]):
        side[EXTRAS + number] = encode_extra(column, known, len(c.beams))
    info = {
        "sensor": "spinning sensor",
        "calibration": "fitted to this scan",
        "columns of a turn": c.columns,
        "tick, um": round(c.tick * 1e6),
        "exceptions": len(listed),
        "residual, um": residual_of(explained),
        "corrected": int(np.count_nonzero(explained.corrections[kept].any(axis=1))),
    }
    full = {number: data for number, data in side.items() if data}
    return Measured(ranges, grid, full, tick=c.tick, intensity_everywhere=everywhere, info=info)


def _settle_order(
    layout: Layout, explained: Explained, ring: np.ndarray, nothing: np.ndarray, c: Calibration
) -> tuple[Order, np.ndarray] | None:
    """Find where the scan starts; returns the order and the points (N,) bool that follow it."""
    kept = explained.kept.copy()
    if not kept.any():
        return None
    firing = explained.firing.astype(np.int64)
    starts = np.zeros(layout.rings, np.int64)
    firings = 0
    if layout.kind in (ALL_FIRINGS, ALL_RINGS):
        firings = len(ring) // layout.rings
        if firings > c.columns:
            return None
        ahead = (firing - layout.turn) % c.columns
        starts[:] = np.bincount(ahead[kept]).argmax()
        kept &= ahead == starts[0]
    elif layout.kind == RINGS:
        at = np.flatnonzero(kept)
        starts[ring[at[::-1]]] = firing[at[::-1]]
    else:
        starts[:] = firing[np.argmax(kept)]
    order = Order(layout.kind, layout.places, starts, firings, nothing, _NO_INTENSITY)
    at = np.flatnonzero(kept)
    kept[at[~keep_ascending(order.keys(ring[at].astype(np.int64), firing[at], c.columns))]] = False
    return (order, kept) if kept.any() else None


def _whole_turn(order: Order, turn: int) -> Firings:
    """Firings of a grid of which every cell is stored: all columns from the start on."""
    return Firings(turn, (order.starts[0] + np.arange(order.firings)) % turn, order.firings == turn)


def _all_cells(
    order: Order, firings: Firings, base: int, calibration: Calibration, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Grid cell (ring, row), both (N,), of every point of a whole grid in the order of the file."""
    index = np.arange(order.firings * len(order.places))
    if order.kind == ALL_FIRINGS:
        rank, ring = np.divmod(index, len(order.places))
    else:
        ring, rank = np.divmod(index, order.firings)
    row = rank - firings.lags(calibration.shifts)[ring]
    row = row % order.firings if firings.closed else row - base
    if len(row) and not 0 <= int(row.min()) <= int(row.max()) < rows:
        raise CorruptError("a point lies outside of the grid")
    return ring, row


def _pack_header(calibration: Calibration, base: int, order: Order) -> bytes:
    head = pack_varints([order.kind, order.denominator, order.firings]) + pack_signed(base)
    head += order.nothing.astype("<u4").tobytes() if order.firings else b""
    same = bool((order.starts == order.starts[0]).all())
    head += pack_varint(same) + pack_varints(order.starts[:1] if same else order.starts)
    plain = bool((order.places == np.arange(len(order.places))).all())
    head += pack_varint(plain) + (b"" if plain else pack_varints(order.places))
    return calibration.pack() + head


def _unpack_header(data: bytes) -> tuple[Calibration, int, Order]:
    """Calibration, base row, order; raises CorruptError."""
    unpacker = Unpacker(data)
    calibration = Calibration.unpack(unpacker)
    rings, turn = len(calibration.beams), calibration.columns
    kind, denominator, firings, base = unpacker.varint(), unpacker.varint(), unpacker.varint(), unpacker.signed()
    nothing = np.frombuffer(unpacker.take(12), "<u4").astype(np.uint32) if firings else np.zeros(3, np.uint32)
    starts = [unpacker.varint()] * rings if unpacker.varint() else [unpacker.varint() for _ in range(rings)]
    places = list(range(rings)) if unpacker.varint() else [unpacker.varint() for _ in range(rings)]
    unpacker.finish()
    whole = kind in (ALL_FIRINGS, ALL_RINGS)
    if kind > ALL_RINGS or whole != (firings > 0) or firings > turn or abs(base) > 1 << 32:
        raise CorruptError("impossible order of points")
    if denominator != _NO_INTENSITY and denominator >= len(DENOMINATORS):
        raise CorruptError("impossible order of points")
    if sorted(places) != list(range(rings)) or any(start >= turn for start in starts) or not rings:
        raise CorruptError("impossible order of points")
    order = Order(kind, np.array(places), np.array(starts, np.int64), firings, nothing, denominator)
    return calibration, base, order
