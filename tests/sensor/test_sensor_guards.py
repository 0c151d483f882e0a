"""Each guard of the sensor chains refuses its own hostile input."""

from types import SimpleNamespace

import numpy as np
import pytest

from lizip.errors import CorruptError
from lizip.scan.columns import Columns
from lizip.sensor.returns import place_returns


@pytest.mark.parametrize(
    ("ranges", "columns", "base"),
    [
        (np.ones((7, 2), np.int32), Columns(8, np.arange(8), True), 0),
        (np.ones((9, 2), np.int32), Columns(8, np.arange(8), True), 0),
        (np.ones((8, 2), np.int32), Columns(20, np.arange(8), False), 1),
        (np.ones((8, 2), np.int32), Columns(20, np.arange(8), False), -1),
        (np.full((8, 2), -1, np.int32), Columns(8, np.arange(8), True), 0),
        (np.full((8, 2), 1 << 24, np.int32), Columns(8, np.arange(8), True), 0),
    ],
    ids=["closed, too few rows", "closed, foreign rows", "after the last", "before the first", "negative", "too far"],
)
def test_returns_outside_of_the_firings(ranges, columns, base):
    calibration = SimpleNamespace(leads=np.zeros(2, np.int64))
    with pytest.raises(CorruptError):
        place_returns(ranges, columns, base, calibration)


def test_returns_inside_of_the_firings():
    ring, row, rank = place_returns(
        np.ones((8, 2), np.int32), Columns(8, np.arange(8), True), 0, SimpleNamespace(leads=np.zeros(2, np.int64))
    )
    assert len(ring) == 16
    assert (row == rank).all()
