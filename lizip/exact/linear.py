"""Small linear algebra as kernels: the same bits whatever BLAS there is, and no threads woken for small work."""

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
def factor(matrix):
    """Factor a positive definite matrix (N, N) in place (lower triangle); tiny or negative pivots are held positive."""
    size = matrix.shape[0]
    for i in range(size):
        least = max(1e-14 * matrix[i, i], 1e-300)
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(max(total, least))
            else:
                matrix[i, j] = total / matrix[j, j]


@kernel
def substitute_forward(matrix, right):
    """First half of `substitute`: L x = right for the factor L; the squares of x sum to right . M^-1 right."""
    for i in range(matrix.shape[0]):
        total = right[i]
        for k in range(i):
            total -= matrix[i, k] * right[k]
        right[i] = total / matrix[i, i]


@kernel
def substitute(matrix, right):
    """Solve with the factor of `factor`: right (N,) becomes the solution."""
    size = matrix.shape[0]
    substitute_forward(matrix, right)
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, size):
            total -= matrix[k, i] * right[k]
        right[i] = total / matrix[i, i]


@kernel
def _invert(matrix, inverse):
    """Factor `matrix` and write its inverse; inverse (N, N) holds the unit matrix before."""
    factor(matrix)
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


@kernel
def solve_banded(band, right):
    """Solve a symmetric positive definite banded system in place by Cholesky.

    Parameters
    ----------
    band : (N, B) float64
        band[i, k] = H[i, i - k], the lower triangle; destroyed.
    right : (N,) float64
        Right-hand side; becomes the solution.
    """
    size, width = band.shape
    for i in range(size):
        for k in range(min(width - 1, i), -1, -1):
            j = i - k
            total = band[i, k]
            for m in range(k + 1, min(width - 1, i) + 1):
                if m - k < width and m - k <= j:
                    total -= band[i, m] * band[j, m - k]
            if k == 0:
                band[i, 0] = np.sqrt(max(total, 1e-300))
            else:
                band[i, k] = total / band[j, 0]
    for i in range(size):
        total = right[i]
        for k in range(1, min(width - 1, i) + 1):
            total -= band[i, k] * right[i - k]
        right[i] = total / band[i, 0]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(1, min(width, size - i)):
            total -= band[i + k, k] * right[i + k]
        right[i] = total / band[i, 0]


@kernel
def _solve(matrix, right):
    factor(matrix)
    substitute(matrix, right)


@kernel
def _solve_each(matrices, rights):
    for i in range(rights.shape[0]):
        _solve(matrices[i], rights[i])


def solve_each(matrices: np.ndarray, rights: np.ndarray) -> np.ndarray:
    """Solve many symmetric positive definite systems (M, N, N), (M, N)."""
    solutions = np.array(rights, np.float64)
    _solve_each(np.array(matrices, np.float64), solutions)
    return solutions


def solve_definite(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive definite system (N, N), (N,); where it is not, the result is merely useless."""
    solution = np.array(right, np.float64)
    _solve(np.array(matrix, np.float64), solution)
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


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross product of vectors (3,)."""
    return a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]]


def unit(vector: np.ndarray) -> np.ndarray:
    """A vector (3,) scaled to length one."""
    return vector / np.sqrt((vector * vector).sum())


@kernel
def _diagonalise(a, rows, turn, back, between):
    """Make a symmetric matrix a (3, 3) diagonal by Jacobi rotations, which rows (3, 3) follow; the rest is scratch."""
    for _ in range(12):
        for p in range(2):
            for q in range(p + 1, 3):
                if abs(a[p, q]) < 1e-30:
                    continue
                theta = 0.5 * (a[q, q] - a[p, p]) / a[p, q]
                t = (1.0 if theta >= 0 else -1.0) / (abs(theta) + np.sqrt(theta * theta + 1.0))
                c = 1.0 / np.sqrt(t * t + 1.0)
                for i in range(3):
                    for j in range(3):
                        turn[i, j] = 1.0 if i == j else 0.0
                turn[p, p] = turn[q, q] = c
                turn[p, q], turn[q, p] = -t * c, t * c
                for i in range(3):
                    for j in range(3):
                        back[i, j] = turn[j, i]
                _multiply(turn, a, between)
                _multiply(between, back, a)
                _multiply(turn, rows, between)
                for i in range(3):
                    for j in range(3):
                        rows[i, j] = between[i, j]


def principal_axes(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (3,), largest first, and eigenvectors (rows) of a symmetric matrix (3, 3), by Jacobi rotations."""
    a, rows = np.array(matrix, np.float64), np.eye(3)
    _diagonalise(a, rows, np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3)))
    order = np.argsort(-np.diag(a), kind="stable")
    return np.diag(a)[order], rows[order]


@kernel
def towards_least_axis(shifted, factored, axis):
    """Turn a direction (3,) towards the eigenvector of the least eigenvalue of a symmetric matrix (3, 3)."""
    for _ in range(20):
        for i in range(3):
            for j in range(3):
                factored[i, j] = shifted[i, j]
        factor(factored)
        substitute(factored, axis)
        length = np.sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2])
        for k in range(3):
            axis[k] /= length


def least_axis(spread: np.ndarray) -> np.ndarray:
    """Unit eigenvector of the least eigenvalue of a symmetric matrix (3, 3), upwards."""
    shifted = spread + np.eye(3) * (1e-6 * (spread[0, 0] + spread[1, 1] + spread[2, 2]) + 1e-12)
    axis = np.array([0.05, 0.02, 1.0])
    towards_least_axis(shifted, np.empty((3, 3)), axis)
    return axis if axis[2] >= 0 else -axis
