"""Least squares that shrugs off outliers, block by block and class by class; the stream carries the result."""

from __future__ import annotations

import numpy as np

from lizip.jit import allocating_kernel, kernel

COEFFICIENT_ONE = 1 << 12
"""A coefficient of one, as it is written."""

_SAMPLE = 1500
"""Points that a fit looks at, about."""

_LARGEST = (1 << 27) - 1


@kernel
def predict(coefficients, at, features, width):
    """Sum of the first `width` features times their coefficients in float64, in a fixed order of four partial sums."""
    even, odd, third, fourth = 0.0, 0.0, 0.0, 0.0
    k = np.uint64(0)
    start = np.uint64(at)
    for _ in range(width >> 2):
        even += features[k] * coefficients[start + k]
        odd += features[k + np.uint64(1)] * coefficients[start + k + np.uint64(1)]
        third += features[k + np.uint64(2)] * coefficients[start + k + np.uint64(2)]
        fourth += features[k + np.uint64(3)] * coefficients[start + k + np.uint64(3)]
        k += np.uint64(4)
    return (even + odd) + (third + fourth)


@allocating_kernel
def _solve(matrix, right):
    """Cholesky, in place; `matrix` symmetric and positive."""
    size = right.size
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(max(total, 1e-9))
            else:
                matrix[i, j] = total / matrix[j, j]
    for i in range(size):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]


@allocating_kernel
def fit_blocks(features, target, classes, class_count, block, passes, coefficients):
    """Fit every class of every block.

    Parameters
    ----------
    features : (N, K) float64
    target : (N,) float64
    classes : (N,) int64
    coefficients : (B, class_count, K) int64
        Result, in 1 / COEFFICIENT_ONE; zeros where a class has too few points.
    """
    count, width = target.size, coefficients.shape[2]
    for b in range(coefficients.shape[0]):
        start, stop = b * block, min(count, (b + 1) * block)
        for c in range(class_count):
            members = 0
            for i in range(start, stop):
                members += classes[i] == c
            if members < 8 * width:
                continue
            stride = max(1, members // _SAMPLE)
            best = np.zeros(width)
            spread = 0.0
            for turn in range(passes):
                matrix = np.zeros((width, width))
                right = np.zeros(width)
                number, deviation, used = 0, 0.0, 0
                for i in range(start, stop):
                    if classes[i] != c:
                        continue
                    number += 1
                    if number % stride:
                        continue
                    guess = 0.0
                    for k in range(width):
                        guess += features[i, k] * best[k]
                    error = abs(target[i] - guess)
                    deviation += min(error, 4 * spread) if turn > 1 else error
                    used += 1
                    weight = 1.0 / max(error, 0.3 * spread + 0.05) if turn else 1.0 / (1.0 + error)
                    for k in range(width):
                        scaled = weight * features[i, k]
                        for m in range(k + 1):
                            matrix[k, m] += scaled * features[i, m]
                        right[k] += scaled * target[i]
                spread = deviation / max(used, 1)
                for k in range(width):
                    matrix[k, k] += 1e-4 * matrix[k, k] + 1e-3
                _solve(matrix, right)
                best = right
            for k in range(width):
                coefficients[b, c, k] = np.int64(min(max(np.rint(best[k] * COEFFICIENT_ONE), -_LARGEST), _LARGEST))
