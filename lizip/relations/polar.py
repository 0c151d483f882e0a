"""Cartesian and polar coordinates from each other as drivers compute them, the same bits everywhere.

The prediction need not be what a driver's own library gave: what differs is told in units of the last place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, arctangent2, sincos, sincos_degrees
from lizip.jit import kernel

X, Y, Z, DISTANCE, LEVEL, AZIMUTH, ELEVATION = range(7)
"""What can be computed: Cartesian coordinates from polar ones; distance, horizontal distance, angles from x, y, z."""

ANGLE, ZENITH, SINE = range(3)
"""What a column of elevations holds: the angle above the horizon, below the zenith, or the sine of the former."""

_FAR = 1e9


class Convention(NamedTuple):
    """How polar coordinates are written.

    Attributes
    ----------
    degrees : int
        1 where angles are in degrees, 0 for radians.
    swapped, against_x, against_y : int
        (x, y) is along (cos a, sin a), or (sin a, cos a) where `swapped`; then 1 turns the sign of x, of y.
    elevation : int
        `ANGLE`, `ZENITH` or `SINE`.
    single : int
        Arithmetic in float32: 1 (d cos e) cos a, 2 d (cos e cos a); 0 in float64.
    positive : int
        1 where azimuths are from 0 to a whole turn.
    """

    degrees: int = 0
    swapped: int = 0
    against_x: int = 0
    against_y: int = 0
    elevation: int = ANGLE
    single: int = 0
    positive: int = 0

    def pack(self) -> int:
        """As one number for `unpack`."""
        number = 0
        for value, most in zip(reversed(self), reversed(_MOST), strict=True):
            number = number * (most + 1) + value
        return number

    @classmethod
    def unpack(cls, number: int) -> Convention:
        """Undo `pack`; numbers that are too large lose their excess."""
        values = []
        for most in _MOST:
            number, value = divmod(number, most + 1)
            values.append(value)
        return cls(*values)


_MOST = (1, 1, 1, 1, 2, 2, 1)


@kernel
def _clean(x):
    """A number to reckon with: what is none, or too large, is 0."""
    x = np.float64(x)
    return x if abs(x) < _FAR else 0.0


@kernel
def _waves(angle, degrees):
    """Sine and cosine of a column's angle."""
    return sincos_degrees(angle) if degrees else sincos(angle if abs(angle) < 1e5 else 0.0)


@kernel
def _slopes(value, convention):
    """Sine and cosine of the elevation that a column tells."""
    if convention.elevation == SINE:
        sine = min(max(value, -1.0), 1.0)
        return sine, np.sqrt((1.0 - sine) * (1.0 + sine))
    sine, cosine = _waves(value, convention.degrees)
    if convention.elevation == ZENITH:
        return cosine, sine
    return sine, cosine


@kernel
def _bearings(value, convention):
    """Parts of x and y in the direction of an azimuth."""
    sine, cosine = _waves(value, convention.degrees)
    x, y = (sine, cosine) if convention.swapped else (cosine, sine)
    return -x if convention.against_x else x, -y if convention.against_y else y


@kernel
def to_cartesian(azimuth, elevation, distance, what, convention, out):
    """Fill out (N,) float64 with x, y or z (`what`) of polar coordinates (N,)."""
    for i in range(out.size):
        d = _clean(distance[i])
        sine, cosine = _slopes(_clean(elevation[i]), convention)
        x, y = _bearings(_clean(azimuth[i]), convention)
        part = x if what == X else y
        if convention.single == 0:
            out[i] = d * sine if what == Z else d * cosine * part
        elif what == Z:
            out[i] = np.float64(np.float32(d) * np.float32(sine))
        elif convention.single == 1:
            out[i] = np.float64(np.float32(d) * np.float32(cosine) * np.float32(part))
        else:
            out[i] = np.float64(np.float32(d) * (np.float32(cosine) * np.float32(part)))


@kernel
def _azimuth(x, y, convention):
    if convention.against_x:
        x = -x
    if convention.against_y:
        y = -y
    angle = arctangent2(x, y) if convention.swapped else arctangent2(y, x)
    if convention.positive and angle < 0.0:
        angle += 6.283185307179586
    return angle


@kernel
def _elevation(z, level, distance, convention):
    if convention.elevation == SINE:
        return z / distance if distance > 0.0 else 0.0
    return arctangent2(level, z) if convention.elevation == ZENITH else arctangent2(z, level)


@kernel
def to_polar(x, y, z, what, convention, out):
    """Fill out (N,) float64 with a distance or an angle (`what`) of Cartesian coordinates (N,)."""
    for i in range(out.size):
        a = _clean(x[i])
        b = _clean(y[i])
        c = _clean(z[i])
        if convention.single:
            flat = np.float32(a) * np.float32(a) + np.float32(b) * np.float32(b)
            level = np.float64(np.sqrt(flat))
            distance = np.float64(np.sqrt(flat + np.float32(c) * np.float32(c)))
        else:
            level = np.sqrt(a * a + b * b)
            distance = np.sqrt(a * a + b * b + c * c)
        if what == DISTANCE:
            out[i] = distance
        elif what == LEVEL:
            out[i] = level
        else:
            angle = _azimuth(a, b, convention) if what == AZIMUTH else _elevation(c, level, distance, convention)
            turned = convention.degrees and (what == AZIMUTH or convention.elevation != SINE)
            out[i] = angle / DEGREE if turned else angle
