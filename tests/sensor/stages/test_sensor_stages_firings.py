"""Firing columns: found, coded, aligned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.sensor.fit.columns import align_rings, find_columns
from lizip.sensor.stages.firings import Columns, Firings

TURN = 400


def encode_columns(columns):
    return Firings.of(columns, -7).pack()


def decode_columns(stream, turn):
    return Firings.unpack(stream).columns(turn)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=300))
def test_columns_come_back(values):
    columns = find_columns(np.array(values), TURN)
    again = decode_columns(encode_columns(columns), TURN)
    np.testing.assert_array_equal(again.fired, columns.fired)
    assert (again.turn, again.closed) == (columns.turn, columns.closed)
    ranks = columns.ranks(np.array(values))
    np.testing.assert_array_equal(columns.fired[ranks], np.array(values) % TURN)


def test_open_scan_starts_after_the_widest_gap():
    columns = find_columns(np.array([390, 395, 0, 5, 10]), TURN)
    assert not columns.closed
    np.testing.assert_array_equal(columns.fired, [390, 395, 0, 5, 10])


def test_regular_firings_cost_next_to_nothing():
    steps = np.tile([2] * 12 + [1], 170)
    columns = find_columns(np.cumsum(steps), 4300)
    assert 8 * len(encode_columns(columns)) < 0.2 * len(steps)


def test_unfired_columns_have_no_rank():
    assert find_columns(np.array([1, 3]), TURN).ranks(np.array([2, 3])).tolist() == [-1, 1]


def test_alignment_finds_the_shifts_up_to_a_constant():
    rng = np.random.default_rng(1)
    fired = np.cumsum(rng.choice([1, 2], 2200, p=[0.15, 0.85]))
    fired = fired[fired < 4000]
    shifts = rng.integers(-100, 100, 20)
    rings = [np.sort((fired[rng.random(len(fired)) < 0.9] - shift) % 4000) for shift in shifts]
    bounds = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])])
    found = align_rings(np.concatenate(rings), bounds, 4000)
    assert len(set((found - shifts).tolist())) == 1


def test_lags_follow_the_density_of_firings():
    columns = Columns(4000, np.arange(0, 4000, 2), True)
    np.testing.assert_array_equal(columns.lags(np.array([0, 10, -10])), [0, 5, -5])


@given(st.binary(max_size=60))
def test_hostile_columns(data):
    try:
        columns = decode_columns(data, TURN)
    except CorruptError:
        return
    assert len(np.unique(columns.fired)) == len(columns.fired)
    assert columns.fired.min() >= 0
    assert columns.fired.max() < TURN


def test_every_cut_is_noticed():
    stream = encode_columns(find_columns(np.arange(0, 400, 3), TURN))
    for size in range(len(stream)):
        with pytest.raises(CorruptError):
            decode_columns(stream[:size], TURN)
