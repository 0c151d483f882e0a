"""Sensors whose lens lies beside the axis: its place, and whole 0.01 degrees of all lasers, from a calibration.

A beam that starts (away, up) from the axis and looks `offset` aside passes the axis at

    lateral = away sin(offset),    across = up cos(elevation) - away cos(offset) sin(elevation),

which any fit finds; what is along the beam is a part of its range, known but for whole ticks.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_definite
from lizip.exact.trig import DEGREE, arcsine, arctangent2, sines_of
from lizip.jit import kernel
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.driver.law import Found, share_exact
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.stages.driver import TURN_UNITS, Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import LENS, UNIT_IN_SINGLE

_PASSES = 4
_PRINTED = 1e-5
"""Metres: the place of a lens is printed so."""
_NEAREST, _NEAR = 2e-3, 3e-6
"""A lens less far beside the axis is none (m); how near whole 0.01 degrees elevations are (rad)."""
_LEAST_EXACT = 0.9


def find_lens(
    xyz: np.ndarray, place: np.ndarray, ring: np.ndarray, calibration: Calibration
) -> tuple[Polar, Found] | None:
    """Find the driver's numbers.

    Parameters
    ----------
    xyz : (N, 3) float32
    place, ring : (M,) int64
        Points with a ring.
    calibration : Calibration
        As fitted.

    Returns
    -------
    tuple or None
        Points by laser, and the driver; None where it is none of this kind.
    """
    beams = calibration.beams
    odd = beams.hypotenuse or calibration.mount is not None or calibration.decimal or beams.columns != TURN_UNITS
    if odd or not beams.clockwise:
        return None
    _, lateral, elevation, forward, up = (beams.numbers * np.array(beams.quanta)).T
    whole = np.rint(elevation / UNIT)
    sine, cosine = sines_of(whole * UNIT)
    away, above = _place(lateral, up * cosine - forward * sine, sine, cosine)
    if np.median(np.abs(whole * UNIT - elevation)) > _NEAR or away < _NEAREST or np.abs(lateral).max() > away:
        return None
    offset = np.rint(np.array([arcsine(float(each)) for each in lateral / away]) / UNIT)
    lens = np.array([away, above]).astype(np.float32)
    law = DriverLaw(UNIT_IN_SINGLE, LENS, 0, 0)
    elevations, offsets = (Printed(each.astype(np.int64), 2, False) for each in (whole, offset))
    driver = Driver(law, beams.tick, elevations, offsets, lens)
    sort = np.lexsort((place, ring))
    bounds = np.searchsorted(ring[sort], np.arange(beams.count + 1))
    polar, azimuth = _seen(np.ascontiguousarray(xyz[place[sort]]), ring[sort], driver)
    polar = polar._replace(order=place[sort], bounds=bounds)
    share = share_exact(driver, polar, azimuth, slice(None))
    return (polar, Found(driver, azimuth, share)) if share > _LEAST_EXACT else None


def _place(lateral: np.ndarray, across: np.ndarray, sine: np.ndarray, cosine: np.ndarray) -> tuple[float, float]:
    """How far the lens is away from the axis and above it, m, of what beams (L,) show; as printed."""
    away = float(np.abs(lateral).max()) + _NEAREST
    above = 0.0
    for _ in range(_PASSES):
        flat = np.sqrt(np.maximum(away * away - lateral * lateral, _NEAREST**2))
        rows = np.stack([-away / flat * sine, cosine])
        miss = across - (above * cosine - flat * sine)
        matrix = (rows[:, None] * rows[None]).sum(axis=2) + 1e-12 * np.eye(2)
        move = solve_definite(matrix, (rows * miss).sum(axis=1))
        away, above = max(away + float(move[0]), float(np.abs(lateral).max())), above + float(move[1])
    return round(away / _PRINTED) * _PRINTED, round(above / _PRINTED) * _PRINTED


@kernel
def _angles(along, across, angles):
    for i in range(angles.size):
        angles[i] = arctangent2(across[i], along[i])


def _seen(xyz: np.ndarray, laser: np.ndarray, driver: Driver) -> tuple[Polar, np.ndarray]:
    """Ranges and azimuths (0.01 degrees, of the lens) of points (K, 3) of lasers (K,); their order is left open."""
    away, above = driver.lens.astype(np.float64)
    turned = np.stack(sines_of(driver.offsets.numbers * (DEGREE / 100)), axis=1)[laser]
    x, y, z = xyz.astype(np.float64).T
    z -= above
    aside = away * turned[:, 0]
    level = np.sqrt(np.maximum(x * x + y * y - aside * aside, 0.0)) - away * turned[:, 1]
    # the point lies clockwise of the lens by the angle of (level cos + away, level sin)
    ahead, whole = np.empty((2, len(x)))
    _angles(level * turned[:, 1] + away, level * turned[:, 0], ahead)
    _angles(x, -y, whole)
    azimuth = np.rint((whole - ahead) / UNIT).astype(np.int64) % TURN_UNITS
    ticks = np.rint(np.sqrt(level * level + z * z) / driver.tick).astype(np.int64)
    return Polar(laser, laser, xyz, level, azimuth * UNIT, ticks, driver.tick), azimuth
