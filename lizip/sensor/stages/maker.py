"""Calibrations as a maker prints them: angles in whole hundredths or thousandths of a degree, one origin for all beams.

x = (r - n) cos(enc + az) cos(alt) + n cos(enc), y likewise with sin, z = (r - n) sin(alt) + lift (Ouster's formula).
Where fitted numbers come so close to such ones that they must be meant, those are exact, and take less room.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, sines_of

UNITS = (100, 1000)
"""Units a degree to look for."""

FINEST = 1e-12
"""Quantum of lengths that follow from the formula, m."""


class Maker(NamedTuple):
    """What all beams share.

    Attributes
    ----------
    unit : int
        Units a degree of azimuths and altitudes.
    origin, lift : int
        Distance n of the beams' origin from the axis and height of the whole, micrometres.
    """

    unit: int
    origin: int
    lift: int


def lengths_of(maker: Maker, azimuths: np.ndarray, altitudes: np.ndarray) -> np.ndarray:
    """Lateral, forward and up offsets (B, 3) int64 in `FINEST`, from azimuths and altitudes (B,) in `unit`."""
    sine, cosine = sines_of(azimuths * (DEGREE / maker.unit))
    up, level = sines_of(altitudes * (DEGREE / maker.unit))
    origin = maker.origin * 1e-6
    lengths = -origin * sine, origin * cosine - origin * level, maker.lift * 1e-6 - origin * up
    return np.rint(np.stack(lengths, axis=1) / FINEST).astype(np.int64)


def quanta_of(unit: int, columns: int) -> tuple[float, ...]:
    """Quanta of a calibration in a maker's units: phases in columns, lengths, elevations in radians."""
    return columns / (360.0 * unit), FINEST, DEGREE / unit, FINEST, FINEST
