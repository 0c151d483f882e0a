"""Where the far frame's origin is: it decides which ULP holds for which point. Encoder only.

Along an axis the points x (relative to the sensor) become multiples of the float32 ULP once the right offset is added,
and that ULP doubles at every power of two. So an offset is scored by how well x + offset sits on the float32 grid,
against what chance would give. The search goes from coarse positions (the borders of the powers of two) and both signs,
with the phases of the coarser ULPs tried at each, to the last ULP.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_PHASES = 8
"""Offsets tried at each position, one spacing apart: up to three coarser powers of two get their phase."""
_POSITIONS = 400
"""Coarse positions within a power of two."""
_LN2 = 0.6931471805599453
_FLOOR = -4.0
"""Log likelihood of a point that does not fit (an outlier)."""


@kernel
def score_offsets(x, inverse, logs, offsets, out):
    """Log likelihood, against chance, of float32 rounding of x + offset.

    Parameters
    ----------
    x : (M,) float64
        Coordinates, ascending (that keeps the ULP from jumping about).
    inverse : (M,) float64
        1 / standard deviation of their noise.
    logs : (M,) float64
        Natural logarithm of 0.4 * inverse.
    offsets : (K,) float64
    out : (K,) float64
        Result.
    """
    floor = 1.0
    ulp = 2.0**-23
    height = -23.0 * _LN2
    for k in range(offsets.size):
        offset = offsets[k]
        total = 0.0
        for j in range(x.size):
            y = x[j] + offset
            size = abs(y)
            if size < 1e-6:
                continue
            while size >= 2.0 * floor:
                floor *= 2.0
                ulp *= 2.0
                height += _LN2
            while size < floor:
                floor *= 0.5
                ulp *= 0.5
                height -= _LN2
            spread = ulp * inverse[j]
            if spread > 3.0:
                scaled = y / ulp
                miss = (scaled - np.rint(scaled)) * spread
                total += max(height + logs[j] - 0.5 * miss * miss, _FLOOR)
        out[k] = total


def _best(x, inverse, offsets, count=1):
    out = np.empty(len(offsets))
    score_offsets(x, inverse, np.log(0.4 * inverse), np.ascontiguousarray(offsets), out)
    order = np.argsort(-out, kind="stable")[:count]
    return offsets[order], out[order]


def _sample(x, sigma, count, rng):
    """About `count` points, ascending: half as they come, half evenly spread over x (few points see far borders)."""
    keep = rng.permutation(len(x))[:count]
    if len(x) > count:
        place = (x - x.min()) * (count / 4 / max(np.ptp(x), 1e-9))
        order = rng.permutation(len(x))
        order = order[np.argsort(place[order].astype(np.int64), kind="stable")]
        first = np.flatnonzero(np.diff(place[order].astype(np.int64), prepend=-1))
        spread = (first[:, None] + np.arange(4)).ravel()
        keep = np.unique(np.concatenate([keep[: count // 2], order[spread[spread < len(order)]]]))
    keep = keep[np.argsort(x[keep], kind="stable")]
    return x[keep], 1.0 / sigma[keep]


def find_offset(
    x: np.ndarray, sigma: np.ndarray, spacing: float, near: np.ndarray | None = None, seed: int = 0
) -> tuple[float, float]:
    """Find the offset of one axis.

    Parameters
    ----------
    x, sigma : (M,) float64
        Coordinates of the points along the axis and the standard deviation of their noise, m.
    spacing : float
        The ULP that most near points have, m.
    near : (K,) int64, optional
        Points that surely have it; None takes those nearer than a power of two is wide.

    Returns
    -------
    (float, float)
        The offset and its log likelihood against chance for each point that can tell.
    """
    rng = np.random.default_rng(seed)
    border = spacing * 2.0**23
    close = np.flatnonzero((np.abs(x) < max(border, 4.0)) & (sigma < 0.3 * spacing))
    near = close if near is None else near
    if len(close) < 100:
        return 0.0, 0.0
    phase = np.angle(np.exp(2j * np.pi * x[near] / spacing).mean()) / (2 * np.pi)
    reach = min(max(-x[close].min(), x[close].max()), border)
    step = border / _POSITIONS
    place = np.arange(max(border - reach, 0.0), 2 * border + reach, step)
    place = np.concatenate([place, -place])
    shifts = np.arange(_PHASES) * spacing

    def candidates(places, shifts):
        snapped = (np.rint(places / spacing + phase) - phase) * spacing
        return np.unique(snapped[:, None] + shifts)

    xs, inverse = _sample(x[close], sigma[close], 300, rng)
    found, _ = _best(xs, inverse, candidates(place, shifts), 40)
    xs, inverse = _sample(x, sigma, 2000, rng)
    found, _ = _best(xs, inverse, found, 3)
    while step > spacing * _PHASES:
        places = (found[:, None] + np.linspace(-1.2 * step, 1.2 * step, 13)).ravel()
        found, _ = _best(xs, inverse, np.concatenate([found, candidates(places, shifts)]), 3)
        step /= 5
    xs, inverse = _sample(x, sigma, 8000, rng)
    found, _ = _best(xs, inverse, np.unique(found[:, None] + np.arange(-12, 13) * spacing))
    # the phases are settled; all points tell on which side of a border they lie
    tells = sigma < 1.2 * spacing
    order = np.argsort(x[tells], kind="stable")
    xs, inverse = x[tells][order], 1.0 / sigma[tells][order]
    unit = 2 * _PHASES * spacing
    for width in border * np.array([2.0**-9, 2.0**-11, 2.0**-13, 2.0**-15]):
        moves = np.rint(np.arange(-6, 7) * width / unit) * unit
        found, score = _best(xs, inverse, found[0] + np.unique(moves))
    informative = np.count_nonzero(spacing * inverse > 3.0)
    return float(found[0]), float(score[0] / max(informative, 1))
