"""Where points are aimed at that a nearly right track puts on their float32, or beside it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lizip.sensor.fit.motion.law import _aimed

OFFSET = np.array([612.3, 1650.7, 2.1])


@pytest.mark.parametrize("axis", [0, 1])
def test_only_points_on_another_float32_are_elsewhere(axis):
    rng = np.random.default_rng(4)
    sensor = rng.uniform(-40, 40, (5, 8, 3))
    poses = np.tile(np.eye(3), (5, 1, 1)), rng.normal(size=(5, 3))
    said = sensor + poses[1][:, None]
    far = (said + OFFSET).astype(np.float32)
    beside = far.copy()
    beside[2, 3, axis] = np.nextafter(far[2, 3, axis], np.float32(np.inf))
    track: Any = SimpleNamespace(poses=lambda: poses)
    frame: Any = SimpleNamespace(offset=OFFSET, rounded=np.array([True, True, True]))
    seen: Any = SimpleNamespace(sensor_points=sensor, frame=frame, points=beside.astype(np.float64) - OFFSET)
    aims, missed = _aimed(track, seen)
    away = aims - said
    assert missed == 1
    np.testing.assert_array_equal(away[:, :, 2], (seen.points - said)[:, :, 2])
    assert away[2, 3, axis] == pytest.approx(np.spacing(far[2, 3, axis]), abs=1e-12)
    away[2, 3, axis] = 0
    assert np.abs(away[:, :, :2]).max() < 1e-12
    frame.rounded = np.zeros(3, bool)
    np.testing.assert_array_equal(_aimed(track, seen)[0], seen.points)
