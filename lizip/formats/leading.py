"""Where x, y and z stand among columns that nobody named, and the names that columns get for it.

They come first nearly always; some loggers write a time, an intensity or a ring before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lizip.formats.records import Fields

if TYPE_CHECKING:
    import numpy as np

NAMES = ("x", "y", "z", "intensity", "ring")

MOST_BEFORE = 5
"""Columns that may stand before x."""

_SAMPLE, _FEWEST = 4096, 64
_SIGNED = 2
"""Coordinates of which some points have either sign; part of a turn may lie on one side of the sensor."""

_DISTINCT = 0.125
"""Share of the points of which coordinates have values of their own at least; intensities and rings have few."""


def named(codes: Sequence[str], before: int = 0, names: Sequence[str] = NAMES) -> Fields:
    """Columns of types: x y z intensity ring f5 f6 ..., or where some stand before x: f0 ... x y z f4 f5 ..."""
    names = names[:3] if before else names
    places = range(before, before + len(names))
    return tuple((names[i - before] if i in places else f"f{i}", code) for i, code in enumerate(codes))


def count_before(columns: Sequence[np.ndarray]) -> int:
    """How many columns (N,) stand before x: 0 unless they surely are no coordinates, and three that may be follow."""
    import numpy as np

    if not columns or len(columns[0]) < _FEWEST:
        return 0
    step = max(1, len(columns[0]) // _SAMPLE)
    with np.errstate(invalid="ignore"):  # NaN that signal
        sample = [np.asarray(column[::step], np.float64) for column in columns[: MOST_BEFORE + 3]]
        sample = [np.where(np.isfinite(column), column, 0.0) for column in sample]
    for before in range(1, len(sample) - 2):
        if not _is_beside(sample[before - 1]):
            return 0
        after = sample[before : before + 3]
        # one side of a cloud, sorted by x, looks like a time before y, z and an intensity
        doubtful = any(map(_is_many, sample[:before])) and not _is_signed(after[2])
        if sum(map(_is_signed, after)) >= _SIGNED and not doubtful and not any(map(_is_beside, after)):
            return before
    return 0


def _is_beside(values: np.ndarray) -> bool:
    """Whether values (M,) of a column are times, intensities, rings or labels: of one sign, and in order or few."""
    import numpy as np

    if _is_signed(values):
        return False
    steps = np.diff(values)
    return bool((steps >= 0).all() or (steps <= 0).all() or not _is_many(values))


def _is_many(values: np.ndarray) -> bool:
    """Whether values (M,) differ as much as coordinates do."""
    import numpy as np

    return len(np.unique(values)) >= _DISTINCT * len(values)


def _is_signed(values: np.ndarray) -> bool:
    """Whether a tenth of values (M,) at least are lengths, and some of them negative, some positive."""
    import numpy as np

    sizes = np.abs(values)
    usual = (sizes >= 1e-9) & (sizes <= 1e9)
    return bool(usual.mean() >= 0.1 and (values[usual] < 0).any() and (values[usual] > 0).any())
