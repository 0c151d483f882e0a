"""The arithmetic that does not depend on the machine is right."""

from __future__ import annotations

import numpy as np

from lizip.simulator.exact import apply, interpolate, multiply, sine_cosine


def test_sine_and_cosine_are_right_to_the_last_bits():
    angles = np.concatenate([np.linspace(-1000, 1000, 20011), np.arange(-40, 41) * np.pi / 8, [0.0, 1e-9, -1e-300]])
    sine, cosine = sine_cosine(angles)
    assert np.abs(sine - np.sin(angles)).max() < 2.3e-16
    assert np.abs(cosine - np.cos(angles)).max() < 2.3e-16
    assert tuple(map(float, sine_cosine(0.0))) == (0.0, 1.0)
    near = angles[np.abs(angles) < 7]
    assert (np.cos(near).astype(np.float32) == sine_cosine(near)[1].astype(np.float32)).mean() > 0.999


def test_products_are_those_of_numpy():
    rng = np.random.default_rng(3)
    first, second, vector = rng.normal(size=(7, 3, 3)), rng.normal(size=(7, 3, 3)), rng.normal(size=(7, 3))
    assert np.allclose(multiply(first, second), first @ second, atol=1e-14)
    assert np.allclose(apply(first, vector), np.einsum("nij,nj->ni", first, vector), atol=1e-14)
    assert np.allclose(apply(first[0], vector), vector @ first[0].T, atol=1e-14)


def test_interpolation_meets_the_knots_and_goes_on_beyond():
    knots, values = np.array([0.0, 1.0, 4.0]), np.array([2.0, 3.0, -3.0])
    assert interpolate(knots, knots, values).tolist() == values.tolist()
    assert interpolate(np.array([-1.0, 2.5, 5.0]), knots, values).tolist() == [1.0, 0.0, -5.0]
