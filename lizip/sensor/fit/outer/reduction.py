"""Short vectors of a lattice that is known by some of its vectors, more than are needed (Lenstra, Lenstra, Lovasz)."""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply
from lizip.jit import kernel

_LOVASZ = 0.99
_MOST_TURNS, _ROUNDS = 20_000, 60
_LARGEST = 2.0**52


def short_basis(vectors: np.ndarray, noise: float) -> np.ndarray | None:
    """A basis (3, 3), rows, of the lattice that vectors (K, 3), each known to `noise`, come from; None: none is found.

    Combinations of few of the vectors that come to nothing are told first; what is left makes the basis, which then is
    fitted to all vectors, so that it is as exact as they are.
    """
    count = len(vectors)
    rows = np.concatenate([np.eye(count), vectors / noise], axis=1)
    whole = np.eye(count)
    if not _reduce(rows, whole, np.empty(rows.shape), np.empty(count), np.empty((count, count))):
        return None
    basis, numbers = multiply(np.rint(rows[-3:, :count]), vectors), whole[:, -3:]
    basis, numbers = _squared(basis, numbers)
    if not np.abs(numbers).max() < _LARGEST or np.linalg.matrix_rank(numbers) < 3:
        return None
    return np.linalg.lstsq(numbers, vectors, rcond=None)[0]


def _squared(basis: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Three rows, shortened by each other, and the columns (K, 3) that say how often each is in the vectors."""
    for _ in range(_ROUNDS):
        order = np.argsort((basis**2).sum(axis=1))
        basis, numbers, changed = basis[order].copy(), numbers[:, order].copy(), False
        for j, i in ((1, 0), (2, 0), (2, 1)):
            square = float((basis[i] ** 2).sum())
            times = np.rint(float((basis[j] * basis[i]).sum()) / square) if square else 0.0
            if times:
                basis[j] -= times * basis[i]
                numbers[:, i] += times * numbers[:, j]
                changed = True
        if not changed:
            break
    return basis, numbers


@kernel
def _orthogonalise(rows, k, square, norms, shares):
    """Fill row k of `square` (K, D): what is at right angles to those before; its norm, and shares (K, K) of those."""
    for c in range(rows.shape[1]):
        square[k, c] = rows[k, c]
    for j in range(k):
        product = 0.0
        for c in range(rows.shape[1]):
            product += rows[k, c] * square[j, c]
        shares[k, j] = product / norms[j]
        for c in range(rows.shape[1]):
            square[k, c] -= shares[k, j] * square[j, c]
    norm = 1e-30
    for c in range(rows.shape[1]):
        norm += square[k, c] * square[k, c]
    norms[k] = norm


@kernel
def _shorten(rows, whole, k, shares):
    """Take whole multiples of the rows before from row k; whether there was any."""
    changed = False
    for j in range(k - 1, -1, -1):
        times = np.rint(shares[k, j])
        if times == 0.0:
            continue
        changed = True
        for c in range(rows.shape[1]):
            rows[k, c] -= times * rows[j, c]
        for c in range(whole.shape[0]):
            whole[c, j] += times * whole[c, k]
        for i in range(j):
            shares[k, i] -= times * shares[j, i]
    return changed


@kernel
def _reduce(rows, whole, square, norms, shares):
    """Reduce rows (K, D) in place; `whole` (K, K) times them are the rows as they were. Whether it came to an end.

    `square` (K, D), `norms` (K,) and `shares` (K, K) are filled on the way.
    """
    count = rows.shape[0]
    _orthogonalise(rows, 0, square, norms, shares)
    k = np.int64(1)
    for _ in range(_MOST_TURNS):
        if k >= count:
            return True
        _orthogonalise(rows, k, square, norms, shares)
        for _again in range(3):
            if not _shorten(rows, whole, k, shares):
                break
            _orthogonalise(rows, k, square, norms, shares)
        if norms[k] >= (_LOVASZ - shares[k, k - 1] * shares[k, k - 1]) * norms[k - 1]:
            k += 1
            continue
        for c in range(rows.shape[1]):
            rows[k, c], rows[k - 1, c] = rows[k - 1, c], rows[k, c]
        for c in range(count):
            whole[c, k], whole[c, k - 1] = whole[c, k - 1], whole[c, k]
        k = max(k - 1, np.int64(1))
        _orthogonalise(rows, k - 1, square, norms, shares)
    return False
