"""Sine and cosine of float32 angles as the C libraries compute them, sinf and cosf: the same bits on every machine.

Two kinds occur behind stored points. "Modern" is the short polynomial in double of ARM's optimized routines (Szabolcs
Nagy 2018, MIT licence), which glibc has since 2.28, newlib and Android too: 1.3 % of its results are not the nearest
float32. "Rounded" is the nearest float32, as older glibc, or a table that was filled from double, gives it.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import sincos
from lizip.jit import kernel

ROUNDED, MODERN = range(2)
"""Which sinf."""

_S1, _S2, _S3 = (float.fromhex(h) for h in ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13"))
_C1, _C2, _C3, _C4 = (
    float.fromhex(h)
    for h in ("-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5", "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16")
)
_TINY = 2.0**-12
_EIGHTH = float.fromhex("0x1.921fb6p-1")
_QUARTERS = float.fromhex("0x1.45f306dc9c883p-1")
_QUARTER = float.fromhex("0x1.921fb54442d18p0")
"""pi / 4 in float32, 2 / pi and pi / 2."""


@kernel
def sincos_single(angle, kind):
    """Sine and cosine of an angle (rad, the value of a float32, |angle| < 100): float64 values of float32 numbers."""
    if kind == ROUNDED:
        sine, cosine = sincos(angle)
        return np.float64(np.float32(sine)), np.float64(np.float32(cosine))
    if abs(angle) < _TINY:
        return angle, 1.0
    turns = 0.0 if abs(angle) < _EIGHTH else np.floor(angle * _QUARTERS + 0.5)
    x = angle - turns * _QUARTER
    x2 = x * x
    x3 = x * x2
    x4 = x2 * x2
    s = (x + x3 * _S1) + (x3 * x2) * (_S2 + x2 * _S3)
    c = ((1.0 + x2 * _C1) + x4 * _C2) + (x4 * x2) * (_C3 + x2 * _C4)
    s = np.float64(np.float32(s))
    c = np.float64(np.float32(c))
    quarter = turns - 4.0 * np.floor(turns * 0.25)
    if quarter == 1.0:
        return c, -s
    if quarter == 2.0:
        return -s, -c
    if quarter == 3.0:
        return -c, s
    return s, c


@kernel
def _fill(angles, kind, out):
    for i in range(angles.size):
        out[0, i], out[1, i] = sincos_single(angles[i], kind)


def sines_and_cosines(angles: np.ndarray, kind: int) -> np.ndarray:
    """Sines and cosines, (2, ...) float64 with float32 values, of float32 angles in radians."""
    flat = np.ascontiguousarray(angles, np.float64).ravel()
    out = np.empty((2, flat.size))
    _fill(flat, kind, out)
    return out.reshape(2, *np.shape(angles))
