"""Returns are reordered when they are asked for, as if it had been done at once."""

from dataclasses import replace

import numpy as np
import pytest

from lizip.sensor.returns import Returns


def filled() -> Returns:
    returns = Returns(np.ones((4, 2), np.int32), None, (), 8)
    returns.ring, returns.ticks = np.arange(8), np.arange(80, 88)
    return returns


def test_orders_follow_each_other():
    returns = filled()
    returns.take(np.array([7, 5, 3, 1]))
    returns.points = np.array([[0.0], [1.0], [2.0], [3.0]])
    returns.take(np.array([1, 0]))
    assert returns.ring.tolist() == [5, 7]
    assert returns.ticks.tolist() == [85, 87]
    assert returns.points.tolist() == [[1.0], [0.0]]
    assert returns.column is None


def test_what_is_filled_anew_is_not_reordered_by_what_was_asked_before():
    returns = filled()
    returns.take(np.arange(8)[::-1])
    returns.ring = np.arange(8)
    returns.take(np.array([2, 0]))
    assert returns.ring.tolist() == [2, 0]


def test_a_copy_has_all_in_order():
    returns = filled()
    returns.take(np.array([3]))
    copy = replace(returns, count=1)
    assert (copy.ring.tolist(), copy.ticks.tolist(), copy.count) == ([3], [83], 1)


def test_what_is_no_field_is_not_there():
    with pytest.raises(AttributeError, match="no colour"):
        _ = filled().colour
