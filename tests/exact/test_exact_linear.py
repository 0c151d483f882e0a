"""Small linear algebra: values against NumPy, definite and banded systems, principal axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.exact.linear import (
    cross,
    factor,
    invert_definite,
    multiply,
    principal_axes,
    rotate,
    solve_banded,
    solve_definite,
    solve_each,
    substitute_forward,
    unit,
)

seeds = st.integers(0, 1000)


def definite(size: int, rng: np.random.Generator) -> np.ndarray:
    half = rng.normal(size=(size, size))
    return half @ half.T + np.eye(size)


@given(st.integers(1, 40), seeds)
def test_definite_systems(size, seed):
    rng = np.random.default_rng(seed)
    full, right = definite(size, rng), rng.normal(size=size)
    expected = np.linalg.solve(full, right)
    np.testing.assert_allclose(solve_definite(full, right), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(solve_each(full[None], right[None])[0], expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(invert_definite(full), np.linalg.inv(full), rtol=1e-6, atol=1e-9)


@given(st.integers(1, 12), seeds)
def test_half_a_solution_measures_the_gain(size, seed):
    rng = np.random.default_rng(seed)
    full, right = definite(size, rng), rng.normal(size=size)
    gain = right @ np.linalg.solve(full, right)
    factored = full.copy()
    factor(factored)
    np.testing.assert_allclose(np.tril(factored) @ np.tril(factored).T, full, rtol=1e-9, atol=1e-9)
    substitute_forward(factored, right)
    assert right @ right == pytest.approx(gain, rel=1e-6)


def test_what_is_not_definite_gives_finite_numbers():
    assert np.isfinite(solve_definite(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2))).all()


@given(st.integers(1, 30), st.integers(1, 7), seeds)
def test_banded_systems(size, width, seed):
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.normal(size=(size, size)))
    lower *= np.subtract.outer(np.arange(size), np.arange(size)) < width
    full = lower @ lower.T + np.eye(size)
    band = np.zeros((size, width))
    for k in range(min(width, size)):
        band[k:, k] = np.diag(full, -k)
    right = rng.normal(size=size)
    expected = np.linalg.solve(full, right)
    solve_banded(band, right)
    np.testing.assert_allclose(right, expected, rtol=1e-8, atol=1e-10)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 5), seeds)
def test_products(shape, columns, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=shape), rng.normal(size=(shape[-1], columns))
    a[a < -1] = 0.0
    np.testing.assert_allclose(multiply(a, b), a @ b, rtol=1e-12, atol=1e-12)


@given(st.lists(st.integers(1, 4), max_size=2), seeds)
def test_rotate_applies_the_matrix_to_each_point(shape, seed):
    rng = np.random.default_rng(seed)
    points, matrix = rng.normal(size=(*shape, 3)), rng.normal(size=(3, 3))
    np.testing.assert_allclose(rotate(points, matrix), points @ matrix.T, rtol=1e-12, atol=1e-12)


@given(seeds)
def test_cross_and_unit(seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 3))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(unit(a), a / np.linalg.norm(a), rtol=1e-15)


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=3), seeds)
def test_principal_axes(values, seed):
    """Largest first, rows orthonormal, and the matrix comes back from them."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    matrix = turn @ np.diag(values) @ turn.T
    matrix = (matrix + matrix.T) / 2
    found, rows = principal_axes(matrix)
    np.testing.assert_allclose(found, np.sort(values)[::-1], atol=1e-10)
    np.testing.assert_allclose(rows @ rows.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rows.T @ np.diag(found) @ rows, matrix, atol=1e-10)
