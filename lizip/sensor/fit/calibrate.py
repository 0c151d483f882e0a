"""A calibration for a spinning sensor that nobody described: quanta, beams, sense of rotation, who fires together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from lizip.exact.triples import every
from lizip.sensor.fit.advances import Advances, advanced, find_advances
from lizip.sensor.fit.arithmetic import exact_points, find_arithmetic, snapped
from lizip.sensor.fit.beam_points import BeamPoints, calibration_of, fit_beams
from lizip.sensor.fit.beams_again import refine_beams, retry_beams
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.decimals import FARTHEST, find_decimal, hides_arithmetic
from lizip.sensor.fit.inside import is_coarse
from lizip.sensor.fit.layout import Layout
from lizip.sensor.fit.mount import refine_mount
from lizip.sensor.fit.resolution import find_quanta, telling_rings
from lizip.sensor.fit.timing import set_in_time
from lizip.sensor.stages.arithmetic import PLAIN
from lizip.sensor.stages.beams import Beams
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.rounding import HALF, rounding_units
from lizip.sensor.stages.timing import QUANTUM

FINE = (2e-8, 2e-9, 1e-10, 2e-9, 2e-9)
COARSE = (2e-6, 1e-6, 5e-8, 1e-6, 1e-6)
"""Quanta of the parameters where coordinates are float32 of doubles, or coarse decimals."""

_COARSE_DECIMAL = 10_000

_LEAST_SHARE = 0.9
_NEARLY_ALL = 0.95
"""Share of coordinates explained from which on finer columns need not be tried."""
_RARER = 0.01
"""By how much more a hypotenuse must explain: where offsets are small both forms are as good."""

_PROBED = 3
_TRIED = 4096
_NOISES = tuple(np.float32(noise) for noise in (1, 4, 16, 64, 256))
_EXACT_ENOUGH = 16
"""Noise (ULPs) up to which a lattice of columns is believed; beyond it beams may advance inside a firing."""

_FLOOR = 1 / 32
"""A small coordinate of a far point has a tiny ULP; none counts for less than this share of the largest one's."""


def fitting_units(points: np.ndarray, decimal: int, tick: float) -> np.ndarray:
    """Within how much (N, 3) float32 of a stored coordinate fits look for its model point, m.

    Where ranges are finer than what is left of them, a model point is that on the beam which is nearest to the stored
    one: all roundings of a point move it along each axis.
    """
    units = rounding_units(points, decimal, _FLOOR)
    return 2 * units if is_coarse(decimal, tick) else units


@dataclass(frozen=True)
class _Rings:
    """The points that take part in a fit, ring after ring.

    Attributes
    ----------
    stored : (N, 3) float32
    points : (N, 3) float32 or float64
        In the sensor's frame, as if every firing had the usual step.
    bounds : (R + 1,) int64
        First point of each ring.
    order : (N,) int64
        Their places in the file.
    frame : (3, 3) float64 or None
        Rotation to the stored frame.
    """

    stored: np.ndarray
    points: np.ndarray
    bounds: np.ndarray
    order: np.ndarray
    frame: np.ndarray | None

    @property
    def ring(self) -> np.ndarray:
        """Ring of each point, (N,) int32."""
        return np.repeat(np.arange(len(self.bounds) - 1, dtype=np.int32), np.diff(self.bounds))


def _rings_of(xyz: np.ndarray, layout: Layout, missing: np.ndarray) -> _Rings:
    plausible = every(np.abs(xyz) < FARTHEST)
    ring = np.where(missing | ~plausible, -1, layout.ring)
    order = np.argsort(ring, kind="stable")
    order = order[ring[order] >= 0]
    points = np.ascontiguousarray(xyz[order])
    return _Rings(points, points, np.searchsorted(ring[order], np.arange(layout.rings + 1)), order, None)


class _Form(NamedTuple):
    """Number of columns and form of the lateral offset, noise in ULPs, and the share of coordinates within it."""

    model: Calibration
    noise: np.float32
    share: float

    @property
    def doubtful(self) -> bool:
        """Whether beams may rather advance inside a firing."""
        return bool(self.noise > _EXACT_ENOUGH or self.share < _NEARLY_ALL)

    def better(self, other: _Form) -> bool:
        """Whether this explains clearly more."""
        same = self.noise == other.noise and self.share > other.share + 0.02
        return bool(self.noise < other.noise or same)


