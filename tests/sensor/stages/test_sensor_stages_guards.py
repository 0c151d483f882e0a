"""Returns outside of the firings of a sweep are refused."""

import numpy as np
import pytest

from lizip.errors import CorruptError
from lizip.sensor.returns import Returns
from lizip.sensor.stages.firings import Columns, place_returns
from lizip.sensor.stages.places import Places

F4 = np.dtype("<f4")
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
    ranges = np.arange(16, dtype=np.int32).reshape(8, 2)
    ring, row, rank, ticks = place_returns(ranges, columns, 0, np.zeros(2, np.int64))
    assert ring.tolist() == [0] * 7 + [1] * 8
    assert row.tolist() == [*range(1, 8), *range(8)]
    assert (row == rank).all()
    assert (ticks == ranges[row, ring]).all()


@pytest.mark.parametrize("place", [-1, 3])
def test_returns_outside_of_the_file(place):
    returns = Returns(np.ones((3, 1), np.int32), None, (("x", F4), ("y", F4), ("z", F4)), 3)
    returns.xyz, returns.place, returns.nothing = np.ones((1, 3), F4), np.array([place]), np.zeros(3, np.uint32)
    with pytest.raises(CorruptError, match="impossible place"):
        Places().apply(returns)
