"""What was found out about a sweep, written down as grid and stages. Encoder only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.linear import multiply
from lizip.exact.rotation import quaternion_of_rotation
from lizip.exact.ulp import to_ordinals
from lizip.sensor.fit.decimals import rounding_of
from lizip.sensor.fit.further import add_further
from lizip.sensor.fit.lattice.far_units import choose_lattice
from lizip.sensor.fit.lattice.frame import Frame
from lizip.sensor.fit.timed.law import Law
from lizip.sensor.fit.timed.observed import COLUMN, Observed
from lizip.sensor.fit.timed.through_map import find_map
from lizip.sensor.model import Grid, Part, Stage
from lizip.sensor.returns import Returns
from lizip.sensor.stages.arithmetic import PLAIN
from lizip.sensor.stages.blocks import RETURNS, Blocks, encode_azimuths
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.far_corrections import FarCorrections
from lizip.sensor.stages.far_frame import FarFrame, powers_of
from lizip.sensor.stages.packet_times import PacketTimes
from lizip.sensor.stages.places import Places
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.rounding import Rounding

_MOST_TICKS = 1 << 17
_LEAST_ERROR = 1e-9
_SPARSE = 3
"""Of so many points one tells the track in a map."""
_MAP_ERRORS = np.array([2e-7, 2e-7, 2e-7, 1e-9, 1e-9, 1e-9])
"""Expected errors of points in a map (m), and their growth with range (a metre)."""
_FURTHEST = 1 << 16
"""ULPs: what is further off is an exception."""


def describe(
    cloud: Cloud,
    xyz: np.ndarray,
    seen: Observed,
    law: Law,
    missing: np.ndarray,
    nothing: np.ndarray,
    decimal: int,
) -> tuple[Part, Grid, dict[str, int]]:
    """Grid and stages of a sweep of points (N, 3) float32, some of them `missing` (N,), with the bits `nothing`.

    `decimal`: their rounding, as `lizip.sensor.stages.rounding` has it.
    """
    kept = np.flatnonzero((seen.ticks > 0) & (seen.ticks < _MOST_TICKS))
    stages, returns = _geometry(cloud, seen, law, kept)
    back = Mount(np.ascontiguousarray(law.far.T), np.zeros(3))
    rounding = rounding_of(xyz[seen.place], decimal)
    units, fits = _missed(returns, back, rounding, xyz[seen.place[kept]])
    if not fits.all():
        kept, units = kept[fits], units[fits]
        stages, returns = _geometry(cloud, seen, law, kept)
    place = seen.place[kept]
    stored = np.ascontiguousarray(xyz[place])
    ways = [_corrected(stages, returns, back, units, rounding)]
    if not decimal:
        ways.append(_far_corrected(stages, returns, law, stored))
        found = find_map(seen, law, np.flatnonzero(seen.clear)[::_SPARSE])
        if found is not None:
            frame, law = found
            ways.append(_through_map(*_geometry(cloud, seen, law, kept), frame, stored))
    stages, returns = min(ways, key=lambda way: sum(len(stage.pack()) for stage in way[0]))
    listed = ~missing
    listed[place] = False
    stages.append(Places.of(xyz, np.flatnonzero(listed), missing, nothing))
    returns.xyz = stored
    stages[-1].apply(returns)
    grid = add_further(list(cloud.columns.values()), returns, seen.sensor.beams.tick, stages)
    notes = {"exceptions": int(listed.sum()), "corrected": int(np.count_nonzero(units.any(axis=1)))}
    return Part(stages, cloud.count), grid, notes


def _missed(returns: Returns, back: Mount, rounding: Rounding, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units by which rounded returns miss stored coordinates (M, 3), and which of them that brings there, (M,)."""
    returns = replace(returns)
    for stage in (back, rounding):
        stage.apply(returns)
    return find_corrections(returns.rounded, np.ascontiguousarray(stored), returns.decimal, _FURTHEST)


def _corrected(
    stages: list[Stage], returns: Returns, back: Mount, units: np.ndarray, rounding: Rounding
) -> tuple[list[Stage], Returns]:
    """Stages from the far axes on to stored coordinates (M, 3): turned back, rounded, corrected by units (M, 3)."""
    returns = replace(returns)
    for stage in (back, rounding):
        stage.apply(returns)
    return [*stages, back, rounding, Corrections.of(returns, units)], returns


def _far_corrected(stages: list[Stage], returns: Returns, law: Law, stored: np.ndarray) -> tuple[list[Stage], Returns]:
    """The same by what is expected to be missed along the far axes; better where a first rounding was the coarser."""
    returns = replace(returns)
    miss = np.abs(multiply(stored.astype(np.float64), np.ascontiguousarray(law.far.T)) - returns.points)
    errors = np.concatenate([2 * np.median(miss, axis=0) + _LEAST_ERROR, np.full(3, 1e-10)])
    nothing = np.zeros(3, np.int64)
    far = FarFrame(quaternion_of_rotation(law.far), np.zeros(3), nothing, powers_of(errors))
    far.apply(returns)
    places = to_ordinals(stored)
    return [*stages, far, FarCorrections.of(returns, np.zeros_like(places), places)], returns


def _through_map(
    stages: list[Stage], returns: Returns, frame: Frame, stored: np.ndarray
) -> tuple[list[Stage], Returns]:
    """The same through the float32 coordinates of a map."""
    rounded = frame.rounded.astype(np.int64)
    axes = quaternion_of_rotation(frame.axes)
    far = FarFrame(axes, frame.offset * rounded, rounded, powers_of(_MAP_ERRORS))
    far.apply(returns)
    places = to_ordinals(stored)
    lattice, _ = choose_lattice(returns.far, returns.points, places)
    return [*stages, far, FarCorrections.of(returns, lattice, places)], returns


def _geometry(cloud: Cloud, seen: Observed, law: Law, kept: np.ndarray) -> tuple[list[Stage], Returns]:
    """Stages up to the points in far axes, of some of the seen (indices), and what these give."""
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

    for coarse in sensor.coarse:
        add(coarse)
    add(sensor.profile)
    nothing = np.zeros(3, np.uint32)
    places, wholes = np.arange(rings)[::-1].copy(), np.zeros(rings, np.int64)
    add(Blocks(places, wholes, sensor.lags, blocks, RETURNS, nothing, encode_azimuths(columns)))
    add(PacketTimes.of(begins - begins[0], seen.phase))
    add(PLAIN)
    add(law._replace(times=law.times - begins[0]).stage())
    return stages, returns
