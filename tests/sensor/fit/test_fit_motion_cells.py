"""Points laid out as firings by rings: also few of them, but not those that somebody has sorted."""

from __future__ import annotations

import numpy as np
import pytest

from lizip.sensor.fit.missing import find_missing
from lizip.sensor.fit.motion.cells import lay_out
from lizip.simulator import hdl32


def laid_out(points):
    missing, nothing = find_missing(points[:, :3])
    return lay_out(np.ascontiguousarray(points[:, :3]), [points[:, 4]], missing, nothing)


@pytest.fixture(scope="module")
def points():
    sweep = hdl32.sweep(2, speed=8.0)
    points = np.frombuffer(sweep.data, "<f4").reshape(-1, sweep.fields)
    return points[(points[:, :3] ** 2).sum(axis=1) > 4.0]


def test_thinned_sweeps_have_their_firings(points):
    few = points[np.random.default_rng(1).random(len(points)) < 0.3]
    laid = laid_out(few)
    assert laid is not None
    assert laid.place.shape[0] <= 1090


@pytest.mark.parametrize("axis", [0, 1])
def test_sorted_sweeps_have_none(points, axis):
    """They cost seconds of a search for poses."""
    assert laid_out(points[np.argsort(points[:, axis], kind="stable")]) is None
