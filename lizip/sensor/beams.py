"""The geometry of spinning multi-beam sensors: one row of numbers a beam, from (column, range) to a point and back.

A beam points in azimuth A = (column + phase) * step, and in the vertical plane of A a range r = ticks * tick goes to

    q = r cos(elevation) + forward,    z = r sin(elevation) + up,

with a sideways offset `lateral` of the beam: x = lon cos A - lateral sin A, y = lon sin A + lateral cos A. On the way
forward, lon is q ("straight", as the makers' manuals have it) or sqrt(q**2 - lateral**2) ("hypotenuse": the horizontal
distance is q; KITTI's driver did that). The six numbers cover the HDL-64E's (Velodyne: rotation, vertical and distance
correction, vertical and horizontal offset) as well as Ouster's (beam azimuth, altitude, lidar origin to beam origin).
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN, arcsine, arctangent2, sincos
from lizip.jit import kernel

PHASE, LATERAL, COSINE, SINE, FORWARD, UP = range(6)
"""Columns of a beam table: phase in columns, lateral, forward and up in metres, cosine and sine of the elevation."""

MAX_TICKS = 1 << 24
"""Ranges stay below this many ticks (16 km at 1 mm)."""


@kernel
def beam_point(table, beam, step, tick, hypotenuse, column, ticks):
    """Point of one return, unrounded.

    Parameters
    ----------
    table : (B, 6) float64
        See `PHASE` and following.
    beam, column, ticks : int64
        Beam index, azimuth column, range in ticks.
    step : float64
        Radians a column.
    tick : float64
        Metres a tick.
    hypotenuse : int64
        Whether lon is sqrt(q**2 - lateral**2).

    Returns
    -------
    tuple of float64
        x, y, z in metres.
    """
    sine, cosine = sincos((column + table[beam, PHASE]) * step)
    distance = ticks * tick
    longitudinal = distance * table[beam, COSINE] + table[beam, FORWARD]
    lateral = table[beam, LATERAL]
    if hypotenuse:
        longitudinal = np.sqrt(max(longitudinal * longitudinal - lateral * lateral, 0.0))
    x = longitudinal * cosine - lateral * sine
    y = longitudinal * sine + lateral * cosine
    return x, y, distance * table[beam, SINE] + table[beam, UP]


@kernel
def beam_points(table, step, tick, hypotenuse, beam, column, ticks, points):
    """Fill points (N, 3) float64 from beam, column, ticks, each (N,) int32; see `beam_point`."""
    for i in range(beam.size):
        x, y, z = beam_point(
            table, np.int64(beam[i]), step, tick, hypotenuse, np.float64(column[i]), np.float64(ticks[i])
        )
        points[i, 0] = x
        points[i, 1] = y
        points[i, 2] = z


@kernel
def beam_measure(table, beam, step, tick, hypotenuse, x, y, z):
    """Column and range in ticks (int64; ticks 0 when out of range) that come nearest to a point, float64."""
    rho = np.sqrt(x * x + y * y)
    cosine = table[beam, COSINE]
    sine = table[beam, SINE]
    lateral = table[beam, LATERAL]
    if not (abs(lateral) < rho < 1e6 and abs(z) < 1e6):  # NaN comes here too
        return np.int64(0), np.int64(0)
    angle = arctangent2(y, x) - arcsine(lateral / rho)
    longitudinal = rho if hypotenuse else np.sqrt(rho * rho - lateral * lateral)
    along = (longitudinal - table[beam, FORWARD]) * cosine + (z - table[beam, UP]) * sine
    ticks = np.int64(np.rint(along / tick))
    if ticks < 1 or ticks >= MAX_TICKS:
        ticks = np.int64(0)
    return np.int64(np.rint(angle / step - table[beam, PHASE])), ticks


@kernel
def measure_points(table, step, tick, hypotenuse, beam, points, column, ticks):
    """Fill column and ticks, (N,) int32, from beam (N,) int32 and points (N, 3) float32.

    Ticks are 0 where nothing fits or the beam is negative.
    """
    for i in range(beam.size):
        column[i] = 0
        ticks[i] = 0
        if beam[i] < 0:
            continue
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        z = np.float64(points[i, 2])
        c, t = beam_measure(table, np.int64(beam[i]), step, tick, hypotenuse, x, y, z)
        column[i] = np.int32(c)
        ticks[i] = np.int32(t)


@kernel
def azimuth_keys(points, ring, keys):
    """Fill keys (N,) float64 that sort by ring, then by azimuth of points (N, 3) from 0 to a turn."""
    for i in range(ring.size):
        angle = arctangent2(points[i, 1], points[i, 0])
        if angle < 0.0:
            angle += TURN
        keys[i] = 8.0 * ring[i] + angle
