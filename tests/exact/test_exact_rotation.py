"""Rotations by their definitions, and rigid transforms there, back and one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.exact.rotation import (
    SE3,
    cayley,
    eulers_of,
    products,
    quaternion_of_rotation,
    rotation_of_euler,
    rotation_of_quaternion,
    turned,
    turned_back,
)

small = st.floats(-0.5, 0.5)
angle = st.floats(-7, 7)
seeds = st.integers(0, 1000)


def about(axis: int, angle: float) -> np.ndarray:
    """The usual matrix of a rotation about a coordinate axis."""
    out, (i, j) = np.eye(3), [k for k in range(3) if k != axis]
    sign = -1 if axis == 1 else 1
    out[i, i] = out[j, j] = np.cos(angle)
    out[i, j], out[j, i] = -sign * np.sin(angle), sign * np.sin(angle)
    return out


def random_transform(rng: np.random.Generator) -> SE3:
    return SE3(rotation_of_euler(*rng.uniform(-3, 3, 3)), rng.normal(size=3) * 10)


@given(small, small, small)
def test_cayley_turns_about_its_vector(a, b, c):
    out = np.empty((1, 3, 3))
    cayley(a, b, c, np.eye(3), out, 0)
    np.testing.assert_allclose(out[0] @ out[0].T, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(out[0] @ [a, b, c], [a, b, c], atol=1e-14)
    half = np.sqrt(a * a + b * b + c * c) / 2
    assert np.trace(out[0]) == pytest.approx(1 + 2 * np.cos(2 * np.arctan(half)), abs=1e-12)
    base = about(2, 0.3)
    other = np.empty((1, 3, 3))
    cayley(a, b, c, base, other, 0)
    np.testing.assert_allclose(other[0], out[0] @ base, atol=1e-14)


def test_cayley_turns_the_right_way():
    out = np.empty((1, 3, 3))
    cayley(0.0, 0.0, 2 * np.tan(0.1), np.eye(3), out, 0)
    np.testing.assert_allclose(out[0], about(2, 0.2), atol=1e-15)


@given(angle, angle, angle)
def test_euler_angles(roll, pitch, yaw):
    expected = about(2, yaw) @ about(1, pitch) @ about(0, roll)
    np.testing.assert_allclose(rotation_of_euler(roll, pitch, yaw), expected, atol=1e-14)


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(v * v for v in q) > 0.01))
def test_quaternions(wxyz):
    """Of any length: v -> q v q*; and back from the matrix, but for the sign."""
    rotation = rotation_of_quaternion(np.array(wxyz))
    q = np.array(wxyz) / np.linalg.norm(wxyz)
    v = np.array([0.3, -0.7, 1.1])
    t = 2 * np.cross(q[1:], v)
    np.testing.assert_allclose(rotation @ v, v + q[0] * t + np.cross(q[1:], t), atol=1e-12)
    back = quaternion_of_rotation(rotation)
    assert back.max() > np.abs(back).max() - 1e-12
    np.testing.assert_allclose(np.abs(back @ q), 1, atol=1e-12)


@given(seeds)
def test_transforms(seed):
    rng = np.random.default_rng(seed)
    world_SE3_vehicle, vehicle_SE3_sensor = random_transform(rng), random_transform(rng)
    points = rng.normal(size=(5, 3)) * 20
    there = vehicle_SE3_sensor.transform(points)
    np.testing.assert_allclose(there, points @ vehicle_SE3_sensor.rotation.T + vehicle_SE3_sensor.translation)
    np.testing.assert_allclose(vehicle_SE3_sensor.inverse().transform(there), points, atol=1e-12)
    both = world_SE3_vehicle @ vehicle_SE3_sensor
    np.testing.assert_allclose(both.transform(points), world_SE3_vehicle.transform(there), atol=1e-12)


@given(seeds)
def test_a_vector_turned(seed):
    rng = np.random.default_rng(seed)
    rotation, v = rng.normal(size=(3, 3)), rng.normal(size=3)
    np.testing.assert_allclose(turned(rotation, *v), rotation @ v, atol=1e-14)
    np.testing.assert_allclose(turned_back(rotation, *v), rotation.T @ v, atol=1e-14)


@given(st.lists(st.tuples(angle, st.floats(-1.5, 1.5), angle), min_size=1, max_size=5))
def test_euler_angles_of_rotations(angles):
    rotations = np.stack([rotation_of_euler(*each) for each in angles])
    found = eulers_of(rotations)
    np.testing.assert_allclose([rotation_of_euler(*each) for each in found], rotations, atol=1e-13)
    assert (np.abs(found) <= np.pi).all()


@given(seeds)
def test_products(seed):
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3, 3))
    np.testing.assert_allclose(products(left, right), left @ right, atol=1e-13)
    np.testing.assert_allclose(products(left[0], right), left[0] @ right, atol=1e-13)
    np.testing.assert_allclose(products(left, right[1].T), left @ right[1].T, atol=1e-13)
