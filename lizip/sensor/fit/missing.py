"""Points that stand for a missing return: NaN, infinite, or one position over and over (the origin mostly)."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.triples import every

_LEAST_POINTS, _FARTHEST = 512, np.float64(1e9)
_SAMPLE = 255
_LEAST = 0.005
"""Share of the points from which on a repeated position stands for missing returns; what is no number always does."""

_REACH = np.float32(1000.0)
"""Metres from where most points are."""


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
    candidates = [np.zeros(3, np.uint32)]
    unknown = np.flatnonzero(~np.isfinite(xyz[:, 0]))
    if len(unknown):
        candidates.append(bits[unknown[0]])
    repeated = _at(bits[1:], bits[:-1].T)
    if repeated.any() and repeated.mean() > _LEAST / 4:  # a single point repeats nothing
        sample = bits[1:][repeated]
        sample = sample[:: max(1, len(sample) // _SAMPLE)]
        words, counts = np.unique(sample, axis=0, return_counts=True)
        candidates.append(words[np.argmax(counts)])
    found, most = (np.zeros(len(xyz), bool), np.zeros(3, np.uint32)), 0
    for words in candidates:
        missing = _at(bits, words)
        count = int(np.count_nonzero(missing))
        least = _LEAST if np.isfinite(words.view(np.float32)).all() else 0.0
        if count > most and count >= least * len(xyz):
            found, most = (missing, words), count
    return found


def find_seen(xyz: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Which of points (N, 3) float32 a sensor on a vehicle may have seen, (N,).

    Those that are not `missing` (N,), nor off by more than any such sensor reaches.
    """
    known = ~missing & every(np.isfinite(xyz))
    if not known.any():
        return known
    with np.errstate(invalid="ignore", over="ignore"):
        return known & every(np.abs(xyz - np.median(xyz[known], axis=0)) < _REACH)


def _at(bits: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Which of bits (N, 3) are `words`, (3,) or (3, N)."""
    return (bits[:, 0] == words[0]) & (bits[:, 1] == words[1]) & (bits[:, 2] == words[2])


def enough_returns(cloud: Cloud) -> bool:
    """Whether so many points are somewhere that a sensor can be told from them, by x, y, z or the first columns."""
    columns = list(cloud.led.columns.values())
    if len(columns) < 3:
        return False
    x, y, z = columns[:3]
    with np.errstate(invalid="ignore"):  # NaN that signal
        somewhere = (x != 0) | (y != 0) | (z != 0)
        for axis in (x, y, z):
            somewhere &= (axis > -_FARTHEST) & (axis < _FARTHEST)
    return int(np.count_nonzero(somewhere)) >= _LEAST_POINTS
