"""Rings one after the other, each in ascending azimuth of the sensor's own points, on a decimal lattice (KITTI).

A ring's missing returns are left out. What a file holds beyond range and reflectance is small: the columns in which the
sensor fired, 0.1 % of the coordinates a millimetre off, and the odd point that fits nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from lizip.exact.triples import every
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.beam_points import BeamPoints, calibration_of, fit_beams
from lizip.sensor.fit.calibrate import fitting_units
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.columns import align_rings
from lizip.sensor.fit.decimals import find_decimal
from lizip.sensor.fit.explain import explain, make_grid, match_rings, residual_of
from lizip.sensor.fit.found import Found
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.measure import measure_points
from lizip.sensor.fit.rings import split_rings, split_suspects
from lizip.sensor.stages.axes import AS_THEY_ARE, Axes
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.order import AzimuthOrder, azimuth_keys
from lizip.sensor.stages.profile import PROFILES, Profile, load_profile
from lizip.sensor.stages.rounding import HALF
from lizip.sensor.state import SensorState

_MOST_RINGS = 192
_MOST_EXCEPTIONS = 0.06
_LEAST_RING = 50
_FARTHEST = 1e4
"""Points with a larger coordinate (m), or NaN, take no part in a fit."""

_LEAST_SHARE = 0.9
_DECIMAL = 1000
_MOST_UNITS = 64
"""Largest correction where roundings are coarse: small coordinates of a float16 have fine ones all the same."""
_MANY_CORRECTED = 0.1
"""Share of the points from which on ranges may lie between ticks: those of a sweep that was near-lossless once."""
_ON_BEAM, _LEAST_ON_BEAMS = 0.01, 0.6
"""So near to a beam of a profile's (m) so many points are that are such a sensor's."""


def find_azimuth_rings(xyz: np.ndarray, level: str, state: SensorState, axes: Axes = AS_THEY_ARE) -> Found | None:
    """Explain points xyz (N, 3) float32; None when they have no rounding that `find_decimal` knows, or another order.

    `axes` tells apart what is left in `state` where points were put on other axes.
    """
    decimal = find_decimal(xyz)
    # missing returns, zeros mostly, may be on a lattice alone
    if not decimal:
        return None
    if decimal == HALF:
        decimal += _DECIMAL  # what is of this family was on that lattice before
    x, y = np.nan_to_num(xyz[:, :2].T, nan=0.0, posinf=0.0, neginf=0.0)
    bounds = split_rings(x, y, _MOST_RINGS)
    del x, y
    if bounds is None:
        return None
    key = f"azimuth rings {axes.pack()[0]}"
    for calibration, profile in _calibrations(xyz, bounds, decimal, level, state, key):
        found = _explained(xyz, bounds, calibration, profile)
        if found is None:
            continue
        if _corrected(found) < _MANY_CORRECTED:
            return found
        finer = _explained(xyz, bounds, calibration.with_beams(tick=0.5 * calibration.beams.tick), profile)
        if finer is not None and _corrected(finer) < 0.5 * _corrected(found):
            return replace(finer, coarse=() if profile is None else (Coarse(1, 0, 1),))
        return found
    return None


def _corrected(found: Found) -> float:
    """Share of the points that are corrected."""
    return found.corrected / len(found.place)


def on_decimal_lattice(xyz: np.ndarray, decimal: int = _DECIMAL) -> bool:
    """Whether nearly all sane coordinates of a sample of xyz (N, 3) float32 are multiples of 1 / decimal, rounded."""
    sample = xyz[:: max(1, len(xyz) // 256)]
    sane = sample[np.abs(sample) < _FARTHEST]
    whole = np.rint(sane * np.float64(decimal)) / decimal
    return np.count_nonzero(whole.astype(np.float32) == sane) > 0.97 * max(sane.size, sample.size / 2)


def rings_by_beams(xyz: np.ndarray) -> np.ndarray | None:
    """Rings (N,) int64 of points xyz (N, 3) float32 in any order, by the beams of a profile; None if most fit none."""
    x, y, z = xyz.astype(np.float64).T
    rho = np.sqrt(x * x + y * y)
    for name in PROFILES:
        table = load_profile(name).beams.table
        ring, off = np.zeros(len(xyz), np.int64), np.full(len(xyz), np.inf)
        for beam, (_, _, cosine, sine, forward, up) in enumerate(table.tolist()):
            miss = np.abs((rho - forward) * (sine / cosine) + up - z)
            ring[miss < off] = beam
            off = np.minimum(off, miss)
        if np.mean(off < _ON_BEAM) > _LEAST_ON_BEAMS:
            return ring
    return None


def _calibrations(
    xyz: np.ndarray, bounds: np.ndarray, decimal: int, level: str, state: SensorState, key: str
) -> Iterator[tuple[Calibration, int | None]]:
    """Calibrations to try, each with the index of its profile: those on lattices, what a sweep before left, its own."""
    for index, name in enumerate(PROFILES):
        profile = load_profile(name)
        if profile.decimal:
            yield Calibration(profile.beams, decimal), index
    if (known := state.get(key, Calibration)) is not None and known.decimal == decimal:
        yield known, None
    found = calibrate(xyz, bounds, decimal, hinges=2 if level == "fast" else 3)
    if found is not None:
        state.put(key, found)
        yield found, None


def calibrate(xyz: np.ndarray, bounds: np.ndarray, decimal: int = _DECIMAL, hinges: int = 4) -> Calibration | None:
    """Fit an HDL-64E's calibration to rings `bounds` of xyz (N, 3) float32; None when three rings say that it is none.

    Rings that do not fit are left out. `hinges` is the number of refining passes, see `lizip.sensor.fit.beam_points`.
    """
    profile = load_profile(PROFILES[0])
    model = Calibration(profile.beams, decimal)
    arguments = profile.beams.step, profile.beams.tick, profile.beams.hypotenuse
    plausible = np.abs(xyz) < _FARTHEST
    if not plausible.all():
        plausible = every(plausible)
        xyz, bounds = xyz[plausible], np.concatenate([[0], np.cumsum(plausible)])[bounds]
    units = fitting_units(xyz, decimal, profile.beams.tick)
    sizes = np.diff(bounds)
    rings = np.flatnonzero(sizes >= _LEAST_RING)
    if len(rings) < 4:
        return None
    of = BeamPoints(xyz, units, bounds, *arguments)
    for ring in rings[[len(rings) // 4, len(rings) // 2, len(rings) * 3 // 4]]:
        if fit_beams(of._replace(bounds=bounds[ring : ring + 2]), 0)[1][0] < _LEAST_SHARE:
            return None
    beams, shares = fit_beams(of, hinges)
    if (shares < _LEAST_SHARE).any():
        bounds = split_suspects(xyz, bounds, shares < _LEAST_SHARE)
        sizes = np.diff(bounds)
        beams, shares = fit_beams(of._replace(bounds=bounds), hinges)
    kept = np.flatnonzero(shares >= _LEAST_SHARE)
    calibration = calibration_of(beams[kept], model)
    inside = np.repeat(shares >= _LEAST_SHARE, sizes)
    ring = np.repeat(np.arange(len(kept), dtype=np.int32), sizes[kept])
    column, ticks = np.empty(len(ring), np.int32), np.empty(len(ring), np.int32)
    measure_points(calibration.beams.table, *arguments, ring, np.ascontiguousarray(xyz[inside]), column, ticks)
    shifts = align_rings(column, np.concatenate([[0], np.cumsum(sizes[kept])]), profile.beams.columns)
    return calibration.with_beams(shifts=shifts)


def _tell_keys(ring: np.ndarray, keys: np.ndarray, part: slice, points: np.ndarray) -> None:
    azimuth_keys(points, ring[part], keys[part])


def _explained(xyz: np.ndarray, bounds: np.ndarray, calibration: Calibration, profile: int | None) -> Found | None:
    """Explain a scan by a calibration; None when more than a few points escape it."""
    beams = match_rings(xyz, bounds, calibration)
    if (beams < 0).any() and (beams >= 0).mean() > 0.5:
        bounds = split_suspects(xyz, bounds, beams < 0)
        beams = match_rings(xyz, bounds, calibration)
    known = beams >= 0
    if int(np.diff(bounds)[known].sum()) < (1 - _MOST_EXCEPTIONS) * len(xyz):
        return None
    used = calibration.select(beams[known])
    numbered = np.where(known, np.cumsum(known) - 1, -1).astype(np.int32)
    ring = np.repeat(numbered, np.diff(bounds))
    coarse = is_coarse(used.decimal, used.beams.tick)
    keys = np.empty(len(xyz))
    tell = partial(_tell_keys, ring, keys)
    explained = explain(xyz, ring, used, _MOST_UNITS if coarse else 1, tell=tell)
    kept = explained.kept
    places = np.flatnonzero(kept)
    kept[places[~keep_ascending(keys[places])]] = False
    place = np.flatnonzero(kept)
    if len(place) < (1 - _MOST_EXCEPTIONS) * len(xyz):
        return None
    del places, keys, tell
    residual = residual_of(explained, xyz)
    corrections, corrected = explained.corrections_of(place)
    ring, firing, ticks = ring[place], explained.firing[place], explained.ticks[place]
    del explained, kept
    grid = make_grid(firing, ring, used)
    present = np.bincount(beams[known], minlength=calibration.beams.count).astype(bool)
    return Found(
        calibration=used,
        profile=None if profile is None else Profile(profile, present),
        order=AzimuthOrder(),
        columns=grid.columns,
        base=grid.base,
        rows=grid.rows,
        place=place,
        ring=ring,
        row=grid.row,
        firing=grid.columns.ranks(firing),
        ticks=ticks,
        corrections=corrections,
        corrected=corrected,
        residual=residual,
    )
