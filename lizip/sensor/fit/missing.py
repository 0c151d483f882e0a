"""Points that stand for a missing return: NaN, or one and the same position over and over (the origin mostly)."""

from __future__ import annotations

import numpy as np

_SAMPLE = 255
_LEAST = 0.005
"""Share of the points from which on a repeated position stands for missing returns."""


def find_missing(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find what is stored where nothing returned.

    Parameters
    ----------
    xyz : (N, 3) float32
        Contiguous.

    Returns
    -------
    missing : (N,) bool
        Points that are no returns: those at the repeated position, bit for bit.
    words : (3,) uint32
        The bits of that position; of the origin when there is none.
    """
    bits = xyz.view(np.uint32)
    words = np.zeros(3, np.uint32)
    repeated = (bits[1:] == bits[:-1]).all(axis=1)
    if repeated.mean() > _LEAST / 4:
        sample = bits[1:][repeated]
        sample = sample[:: max(1, len(sample) // _SAMPLE)]
        candidates, counts = np.unique(sample, axis=0, return_counts=True)
        words = candidates[np.argmax(counts)]
    missing = (bits == words).all(axis=1)
    if missing.mean() < _LEAST:
        return np.zeros(len(xyz), bool), np.zeros(3, np.uint32)
    return missing, words
