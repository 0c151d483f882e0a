"""A cloud in metres of which the file has whole millimetres or centimetres, as integers or floats without fractions.

Whole numbers say nothing of their unit but for how far away things are usually. As decimals of a metre they are what
fits know; rounded products give all of them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lizip.relations.motion import WHOLE, Motion

_LEAST_POINTS, _SAMPLE = 512, 4096
_UNITS = (1000.0, 100.0)
"""Units in a metre."""
_USUAL = 8.0
"""About how far points are off in the middle, m."""
_LARGEST = 1 << 23
"""Numbers up to which float32 has all whole ones, and their halves."""


def undo_whole(xyz: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, Motion]]:
    """Find points (N, 3) float32 in metres whose whole multiples three columns (N,) are, the likelier unit first."""
    if len(xyz[0]) < _LEAST_POINTS or not all(map(_is_whole, xyz)):
        return
    with np.errstate(invalid="ignore"):  # NaN that signal
        stored = np.stack([column.astype("<f4") for column in xyz], axis=1)
    sizes = np.abs(stored[np.isfinite(stored).all(axis=1)]).max(axis=1, initial=0)
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return
    middle = float(np.median(sizes))
    for unit in sorted(_UNITS, key=lambda unit: abs(np.log(middle / unit / _USUAL))):
        with np.errstate(all="ignore"):
            inner = (stored.astype(np.float64) / unit).astype("<f4")
        bare = np.isnan(stored)
        inner[bare] = stored[bare]
        matrix = np.concatenate([unit * np.eye(3), np.zeros((3, 1))], axis=1)
        yield inner, Motion.of(inner, stored, matrix, WHOLE)


def _is_whole(column: np.ndarray) -> bool:
    """Whether numbers (N,) are whole, and float32 has them; floats may be infinite or NaN."""
    for part in (column[:: max(1, len(column) // _SAMPLE)], column):
        with np.errstate(invalid="ignore"):
            wide = part.astype(np.float64)
            sane = wide[np.isfinite(wide)]
        if not ((np.abs(sane) <= _LARGEST) & (np.rint(sane) == sane)).all():
            return False
    return True
