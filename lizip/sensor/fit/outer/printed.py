"""What was printed where measured angles of lasers are nearly few decimals."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import DEGREE
from lizip.sensor.fit.driver.law import as_printed
from lizip.sensor.stages.driver import Printed

_DECIMALS, _NEAR, _NEARLY_ALL = (2, 3, 4), 2e-7, 0.9
"""Printed angles are told from measured ones that are so near (rad, and of the angle): sines were float32."""


def _degrees(angles: np.ndarray) -> tuple[np.ndarray, int] | None:
    """What was printed where nearly all angles (L,) are few decimals, and how many."""
    for decimals in _DECIMALS:
        degrees = np.rint(angles / DEGREE * 10.0**decimals) / 10.0**decimals
        if (np.abs(degrees * DEGREE - angles) < _NEAR * (1 + np.abs(angles))).mean() > _NEARLY_ALL:
            return degrees, decimals
    return None


def printed_doubles(angles: np.ndarray) -> Printed:
    """Angles (L,) in double, rad, as degrees that were printed."""
    found = _degrees(angles)
    return as_printed(angles if found is None else found[0] * DEGREE, (2, 3, 4, 6, 7), True)


def printed_singles(angles: np.ndarray) -> list[Printed]:
    """Angles (L,) as float32, in the ways in which printed degrees are turned into radians."""
    found = _degrees(angles)
    if found is None:
        return [as_printed(angles.astype(np.float32).astype(np.float64), (8,), False)]
    degrees, decimals = found
    both = degrees.astype(np.float32) * np.float32(DEGREE), (degrees * DEGREE).astype(np.float32)
    return [as_printed(radians.astype(np.float64), (decimals, 8), False) for radians in both]
