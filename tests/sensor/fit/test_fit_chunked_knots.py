"""Knots of a packet sensor's track, moved by normal equations: short tracks too."""

from __future__ import annotations

import numpy as np
import pytest

from lizip.exact.screw import Track, poses_at, ways_between
from lizip.jit import DISABLED, Kernel
from lizip.sensor.fit.chunked import knots
from lizip.sensor.fit.chunked.normals import new_sums

KERNELS = [name for name, value in vars(knots).items() if isinstance(value, Kernel)]


@pytest.fixture
def _in_python(monkeypatch):
    """Kernels as the functions they are written as, so that an index beyond an array is an error."""
    assert KERNELS or DISABLED
    for name in KERNELS:
        monkeypatch.setattr(knots, name, getattr(knots, name).py_func)


@pytest.mark.usefixtures("_in_python")
@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("times", [knots.FREE, knots.PHASE])
def test_steps_of_few_knots_stay_inside_their_arrays(count, times):
    track = Track(np.arange(count) * 9752.2, np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)))
    track.places[:, 0] = np.arange(count) * 0.1
    groups = np.linspace(0.0, track.times[-1], 4)
    moved, _ = knots.move(track, poses_at(track, groups), new_sums(4, 1), knots.Prior(times))
    assert len(ways_between(moved)[0]) == count - 1
    np.testing.assert_allclose(moved.places, track.places, atol=1e-6)
