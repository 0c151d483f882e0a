"""What beams say of a sensor's own frame when its points were turned and shifted afterwards.

Its axis is known then; how far the frame was turned about that, and shifted along it, is not: a common angle and a
common height of all beams are as good as any others. But the numbers of beams are decimals that somebody wrote down,
which leaves a few thousand angles and heights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, TURN, arcsine, sines_of
from lizip.sensor.fit.maker import find_maker, two_unknowns
from lizip.sensor.stages.maker import FINEST, UNITS, lengths_of

_COHERENT = 0.995
"""Length of the mean of unit vectors that turn once a unit: angles of so many beams are whole units from each other."""
_PRINTED, _TURNED, _FAR_OFF = DEGREE / 1000, 5e-8, 2e-6
"""Elevations are multiples of the first where they are so near (rad), most of them and any: steep beams see only the
ground, where elevation and height are nearly the same."""
_ZERO, _SURELY, _DECIMAL, _NEAR = 4e-6, 4e-7, 1e-4, 0.05
"""Lengths so small (m) are none, ten times as much where most are smaller than the second: a beam that sees only the
ground hardly tells angles from offsets. Vertical offsets are multiples of the third, within this share of it."""
_HIGHEST, _MOST_HEIGHTS = 0.5, 8
_MICRO, _LIFTS = 1e-6, 100_000
"""Step of a maker's height (m), and how many are looked at either way."""
_ROUNDS = 3


class Gauge(NamedTuple):
    """Beams in a frame that may be turned by a heading and be too low by a height.

    Attributes
    ----------
    phases : (B,) float64
        rad.
    lateral, elevation : (B,) float64
        m, rad.
    lengths : (H, B, 2) float64
        For each set of heights: forward and up offsets, m.
    ticks : (H, B) int64
        What to add to ranges.
    headings : float, float
        Step from one possible heading to the next (rad), and how many there are.
    heights : (K,) float64
        Heights to add to `up`, the same for each set.
    """

    phases: np.ndarray
    lateral: np.ndarray
    elevation: np.ndarray
    lengths: np.ndarray
    ticks: np.ndarray
    headings: tuple[float, int]
    heights: np.ndarray


def find_gauge(values: np.ndarray, step: float, columns: int, tick: float, counts: np.ndarray) -> Gauge | None:
    """Find a gauge of fitted beams.

    Parameters
    ----------
    values : (B, 5) float64
        Phase (columns), lateral, elevation, forward, up of each, as `lizip.sensor.stages.beams` has them.
    step, tick : float
        rad a column, negative when clockwise; m.
    columns : int
        Of a turn.
    counts : (B,) int64
        Points of each beam.
    """
    return _of_angles(values, step, tick, counts) or _of_maker(values, step, columns, tick)


def _of_angles(values: np.ndarray, step: float, tick: float, counts: np.ndarray) -> Gauge | None:
    """A gauge of beams whose azimuths are whole units from each other (Velodyne, Hesai, RoboSense)."""
    angles = values[:, 0] * step
    for unit in (DEGREE / each for each in UNITS):
        offset, length = common_part(angles / unit, counts)
        if length > _COHERENT:
            break
    else:
        return None
    elevation = np.rint(values[:, 2] / _PRINTED) * _PRINTED
    away = np.abs(elevation - values[:, 2])
    elevation = np.where(away < (_FAR_OFF if np.median(away) < _TURNED else 0.0), elevation, values[:, 2])
    lateral = np.where(np.abs(values[:, 1]) < _none(values[:, 1]), 0.0, values[:, 1])
    sine, cosine = sines_of(elevation)
    along, across = values[:, 3] * cosine + values[:, 4] * sine, values[:, 4] * cosine - values[:, 3] * sine
    lengths, ticks = [], []
    for height in _heights(across, cosine, counts):
        printed = np.rint((across + height * cosine) / _DECIMAL) * _DECIMAL
        risen = along + height * sine
        more = np.rint(risen / tick)
        rest = risen - more * tick
        rest = np.where(np.abs(rest) < _none(rest), 0.0, rest)
        lengths.append(np.stack([rest * cosine - printed * sine, rest * sine + printed * cosine], axis=1))
        ticks.append(more.astype(np.int64))
    if not lengths:
        return None
    whole = np.rint(angles / unit - offset) * unit
    headings = unit, round(TURN / unit)
    return Gauge(whole, lateral, elevation, np.array(lengths), np.array(ticks), headings, np.zeros(1))


