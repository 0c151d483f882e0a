"""What was found out about a sweep, written down as grid and stages. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.rotation import SE3
from lizip.sensor.fit.intensity import find_intensity, intensity_stage
from lizip.sensor.fit.timed.law import Law
from lizip.sensor.fit.timed.observed import COLUMN, Observed
from lizip.sensor.model import Grid, Part, Returns, Stage
from lizip.sensor.stages.arithmetic import PLAIN
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.blocks import RETURNS, Blocks, encode_azimuths
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.packet_times import PacketTimes
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.rounding import Rounding

_MOST_TICKS = 1 << 16
_FURTHEST = 1 << 16
"""ULPs: what is further off is an exception."""


def describe(cloud: Cloud, xyz: np.ndarray, seen: Observed, law: Law) -> tuple[Part, Grid, dict[str, int]]:
    """Grid and stages of a sweep of points (N, 3) float32."""
    good = (seen.ticks > 0) & (seen.ticks < _MOST_TICKS)
    for attempt in range(2):
        kept = np.flatnonzero(good)
        ranges, stages, returns = _geometry(cloud, seen, law, kept)
        actual = np.ascontiguousarray(xyz[seen.place[kept]])
        units, fits = find_corrections(returns.rounded, actual, 0, _FURTHEST)
        if attempt == 0:
            good[kept[~fits]] = False
    stages.append(Corrections.of(returns, units))
    stages[-1].apply(returns)
    place = seen.place[kept]
    listed = np.ones(cloud.count, bool)
    listed[place] = False
    stages.append(Places.of(xyz, np.flatnonzero(listed)))
    stages[-1].apply(returns)
    grid, rest = _lit(cloud, returns, place, ranges, seen.sensor.tick, stages)
    if rest:
        stages.append(Attributes.of(returns, rest))
    notes = {"exceptions": int(listed.sum()), "corrected": int(np.count_nonzero(units.any(axis=1)))}
    return Part(stages, cloud.count), grid, notes


def _geometry(cloud: Cloud, seen: Observed, law: Law, kept: np.ndarray) -> tuple[np.ndarray, list[Stage], Returns]:
    """Grid of ranges, stages up to the rounded points of some of the seen (indices), and what these stages give."""
    sensor = seen.sensor
    rings, blocks = len(sensor.elevation), seen.blocks
    ranges = np.zeros((blocks + int(sensor.lags.max()), rings), np.int32)
    ring = seen.ring[kept]
    ranges[seen.block[kept] + sensor.lags[ring], ring] = seen.ticks[kept]
    beams = sensor.profile.beams
    columns = (seen.first + round(sensor.step / COLUMN) * np.arange(blocks)) % beams.columns
    begins = seen.starts[seen.phase :: sensor.packet]
    if seen.phase:
        before = seen.starts[seen.phase - 1] - (sensor.packet - 1) * sensor.slots
        begins = np.concatenate([[before], begins])
    begins = np.rint(begins).astype(np.int64)
    returns, stages = Returns(ranges, None, cloud.schema, cloud.count), []

    def add(stage: Stage) -> None:
        stage.apply(returns)
        stages.append(stage)

    add(sensor.profile)
    nothing = np.zeros(3, np.uint32)
    places, wholes = np.arange(rings)[::-1].copy(), np.zeros(rings, np.int64)
    add(Blocks(places, wholes, sensor.lags, blocks, RETURNS, nothing, encode_azimuths(columns)))
    add(PacketTimes.of(begins - begins[0], seen.phase))
    add(PLAIN)
    track = law._replace(times=law.times - begins[0]).stage()
    add(track)
    back = SE3(law.far, np.zeros(3)).inverse()
    add(Mount(back.rotation, back.translation))
    add(Rounding())
    return ranges, stages, returns


def _lit(
    cloud: Cloud, returns: Returns, place: np.ndarray, ranges: np.ndarray, tick: float, stages: list[Stage]
) -> tuple[Grid, list[np.ndarray]]:
    """The grid with intensities, whose stage is added; and the further columns."""
    columns = list(cloud.columns.values())
    rings = np.full(cloud.count, -1)
    rings[place] = returns.ring
    lit = find_intensity(columns, rings, place)
    if lit is None:
        return Grid(ranges, None, tick), columns[3:]
    intensity = np.zeros_like(ranges)
    intensity[returns.row, returns.ring] = lit.integers
    stages.append(intensity_stage(np.ascontiguousarray(columns[lit.column]), lit, place))
    returns.intensity = intensity
    return Grid(ranges, intensity, tick), [column for k, column in enumerate(columns) if k not in (0, 1, 2, lit.column)]
