"""Poses: normal equations of a firing, splines through knots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.sensor.fit.motion.rigid import firing_normals
from lizip.sensor.fit.motion.spline import fit_spline
from lizip.sensor.stages.knots import decode_knots, encode_knots
from lizip.sensor.stages.pose_spline import (
    QUANTA,
    interpolate,
    knot_count,
    knot_values,
    pose_matrices,
)


def random_sweep(rng, firings, rings=8):
    sensor = rng.normal(size=(firings, rings, 3)) * 10
    time = np.linspace(0, 1, firings)[:, None]
    pose = np.concatenate([time * [0.3, -0.2, 0.01], time * [1e-3, -2e-3, 0.02]], axis=1)
    rotation, shift = np.empty((firings, 3, 3)), np.empty((firings, 3))
    pose_matrices(pose, np.eye(3), rotation, shift)
    points = np.einsum("fpq,frq->frp", rotation, sensor) + shift[:, None]
    return points, sensor, pose, rotation, shift


def test_normal_equations_lead_to_the_true_pose():
    rng = np.random.default_rng(1)
    points, sensor, _, rotation, shift = random_sweep(rng, 3)
    moved = points + np.array([1e-4, -2e-4, 3e-4])
    matrix, vector, stats = np.empty((3, 6, 6)), np.empty((3, 6)), np.empty((3, 4))
    weight, residual = np.full(points.shape, 1e3), np.empty(points.shape)
    firing_normals(moved, sensor, weight, rotation, shift, 100.0, 0, 3, matrix, vector, stats, residual)
    np.testing.assert_allclose(matrix, matrix.transpose(0, 2, 1))
    change = np.linalg.solve(matrix, vector[:, :, None])[:, :, 0]
    np.testing.assert_allclose(change[:, :3], np.tile([1e-4, -2e-4, 3e-4], (3, 1)), atol=1e-9)
    np.testing.assert_allclose(change[:, 3:], 0, atol=1e-9)
    assert (stats[:, 0] == 8).all()


def test_gate_leaves_outliers_out():
    points, sensor, _, rotation, shift = random_sweep(np.random.default_rng(2), 2)
    points[0, 3] += 5.0
    matrix, vector, stats = np.empty((2, 6, 6)), np.empty((2, 6)), np.empty((2, 4))
    weight, residual = np.full(points.shape, 1e3), np.empty(points.shape)
    firing_normals(points, sensor, weight, rotation, shift, 8.0, 0, 2, matrix, vector, stats, residual)
    assert stats[:, 0].tolist() == [7, 8]
    np.testing.assert_allclose(vector, 0, atol=1e-6)


def test_spline_follows_a_straight_track():
    rng = np.random.default_rng(3)
    points, sensor, pose, _, _ = random_sweep(rng, 41)
    weight = np.full(points.shape, 1e6)
    knots = fit_spline(points, sensor, (weight, weight), np.eye(3), pose + 1e-5, 8, (1e9, 1e9))
    assert knots.shape == (knot_count(41, 8), 6)
    found = np.empty((41, 6))
    interpolate(knot_values(knots), 8, found)
    assert (np.abs(found - pose).max(axis=0) < QUANTA + 1e-9).all()


@given(st.integers(2, 40), st.integers(0, 10000))
def test_knots_come_back(count, seed):
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.integers(-(2 ** rng.integers(1, 40)), 2**40, (count, 6)), axis=0)
    stream = encode_knots(knots)
    np.testing.assert_array_equal(decode_knots(stream, count, 6), knots)
    with pytest.raises(CorruptError):
        decode_knots(stream[:-4], count, 6)
