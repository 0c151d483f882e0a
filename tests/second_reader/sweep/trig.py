"""Sine, cosine, arc tangent and arc sine: fdlibm's polynomials, in this order (docs/format/sweep.md, Trigonometry)."""

from __future__ import annotations

from typing import Any

import numpy as np

DEGREE, PI, TURN = 0.017453292519943295, 3.141592653589793, 6.283185307179586
_INVERSE, _HIGH, _LOW = 6.36619772367581382433e-01, 1.57079632673412561417e00, 6.07710050650619224932e-11
_S: tuple[float, ...] = (-1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04)
_S += (2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10)
_C: tuple[float, ...] = (4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05)
_C += (-2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11)
_ODD: tuple[float, ...] = (3.33333333333329318027e-01, 1.42857142725034663711e-01, 9.09088713343650656196e-02)
_ODD += (6.66107313738753120669e-02, 4.97687799461593236017e-02, 1.62858201153657823623e-02)
_EVEN: tuple[float, ...] = (-1.99999999998764832476e-01, -1.11111104054623557880e-01, -7.69187620504482999495e-02)
_EVEN += (-5.83357013379057348645e-02, -3.65315727442169155270e-02)


def horner(z: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    """f0 + z (f1 + z (f2 + ...))."""
    value: Any = factors[-1]
    for factor in factors[-2::-1]:
        value = factor + z * value
    return value


def _turned(x: np.ndarray, tail: np.ndarray, quarters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = x * x
    v = z * x
    s = x - ((z * (0.5 * tail - v * horner(z, _S[1:])) - tail) - v * _S[0])
    r, half = z * horner(z, _C), 0.5 * z
    w = 1.0 - half
    c = w + (((1.0 - w) - half) + (z * r - x * tail))
    q = quarters - 4.0 * np.floor(quarters * 0.25)
    return np.select([q == 1, q == 2, q == 3], [c, -s, -c], s), np.select([q == 1, q == 2, q == 3], [-s, -c, s], c)


def sincos(angle) -> tuple[np.ndarray, np.ndarray]:
    """Of radians."""
    angle = np.asarray(angle, np.float64)
    quarters = np.rint(angle * _INVERSE)
    rest, low = angle - quarters * _HIGH, quarters * _LOW
    x = rest - low
    return _turned(x, (rest - x) - low, quarters)


def sincos_degrees(angle) -> tuple[np.ndarray, np.ndarray]:
    """Of degrees; quarter turns are taken off exactly."""
    angle = np.asarray(angle, np.float64)
    quarters = np.rint(angle / 90.0)
    return _turned((angle - 90.0 * quarters) * DEGREE, np.zeros_like(angle), quarters)


_SS = tuple(map(float.fromhex, ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")))
_HEX = ("-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5", "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16")
_CC = tuple(map(float.fromhex, _HEX))


def sincos_single(angle, modern: int) -> tuple[np.ndarray, np.ndarray]:
    """Float32 sine and cosine, as doubles, of float32 radians, as doubles: rounded ones, or those of glibc's sinf."""
    angle = np.asarray(angle, np.float64)
    if not modern:
        sine, cosine = sincos(angle)
        return sine.astype(np.float32).astype(np.float64), cosine.astype(np.float32).astype(np.float64)
    small = np.abs(angle) < float.fromhex("0x1.921fb6p-1")
    turns = np.where(small, 0.0, np.floor(angle * float.fromhex("0x1.45f306dc9c883p-1") + 0.5))
    x = angle - turns * float.fromhex("0x1.921fb54442d18p0")
    x2 = x * x
    x3, x4 = x * x2, x2 * x2
    s = (x + x3 * _SS[0]) + (x3 * x2) * (_SS[1] + x2 * _SS[2])
    c = ((1.0 + x2 * _CC[0]) + x4 * _CC[1]) + (x4 * x2) * (_CC[2] + x2 * _CC[3])
    s, c = s.astype(np.float32).astype(np.float64), c.astype(np.float32).astype(np.float64)
    q = turns - 4.0 * np.floor(turns * 0.25)
    sine = np.select([q == 1, q == 2, q == 3], [c, -s, -c], s)
    cosine = np.select([q == 1, q == 2, q == 3], [-s, -c, s], c)
    tiny = np.abs(angle) < 2.0**-12
    return np.where(tiny, angle, sine), np.where(tiny, 1.0, cosine)


def arctangent2(y, x) -> np.ndarray:
    """The angle of (x, y), -pi to pi; 0 of (0, 0)."""
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    ax, ay = np.abs(x), np.abs(y)
    with np.errstate(all="ignore"):
        t = np.where(ay <= ax, ay / ax, ax / ay)
        low = t < 0.4375
        middle = ~low & (t < 0.6875)
        u = np.where(low, t, np.where(middle, (2.0 * t - 1.0) / (2.0 + t), (t - 1.0) / (t + 1.0)))
        high = np.where(low, 0.0, np.where(middle, 4.63647609000806093515e-01, 7.85398163397448278999e-01))
        tail = np.where(low, 0.0, np.where(middle, 2.26987774529616870924e-17, 3.06161699786838301793e-17))
        z = u * u
        w = z * z
        angle = high - ((u * (z * horner(w, _ODD) + w * horner(w, _EVEN)) - tail) - u)
        angle = np.where(ay <= ax, angle, 0.5 * PI - angle)
        angle = np.where(x < 0.0, PI - (angle - 1.2246467991473532e-16), angle)
    angle = np.where(y < 0.0, -angle, angle)
    return np.where((ax == 0.0) & (ay == 0.0), 0.0, angle)


def arcsine(x: float) -> float:
    """Arc sine; beyond +-1 it stays."""
    if abs(x) >= 1.0:
        return 0.5 * PI if x > 0 else -0.5 * PI
    return float(arctangent2(x, np.sqrt((1.0 - x) * (1.0 + x))))
