"""What a maker printed behind fitted numbers; see `lizip.sensor.stages.maker`."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import DEGREE, arcsine, sines_of
from lizip.sensor.stages.maker import FINEST, UNITS, Maker, lengths_of

_FARTHEST, _TYPICAL = 0.02, 0.002
"""How far fitted angles may lie from whole ones, at most and typically, in units."""

_LENGTH_TOLERANCE = 2e-6
_WIDEST = 0.3


def find_maker(values: np.ndarray, step: float, tick: float) -> tuple[Maker, np.ndarray, np.ndarray] | None:
    """Find what a maker printed behind the phase, lateral, elevation, forward and up (columns, m, rad) of beams (B, 5).

    `step` is in radians a column, negative when clockwise. Returns the maker's numbers; azimuth and altitude of each
    beam, (B, 2) int64 in its units; columns to add to each phase, (B,) int64. None when any beam does not fit.
    """
    phase, lateral, elevation, forward, up = values.T
    sine, cosine = sines_of(elevation)
    # along the beam offsets are known up to whole ticks only; across it: lift * cos(alt) - origin * cos(az) * sin(alt)
    across = up * cosine - forward * sine
    turned = np.ones(len(values))
    for _ in range(2):
        solved = two_unknowns(-turned * sine, cosine, across)
        if solved is None or not 1e-4 < solved[0] < _WIDEST:
            return None
        origin, lift = solved
        wanted = np.array([-arcsine(side) for side in (lateral / origin).tolist()])
        turns = np.rint(wanted / step - phase).astype(np.int64)
        azimuth = (phase + turns) * step
        turned = sines_of(azimuth)[1]
    micro = round(origin * 1e6), round(lift * 1e6)
    for unit in UNITS:
        printed = np.rint(np.stack([azimuth, elevation], axis=1) / (DEGREE / unit)).astype(np.int64)
        away = np.abs(printed * (DEGREE / unit) - np.stack([azimuth, elevation], axis=1)) * (unit / DEGREE)
        if away.max() < _FARTHEST and np.median(away) < _TYPICAL:
            maker = Maker(unit, *micro)
            lengths = lengths_of(maker, *printed.T) * FINEST
            ticks = np.rint(((forward - lengths[:, 1]) * cosine + (up - lengths[:, 2]) * sine) / tick)
            lengths[:, 1] += ticks * tick * cosine
            lengths[:, 2] += ticks * tick * sine
            if np.abs(lengths - values[:, [1, 3, 4]]).max() < _LENGTH_TOLERANCE:
                return maker, printed, turns
    return None


def two_unknowns(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[float, float] | None:
    """Least squares of x a + y b = c, each (B,); None when a and b are as good as parallel."""
    aa, ab, bb = float((a * a).sum()), float((a * b).sum()), float((b * b).sum())
    determinant = aa * bb - ab * ab
    if not determinant > 1e-6:
        return None
    ac, bc = float((a * c).sum()), float((b * c).sum())
    return (ac * bb - bc * ab) / determinant, (bc * aa - ac * ab) / determinant
