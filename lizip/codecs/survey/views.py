"""What each column's model gets to see of the columns decoded before it."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey.known import Known
from lizip.codecs.survey.numbers import Surroundings


def of_symbols(name: str, known: Known) -> tuple[np.ndarray, np.ndarray]:
    """References (N, R) and hints (N, 2) of a column of symbols."""
    nothing = np.zeros((known.count, 0), np.int64)
    return nothing, np.zeros((known.count, 2), np.int64)


def of_numbers(name: str, known: Known) -> Surroundings:
    """Surroundings of a column of numbers."""
    return Surroundings(
        np.zeros(known.count, np.int64),
        np.zeros((known.count, 0), np.int64),
        np.zeros((known.count, 0)),
        np.zeros((known.count, 2), np.int64),
    )
