"""Piecewise linear segments of a few functions known by noisy samples: where the kinks are. Encoder only.

Each sample i knows its functions p_i (M,) with normal matrix N_i; segments are lines fitted freely (not joined), a
price is paid for each, and dynamic programming finds the cheapest cover.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_SIZE = 6


@kernel
def _line_cost(sums, begin, end, matrix, right):
    """Weighted squares left after fitting a line to samples begin to end; sums: prefix sums of `_prefix`, M = 3."""
    for p in range(3):
        right[p] = sums[end, 27 + p] - sums[begin, 27 + p]
        right[3 + p] = sums[end, 30 + p] - sums[begin, 30 + p]
        for q in range(3):
            k = 3 * p + q
            matrix[p, q] = sums[end, k] - sums[begin, k]
            matrix[3 + p, q] = sums[end, 9 + k] - sums[begin, 9 + k]
            matrix[3 + p, 3 + q] = sums[end, 18 + k] - sums[begin, 18 + k]
    cost = sums[end, 33] - sums[begin, 33]
    # Cholesky, forward substitution: cost - |L^-1 g|^2
    for p in range(_SIZE):
        for q in range(p + 1):
            total = matrix[p, q]
            if p == q:
                total *= 1.0 + 1e-9
            for r in range(q):
                total -= matrix[p, r] * matrix[q, r]
            if p == q:
                matrix[p, p] = np.sqrt(max(total, 1e-30))
            else:
                matrix[p, q] = total / matrix[q, q]
        total = right[p]
        for r in range(p):
            total -= matrix[p, r] * right[r]
        right[p] = total / matrix[p, p]
        cost -= right[p] * right[p]
    return cost


@kernel
def _cover(sums, times, price, longest, shortest, best, back, matrix, right):
    """Cheapest cover of all samples by segments; back[e] is where the last segment of a cover of the first e begins."""
    best[0] = 0.0
    for end in range(1, best.size):
        best[end] = 1e300
        for begin in range(end - shortest, -1, -1):
            if times[end - 1] - times[begin] > longest:
                break
            if best[begin] >= 1e300:
                continue
            cost = best[begin] + price + _line_cost(sums, begin, end, matrix, right)
            if cost < best[end]:
                best[end] = cost
                back[end] = begin


def find_segments(
    times: np.ndarray, samples: np.ndarray, normals: np.ndarray, group: int, price: float, longest: float
) -> list[int]:
    """Find where the lines change: the first sample of each segment but the first.

    `samples` (F, 3) at `times` (F,) have weight matrices `normals` (F, 3, 3). Kinks are sought at multiples of `group`
    samples; a segment must save `price` weighted squares and is at most `longest` long.
    """
    scaled = (times - times.mean()) * 1e-4
    centre = samples.mean(axis=0)
    slope = (scaled[:, None] * (samples - centre)).sum(axis=0) / (scaled * scaled).sum()
    tau = scaled[:, None]
    relative = samples - centre - tau * slope
    pushed = (normals * relative[:, None, :]).sum(axis=2)
    flat = normals.reshape(-1, 9)
    terms = np.concatenate(
        [flat, flat * tau, flat * tau**2, pushed, pushed * tau, (pushed * relative).sum(1, keepdims=True)], axis=1
    )
    starts = np.arange(0, len(times), group)
    sums = np.concatenate([np.zeros((1, terms.shape[1])), np.cumsum(np.add.reduceat(terms, starts), axis=0)])
    best, back = np.empty(len(sums)), np.zeros(len(sums), np.int64)
    matrix, right = np.empty((_SIZE, _SIZE)), np.empty(_SIZE)
    _cover(sums, times[starts], price, longest, 2, best, back, matrix, right)
    kinks, end = [], len(sums) - 1
    while (end := int(back[end])) > 0:
        kinks.append(end * group)
    return kinks[::-1]
