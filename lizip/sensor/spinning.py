"""Any spinning sensor at rest, found out from one scan: beams, steps and order of the points are all in the stream.

What is assumed: beams from about one origin at fixed elevations, an azimuth lattice, a range tick, coordinates rounded
to float32 (or to decimals first), in the sensor's frame or moved from it by one transform. Points may come firing after
firing or ring after ring, missing returns left out or kept (as zeros, NaN, or whatever is repeated).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.scan.columns import Columns as FiredColumns
from lizip.scan.columns import decode_columns, encode_columns
from lizip.scan.firings import decode_advances, encode_advances
from lizip.scan.layout import Layout, find_layout, layout_by_azimuth
from lizip.scan.missing import decode_places, encode_places, find_missing
from lizip.scan.order import decode_exceptions, encode_exceptions, merge_columns
from lizip.sensor.advance import QUANTUM, decode_steps, encode_steps
from lizip.sensor.advance_fit import Advances
from lizip.sensor.calibration import Calibration
from lizip.sensor.chain import Measured
from lizip.sensor.corrections import apply_corrections, decode_corrections, encode_corrections, round_points
from lizip.sensor.extras import decode_extra, encode_extra, nowhere
from lizip.sensor.intensity import DENOMINATORS, LIGHTS, from_integers, lit_columns, to_integers
from lizip.sensor.mount import Mount
from lizip.sensor.mount_fit import find_mount
from lizip.sensor.returns import explain, make_grid, place_returns, residual_of, return_points
from lizip.sensor.spinning_firings import Fired, find_order
from lizip.sensor.spinning_fit import calibrate
from lizip.sensor.spinning_order import NO_INTENSITY, all_cells, cells_of, pack_header, unpack_header, whole_turn

HEADER, FIRING_COLUMNS, CORRECTIONS, EXCEPTIONS, ODD_INTENSITIES, EXTRAS = range(6)
"""Side streams; further columns of the file follow from EXTRAS on."""

_MOST_EXTRAS = 16
ADVANCES, STEPS, MISSING = range(EXTRAS + _MOST_EXTRAS, EXTRAS + _MOST_EXTRAS + 3)
_LEAST_POINTS = 512
_MOST_EXCEPTIONS = 0.05
_MOST_UNITS = 1 << 18
_MOST_DECIMALS = 8


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
        for layout, mount in _layouts(xyz, missing):
            known = isinstance(hint, Calibration) and hint.mount is None and hint.advances is None
            if known and len(hint.beams) == layout.rings:
                measured = _measure(cloud, xyz, missing, nothing, layout, hint)
                if measured is not None:
                    return measured
            found = calibrate(xyz, layout, missing, 1 if level == "fast" else 3, mount)
            if found is not None:
                self.last_hint = found[0]
                return _measure(cloud, xyz, missing, nothing, layout, *found)
        return self._recover_others(cloud, missing, nothing, level, hint) if missing.any() else None

    def _recover_others(
        self, cloud: Cloud, missing: np.ndarray, nothing: np.ndarray, level: str, hint: object | None
    ) -> Measured | None:
        """Leave out missing points that follow no grid; their places and other columns are listed."""
        if np.count_nonzero(~missing) < _LEAST_POINTS:
            return None
        others = {name: np.ascontiguousarray(column)[~missing] for name, column in cloud.columns.items()}
        if find_missing(np.stack(list(others.values())[:3], axis=1))[0].any():
            return None
        measured = self.recover(replace(cloud, columns=others), level, hint)
        if measured is None:
            return None
        count = int(np.count_nonzero(missing))
        stream = pack_varint(count) + nothing.astype("<u4").tobytes() + pack_bytes(encode_places(missing))
        for column in list(cloud.columns.values())[3:]:
            stream += pack_bytes(encode_extra(np.ascontiguousarray(column)[missing], nowhere(count)))
        return replace(measured, side={**measured.side, MISSING: stream})

    def rebuild(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Give back all columns; see `lizip.sensor.chain.Chain`."""
        if MISSING in side:
            return self._rebuild_others(ranges, intensity, side, schema, count)
        calibration, base, order = unpack_header(side.get(HEADER, b""))
        lit = order.denominator != NO_INTENSITY
        core = [*schema[:3], *(schema[order.light : order.light + 1] if lit else ())]
        width = 4 if lit else 3
        known = len(core) == width and all(dtype == np.dtype("<f4") for _, dtype in core[:3])
        known &= all(dtype in LIGHTS for _, dtype in core[3:])
        if ranges.shape[1] != len(calibration.beams) or (intensity is None) == lit or not known:
            raise CorruptError("sweep does not have the shape that its sensor makes")
        if order.firings and order.firings * len(order.places) != count:
            raise CorruptError("sweep does not hold as many points as its file")
        if order.firings and FIRING_COLUMNS not in side:
            firings = whole_turn(order)
        else:
            firings = decode_columns(side.get(FIRING_COLUMNS, b""), order.span)
        if order.firings and len(firings.fired) != order.firings:
            raise CorruptError("sweep does not have as many firings as its order says")
        ring, row, rank = place_returns(ranges, firings, base, calibration)
        own, ahead = firings.fired[rank], None
        if ADVANCES in side:
            own = own + decode_advances(side[ADVANCES], firings, ring, rank)
        if calibration.advances is not None:
            steps, usual = decode_steps(side.get(STEPS, b""), firings)
            ahead = QUANTUM * calibration.advances[ring] * (steps[rank] - usual)
        points = return_points(calibration, ring, own, ranges[row, ring], ahead)
        sort = np.argsort(order.keys(ring, firings.fired[rank], rank), kind="stable")
        kept = order.keys(ring, firings.fired[rank], rank)[sort]
        rounded, fraction = round_points(points[sort], calibration.decimal)
        corrections = decode_corrections(side.get(CORRECTIONS, b""), rounded, fraction, calibration.decimal)
        xyz = apply_corrections(rounded, corrections, calibration.decimal)
        places, words = decode_exceptions(side.get(EXCEPTIONS, b""), width, count)
        if (order.firings * len(order.places) or len(kept) + len(places)) != count:
            raise CorruptError("sweep does not hold as many points as its file")
        stored = [*np.ascontiguousarray(xyz.T)]
        if lit:
            cells = ring[sort], row[sort]
            if order.firings:
                cells = all_cells(order, firings, base, calibration, ranges.shape[0])
            light = from_integers(intensity[cells[1], cells[0]], DENOMINATORS[order.denominator])
            odd, odd_words = decode_exceptions(side.get(ODD_INTENSITIES, b""), 1, len(light))
            light[odd] = odd_words[:, 0].view(np.float32)
            stored.append(light)
        if order.firings:
            grid = np.repeat(order.nothing[:, None], count, axis=1)
            grid[:, kept] = xyz.T.view(np.uint32)
            stored[:3] = grid.view(np.float32)
            out = np.stack(stored)
            out.view(np.uint32)[:, places] = words.T
        else:
            kept = np.delete(np.arange(count), places)
            out = merge_columns(stored, places, words).view(np.float32)
        with np.errstate(invalid="ignore"):  # what no encoder writes becomes any number
            columns = {name: column.astype(dtype) for (name, dtype), column in zip(core, out, strict=True)}
        ticks = ranges[row, ring][sort]
        cells = cells_of(order, kept, ring[sort], rank[sort], ticks, count, len(firings.fired))
        for number, (name, dtype) in enumerate(field for field in schema if field not in core):
            columns[name] = decode_extra(side.get(EXTRAS + number, b""), dtype, cells)
        return columns

    def _rebuild_others(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Put missing points back between the others."""
        unpacker = Unpacker(side[MISSING])
        absent = unpacker.varint()
        nothing = np.frombuffer(unpacker.take(12), "<f4")
        missing = decode_places(unpacker.bytes(), absent, count)
        rest = {number: data for number, data in side.items() if number != MISSING}
        columns = dict(self.rebuild(ranges, intensity, rest, schema, count - absent))
        for place, (name, dtype) in enumerate(schema):
            whole = np.empty(count, dtype)
            whole[~missing] = columns[name]
            if place < 3:
                whole.view(np.uint32)[missing] = nothing[place : place + 1].view(np.uint32)
            else:
                whole[missing] = decode_extra(unpacker.bytes(), dtype, nowhere(absent))
            columns[name] = whole
        unpacker.finish()
        return columns


CHAIN = SpinningSensor()


def _layouts(xyz: np.ndarray, missing: np.ndarray) -> Iterator[tuple[Layout, Mount | None]]:
    """Orders in which the points may be, and where the sensor is if not at the origin."""
    if (layout := find_layout(xyz, missing)) is not None:
        yield layout, None
    if not missing.any() and (layout := layout_by_azimuth(xyz)) is not None:
        yield layout, None
    valid = ~missing & np.isfinite(xyz).all(axis=1)
    mount = find_mount(xyz[valid])
    if mount is not None:
        seen = mount.to_sensor(xyz)
        seen[~valid] = 0.0
        if (layout := find_layout(seen, missing)) is not None:
            yield layout, mount


def _measure(
    cloud: Cloud,
    xyz: np.ndarray,
    missing: np.ndarray,
    nothing: np.ndarray,
    layout: Layout,
    calibration: Calibration,
    advances: Advances | None = None,
) -> Measured | None:
    """Write down a scan whose calibration is known; None when too many points escape it."""
    c = calibration
    ring = np.where(missing, -1, layout.ring).astype(np.int32)
    ahead = None
    if advances is not None:
        ahead = QUANTUM * c.advances[ring] * (advances.steps[layout.turn] - advances.usual)
    explained = explain(xyz, ring, c, _MOST_DECIMALS if c.decimal else _MOST_UNITS, ahead, repeats=True)
    least = (1 - _MOST_EXCEPTIONS) * np.count_nonzero(~missing)
    if np.count_nonzero(explained.kept) < least:
        return None
    fired = find_order(layout, explained, ring, nothing, c)
    if fired is None or np.count_nonzero(fired.kept) < least:
        return None
    order, kept = fired.order, fired.kept
    if order.firings:
        every = make_grid(fired.columns.fired[layout.turn], layout.ring, c, fired.columns)
        listed, lit_ring, lit_row, ranged = np.flatnonzero(~kept & ~missing), layout.ring, every.row, every.row[kept]
    else:
        every = make_grid(fired.firing[kept], ring[kept], c, fired.columns)
        listed, lit_ring, lit_row, ranged = np.flatnonzero(~kept), ring[kept], every.row, every.row
    ranges = np.zeros((every.rows, len(c.beams)), np.int32)
    ranges[ranged, ring[kept]] = explained.ticks[kept]
    columns = list(cloud.columns.values())
    core, light_at, integers = columns[:3], 0, None
    for at in lit_columns(columns, ring):
        light = np.ascontiguousarray(columns[at], np.float32)
        integers = to_integers(light if order.firings else light[kept])
        if integers is not None:
            core, light_at = [*core, light], at
            break
    plain = order.firings and bool((whole_turn(order).fired == every.columns.fired).all())
    side = {
        FIRING_COLUMNS: b"" if plain else encode_columns(every.columns),
        CORRECTIONS: encode_corrections(
            explained.rounded[kept], explained.fraction[kept], explained.corrections[kept], c.decimal
        ),
    }
    if fired.away[kept].any():
        at = np.flatnonzero(kept)
        at = at[np.lexsort((ranged, ring[kept]))]
        side[ADVANCES] = encode_advances(
            every.columns, ring[at].astype(np.int64), every.columns.ranks(fired.firing[at]), fired.away[at]
        )
    if advances is not None:
        side[STEPS] = encode_steps(
            every.columns, _steps_by_firing(layout, fired, every.columns, advances), advances.usual
        )
    grid, everywhere = None, False
    if integers is not None:
        denominator, values, exact = integers
        order = replace(order, denominator=denominator, light=light_at)
        light = light if order.firings else light[kept]
        grid = np.zeros_like(ranges)
        grid[lit_row, lit_ring] = values
        everywhere = bool(order.firings and values[~kept].any())
        odd = np.flatnonzero(~exact)
        side[ODD_INTENSITIES] = encode_exceptions(odd, light[odd].view(np.uint32)[:, None])
    words = np.stack([np.ascontiguousarray(column)[listed].view(np.uint32) for column in core], axis=1)
    side[EXCEPTIONS] = encode_exceptions(listed, words)
    side[HEADER] = pack_header(c, every.base, order)
    others = [column for place, column in enumerate(columns) if place > 2 and place != light_at]
    if others:
        at = np.flatnonzero(kept)
        rank = every.columns.ranks(fired.firing[at])
        cells = cells_of(order, at, ring[at], rank, explained.ticks[at], len(xyz), len(every.columns.fired))
        side.update((EXTRAS + n, encode_extra(column, cells)) for n, column in enumerate(others))
    info = {
        "sensor": "spinning sensor",
        "calibration": "fitted to this scan",
        "columns of a turn": c.columns,
        "tick, um": round(c.tick * 1e6),
        "exceptions": len(listed),
        "residual, um": residual_of(explained, xyz),
        "corrected": int(np.count_nonzero(explained.corrections[kept].any(axis=1))),
    }
    full = {number: data for number, data in side.items() if data}
    return Measured(ranges, grid, full, tick=c.tick, intensity_everywhere=everywhere, info=info)


def _steps_by_firing(layout: Layout, fired: Fired, columns: FiredColumns, advances: Advances) -> np.ndarray:
    """Step (F,) int64 of each firing: that of its points in the file."""
    steps = np.full(len(columns.fired), advances.usual, np.int64)
    at = np.flatnonzero(fired.kept)
    steps[columns.ranks(fired.firing[at])] = advances.steps[layout.turn[at]]
    return steps