def calibrate(
    xyz: np.ndarray, layout: Layout, missing: np.ndarray, hinges: int = 3, mount: Mount | None = None
) -> tuple[Calibration, Advances | None] | None:
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
    tuple or None
        A calibration for all rings of the layout (some may be useless), and the steps of the firings if its beams
        advance inside them; None when no lattice of columns and ticks is found.
    """
    rings = _rings_of(xyz, layout, missing)
    decimal = find_decimal(rings.stored)
    if mount is not None:
        if not len(rings.stored):
            return None
        mount = refine_mount(mount, rings.stored, rings.bounds)
        rings = replace(rings, points=mount.to_sensor(rings.stored), frame=mount.rotation)
    quanta = find_quanta(rings.points, rings.bounds, decimal)
    if quanta is None:
        return None
    turns, tick = quanta
    none = np.zeros(0, np.int64)
    rounding = COARSE if 0 < decimal <= _COARSE_DECIMAL or decimal >= HALF else FINE
    beams = Beams(1, tick, False, False, rounding, np.zeros((0, 5), np.int64), none)
    model = Calibration(beams, decimal, mount=mount)
    units = fitting_units(rings.stored, decimal, tick)
    form = _choose_form(rings, units, model, turns)
    plain = None if form is None else _fit_all(rings, layout, form, units, hinges)
    settled = plain is not None and form is not None and (not form.doubtful or plain[0].arithmetic != PLAIN)
    if settled or layout.turn is None or decimal:
        return plain
    firing = layout.turn[rings.order]
    advances = find_advances(rings.points, units * _NOISES[1], rings.bounds, firing, tick)
    if advances is None:
        return plain
    still = replace(rings, points=advanced(advances, rings.points, rings.ring, firing))
    other = _choose_form(still, units, model, [advances.columns])
    if other is None or (plain is not None and form is not None and not other.better(form)):
        return plain
    return _fit_all(still, layout, other, units, hinges, advances) or plain


def _fit_all(
    rings: _Rings, layout: Layout, form: _Form, units: np.ndarray, hinges: int, advances: Advances | None = None
) -> tuple[Calibration, Advances | None] | None:
    """Fit all beams in a form that was chosen by a few of them."""
    model, noise = form.model, form.noise
    hinged = hinges if noise == 1 else 0
    of = BeamPoints(
        rings.points, units, rings.bounds, model.beams.step, model.beams.tick, model.beams.hypotenuse, rings.frame
    )
    filled = np.diff(rings.bounds) > 0
    for more in [noise] if hides_arithmetic(model.decimal) else [other for other in _NOISES if other >= noise]:
        coarse = of._replace(units=units * more)
        beams, shares = fit_beams(coarse, hinged)
        if shares[filled].mean() >= _LEAST_SHARE:
            break
        hinged = 0
    else:
        return None
    retry_beams(coarse, hinged, beams, shares)
    beams[shares < 0.5] = 0.0
    fine = units if model.decimal else rounding_units(rings.stored, 0, 0.0)
    if hinged and not model.decimal:
        refine_beams(of._replace(units=fine), hinges, beams)
    fitted = set_in_time(calibration_of(beams, model), rings.points, rings.bounds, rings.order, layout)
    if advances is not None and layout.turn is not None:
        return _with_advances(fitted, advances, rings, layout.turn[rings.order])
    if hinged or model.decimal or model.mount is not None or model.beams.hypotenuse:
        return _as_printed(fitted, rings), None

    def refine(calibration: Calibration, moved: np.ndarray) -> Calibration:
        again = beams.copy()
        refine_beams(of._replace(points=rings.stored + moved, units=fine, frame=None), hinges, again)
        return _in_time(calibration_of(again, model), fitted)

    return find_arithmetic(fitted, rings.stored, rings.ring, refine), None


def _as_printed(fitted: Calibration, rings: _Rings, ahead: np.ndarray | None = None) -> Calibration:
    """The numbers that somebody must have written down, where they are as good as the fitted ones."""
    sample = slice(None, None, 1 + len(rings.stored) // _TRIED)
    few, ring = np.ascontiguousarray(rings.stored[sample]), np.ascontiguousarray(rings.ring[sample])
    made = fitted.as_made() if ahead is None else None
    candidates = (snapped(fitted), fitted) if made is None else (made, fitted)
    some = None if ahead is None else ahead[sample]
    return max(candidates, key=lambda c: exact_points(few, ring, c, some))


def _with_advances(
    fitted: Calibration, advances: Advances, rings: _Rings, firing: np.ndarray
) -> tuple[Calibration, Advances]:
    """Give a calibration its beams' advances."""
    if fitted.beams.clockwise:
        advances = advances._replace(steps=-advances.steps, usual=-advances.usual)
    fitted = replace(fitted, advances=np.rint(advances.shares / QUANTUM).astype(np.int64))
    return _as_printed(fitted, rings, advances.ahead(rings.ring, firing)), advances


def _in_time(calibration: Calibration, timed: Calibration) -> Calibration:
    """Give a calibration the sense of rotation and the shifts of another."""
    numbers = calibration.beams.numbers.copy()
    numbers[:, 0] *= -1 if timed.beams.clockwise else 1
    return calibration.with_beams(clockwise=timed.beams.clockwise, numbers=numbers, shifts=timed.beams.shifts)


def _choose_form(rings: _Rings, units: np.ndarray, model: Calibration, turns: Iterable[int]) -> _Form | None:
    """Number of columns, whether the lateral offset enters by the hypotenuse, and how noisy points are.

    Fewer columns than there are gather azimuths nearly as well when a sensor turns evenly; they are not exact, though.
    Some writers compute in float32 or turn the points afterwards: they are off by some ULPs, which is still far less
    than a tick. None when three rings fit nothing.
    """
    spans = [rings.bounds[ring : ring + 2] for ring in telling_rings(rings.points, rings.bounds)[:_PROBED]]
    seen: list[int] = []
    for noise in _NOISES[: 1 if hides_arithmetic(model.decimal) else None]:
        best, most = None, _LEAST_SHARE - 0.1
        for turn in seen if noise > 1 else turns:
            if noise == 1:
                seen.append(turn)
            for form in (False, True):
                tried = model.with_beams(columns=turn, hypotenuse=form)
                step, tick = tried.beams.step, tried.beams.tick
                of = BeamPoints(rings.points, units * noise, rings.bounds, step, tick, form, rings.frame)
                fits = [fit_beams(of._replace(bounds=span), 0)[1] for span in spans]
                share = np.median(fits)
                if share > most + (_RARER if form else 0.0):
                    best, most = tried, share
            if most > _NEARLY_ALL:
                break
        if best is not None:
            return _Form(best, noise, float(most))
    return None
