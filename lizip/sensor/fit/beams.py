"""A calibration out of one scan: the five numbers of each beam from its points alone, when step and tick are known.

The stored numbers are rounded, the true ones lie on a lattice of whole columns and ticks; that is far more than enough.
Line through (rho, z) -> elevation and height; phase of exp(2 pi i r / tick) -> range offset; phase of the azimuths over
the step, best over the lateral offset -> phase; then Gauss-Newton on all three coordinates, at last on those points
only whose rounding the model gets wrong ("hinge": inside half a unit there is nothing to be learnt).
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN, arctangent2, sincos
from lizip.jit import kernel
from lizip.sensor.fit.gauss_newton import improve, median_size, refine_beam

COLUMN, LATERAL, ELEVATION, HEIGHT, OFFSET = range(5)
"""A beam as it is fitted: phase (columns), lateral (m), elevation (rad), vertical offset and range offset (m).

The last two are those along and across the beam: forward = offset cos - height sin, up = offset sin + height cos.
"""

SEARCH = 300
"""Points of a ring that take part in the searches."""

_MOST_STEPS = 9
_FARTHEST = 500.0
"""Points further away (m) are mistakes, and would turn a line."""

LATERALS = 25
"""Lateral offsets searched either way."""


@kernel
def _median(values, count):
    """Median of the first `count` > 0 of values (M,), which are sorted in place."""
    for i in range(1, count):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
    return values[count // 2]


@kernel
def _first_line(points, first, last, scratch, line):
    """Fill line with slope, middle and typical distance of z over rho, by medians: mistakes do not move them."""
    half = (last - first) // 2
    pairs = min(half, scratch.size)
    count = np.int64(0)
    for k in range(pairs):
        i = first + k * half // pairs
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        u = np.float64(points[i + half, 0])
        v = np.float64(points[i + half, 1])
        run = np.sqrt(u * u + v * v) - np.sqrt(x * x + y * y)
        if abs(run) > 1e-3 and abs(run) < _FARTHEST:
            scratch[count] = (np.float64(points[i + half, 2]) - np.float64(points[i, 2])) / run
            count += 1
    if count < 4:
        return False
    line[0] = _median(scratch, count)
    for turn in range(2):
        for k in range(pairs):
            i = first + k * half // pairs
            x = np.float64(points[i, 0])
            y = np.float64(points[i, 1])
            rest = np.float64(points[i, 2]) - line[0] * np.sqrt(x * x + y * y)
            scratch[k] = rest if turn == 0 else abs(rest - line[1])
        line[1 + turn] = _median(scratch, pairs)
    return True


@kernel
def fit_line(points, first, last, stride, pairs, beam):
    """Elevation and height of a beam from its line z over rho; `pairs` (M,) float64 is scratch. False without one."""
    if not _first_line(points, first, last, pairs, beam):
        return False
    slope = beam[0]
    middle = beam[1]
    cut = 8.0 * beam[2] + 1e-3
    for _ in range(3):
        n = 0.0
        sum_rho = 0.0
        sum_z = 0.0
        for i in range(first, last, stride):
            x = np.float64(points[i, 0])
            y = np.float64(points[i, 1])
            z = np.float64(points[i, 2])
            rho = np.sqrt(x * x + y * y)
            if rho < _FARTHEST and abs(z - slope * rho - middle) < cut:
                n += 1.0
                sum_rho += rho
                sum_z += z
        if n < 8.0:
            return False
        mean_rho = sum_rho / n
        mean_z = sum_z / n
        sxx = 0.0
        sxz = 0.0
        for i in range(first, last, stride):
            x = np.float64(points[i, 0])
            y = np.float64(points[i, 1])
            z = np.float64(points[i, 2])
            rho = np.sqrt(x * x + y * y)
            if rho < _FARTHEST and abs(z - slope * rho - middle) < cut:
                sxx += (rho - mean_rho) * (rho - mean_rho)
                sxz += (rho - mean_rho) * (z - mean_z)
        if sxx < 1e-6:
            return False
        slope = sxz / sxx
        middle = mean_z - slope * mean_rho
        spread = 0.0
        for i in range(first, last, stride):
            x = np.float64(points[i, 0])
            y = np.float64(points[i, 1])
            rho = np.sqrt(x * x + y * y)
            if rho < _FARTHEST:
                spread += min(abs(np.float64(points[i, 2]) - slope * rho - middle), cut)
        cut = 4.0 * spread * stride / (last - first) + 1e-4
    beam[ELEVATION] = arctangent2(slope, 1.0)
    beam[HEIGHT] = middle / np.sqrt(1.0 + slope * slope)
    return True


@kernel
def fit_offset(points, first, last, stride, tick, beam):
    """Range offset of a beam, at most half a tick: where the ranges modulo a tick gather. Returns how well they do."""
    sine, cosine = sincos(beam[ELEVATION])
    real = 0.0
    imaginary = 0.0
    n = 0.0
    for i in range(first, last, stride):
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        ticks = (np.sqrt(x * x + y * y) * cosine + np.float64(points[i, 2]) * sine) / tick
        s, c = sincos((ticks - np.rint(ticks)) * TURN)
        real += c
        imaginary += s
        n += 1.0
    beam[OFFSET] = arctangent2(imaginary, real) / TURN * tick
    return np.sqrt(real * real + imaginary * imaginary) / n


@kernel
def lateral_step(step):
    """Step (m) in which lateral offsets are searched: 2 mm, less for columns finer than 0.09 degrees."""
    return 0.002 * min(1.0, step * 640.0)


@kernel
def gather_phases(points, first, last, stride, step, lateral, sums):
    """Fill sums (2 L + 1, 2) with complex sums of azimuth - m * lateral / rho modulo the step, m from -L to L.

    Returns the weight of all points.
    """
    tried = sums.shape[0]
    weight = 0.0
    for m in range(tried):
        sums[m, 0] = 0.0
        sums[m, 1] = 0.0
    for i in range(first, last, stride):
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        rho = np.sqrt(x * x + y * y)
        columns = arctangent2(y, x) / step
        # turning by a constant angle from one lateral offset to the next spares a sine each
        turn_s, turn_c = sincos(-lateral / (rho * step) * TURN)
        start = columns - np.rint(columns) + (tried // 2) * lateral / (rho * step)
        s, c = sincos((start - np.rint(start)) * TURN)
        w = min(rho, 20.0)
        weight += w
        for m in range(tried):
            sums[m, 0] += w * c
            sums[m, 1] += w * s
            c, s = c * turn_c - s * turn_s, s * turn_c + c * turn_s
    return weight


@kernel
def fit_phase(points, first, last, stride, step, sums, beam):
    """Phase and lateral offset of a beam: where azimuth - lateral / rho gathers best, modulo the step.

    Returns how well. `sums` (2 L + 1, 2) float64 is scratch, one complex sum for each lateral offset.
    """
    lateral = lateral_step(step)
    weight = gather_phases(points, first, last, stride, step, lateral, sums)
    best = np.int64(0)
    top = -1.0
    for m in range(sums.shape[0]):
        size = sums[m, 0] * sums[m, 0] + sums[m, 1] * sums[m, 1]
        if size > top:
            top = size
            best = np.int64(m)
    set_phase(sums, best, lateral, beam)
    return np.sqrt(top) / weight


@kernel
def set_phase(sums, m, lateral, beam):
    """Give a beam the phase and lateral offset of sum m of `gather_phases`."""
    beam[COLUMN] = arctangent2(sums[m, 1], sums[m, 0]) / TURN
    beam[LATERAL] = (m - sums.shape[0] // 2) * lateral


@kernel
def fit_beam(points, units, frame, first, last, grid, hinges, scratch, beam):
    """Fit one beam to points[first:last]; see `fit_beams`. Returns the share of coordinates explained."""
    stride = max(np.int64(1), (last - first) // SEARCH)
    if not fit_line(points, first, last, stride, scratch.pairs, beam):
        return 0.0
    if fit_offset(points, first, last, stride, grid.tick, beam) < 0.1 and not grid.hidden:
        return 0.0
    if fit_phase(points, first, last, stride, grid.step, scratch.sums, beam) < 0.1:
        return 0.0
    return settle_beam(points, units, frame, first, last, grid, hinges, scratch, beam)


@kernel
def settle_beam(points, units, frame, first, last, grid, hinges, scratch, beam):
    """Improve a beam that is nearly right. Returns the share of coordinates explained."""
    part = first, last, max(np.int64(1), (last - first) // SEARCH)
    improve(points, units, frame, part, grid, -1.0, 0.0, scratch, beam)
    share = 0.0
    for _ in range(_MOST_STEPS):
        if share > 0.9:
            break
        cut = 8.0 * median_size(scratch.sizes) + 2.0
        share = improve(points, units, frame, part, grid, 1.0, cut, scratch, beam)
    if share < 0.6:
        return share
    improve(points, units, frame, (first, last, 1), grid, 1.0, cut, scratch, beam)
    return refine_beam(points, units, frame, first, last, grid, hinges, scratch, beam)
