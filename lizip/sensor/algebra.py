"""Small dense linear algebra as kernels: the same bits whatever BLAS there is, and no threads woken for small work."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel


@kernel
def _rotate(points, matrix, out):
    for i in range(points.shape[0]):
        for p in range(3):
            out[i, p] = matrix[p, 0] * points[i, 0] + matrix[p, 1] * points[i, 1] + matrix[p, 2] * points[i, 2]


def rotate(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a matrix (3, 3) to points (..., 3) float64."""
    flat = np.ascontiguousarray(points).reshape(-1, 3)
    out = np.empty_like(flat)
    _rotate(flat, np.ascontiguousarray(matrix), out)
    return out.reshape(points.shape)


@kernel
def _cholesky(matrix):
    """Factor a positive definite matrix (N, N) in place (lower triangle)."""
    size = matrix.shape[0]
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(max(total, 1e-300))
            else:
                matrix[i, j] = total / matrix[j, j]


@kernel
def _substitute(matrix, right):
    """Solve with the factor of `_cholesky`: right (N,) becomes the solution."""
    size = matrix.shape[0]
    for i in range(size):
        total = right[i]
        for k in range(i):
            total -= matrix[i, k] * right[k]
        right[i] = total / matrix[i, i]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, size):
            total -= matrix[k, i] * right[k]
        right[i] = total / matrix[i, i]


@kernel
def _invert(matrix, inverse):
    """Factor `matrix` and write its inverse; inverse (N, N) holds the unit matrix before."""
    _cholesky(matrix)
    size = matrix.shape[0]
    for c in range(size):
        for i in range(c, size):
            total = inverse[c, i]
            for k in range(c, i):
                total -= matrix[i, k] * inverse[c, k]
            inverse[c, i] = total / matrix[i, i]
        for i in range(size - 1, -1, -1):
            total = inverse[c, i]
            for k in range(i + 1, size):
                total -= matrix[k, i] * inverse[c, k]
            inverse[c, i] = total / matrix[i, i]


def solve_definite(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive definite system (N, N), (N,); where it is not, the result is merely useless."""
    factor, solution = np.array(matrix, np.float64), np.array(right, np.float64)
    _cholesky(factor)
    _substitute(factor, solution)
    return solution


def invert_definite(matrix: np.ndarray) -> np.ndarray:
    """Invert a symmetric positive definite matrix (N, N)."""
    inverse = np.eye(len(matrix))
    _invert(np.array(matrix, np.float64), inverse)
    return inverse


@kernel
def _multiply(a, b, out):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = 0.0
        for k in range(a.shape[1]):
            value = a[i, k]
            if value != 0.0:
                for j in range(b.shape[1]):
                    out[i, j] += value * b[k, j]


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix product of a (..., K) and b (K, M)."""
    flat = np.ascontiguousarray(a).reshape(-1, a.shape[-1])
    out = np.empty((len(flat), b.shape[1]))
    _multiply(flat, np.ascontiguousarray(b), out)
    return out.reshape(*a.shape[:-1], b.shape[1])
