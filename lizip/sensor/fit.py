"""A calibration out of one scan: the five numbers of each beam from its points alone, when step and tick are known.

The stored numbers are rounded, the true ones lie on a lattice of whole columns and ticks; that is far more than enough.
Line through (rho, z) -> elevation and height; phase of exp(2 pi i r / tick) -> range offset; phase of the azimuths over
the step, best over the lateral offset -> phase; then Gauss-Newton on all three coordinates, at last on those points
only whose rounding the model gets wrong ("hinge": inside half a unit there is nothing to be learnt).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.entropy.adaptive import bit_length
from lizip.jit import kernel
from lizip.sensor.calibration import PARAMETERS, Calibration
from lizip.sensor.trig import TURN, arctangent2, sincos

COLUMN, LATERAL, ELEVATION, HEIGHT, OFFSET = range(5)
"""A beam as it is fitted: phase (columns), lateral (m), elevation (rad), vertical offset and range offset (m).

The last two are those along and across the beam: forward = offset cos - height sin, up = offset sin + height cos.
"""

SEARCH = 300
"""Points of a ring that take part in the searches."""

_LATERALS = 25
"""Lateral offsets searched either way."""

_OUTLIER = 1.8


@kernel
def _solve(h, g):
    """Solve h x = g (5 by 5) in place, by elimination with the largest pivot; x is left in g. False when singular."""
    size = g.size
    for i in range(size):
        best = i
        for r in range(i + 1, size):
            if abs(h[r, i]) > abs(h[best, i]):
                best = r
        if abs(h[best, i]) < 1e-300:
            return False
        if best != i:
            for c in range(size):
                h[i, c], h[best, c] = h[best, c], h[i, c]
            g[i], g[best] = g[best], g[i]
        for r in range(i + 1, size):
            factor = h[r, i] / h[i, i]
            g[r] -= factor * g[i]
            for c in range(i, size):
                h[r, c] -= factor * h[i, c]
    for i in range(size - 1, -1, -1):
        for c in range(i + 1, size):
            g[i] -= h[i, c] * g[c]
        g[i] /= h[i, i]
    return True


@kernel
def fit_line(points, first, last, stride, beam):
    """Elevation and height of a beam from the line z over rho; outliers are cut twice."""
    slope = 0.0
    middle = 0.0
    cut = 1e30
    for _ in range(3):
        n = 0.0
        sum_rho = 0.0
        sum_z = 0.0
        for i in range(first, last, stride):
            x = np.float64(points[i, 0])
            y = np.float64(points[i, 1])
            z = np.float64(points[i, 2])
            rho = np.sqrt(x * x + y * y)
            if abs(z - slope * rho - middle) < cut:
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
            if abs(z - slope * rho - middle) < cut:
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
            away = abs(np.float64(points[i, 2]) - slope * np.sqrt(x * x + y * y) - middle)
            spread += min(away, cut)
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
def fit_phase(points, first, last, stride, step, sums, beam):
    """Phase and lateral offset of a beam: where azimuth - lateral / rho gathers best, modulo the step.

    Returns how well. `sums` (2 L + 1, 2) float64 is scratch, one complex sum for each lateral offset.
    """
    tried = sums.shape[0]
    lateral = lateral_step(step)
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
    best = np.int64(0)
    top = -1.0
    for m in range(tried):
        size = sums[m, 0] * sums[m, 0] + sums[m, 1] * sums[m, 1]
        if size > top:
            top = size
            best = m
    beam[COLUMN] = arctangent2(sums[best, 1], sums[best, 0]) / TURN
    beam[LATERAL] = (best - tried // 2) * lateral
    return np.sqrt(top) / weight


@kernel
def _improve(points, units, first, last, stride, step, tick, hypotenuse, hinge, cut, sizes, h, g, beam):
    """One Gauss-Newton step on a beam.

    `hinge` is the weight of points whose rounding is right already (1: all alike; negative: only count them), `cut` the
    largest residual that takes part. Residuals count in `units` (N, 3) float32, the size of the rounding; `sizes` (64,)
    int64 is filled with how many there are of each bit length of 16 times their size. Returns the share of coordinates
    within half a unit before the step.
    """
    phase, lateral, elevation, height, offset = beam[0], beam[1], beam[2], beam[3], beam[4]
    sine, cosine = sincos(elevation)
    for u in range(5):
        g[u] = 0.0
        for v in range(5):
            h[u, v] = 0.0
    for u in range(64):
        sizes[u] = 0
    right = 0.0
    count = 0.0
    for i in range(first, last, stride):
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        z = np.float64(points[i, 2])
        square = x * x + y * y
        if square <= lateral * lateral + 1e-6:
            continue
        level = np.sqrt(square - lateral * lateral)
        # the heading of the firing: the point's own, turned back by asin(lateral / rho)
        ca = (x * level + y * lateral) / square
        sa = (y * level - x * lateral) / square
        angle = arctangent2(sa, ca)
        away = (np.rint(angle / step - phase) + phase) * step - angle
        cb = ca - sa * away - 0.5 * ca * away * away
        sb = sa + ca * away - 0.5 * sa * away * away
        along = (np.sqrt(square) if hypotenuse else level) * cosine + z * sine
        distance = np.rint((along - offset) / tick) * tick + offset
        q = distance * cosine - height * sine
        ratio = 1.0
        longitudinal = q
        if hypotenuse:
            longitudinal = np.sqrt(max(q * q - lateral * lateral, 1e-12))
            ratio = q / longitudinal
        dq = (-distance * sine - height * cosine) * ratio
        drop = -lateral / longitudinal if hypotenuse else 0.0
        for axis in range(3):
            unit = np.float64(units[i, axis])
            if axis == 0:
                e = x - (longitudinal * cb - lateral * sb)
                j0 = (-longitudinal * sb - lateral * cb) * step
                j1 = drop * cb - sb
                j2, j3, j4 = dq * cb, -sine * ratio * cb, cosine * ratio * cb
            elif axis == 1:
                e = y - (longitudinal * sb + lateral * cb)
                j0 = (longitudinal * cb - lateral * sb) * step
                j1 = drop * sb + cb
                j2, j3, j4 = dq * sb, -sine * ratio * sb, cosine * ratio * sb
            else:
                e = z - (distance * sine + height * cosine)
                j0, j1, j2, j3, j4 = 0.0, 0.0, q, cosine, sine
            size = abs(e) / unit
            sizes[bit_length(np.int64(min(size * 16.0, 1e17)))] += 1
            count += 1.0
            weight = 1.0
            if hinge < 0.0:
                right += 1.0 if size <= 0.5 else 0.0
                continue
            if size <= 0.5:
                right += 1.0
                if hinge < 1.0:
                    weight = hinge
                    e = 0.0
                    if size < 0.4:
                        continue
            elif hinge < 1.0:
                e -= 0.5 * unit if e > 0.0 else -0.5 * unit
            if size > cut:
                continue
            weight /= unit * unit
            g[0] += weight * j0 * e
            g[1] += weight * j1 * e
            g[2] += weight * j2 * e
            g[3] += weight * j3 * e
            g[4] += weight * j4 * e
            h[0, 0] += weight * j0 * j0
            h[1, 0] += weight * j1 * j0
            h[1, 1] += weight * j1 * j1
            h[2, 0] += weight * j2 * j0
            h[2, 1] += weight * j2 * j1
            h[2, 2] += weight * j2 * j2
            h[3, 0] += weight * j3 * j0
            h[3, 1] += weight * j3 * j1
            h[3, 2] += weight * j3 * j2
            h[3, 3] += weight * j3 * j3
            h[4, 0] += weight * j4 * j0
            h[4, 1] += weight * j4 * j1
            h[4, 2] += weight * j4 * j2
            h[4, 3] += weight * j4 * j3
            h[4, 4] += weight * j4 * j4
    if hinge < 0.0:
        return right / max(count, 1.0)
    for u in range(5):
        for v in range(u + 1, 5):
            h[u, v] = h[v, u]
        h[u, u] = h[u, u] * (1.0 + 1e-9) + 1e-9
    if _solve(h, g):
        for u in range(5):
            beam[u] += g[u]
    return right / max(count, 1.0)


@kernel
def _median_size(sizes):
    """Upper bound of the median residual, in units."""
    total = np.int64(0)
    for length in range(sizes.size):
        total += sizes[length]
    seen = np.int64(0)
    bound = 1.0 / 16.0
    for length in range(sizes.size):
        seen += sizes[length]
        if 2 * seen >= total:
            return bound
        bound *= 2.0
    return bound


@kernel
def refine_beam(points, units, first, last, step, tick, hypotenuse, hinges, sizes, h, g, before, kept, beam):
    """Improve one beam by the points whose rounding it misses, while they become fewer; returns the share right."""
    best = -1.0
    for turn in range(hinges + 1):
        for u in range(5):
            before[u] = beam[u]
        hinge = 0.003 if turn < hinges else -1.0
        share = _improve(points, units, first, last, 1, step, tick, hypotenuse, hinge, _OUTLIER, sizes, h, g, beam)
        if share < best:
            break
        best = share
        for u in range(5):
            kept[u] = before[u]
    for u in range(5):
        beam[u] = kept[u]
    return best


@kernel
def fit_beam(points, units, first, last, step, tick, hypotenuse, hinges, sums, sizes, h, g, before, kept, beam):
    """Fit one beam to points[first:last]; see `fit_beams`. Returns the share of coordinates explained."""
    stride = max(np.int64(1), (last - first) // SEARCH)
    if not fit_line(points, first, last, stride, beam):
        return 0.0
    if fit_offset(points, first, last, stride, tick, beam) < 0.1:
        return 0.0
    if fit_phase(points, first, last, stride, step, sums, beam) < 0.1:
        return 0.0
    cut = 1e12
    for _ in range(4):
        share = _improve(points, units, first, last, stride, step, tick, hypotenuse, 1.0, cut, sizes, h, g, beam)
        cut = 8.0 * _median_size(sizes) + 2.0
    if share < 0.6:
        return share
    _improve(points, units, first, last, 1, step, tick, hypotenuse, 1.0, cut, sizes, h, g, beam)
    return refine_beam(points, units, first, last, step, tick, hypotenuse, hinges, sizes, h, g, before, kept, beam)


def fit_beams(
    points: np.ndarray,
    units: np.ndarray,
    bounds: np.ndarray,
    step: float,
    tick: float,
    hypotenuse: bool,
    hinges: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit every beam to its own points.

    Parameters
    ----------
    points : (N, 3) float32
    units : (N, 3) float32
        Size of the rounding of each coordinate, m.
    bounds : (R + 1,) int64
        The points of beam r are those from bounds[r] to bounds[r + 1].
    step, tick : float
        Radians a column, metres a tick.
    hypotenuse : bool
        See `lizip.sensor.beams`.
    hinges : int
        Passes over the points whose rounding the model misses.

    Returns
    -------
    beams : (R, 5) float64
        See `COLUMN` and following.
    shares : (R,) float64
        Share of coordinates within half a unit; 0 where nothing could be fitted.
    """
    beams, shares = np.zeros((len(bounds) - 1, 5)), np.zeros(len(bounds) - 1)
    sums, sizes, h, g = np.zeros((2 * _LATERALS + 1, 2)), np.zeros(64, np.int64), np.zeros((5, 5)), np.zeros(5)
    before, kept = np.zeros(5), np.zeros(5)
    for ring, (first, last) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        shares[ring] = fit_beam(
            points, units, first, last, step, tick, hypotenuse, hinges, sums, sizes, h, g, before, kept, beams[ring]
        )
    return beams, shares


