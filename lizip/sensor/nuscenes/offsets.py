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
_DRIFT = 40.0
"""How far the sensor may have moved since a similar sweep, m."""
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


def _sample(count: int, x: np.ndarray, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """About `count` of ascending points: half as dense as they are, half evenly over x (few points see far borders)."""
    if len(x) <= count:
        return x, inverse
    dense = np.linspace(0, len(x) - 1, count // 2).astype(np.int64)
    even = np.searchsorted(x, np.linspace(x[0], x[-1], count // 8))[:, None] + np.arange(4)
    keep = np.unique(np.concatenate([dense, np.minimum(even.ravel(), len(x) - 1)]))
    return x[keep], inverse[keep]


def _coarse(x, inverse, spacing: float, phase: float, around: float | None) -> np.ndarray:
    """The likeliest positions, with all phases of three coarser powers of two; `around` a known one, or everywhere."""
    border = spacing * 2.0**23
    step = border / _POSITIONS
    close = np.abs(x) < max(border, 4.0)
    reach = min(max(-x[close][0], x[close][-1]), border)
    if around is None:
        place = np.arange(max(border - reach, 0.0), 2 * border + reach, step)
        place = np.concatenate([place, -place])
    else:
        place = around + np.arange(-_DRIFT, _DRIFT + step, min(step, _DRIFT / 8))
    shifts = np.arange(_PHASES) * spacing

    def candidates(places):
        snapped = (np.rint(places / spacing + phase) - phase) * spacing
        return np.unique(snapped[:, None] + shifts)

    found, _ = _best(*_sample(300, x[close], inverse[close]), candidates(place), 40)
    few = _sample(2000, x, inverse)
    found, _ = _best(*few, found, 3)
    while step > spacing * _PHASES:
        places = (found[:, None] + np.linspace(-1.2 * step, 1.2 * step, 13)).ravel()
        found, _ = _best(*few, np.concatenate([found, candidates(places)]), 3)
        step /= 5
    return found


def find_offset(
    x: np.ndarray,
    sigma: np.ndarray,
    spacing: float,
    near: np.ndarray | None = None,
    around: float | None = None,
    known: float | None = None,
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
    around : float, optional
        Search within `_DRIFT` of this offset only.
    known : float, optional
        The offset but for the last phases and the borders' last metres.

    Returns
    -------
    (float, float)
        The offset and its log likelihood against chance for each point that can tell.
    """
    border = spacing * 2.0**23
    tells = sigma < 1.2 * spacing
    close = np.flatnonzero((np.abs(x) < max(border, 4.0)) & (sigma < 0.3 * spacing))
    if len(close) < 100:
        return 0.0, 0.0
    near = x[close if near is None else near]
    phase = np.angle(np.exp(2j * np.pi * near / spacing).mean()) / (2 * np.pi)
    order = np.argsort(x[tells], kind="stable")
    x, inverse = x[tells][order], 1.0 / sigma[tells][order]
    if known is None:
        found = _coarse(x, inverse, spacing, phase, around)
    else:
        found = np.array([(np.rint(known / spacing + phase) - phase) * spacing])
    found, _ = _best(*_sample(8000, x, inverse), np.unique(found[:, None] + np.arange(-12, 13) * spacing))
    # the phases are settled; all points tell on which side of a border they lie
    unit = 2 * _PHASES * spacing
    for width in border * np.array([2.0**-9, 2.0**-11, 2.0**-13, 2.0**-15]):
        moves = np.rint(np.arange(-6, 7) * width / unit) * unit
        found, score = _best(x, inverse, found[0] + np.unique(moves))
    informative = np.count_nonzero(spacing * inverse > 3.0)
    return float(found[0]), float(score[0] / max(informative, 1))
