"""What lasers add to azimuths in float32 radians, where that was printed with more decimals than points tell.

Most azimuths and their sums with an offset are float32 of one spacing, so what a sum is rounded by tells its offset,
laser by laser, but for whole spacings. These are alike for all lasers. About how many they are shows in where
sums pass powers of two, exactly in how their sines were rounded.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.driver.offsets import FARTHEST, UNIT
from lizip.sensor.fit.outer.gauge import common_part
from lizip.sensor.fit.outer.table_angles import Aside, Turned, radians_of, score_offsets

_LARGE = 0.75
"""Share of the azimuths below the one whose spacing counts: 4 rad and more in a whole turn."""
_PARTS, _FINE = 64, 2.0**-28
"""Of a spacing that offsets are looked for in, and the step (rad) in which they are settled."""
_ALIKE = 0.9
_TIE, _EXACT = 2.5e-8, 5e-8
"""Sums that are so near (rad) a tie tell nothing before offsets are settled, where their spacing is larger than the
second."""
_ROUGH, _ROUGHLY = 40.0, 1 << 12
"""Steps (0.01 degrees) in which offsets in common are looked for, and by how many points."""
_BINADES, _AROUND, _STEP = np.array([1.0, 2.0, 4.0]), 150.0, 2.0
"""Sums (rad) about which their rounding changes; so far around (0.01 degrees) points tell in which steps it does."""
_WITHIN, _SHARP = 10.0, 0.75
_ROUNDS = ((400, 1024), (1 << 11, 16), (1 << 14, 1))
"""So near (0.01 degrees) all whole spacings are tried, by a share of the points: how many, and how many are left."""


def find_loose_offsets(turned: Turned, known: np.ndarray, bounds: np.ndarray, aside: Aside) -> np.ndarray | None:
    """Offsets (L,), rad, in the driver's sense; None where lasers do not agree on any.

    Parameters
    ----------
    turned : Turned
        Of sums.
    known : (L,) float64
        Offsets but for what they have in common, as a model has them, 0.01 degrees.
    bounds : (L + 1,) int64
        Where the points of each laser begin.
    aside : Aside
        Of these points.
    """
    laser = np.repeat(np.arange(len(known)), np.diff(bounds))
    angles, exact = radians_of(turned.angle)[turned.azimuth].astype(np.float64), turned.azimuth * UNIT
    seen = exact + known[laser] * UNIT + turned.sign * aside.angle
    spacing = float(np.spacing(np.quantile(angles, _LARGE).astype(np.float32)))
    if spacing < _FINE:  # of a part of a turn that begins where azimuths do, too fine to tell offsets by
        return None
    starts, steps = known * UNIT, spacing / _PARTS
    offsets, beside = np.empty((2, len(known)))
    _settle(angles, seen, aside.weight, bounds, starts, steps, _PARTS, 1.0, offsets, beside)
    # each laser tells what all have in common beyond whole spacings
    common, alike = common_part(beside / spacing, np.diff(bounds))
    if alike < _ALIKE:
        return None
    rest = seen - exact - (offsets - beside)[laser]
    offsets = offsets - beside + common * spacing
    offsets += _common_spacings(turned, offsets, laser, aside._replace(angle=rest), angles, spacing)
    low = offsets - _FINE * (_PARTS // 4)
    _settle(angles, exact + rest + offsets[laser], aside.weight, bounds, low, _FINE, _PARTS // 2, 0.0, offsets, beside)
    return offsets


def _common_spacings(
    turned: Turned, offsets: np.ndarray, laser: np.ndarray, aside: Aside, angles: np.ndarray, spacing: float
) -> float:
    """Whole spacings (rad) to add to all offsets (L,); `aside` is in the driver's sense."""
    sums = angles + offsets[laser]
    units = np.spacing(np.abs(sums).astype(np.float32)).astype(np.float64)
    places = sums / units
    ties = np.abs(places - np.floor(places) - 0.5) * units < _TIE
    order = np.random.default_rng(1).permutation(np.flatnonzero(~ties | (units < _EXACT)))
    unit = spacing / UNIT

    def scores(tried: np.ndarray, some: np.ndarray) -> np.ndarray:
        angle, weight, out = aside.angle[some], aside.weight[some], np.empty(len(tried))
        score_offsets(turned.angle, turned.azimuth[some], laser[some], angle, weight, offsets / UNIT, tried * unit, out)
        return out

    def best_of(middle: float, far: float, step: float, some: np.ndarray) -> float:
        tried = np.rint((middle + np.arange(-far, far + step, step)) / unit)
        return float(tried[np.argmin(scores(tried, some))]) * unit

    best = best_of(0.0, FARTHEST, _ROUGH, order[:_ROUGHLY])
    beside = np.abs((sums[order] + best * UNIT)[:, None] - _BINADES).min(axis=1)
    best = best_of(best, _AROUND, _STEP, order[beside < _AROUND * UNIT])
    tried = np.rint(best / unit) + np.arange(-np.rint(_WITHIN / unit), np.rint(_WITHIN / unit) + 1)
    # points that are seen sharply tell most of how sines were rounded
    order = order[aside.weight[order] >= np.quantile(aside.weight, _SHARP)]
    for count, left in _ROUNDS:
        tried = tried[np.argsort(scores(tried, order[:count]), kind="stable")[:left]]
    return float(tried[0]) * spacing


@kernel
def _settle(angles, seen, weight, bounds, starts, step, count, free, offsets, beside):
    """Fill offsets (L,) with those of `count` steps from starts (L,), rad, whose float32 sums with angles (K,) leave
    least of seen ones (K,), and beside (L,) with how far these are beyond what is seen; that counts if not `free`."""
    for which in range(starts.size):
        least = np.inf
        for k in range(count):
            offset = starts[which] + k * step
            single = np.float32(offset)
            weights = 1e-300
            total = 0.0
            squares = 0.0
            for i in range(bounds[which], bounds[which + 1]):
                away = np.float64(np.float32(angles[i]) + single) - seen[i]
                weights += weight[i]
                total += weight[i] * away
                squares += weight[i] * away * away
            squares -= free * total * total / weights
            if squares < least:
                least = squares
                offsets[which] = offset
                beside[which] = total / weights
