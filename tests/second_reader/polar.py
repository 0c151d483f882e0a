"""Cartesian and polar coordinates from each other (docs/format/relations.md, Polar coordinates)."""

from __future__ import annotations

import numpy as np

from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.trig import DEGREE, TURN, arctangent2, sincos, sincos_degrees

X, Y, Z, DISTANCE, LEVEL, AZIMUTH, ELEVATION = range(7)


def _clean(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < 1e9, x, 0.0)


def _waves(angle: np.ndarray, degrees: int) -> tuple[np.ndarray, np.ndarray]:
    return sincos_degrees(angle) if degrees else sincos(np.where(np.abs(angle) < 1e5, angle, 0.0))


def computed(sources: list[np.ndarray], what: int, convention: int) -> np.ndarray:
    """A coordinate of azimuth, elevation, distance, or one of these of x, y, z."""
    digits = []
    for base in (2, 2, 2, 2, 3, 3, 2):
        convention, digit = divmod(convention, base)
        digits.append(digit)
    with np.errstate(all="ignore"):
        a, b, c = map(_clean, sources)
        return (_cartesian if what < DISTANCE else _polar)(a, b, c, what, *digits)


def _cartesian(azimuth, value, d, what, degrees, swapped, minus_x, minus_y, elevation, single, positive) -> np.ndarray:
    if elevation == 2:
        sine = np.minimum(np.maximum(value, -1.0), 1.0)
        cosine = np.sqrt((1.0 - sine) * (1.0 + sine))
    else:
        sine, cosine = _waves(value, degrees)
        sine, cosine = (cosine, sine) if elevation == 1 else (sine, cosine)
    s, c = _waves(azimuth, degrees)
    x, y = (s, c) if swapped else (c, s)
    part = (-x if minus_x else x) if what == X else (-y if minus_y else y)
    if not single:
        return d * sine if what == Z else d * cosine * part
    if what == Z:
        return wide(f32(d) * f32(sine))
    if single == 1:
        return wide(f32(d) * f32(cosine) * f32(part))
    return wide(f32(d) * (f32(cosine) * f32(part)))


def _polar(a, b, c, what, degrees, swapped, minus_x, minus_y, elevation, single, positive) -> np.ndarray:
    if single:
        flat = f32(a) * f32(a) + f32(b) * f32(b)
        level, distance = wide(np.sqrt(flat)), wide(np.sqrt(flat + f32(c) * f32(c)))
    else:
        level, distance = np.sqrt(a * a + b * b), np.sqrt(a * a + b * b + c * c)
    if what in (DISTANCE, LEVEL):
        return distance if what == DISTANCE else level
    if what == AZIMUTH:
        x, y = -a if minus_x else a, -b if minus_y else b
        angle = arctangent2(x, y) if swapped else arctangent2(y, x)
        angle = np.where((angle < 0.0) & bool(positive), angle + TURN, angle)
    elif elevation == 2:
        return np.where(distance > 0.0, c / distance, 0.0)
    else:
        angle = arctangent2(level, c) if elevation == 1 else arctangent2(c, level)
    return angle / DEGREE if degrees else angle
