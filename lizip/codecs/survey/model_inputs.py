"""What each column's model gets to see of the columns decoded before it."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.decoded import Decoded
from lizip.codecs.survey.numbers import Surroundings


def of_symbols(name: str, known: Decoded) -> tuple[np.ndarray, np.ndarray]:
    """References (N, R) and hints (N, 2) of a column of symbols."""
    nothing = np.zeros((known.count, 0), np.int64)
    if name in ("bit_fields", "classification_flags", "point_source_id"):
        return nothing, _pair(known, known.bit_fields if name != "bit_fields" else None)
    nearest, _ = known.neighbours
    rise = known.coordinates[2] - known.coordinates[2][nearest[:, 0]]
    return nearest, _pair(known, known.kinds + 4 * known.same_pulse, signed_size(rise) * 4 + known.kinds)


def of_numbers(name: str, known: Decoded) -> Surroundings:
    """Surroundings of a column of numbers."""
    classes = known.kinds
    references = np.zeros((known.count, 0), np.int64)
    columns: list[np.ndarray] = []
    hints = _pair(known)
    if "X" in known.columns:
        references, _ = known.neighbours
    if name in ("scan_angle", "scan_angle_rank"):
        columns = [*known.coordinates, known.clock]
        classes = known.same_pulse
        references = references[:, :0]
    elif name == "intensity":
        hints = _pair(known, known.bit_fields, signed_size(np.diff(known.coordinates[2], prepend=0)))
    elif name == "nir":
        columns = [known.integers(other) for other in ("green", "red", "blue")]
        near = references[:, 0]
        hints = _pair(known, *(signed_size(column - column[near]) for column in columns[:2]))
        classes = np.zeros(known.count, np.int64)
    elif name in ("return_point_wave_location", "x_t", "y_t", "z_t"):
        columns = [*known.coordinates, known.clock]
    return Surroundings(classes, classes, references, _matrix(known, columns), hints, classes)


def _matrix(known: Decoded, columns: list[np.ndarray]) -> np.ndarray:
    if not columns:
        return np.zeros((0, known.count))
    return np.stack(columns).astype(np.float64)


def signed_size(differences: np.ndarray) -> np.ndarray:
    """Bit length and sign of integers, as 0 to 127."""
    sizes = np.frexp(np.abs(differences).astype(np.float64))[1]
    return np.where(differences < 0, 64 + sizes, sizes).astype(np.int64)


def _pair(known: Decoded, first: np.ndarray | None = None, second: np.ndarray | None = None) -> np.ndarray:
    """Two hints side by side; zeros for what is not given."""
    hints = np.zeros((known.count, 2), np.int64)
    for column, hint in enumerate((first, second)):
        if hint is not None:
            hints[:, column] = hint
    return hints
