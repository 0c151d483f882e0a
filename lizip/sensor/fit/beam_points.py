"""All beams of a sensor at once: their points, and the numbers that fit them."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import sincos
from lizip.sensor.fit.beams import LATERALS, SEARCH, fit_beam
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.gauss_newton import Grid, make_scratch
from lizip.sensor.stages.beams import PARAMETERS


class BeamPoints(NamedTuple):
    """Points, beam after beam, and what their beams measure in.

    Attributes
    ----------
    points : (N, 3) float32 or float64
        In the sensor's frame.
    units : (N, 3) float32
        Size of the rounding of each stored coordinate, m.
    bounds : (R + 1,) int64
        The points of beam r are those from bounds[r] to bounds[r + 1].
    step, tick : float
        Radians a column, metres a tick.
    hypotenuse : bool
        See `lizip.sensor.beams`.
    frame : (3, 3) float64, optional
        Rotation from the sensor's frame to the stored one, if they are not the same.
    """

    points: np.ndarray
    units: np.ndarray
    bounds: np.ndarray
    step: float
    tick: float
    hypotenuse: bool = False
    frame: np.ndarray | None = None

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First point of each beam, and the one behind its last."""
        return list(itertools.pairwise(self.bounds.tolist()))

    @property
    def grid(self) -> Grid:
        """Steps of columns and ranges, and whether the latter are hidden by the rounding."""
        hidden = bool(np.median(self.units[:: max(1, len(self.units) // SEARCH)]) > self.tick)
        return Grid(self.step, self.tick, self.hypotenuse, hidden)


def fit_beams(of: BeamPoints, hinges: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Fit every beam to its own points.

    Parameters
    ----------
    of : BeamPoints
    hinges : int
        Passes over the points whose rounding the model misses.

    Returns
    -------
    beams : (R, 5) float64
        See `COLUMN` and following.
    shares : (R,) float64
        Share of coordinates within half a unit; 0 where nothing could be fitted.
    """
    beams, shares = np.zeros((len(of.bounds) - 1, 5)), np.zeros(len(of.bounds) - 1)
    scratch, grid = make_scratch(LATERALS), of.grid
    for ring, (first, last) in enumerate(of.spans):
        shares[ring] = fit_beam(of.points, of.units, of.frame, first, last, grid, hinges, scratch, beams[ring])
    return beams, shares


def calibration_of(beams: np.ndarray, model: Calibration) -> Calibration:
    """Round fitted beams (R, 5) to a calibration like `model` (sensor type, quanta, rounding), without shifts."""
    values = np.empty((len(beams), len(PARAMETERS)))
    for ring, (phase, lateral, elevation, height, offset) in enumerate(beams.tolist()):
        sine, cosine = sincos(elevation)
        values[ring] = phase, lateral, elevation, offset * cosine - height * sine, offset * sine + height * cosine
    numbers = np.rint(values / np.array(model.beams.quanta)).astype(np.int64)
    return model.with_beams(numbers=numbers, shifts=np.zeros(len(beams), np.int64))
