"""From a point back to column and range, by the geometry of `lizip.sensor.stages.beams`."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import arcsine, arctangent2
from lizip.jit import kernel
from lizip.sensor.stages.beams import COSINE, FORWARD, LATERAL, MAX_TICKS, PHASE, SINE, UP


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
