"""The intensity a sensor reported, a whole number of at most 16 bits, behind the float32 that a file stores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DENOMINATORS = (1, 100, 255, 256)
"""Stored value = float32(integer / denominator). Never reordered: streams hold the index."""

_LARGEST = 65535
_MOST_ODD = 0.01
_SAMPLE = 2048

LIGHTS = tuple(np.dtype(kind) for kind in ("<f4", "|u1", "<u2"))
"""Types of a column that may hold intensities; all their values are exact as float32."""

_LEAST_LIVELY = 0.1


def lit_columns(columns: Sequence[np.ndarray], ring: np.ndarray) -> list[int]:
    """Indices of the columns after x, y, z that may hold intensities: those that change along the fullest ring."""
    fullest = ring == np.argmax(np.bincount(ring[ring >= 0]))
    found = []
    for place, column in enumerate(columns[3:], 3):
        if column.dtype in LIGHTS:
            along = column[fullest]
            lively = np.count_nonzero(along[1:] != along[:-1]) >= _LEAST_LIVELY * len(along)
            found += [place] if lively else []
    return found


def from_integers(integers: np.ndarray, denominator: int) -> np.ndarray:
    """Return the stored float32 values of integers (N,)."""
    return (integers / np.float64(denominator)).astype(np.float32)


def to_integers(values: np.ndarray) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Find integers 0 to 65535 behind stored values.

    Parameters
    ----------
    values : (N,) float32, N > 0

    Returns
    -------
    tuple or None
        Index of the denominator, integers (N,) int32, and whether each is exact, (N,) bool (-0.0 and NaN are not). None
        when no denominator explains 99 % of the values.
    """
    sample = values[:: max(1, len(values) // _SAMPLE)]
    for index, denominator in enumerate(DENOMINATORS):
        if _explain(sample, denominator)[1].mean() < 1 - _MOST_ODD:
            continue
        integers, exact = _explain(values, denominator)
        if exact.mean() >= 1 - _MOST_ODD:
            return index, integers, exact
    return None


def _explain(values: np.ndarray, denominator: int) -> tuple[np.ndarray, np.ndarray]:
    sane = (values >= 0) & (values <= _LARGEST)
    integers = np.rint(np.where(sane, values, 0) * np.float64(denominator)).astype(np.int32)
    sane &= integers <= _LARGEST
    integers[~sane] = 0
    return integers, sane & (from_integers(integers, denominator).view(np.uint32) == values.view(np.uint32))
