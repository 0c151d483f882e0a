"""Returns outside of the firings of a sweep are refused."""

import numpy as np
import pytest

from lizip.errors import CorruptError
from lizip.sensor.stages.firings import Columns, place_returns

CLOSED, OPEN = Columns(8, np.arange(8), True), Columns(20, np.arange(8), False)


@pytest.mark.parametrize(
    ("rows", "columns", "base", "lag"),
    [(7, CLOSED, 0, 0), (9, CLOSED, 0, 0), (8, OPEN, 1, 0), (8, OPEN, -1, 0), (8, OPEN, 0, 1), (8, OPEN, 0, -1)],
    ids=["closed, a row missing", "closed, a foreign row", "after the last", "before the first", "late", "early"],
)
def test_returns_outside_of_the_firings(rows, columns, base, lag):
    with pytest.raises(CorruptError):
        place_returns(np.ones((rows, 2), np.int32), columns, base, np.array([0, lag]))


@pytest.mark.parametrize("columns", [CLOSED, OPEN])
def test_returns_inside_of_the_firings(columns):
    ring, row, rank = place_returns(np.ones((8, 2), np.int32), columns, 0, np.zeros(2, np.int64))
    assert ring.tolist() == [0] * 8 + [1] * 8
    assert (row == rank).all()
