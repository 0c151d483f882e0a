"""Where the far frame's origin is: it decides which ULP holds for which point. Encoder only.

Along an axis the points x (relative to the sensor) become multiples of the float32 ULP once the right offset is added,
and that ULP doubles at every power of two. So an offset is scored by how well x + offset sits on the float32 grid,
against what chance would give. The search goes from coarse positions (the borders of the powers of two) and both signs,
with the phases of the coarser ULPs tried at each, to the last ULP.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN, arctangent2, sincos
from lizip.jit import kernel

Points = tuple[np.ndarray, np.ndarray]
"""Coordinates (M,) along an axis, m, and 1 / standard deviation of each."""

_PHASES = 8
"""Offsets tried at each position, one spacing apart: up to three coarser powers of two get their phase."""
_POSITIONS = 400
"""Coarse positions within a power of two."""
_DRIFT = 40.0
"""How far the sensor may have moved since a similar sweep, m; at most a quarter of a power of two."""
_LN2 = 0.6931471805599453
_LEAST_SHARE = 0.97
"""Share of the points that an offset must explain to be taken for the one hinted at."""
_FLOOR = -4.0
"""Log likelihood of a point that does not fit (an outlier)."""
_BLOCK = 256
_FEWEST, _FEW, _MANY = 500, 1500, 8000
"""Points that take part: for coarse positions, to refine them, for phases."""
_PLACES = 40, 6
"""Positions looked at again: of the coarse ones, and all the way to the end."""
_WIDTHS = tuple(2.0**-k for k in (9, 11, 13, 15))
"""Steps in which a border is sought, in powers of two."""


@kernel
def score_offsets(x, inverse, offsets, out):
    """Fill out (K,) with the log likelihood, against chance, of float32 rounding of x (M,) + each of offsets (K,).

    `inverse` (M,) is 1 / standard deviation of the noise. The inner loop runs over offsets, without branches and calls,
    so that it becomes vector code: powers of two are taken from the bits of a number, and so are logarithms, as log2(m
    2**e) = e + m - 1.
    """
    for k in range(offsets.size):
        out[k] = 0.0
    for begin in range(0, offsets.size, _BLOCK):
        block = offsets[begin : begin + _BLOCK]
        sums = out[begin : begin + _BLOCK]
        for j in range(x.size):
            here = x[j]
            sharp = inverse[j]
            bits = np.int64(np.float64(0.4 * sharp).view(np.int64))
            height = (np.float64(bits) * 2.0**-52 - 1023.0 - 23.0) * _LN2
            for k in range(block.size):
                y = here + block[k]
                power = np.float64(y).view(np.int64) & np.int64(0x7FF0000000000000)
                unit = np.int64(power).view(np.float64) * 2.0**-23
                per_unit = np.int64(np.int64(0x7FE0000000000000) - power).view(np.float64) * 2.0**23
                # the exponent as a float64 without a conversion: 2**52 + exponent has it in its last bits
                exponent = np.int64((power >> 52) | np.int64(0x4330000000000000)).view(np.float64) - 4503599627371519.0
                spread = unit * sharp
                scaled = y * per_unit
                miss = (scaled - np.rint(scaled)) * spread
                value = height + exponent * _LN2 - 0.5 * miss * miss
                value = value if value > _FLOOR else _FLOOR
                sums[k] += value if spread > 3.0 else 0.0


def _best(points: Points, offsets: np.ndarray, count: int) -> np.ndarray:
    """The likeliest of each row of offsets (G, K), and of those the `count` likeliest, best first."""
    out = np.empty(offsets.size)
    score_offsets(*points, offsets.ravel(), out)
    each = out.reshape(offsets.shape)
    row = np.arange(len(offsets))
    column = each.argmax(axis=1)
    order = np.argsort(-each[row, column], kind="stable")[:count]
    return offsets[order, column[order]]


@kernel
def _choose(x, step, taken, chosen):
    """Choose points: every `step`-th, and the first four of each of `taken.size` parts of the range of x.

    Returns how many were `chosen` (M,).
    """
    low = np.inf
    high = -np.inf
    for j in range(x.size):
        low = min(low, x[j])
        high = max(high, x[j])
    for k in range(taken.size):
        taken[k] = 0
    scale = taken.size / (high - low + 1e-3)
    count = np.int64(0)
    for j in range(x.size):
        part = np.int64((x[j] - low) * scale)
        if j % step == 0 or taken[part] < 4:
            taken[part] += 1
            chosen[count] = j
            count += 1
    return count


def _sample(points: Points, count: int) -> Points:
    """About `count` of some points: half as dense as they are, half evenly over x (few points see far borders)."""
    x, inverse = points
    if len(x) <= count:
        return points
    chosen = np.empty(len(x), np.int64)
    chosen = chosen[: _choose(x, 2 * len(x) // count + 1, np.empty(count // 8, np.int64), chosen)]
    return x[chosen], inverse[chosen]


@kernel
def wave_sums(x, turns):
    """Sums of cos and sin of 2 pi x turns over x (M,)."""
    cosine = 0.0
    sine = 0.0
    for j in range(x.size):
        part = x[j] * turns
        s, c = sincos((part - np.rint(part)) * TURN)
        cosine += c
        sine += s
    return cosine, sine


def _candidates(places: np.ndarray, spacing: float, phase: float) -> np.ndarray:
    """All phases of three coarser powers of two about some places."""
    snapped = (np.rint(places / spacing + phase) - phase) * spacing
    return snapped[:, None] + np.arange(_PHASES) * spacing


def _coarse(points: Points, spacing: float, phase: float, around: float | None) -> np.ndarray:
    """The likeliest positions; `around` a known one, or everywhere."""
    x, inverse = points
    border = spacing * 2.0**23
    step = border / _POSITIONS
    close = np.abs(x) < max(border, 4.0)
    near = x[close], inverse[close]
    reach = min(max(-near[0].min(), near[0].max()), border)
    low, high = max(border - reach, 0.0), 2 * border + reach
    if around is not None:
        drift = min(_DRIFT, border / 4)
        place = around + np.arange(-drift, drift + step, min(step, drift / 8))
        place = place[(np.abs(place) >= low) & (np.abs(place) <= high)]
    if around is None or len(place) == 0:
        place = np.arange(low, high, step)
        place = np.concatenate([place, -place])
    found = _best(_sample(near, _FEWEST), _candidates(place, spacing, phase), _PLACES[0])
    few = _sample(points, _FEW)
    found = _best(few, found[:, None], _PLACES[1])
    while step > spacing * _PHASES:
        places = found[:, None] + np.arange(-6, 7) * (0.2 * step)
        candidates = _candidates(places.ravel(), spacing, phase).reshape(len(found), -1)
        found = _best(few, np.concatenate([found[:, None], candidates], axis=1), _PLACES[1])
        step /= 5
    return found


def _near_borders(points: Points, offset: float, reach: float) -> Points:
    """Points within `reach` of a power of two: the others cannot tell where it is."""
    y = np.abs(points[0] + offset)
    _, exponent = np.frexp(y)
    power = np.ldexp(0.5, exponent)
    near = np.minimum(y - power, 2 * power - y) < reach
    return points[0][near], points[1][near]


def _share_on_grid(points: Points, offset: float) -> float:
    """Share of the points that lie on the float32 grid once `offset` is added, as far as their noise shows it."""
    y = points[0] + offset
    miss = np.abs(y.astype(np.float32).astype(np.float64) - y) * points[1]
    return float(np.mean(miss < 4.0))


def find_offset(
    x: np.ndarray,
    sigma: np.ndarray,
    spacing: float,
    near: np.ndarray | None = None,
    around: float | None = None,
    known: float | None = None,
) -> tuple[float, float]:
    """Find the offset of one axis, and its log likelihood against chance for each point that can tell.

    x and sigma (M,) are coordinates along the axis and the standard deviation of their noise, m; `spacing` the ULP that
    most near points have: those in `near` (K,) surely, else those nearer than a power of two is wide. The search is
    first within `_DRIFT` of `around`; `known` is the offset but for the last phases and the borders' last metres.
    """
    border = spacing * 2.0**23
    tells = sigma < 1.2 * spacing
    points = x[tells], 1.0 / sigma[tells]
    some = _sample(points, _MANY)
    sharp = (np.abs(some[0]) < max(border, 4.0)) & (some[1] * spacing > 3.4)
    close = some[0][sharp] if near is None else x[near]
    if len(close) < 100:
        return 0.0, 0.0
    cosine, sine = wave_sums(close, 1.0 / spacing)
    phase = arctangent2(sine, cosine) / TURN
    if known is None:
        found = _coarse(some, spacing, phase, around)
    else:
        found = np.array([(np.rint(known / spacing + phase) - phase) * spacing])
    found = _best(some, found[:, None] + np.arange(-12, 13) * spacing, _PLACES[1])
    offset = float(_best(points, found[:, None], 1)[0])
    if around is not None and _share_on_grid(some, offset) < _LEAST_SHARE:
        return find_offset(x, sigma, spacing, near)
    # the phases are settled; all points near a border tell on which side of it they lie
    unit = 2 * _PHASES * spacing
    for width in _WIDTHS:
        points = _near_borders(points, offset, 7 * width * border)
        moves = np.unique(np.rint(np.arange(-6, 7) * (width * border / unit)) * unit)
        offset = float(_best(points, offset + moves[None], 1)[0])
    score = np.empty(1)
    score_offsets(*some, np.array([offset]), score)
    informative = np.count_nonzero(spacing * some[1] > 3.0)
    return offset, float(score[0] / max(informative, 1))
