"""Beams fitted again: under other units, or from other starts where the first went wrong."""

from __future__ import annotations

import numpy as np

from lizip.sensor.fit.beam_points import BeamPoints
from lizip.sensor.fit.beams import SEARCH, fit_line, fit_offset, gather_phases, set_phase, settle_beam
from lizip.sensor.fit.gauss_newton import Grid, make_scratch, refine_beam

_LATERALS = 25
_WIDEST = 0.05
"""Lateral offsets (m) tried either way, ..."""
_FINE, _FINEST = 0.12, 0.002
"""... in steps of so many columns at the nearest points, at most so many m: a coarser one may miss the true peak."""
_STARTS = 8
_MOST_TRIED = 801
_LEAST_POINTS = 24
_DOUBTFUL = 0.9


def refine_beams(of: BeamPoints, hinges: int, beams: np.ndarray) -> None:
    """Improve beams (R, 5) that `fit_beams` found, in place, under other units."""
    scratch, grid = make_scratch(_LATERALS), Grid(of.step, of.tick, of.hypotenuse)
    for ring, (first, last) in enumerate(of.spans):
        refine_beam(of.points, of.units, of.frame, first, last, grid, hinges, scratch, beams[ring])


def retry_beams(of: BeamPoints, hinges: int, beams: np.ndarray, shares: np.ndarray) -> None:
    """Fit beams (R, 5) again, in place, whose share (R,) is doubtful; as `fit_beams`.

    Near points, as of the vehicle's own roof, leave several phases and lateral offsets that gather about as well; the
    one that explains most wins.
    """
    scratch, grid = make_scratch(_LATERALS), of.grid
    for ring in np.flatnonzero((shares < _DOUBTFUL) & (np.diff(of.bounds) >= _LEAST_POINTS)).tolist():
        first, last = of.spans[ring]
        stride = max(1, (last - first) // SEARCH)
        beam = np.zeros(beams.shape[1])
        if not fit_line(of.points, first, last, stride, scratch.pairs, beam):
            continue
        if fit_offset(of.points, first, last, stride, of.tick, beam) < 0.1 and not grid.hidden:
            continue
        rho = np.sqrt((of.points[first:last, :2].astype(np.float64) ** 2).sum(axis=1))
        near = float(np.sort(rho)[len(rho) // 32])
        lateral = min(_FINEST, max(_FINE * abs(of.step) * near, 2 * _WIDEST / _MOST_TRIED))
        sums = np.zeros((2 * int(_WIDEST / lateral) + 1, 2))
        gather_phases(of.points, first, last, stride, of.step, lateral, sums)
        for start in _peaks(sums):
            tried = beam.copy()
            set_phase(sums, start, lateral, tried)
            share = settle_beam(of.points, of.units, of.frame, first, last, grid, hinges, scratch, tried)
            if share > shares[ring]:
                beams[ring], shares[ring] = tried, share


def _peaks(sums: np.ndarray) -> list[int]:
    """The largest few local maxima of complex sums (M, 2)."""
    sizes = (sums * sums).sum(axis=1)
    inner = sizes[1:-1]
    peaks = 1 + np.flatnonzero((inner >= sizes[:-2]) & (inner >= sizes[2:]))
    return peaks[np.argsort(-sizes[peaks], kind="stable")][:_STARTS].tolist()
