"""Steps and columns of lasers of their own come back, and cost little."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.sensor.fit.columns import find_columns
from lizip.sensor.stages.timing import OwnColumns, Steps

TURN, RINGS = 36000, 16


def test_steps_come_back():
    fired = np.cumsum(np.random.default_rng(0).integers(18, 23, 300))
    columns = find_columns(fired, TURN)
    steps = np.append(np.diff(fired), 20)
    steps[11::12] = steps[10::12]
    advances = np.arange(RINGS) * 60000 - 7
    stage = Steps.unpack(Steps.of(columns, steps, -20, advances).pack())
    np.testing.assert_array_equal(stage.steps(columns), steps)
    np.testing.assert_array_equal(stage.advances, advances)
    assert stage.usual == -20


def test_columns_of_returns_come_back_and_cost_little():
    rng = np.random.default_rng(0)
    fired = np.cumsum(rng.integers(18, 23, 400)) + 100
    columns, steps = find_columns(fired, TURN), np.append(np.diff(fired), 20)
    ring, firing = np.divmod(np.arange(400 * RINGS), 400)
    away = np.rint(steps[firing] * ring / RINGS).astype(np.int64) - np.rint(20 * ring / RINGS).astype(np.int64)
    stage = OwnColumns.of(columns, ring, firing, away)
    np.testing.assert_array_equal(OwnColumns.unpack(stage.pack()).away(columns, ring, firing), away)
    assert 8 * len(stage.pack()) < 0.8 * len(ring)
    with pytest.raises(CorruptError):
        OwnColumns(stage.body[: len(stage.body) // 2]).away(columns, ring, firing)


@given(st.binary(max_size=60))
def test_hostile_timing(data):
    columns = find_columns(np.arange(0, 400, 3), 400)
    ring, firing = np.arange(40) % 4, np.arange(40)
    with suppress(CorruptError):
        assert len(Steps.unpack(data).steps(columns)) == len(columns.fired)
    with suppress(CorruptError):
        assert np.abs(OwnColumns.unpack(data).away(columns, ring, firing)).max() <= 64
