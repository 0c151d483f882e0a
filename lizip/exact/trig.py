"""Sine, cosine, arc tangent and arc sine that give the same bits everywhere: float64 with + - * / and sqrt only.

The polynomials and constants are those of fdlibm (Sun Microsystems 1993, k_sin.c, k_cos.c, e_rem_pio2.c, s_atan.c;
freely distributable): errors stay below one ULP or so. The libm of a machine is never asked: they differ.
Angles in degrees, or integer fractions of a degree, are reduced before they become radians, hence exactly.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

DEGREE = 0.017453292519943295
"""One degree in radians."""

PI = 3.141592653589793
TURN = 6.283185307179586
"""Nearest doubles to pi and 2 pi."""

LIMIT = 5e5
"""`sincos` is accurate for |angle| below this (the quadrant must fit the 20 spare bits of `_QUARTER_HIGH`)."""

_QUARTER_INVERSE = 6.36619772367581382433e-01
_QUARTER_HIGH = 1.57079632673412561417e00
_QUARTER_LOW = 6.07710050650619224932e-11
"""2 / pi, and pi / 2 as 33 leading bits and the rest (Cody and Waite 1980)."""


@kernel
def _kernel_sine(x, tail):
    """sin(x + tail) for |x| <= pi / 4."""
    z = x * x
    r = 8.33333333332248946124e-03 + z * (
        -1.98412698298579493134e-04
        + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
    )
    v = z * x
    return x - ((z * (0.5 * tail - v * r) - tail) - v * -1.66666666666666324348e-01)


@kernel
def _kernel_cosine(x, tail):
    """cos(x + tail) for |x| <= pi / 4."""
    z = x * x
    r = z * (
        4.16666666666666019037e-02
        + z
        * (
            -1.38888888888741095749e-03
            + z
            * (
                2.48015872894767294178e-05
                + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))
            )
        )
    )
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * r - x * tail))


@kernel
def _turned(x, tail, quarters):
    """(sin, cos) of x + tail + quarters * pi / 2, for a whole number of quarter turns."""
    s = _kernel_sine(x, tail)
    c = _kernel_cosine(x, tail)
    quarter = quarters - 4.0 * np.floor(quarters * 0.25)
    # no branches, so that loops over angles are compiled to vectors
    odd = (quarter == 1.0) | (quarter == 3.0)
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if quarter >= 2.0 else sine
    cosine = -cosine if (quarter == 1.0) | (quarter == 2.0) else cosine
    return sine, cosine


@kernel
def sincos(angle):
    """Sine and cosine of an angle in radians, |angle| < `LIMIT` (accurate to about 1e-16; beyond, merely finite).

    Returns
    -------
    tuple of float64
        (sin, cos)
    """
    quarters = np.rint(angle * _QUARTER_INVERSE)
    rest = angle - quarters * _QUARTER_HIGH
    low = quarters * _QUARTER_LOW
    x = rest - low
    return _turned(x, (rest - x) - low, quarters)


@kernel
def _fill_sines(angles, sines, cosines):
    for i in range(angles.size):
        sines[i], cosines[i] = sincos(angles[i])


def sines_of(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sines and cosines (N,) float64 of angles (N,) float64, as `sincos` gives them."""
    sines, cosines = np.empty(len(angles)), np.empty(len(angles))
    _fill_sines(np.ascontiguousarray(angles, np.float64), sines, cosines)
    return sines, cosines


@kernel
def sincos_degrees(angle):
    """Sine and cosine of an angle in degrees, float64; whole quarter turns are taken off exactly."""
    quarters = np.rint(angle / 90.0)
    return _turned((angle - 90.0 * quarters) * DEGREE, 0.0, quarters)


@kernel
def sincos_steps(steps, quarter):
    """Sine and cosine of an integer angle: `steps` of which `quarter` make a right angle (9000 for 0.01 degrees).

    Any int64 `steps`; the reduction is exact.
    """
    full = 4 * np.int64(quarter)
    rest = np.int64(steps) % full
    quarters = (2 * rest + np.int64(quarter)) // (2 * np.int64(quarter))
    x = np.float64(rest - quarters * np.int64(quarter)) * (0.5 * PI / np.float64(quarter))
    return _turned(x, 0.0, np.float64(quarters))


@kernel
def _arctangent_of(t):
    """atan(t) for 0 <= t <= 1."""
    high = 0.0
    low = 0.0
    if t < 0.4375:
        x = t
    elif t < 0.6875:
        high, low, x = 4.63647609000806093515e-01, 2.26987774529616870924e-17, (2.0 * t - 1.0) / (2.0 + t)
    else:
        high, low, x = 7.85398163397448278999e-01, 3.06161699786838301793e-17, (t - 1.0) / (t + 1.0)
    z = x * x
    w = z * z
    odd = z * (
        3.33333333333329318027e-01
        + w
        * (
            1.42857142725034663711e-01
            + w
            * (
                9.09088713343650656196e-02
                + w * (6.66107313738753120669e-02 + w * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02))
            )
        )
    )
    even = w * (
        -1.99999999998764832476e-01
        + w
        * (
            -1.11111104054623557880e-01
            + w * (-7.69187620504482999495e-02 + w * (-5.83357013379057348645e-02 + w * -3.65315727442169155270e-02))
        )
    )
    return high - ((x * (odd + even) - low) - x)


@kernel
def arctangent2(y, x):
    """Angle of the point (x, y) in radians, -pi to pi, as atan2: float64, error about 1e-16 of the angle.

    Finite arguments only; (0, 0) of any signs gives 0, and the sign of a zero is not looked at otherwise either.
    """
    ax = abs(x)
    ay = abs(y)
    if ax == 0.0 and ay == 0.0:
        return 0.0
    # the smaller over the larger: at most one
    angle = _arctangent_of(ay / ax) if ay <= ax else 0.5 * PI - _arctangent_of(ax / ay)
    if x < 0.0:
        angle = PI - (angle - 1.2246467991473532e-16)
    return -angle if y < 0.0 else angle


@kernel
def arcsine(x):
    """Arc sine in radians of a float64; beyond +-1 it stays at +-pi / 2."""
    if x >= 1.0:
        return 0.5 * PI
    if x <= -1.0:
        return -0.5 * PI
    return arctangent2(x, np.sqrt((1.0 - x) * (1.0 + x)))
