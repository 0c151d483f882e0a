"""A calibration for a spinning sensor that nobody described: quanta, beams, sense of rotation, who fires together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from lizip.jit import kernel
from lizip.scan.columns import align_rings, match_rings
from lizip.scan.layout import RINGS, Layout
from lizip.sensor.arithmetic_fit import exact_points, find_arithmetic, snapped
from lizip.sensor.beams import measure_points
from lizip.sensor.calibration import Calibration
from lizip.sensor.fit import calibration_of, fit_beams, refine_beams
from lizip.sensor.mount import Mount
from lizip.sensor.mount_fit import refine_mount
from lizip.sensor.quanta import find_quanta

DECIMALS = (1000, 100, 10000)
"""Decimal roundings to look for, units a metre."""

FINE = (2e-8, 2e-9, 1e-10, 2e-9, 2e-9)
COARSE = (2e-6, 1e-6, 5e-8, 1e-6, 1e-6)
"""Quanta of the parameters where coordinates are float32 of doubles, or decimals."""

_LEAST_SHARE = 0.9
_NEARLY_ALL = 0.95
"""Share of coordinates explained from which on finer columns need not be tried."""
_PROBED = 3
_TRIED = 4096
_FARTHEST = 1e4
"""Points with a larger coordinate (m), or NaN, take no part."""
_SPARSE = 0.25
"""Share of the columns in which a sensor fires, below which its uneven steps are marks to align rings by."""
_ALIGNED = 0.9
"""Rings are taken to fire together when that needs so much fewer firings."""
_NOISES = tuple(np.float32(noise) for noise in (1, 4, 16, 64, 256))
_FLOOR = 1 / 32
"""A small coordinate of a far point has a tiny ULP; none counts for less than this share of the largest one's."""