def _none(lengths: np.ndarray) -> float:
    """Below what lengths (B,) are none."""
    return 10 * _ZERO if np.median(np.abs(lengths)) < _SURELY else _ZERO


def common_part(angles: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """What angles (B,) have in common beyond whole ones, and how nearly they do: 0 to 1."""
    sines, cosines = sines_of(TURN * (angles - np.rint(angles)))
    total = counts.sum()
    sine, cosine = float((counts * sines).sum() / total), float((counts * cosines).sum() / total)
    return float(np.arctan2(sine, cosine)) / TURN, float(np.hypot(sine, cosine))


def _heights(across: np.ndarray, cosine: np.ndarray, counts: np.ndarray) -> list[float]:
    """Heights that make what beams (B,) are beside their origin, across, whole decimals; the likeliest first."""
    sure = counts >= np.median(counts) / 4
    k = int(np.argmax(counts))
    most = round(_HIGHEST / _DECIMAL)
    heights = (np.arange(-most, most + 1) * _DECIMAL - across[k]) / cosine[k]
    away = (across[sure][:, None] + heights * cosine[sure][:, None]) / _DECIMAL
    miss = np.abs(away - np.rint(away)).max(axis=0)
    found = []
    for height in heights[np.argsort(miss, kind="stable")[:_MOST_HEIGHTS]].tolist():
        away = across[sure] + height * cosine[sure]
        rest = away - np.rint(away / _DECIMAL) * _DECIMAL
        if np.abs(rest).max() < _NEAR * _DECIMAL:
            found.append(height - float((rest / cosine[sure]).mean()))
    return found


def _of_maker(values: np.ndarray, step: float, columns: int, tick: float) -> Gauge | None:
    """A gauge of beams that sit on a circle about the axis: how far aside they pass tells their azimuths (Ouster)."""
    phase, lateral, elevation, forward, up = values.T
    sine, cosine = sines_of(elevation)
    across, turned = up * cosine - forward * sine, np.ones(len(values))
    one = np.ones(len(values))
    for _ in range(_ROUNDS):
        solved = two_unknowns(-turned * sine, cosine, across)
        if solved is None or not np.abs(lateral).max() < solved[0]:
            return None
        wanted = np.array([-arcsine(side) for side in (lateral / solved[0]).tolist()])
        common, _ = common_part((wanted - phase * step) / step, one)
        turned = sines_of(wanted)[1]
    for unit in UNITS:
        azimuth = phase * step + common * step
        azimuth += np.rint((wanted - azimuth) / step) * step
        shares, length = common_part(azimuth * (unit / DEGREE), one)
        if length > _COHERENT:
            break
    else:
        return None
    turn = common * step - shares * (DEGREE / unit)
    made = find_maker(np.column_stack([phase + turn / step, values[:, 1:]]), step, tick)
    if made is None:
        return None
    maker, printed, turns = made
    own = lengths_of(maker._replace(lift=0), *printed.T) * FINEST
    elevation = printed[:, 1] * (DEGREE / maker.unit)
    sine, cosine = sines_of(elevation)
    lift = maker.lift * 1e-6
    more = np.rint(((forward - own[:, 1]) * cosine + (up - lift - own[:, 2]) * sine) / tick).astype(np.int64)
    lifts = np.arange(-_LIFTS, _LIFTS + 1) * _MICRO
    phases = printed[:, 0] * (DEGREE / maker.unit) - turns * step
    return Gauge(phases, own[:, 0], elevation, own[None, :, 1:], more[None], (abs(step), columns), lifts)
