"""What was found out about a sensor, written down as grid and stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lizip.cloud import Schema
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.chunked.observed import Law, Observed
from lizip.sensor.fit.chunked.packets import PERIOD
from lizip.sensor.fit.chunked.ranges import RULE
from lizip.sensor.fit.decimals import rounding_of
from lizip.sensor.fit.further import add_further
from lizip.sensor.model import Grid, Part, Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.axes import AS_THEY_ARE, Axes
from lizip.sensor.stages.chunks import Chunks
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.fused import Fused
from lizip.sensor.stages.packets import FRACTIONS, Packets
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.rounding import Rounding
from lizip.sensor.stages.screw import Screw
from lizip.sensor.stages.slots import Azimuths, Slots

_MOST_TICKS = 1 << 17
_TRIES = 4


def describe(
    columns: Sequence[np.ndarray],
    schema: Schema,
    seen: Observed,
    law: Law,
    axes: Axes,
    others: tuple[np.ndarray, np.ndarray],
    nothing: np.ndarray,
    decimal: int = 0,
) -> tuple[Part, Grid, dict[str, int]] | None:
    """Grid and stages of one part whose columns (N,) are those of the file, but for `axes`; None when they are not.

    `others` are the points that are missing (N,), which were not seen and have the bits `nothing` (3,) in the file, and
    those that are of no sensor (N,); `decimal` is the rounding of the rest, as `lizip.sensor.stages.rounding` has it.
    """
    missing, strange = others
    rounding = rounding_of(seen.stored, decimal) if decimal else None
    present, every = np.flatnonzero(~missing & ~strange), np.stack(columns[:3], axis=1)
    xyz = every[present]
    good = seen.known & (law.ticks > 0) & (law.ticks < _MOST_TICKS)
    good[good] = keep_ascending((seen.firing * len(seen.lasers.slot) + seen.laser)[good])
    for _ in range(_TRIES):
        place = np.flatnonzero(good)
        stages, returns = _geometry(seen, law, place, xyz, schema, len(every), rounding)
        units, fits = find_corrections(returns.rounded, np.ascontiguousarray(xyz[place]), decimal)
        if fits.all():
            break
        good[place[~fits]] = False
    else:
        return None
    stages.append(Corrections.of(returns, units))
    stages[-1].apply(returns)
    listed = np.sort(np.append(present[~good], np.flatnonzero(strange)))
    stages.append(Places.of(every, listed, missing, axes.undone(nothing.view(np.float32)[None])[0].view(np.uint32)))
    stages[-1].apply(returns)
    if axes != AS_THEY_ARE:
        stages.append(axes)
    grid = add_further(columns, returns, seen.lasers.tick, stages)
    notes = {"exceptions": len(listed), "corrected": int(np.count_nonzero(units.any(axis=1)))}
    return Part(stages, len(every)), grid, notes


def _geometry(
    seen: Observed,
    law: Law,
    place: np.ndarray,
    xyz: np.ndarray,
    schema: Schema,
    count: int,
    rounding: Rounding | None,
) -> tuple[list[Stage], Returns]:
    """Stages up to the float32 points of returns at `place` (M,), or to their rounding, and what these stages give."""
    slots = Slots(0, seen.upside_down)
    ranges = slots.grid(seen.laser[place], seen.firing[place], law.ticks[place].astype(np.int32), len(law.azimuth))
    packets = np.rint(law.packets * FRACTIONS).astype(np.int64)
    begin = float(packets[0]) / FRACTIONS
    starts = np.searchsorted(place, law.groups.starts)
    kept = np.flatnonzero(np.diff(starts))
    returns, stages = Returns(ranges, None, schema, count), []

    def add(stage: Stage) -> None:
        stage.apply(returns)
        stages.append(stage)

    if seen.lasers.tick != slots.lasers.tick:
        add(Coarse(1, 0, 1))
    add(slots)
    add(Azimuths.of(slots, law.azimuth))
    add(Packets.of(packets - packets[0], PERIOD))
    add(Chunks.of(returns, round(RULE * 1000), np.append(starts[kept], len(place)), law.groups.times[kept] - begin))
    add(Screw.of(law.track._replace(times=law.track.times - begin)))
    if rounding is None:
        add(Fused.of(returns, np.ascontiguousarray(xyz[place])))
    else:
        add(Fused())
        add(rounding)
    return stages, returns
