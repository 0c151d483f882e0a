"""What was found out about a sensor, written down as grid and stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.chunked.solve import Solved
from lizip.sensor.fit.found import intensity_stage
from lizip.sensor.fit.intensity import find_intensity
from lizip.sensor.model import Grid, Part, Returns
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.chunks import Chunks
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.fused import Fused
from lizip.sensor.stages.packets import FRACTIONS, Packets
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.screw import Screw
from lizip.sensor.stages.slots import Azimuths, Slots

_MOST_TICKS = 1 << 16
_TRIES = 4


def describe(columns: Sequence[np.ndarray], schema, found: Solved) -> tuple[Part, Grid, dict[str, int]] | None:
    """Grid and stages of one part whose columns (N,) are those of the file; None when they do not give them."""
    xyz = np.stack(columns[:3], axis=1)
    count = len(xyz)
    good = found.known & (found.ticks > 0) & (found.ticks < _MOST_TICKS)
    good[good] = keep_ascending((found.firing * len(found.lasers.slot) + found.laser)[good])
    for _ in range(_TRIES):
        place = np.flatnonzero(good)
        ranges, stages, returns = _geometry(found, place, xyz, schema, count)
        units, fits = find_corrections(returns.rounded, np.ascontiguousarray(xyz[place]), 0)
        if fits.all():
            break
        good[place[~fits]] = False
    else:
        return None
    stages.append(Corrections.of(returns, units))
    stages[-1].apply(returns)
    listed = np.flatnonzero(~good)
    stages.append(Places.of(xyz, listed))
    stages[-1].apply(returns)
    grid = Grid(ranges, None, found.lasers.tick)
    rings = np.full(count, -1)
    rings[place] = returns.ring
    lit = find_intensity(columns, rings, place)
    if lit is not None:
        intensity = np.zeros_like(ranges)
        intensity[returns.row, returns.ring] = lit.integers
        grid = grid._replace(intensity=intensity)
        stages.append(intensity_stage(np.ascontiguousarray(columns[lit.column]), lit, place))
    others = [column for k, column in enumerate(columns) if k > 2 and (lit is None or k != lit.column)]
    if others:
        stages.append(Attributes.of(returns, others))
    notes = {"exceptions": len(listed), "corrected": int(np.count_nonzero(units.any(axis=1)))}
    return Part(stages, count), grid, notes


def _geometry(found: Solved, place: np.ndarray, xyz: np.ndarray, schema, count: int):
    """Grid and stages up to the float32 points, applied to what they give."""
    slots = Slots(0, found.upside_down)
    firings = len(found.azimuth)
    ranges = slots.grid(found.laser[place], found.firing[place], found.ticks[place].astype(np.int32), firings)
    packets = np.rint(found.packets * FRACTIONS).astype(np.int64)
    begin = int(packets[0])
    offset = begin / FRACTIONS + found.offset
    track = found.track._replace(times=found.track.times - offset)
    starts = np.searchsorted(place, found.groups.starts)
    kept = np.flatnonzero(np.diff(starts))
    starts = np.append(starts[kept], len(place))
    returns = Returns(ranges, None, schema, count)
    stages = []

    def add(stage) -> None:
        stage.apply(returns)
        stages.append(stage)

    add(slots)
    add(Azimuths.of(slots, found.azimuth))
    add(Packets.of(packets - begin, 663.5523))
    add(Chunks.of(returns, 55500, starts, found.groups.times[kept] - offset))
    add(Screw.of(track))
    add(Fused.of(returns, np.ascontiguousarray(xyz[place])))
    return ranges, stages, returns