def refine_beams(
    points: np.ndarray,
    units: np.ndarray,
    bounds: np.ndarray,
    step: float,
    tick: float,
    hypotenuse: bool,
    hinges: int,
    beams: np.ndarray,
) -> None:
    """Improve beams (R, 5) that `fit_beams` found, in place, under other units."""
    sizes, h, g, before, kept = np.zeros(64, np.int64), np.zeros((5, 5)), np.zeros(5), np.zeros(5), np.zeros(5)
    for ring, (first, last) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        refine_beam(points, units, first, last, step, tick, hypotenuse, hinges, sizes, h, g, before, kept, beams[ring])


def calibration_of(beams: np.ndarray, model: Calibration) -> Calibration:
    """Round fitted beams (R, 5) to a calibration like `model` (sensor type, quanta, rounding), without shifts."""
    values = np.empty((len(beams), len(PARAMETERS)))
    for ring, (phase, lateral, elevation, height, offset) in enumerate(beams.tolist()):
        sine, cosine = sincos(elevation)
        values[ring] = phase, lateral, elevation, offset * cosine - height * sine, offset * sine + height * cosine
    return replace(
        model,
        beams=np.rint(values / np.array(model.quanta)).astype(np.int64),
        shifts=np.zeros(len(beams), np.int64),
    )
