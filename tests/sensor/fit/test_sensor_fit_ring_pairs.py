"""Axis and position of a sensor from pairs of points of its rings."""

from __future__ import annotations

import numpy as np
import pytest

from lizip.sensor.fit.mount import find_mount
from lizip.sensor.fit.ring_pairs import find_axis, find_pairs, settle_axis, shortest_turn

_SHIFT = np.array([2.94, -2.01, 1.84])
_AXIS = np.array([-0.008, 0.01, 1.0]) / np.sqrt(1 + 0.008**2 + 0.01**2)


def _room(lasers: int, step: float, draw: np.random.Generator) -> np.ndarray:
    """Points (N, 3) float32 of a room of 6 m by 5 m, firing after firing, seen by a sensor that stands in the middle
    and stored in another frame."""
    elevation = np.radians(draw.permutation(np.linspace(-25, 15, lasers)))
    azimuth = np.radians(np.arange(0, 360, step))[:, None]
    directions = np.stack(
        [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation) + 0 * azimuth],
        axis=-1,
    )
    walls = np.array([3.0, 2.5, 1.2])
    with np.errstate(divide="ignore"):
        reach = (walls / np.abs(directions)).min(axis=-1) + draw.normal(0, 0.01, directions.shape[:2])
    seen = (np.rint(reach / 0.004) * 0.004)[..., None] * directions
    kept = draw.random(seen.shape[:2]) < 0.9
    return (seen[kept] @ shortest_turn(_AXIS).T + _SHIFT).astype(np.float32)


@pytest.mark.parametrize("step", [0.2, 0.8])
def test_a_sensor_is_found_whose_walls_are_as_near_as_the_frame_is_off(step: float) -> None:
    points = _room(32, step, np.random.default_rng(4))
    pairs = find_pairs(points, 16, 48)
    assert pairs is not None
    seen = find_axis(*pairs)
    assert np.abs(seen.place - _SHIFT).max() < 1e-3
    assert np.abs(np.abs(seen.rotation[:, 2] @ _AXIS) - 1) < 1e-6
    mount = find_mount(points)
    assert mount is not None
    settled = settle_axis(points, mount.rotation, mount.shift)
    assert settled is not None
    assert np.abs(settled.place - _SHIFT).max() < 1e-7
    assert np.abs(settled.rotation[:, 2] - _AXIS).max() < 1e-7
    np.testing.assert_allclose(settled.rotation @ settled.rotation.T, np.eye(3), atol=1e-13)


def test_pairs_of_no_rings_agree_on_nothing() -> None:
    draw = np.random.default_rng(5)
    points = draw.normal(0, 5, (20_000, 3)).astype(np.float32)
    pairs = find_pairs(points, 16, 48)
    assert pairs is not None
    seen = find_axis(*pairs)
    assert (np.abs(seen.rises) < 1e-3).mean() < 0.1
    assert find_mount(points) is None
    assert settle_axis(points, np.eye(3), np.zeros(3)) is None