def find_decimal(xyz: np.ndarray) -> int:
    """Units a metre that nearly all coordinates of xyz (N, 3) float32 are multiples of; 0 when there are none."""
    sample = xyz[:: max(1, len(xyz) // 256)]
    for decimal in DECIMALS:
        whole = np.rint(sample * np.float64(decimal)) / decimal
        if (whole.astype(np.float32) == sample).mean() > 0.98:
            return decimal
    return 0


def rounding_units(points: np.ndarray, decimal: int, floor: float = _FLOOR) -> np.ndarray:
    """Size (N, 3) float32 of the rounding of each coordinate, m; at least `floor` times that of the point's largest."""
    if decimal:
        return np.full(points.shape, 1.0 / decimal, np.float32)
    sizes = np.abs(points)
    least = np.spacing(sizes.max(axis=1)) * np.float32(max(floor, 1e-9))
    return np.maximum(np.spacing(sizes), least[:, None])


def calibrate(
    xyz: np.ndarray, layout: Layout, missing: np.ndarray, hinges: int = 3, mount: Mount | None = None
) -> Calibration | None:
    """Fit a calibration to one scan.

    Parameters
    ----------
    xyz : (N, 3) float32
    layout : Layout
    missing : (N,) bool
        Points that are no returns.
    hinges : int
        Refining passes, see `lizip.sensor.fit`.
    mount : Mount, optional
        Where the sensor is, to a centimetre or so, if points are not stored in its own frame.

    Returns
    -------
    Calibration or None
        For all rings of the layout (some may be useless); None when no lattice of columns and ticks is found.
    """
    plausible = (np.abs(xyz) < _FARTHEST).all(axis=1)
    ring = np.where(missing | ~plausible, -1, layout.ring)
    order = np.argsort(ring, kind="stable")
    order = order[ring[order] >= 0]
    bounds = np.searchsorted(ring[order], np.arange(layout.rings + 1))
    stored = points = np.ascontiguousarray(xyz[order])
    decimal = find_decimal(stored)
    if mount is not None:
        mount = refine_mount(mount, stored, bounds)
        points = mount.to_sensor(stored)
    quanta = find_quanta(points, bounds, decimal)
    if quanta is None:
        return None
    turns, tick = quanta
    model = Calibration(
        1,
        tick,
        decimal,
        False,
        False,
        COARSE if decimal else FINE,
        np.zeros((0, 5), np.int64),
        np.zeros(0, np.int64),
        mount=mount,
    )
    frame = mount.rotation if mount else None
    units = rounding_units(stored, decimal)
    form = _choose_form(points, units, bounds, model, turns)
    if form is None:
        return None
    model, noise = form
    hypotenuse = model.hypotenuse
    exact = noise == 1
    beams, shares = fit_beams(
        points, units * noise, bounds, model.step, tick, hypotenuse, hinges if exact else 0, frame
    )
    if shares[np.diff(bounds) > 0].mean() < _LEAST_SHARE:
        return None
    beams[shares < 0.5] = 0.0
    if exact and not decimal:
        units = rounding_units(stored, 0, 0.0)
        refine_beams(points, units, bounds, model.step, tick, hypotenuse, hinges, beams, frame)
    fitted = _set_in_time(calibration_of(beams, model), points, order, bounds, layout)
    ring = np.repeat(np.arange(layout.rings, dtype=np.int32), np.diff(bounds))
    if not exact and not decimal and mount is None and not hypotenuse:
        units = rounding_units(stored, 0, 0.0)

        def refine(calibration: Calibration, moved: np.ndarray) -> Calibration:
            again = beams.copy()
            refine_beams(stored + moved, units, bounds, model.step, tick, hypotenuse, hinges, again)
            return _in_time(calibration_of(again, model), fitted)

        return find_arithmetic(fitted, stored, ring, refine)
    sample = slice(None, None, 1 + len(points) // _TRIED)
    few, ring = np.ascontiguousarray(stored[sample]), np.ascontiguousarray(ring[sample])
    candidates = (snapped(fitted), fitted) if (made := fitted.as_made()) is None else (made, fitted)
    return max(candidates, key=lambda c: exact_points(few, ring, c))


def _in_time(calibration: Calibration, timed: Calibration) -> Calibration:
    """Give a calibration the sense of rotation and the shifts of another."""
    beams = calibration.beams.copy()
    beams[:, 0] *= -1 if timed.clockwise else 1
    return replace(calibration, clockwise=timed.clockwise, beams=beams, shifts=timed.shifts)


def _choose_form(
    points: np.ndarray, units: np.ndarray, bounds: np.ndarray, model: Calibration, turns: Iterable[int]
) -> tuple[Calibration, np.float32] | None:
    """Number of columns, whether the lateral offset enters by the hypotenuse, and how noisy points are.

    Fewer columns than there are gather azimuths nearly as well when a sensor turns evenly; they are not exact, though.
    Some writers compute in float32 or turn the points afterwards: they are off by some ULPs, which is still far less
    than a tick. None when three rings fit nothing.
    """
    spans = [bounds[ring : ring + 2] for ring in np.argsort(-np.diff(bounds))[:_PROBED]]
    frame = model.mount.rotation if model.mount else None
    seen: list[int] = []
    for noise in _NOISES[: 1 if model.decimal else None]:
        best, most = None, _LEAST_SHARE - 0.1
        for turn in seen if noise > 1 else turns:
            if noise == 1:
                seen.append(turn)
            for form in (False, True):
                tried = replace(model, columns=turn, hypotenuse=form)
                step, tick = tried.step, tried.tick
                fits = [fit_beams(points, units * noise, span, step, tick, form, 0, frame)[1] for span in spans]
                share = np.median(fits)
                if share > most:
                    best, most = tried, share
            if most > _NEARLY_ALL:
                break
        if best is not None:
            return best, noise
    return None


def _set_in_time(
    calibration: Calibration, points: np.ndarray, order: np.ndarray, bounds: np.ndarray, layout: Layout
) -> Calibration:
    """Give a calibration its sense of rotation and its shifts, from the order in the file."""
    c = calibration
    ring = np.repeat(np.arange(layout.rings, dtype=np.int32), np.diff(bounds))
    column, ticks = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    measure_points(c.table, c.step, c.tick, c.hypotenuse, ring, points, column, ticks)
    moves = (np.diff(column.astype(np.int64)) + c.columns // 2) % c.columns - c.columns // 2
    moves = moves[np.diff(ring) == 0]
    if np.count_nonzero(moves < 0) > np.count_nonzero(moves > 0):
        beams = c.beams.copy()
        beams[:, 0] *= -1
        c = replace(c, clockwise=True, beams=beams)
        column = -column
    if layout.kind == RINGS:
        sparse = int(np.diff(bounds).max()) < _SPARSE * c.columns
        shifts = (match_rings if sparse else align_rings)(column, bounds, c.columns)
        together = (column + np.repeat(shifts, np.diff(bounds))) % c.columns
        fewer = len(np.unique(together)) < _ALIGNED * len(np.unique(column % c.columns))
        return replace(c, shifts=shifts) if fewer else c
    shifts = np.zeros(layout.rings, np.int64)
    firing = np.full(int(layout.turn.max()) + 1, -1, np.int64)
    votes = np.zeros(c.columns, np.int64)
    fullest = np.argsort(-np.diff(bounds), kind="stable")
    _vote_shifts(column.astype(np.int64) % c.columns, layout.turn[order], bounds, fullest, firing, votes, shifts)
    return replace(c, shifts=(shifts + c.columns // 2) % c.columns - c.columns // 2)


@kernel
def _vote_shifts(column, turn, bounds, rings, firing, votes, shifts):
    """Shift each ring so that most of its points agree on the firing with the rings before; the fullest begins.

    `firing` (T,) is the column of each firing as far as known, -1 else; `votes` (turn,) is scratch.
    """
    size = votes.size
    for k in range(rings.size):
        r = rings[k]
        for v in range(size):
            votes[v] = 0
        for i in range(bounds[r], bounds[r + 1]):
            if firing[turn[i]] >= 0:
                votes[(firing[turn[i]] - column[i] + size) % size] += 1
        best = np.int64(0)
        for v in range(size):
            if votes[v] > votes[best]:
                best = v
        shifts[r] = best
        for i in range(bounds[r], bounds[r + 1]):
            if firing[turn[i]] < 0:
                firing[turn[i]] = (column[i] + best) % size
