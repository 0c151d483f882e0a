"""Columns of lasers are gathered to firings."""

import numpy as np

from lizip.sensor.fit.firings import anchor_firings, fill_anchors, gather_firings, unwrap

TURN, RINGS = 36000, 16


def fired(firings=400, seed=0):
    """Firing columns, and for each return (firing by firing) ring, firing and column, of which some deviate."""
    rng = np.random.default_rng(seed)
    columns = np.cumsum(rng.integers(18, 23, firings)) + 100
    steps = np.append(np.diff(columns), 20)
    firing, ring = np.divmod(np.arange(firings * RINGS), RINGS)
    away = np.rint(steps[firing] * ring / RINGS).astype(np.int64) - np.rint(20 * ring / RINGS).astype(np.int64)
    seen = rng.random(len(ring)) < 0.8
    return columns, ring[seen], firing[seen], (columns[firing] + away)[seen], away[seen]


def test_deviating_columns_are_one_firing():
    columns, ring, firing, own, away = fired()
    found = gather_firings(own, ring, TURN)
    np.testing.assert_array_equal(found, firing)
    anchors, again = anchor_firings(own, ring, found, len(columns), TURN)
    np.testing.assert_array_equal((anchors[firing] + again) % TURN, own)
    assert np.abs(anchors - columns).max() <= 2
    assert np.count_nonzero(again) <= np.count_nonzero(away)


def test_columns_that_are_firings_stay_alone():
    columns, ring, firing, _, _ = fired()
    assert gather_firings(columns[firing], ring, TURN) is None
    assert gather_firings(np.arange(len(ring)) // RINGS % 1024, ring, 1024) is None


def test_more_than_a_turn_counts_on():
    way = np.arange(-50, 1100) * 37 + 5
    columns, turns = unwrap(way % TURN, TURN)
    assert turns == 3
    np.testing.assert_array_equal(np.diff(columns), 37)
    np.testing.assert_array_equal(columns % TURN, way % TURN)
    short = way[:900]
    columns, turns = unwrap(short % TURN, TURN)
    assert turns == 1
    np.testing.assert_array_equal(columns, short % TURN)


def test_silent_firings_get_a_column_between():
    anchors = np.array([-1, 100, -1, -1, 160, 180, -1])
    np.testing.assert_array_equal(fill_anchors(anchors, TURN), [80, 100, 120, 140, 160, 180, 200])
    assert fill_anchors(np.array([5, -1, 6]), TURN) is None
    assert fill_anchors(np.array([5, -1, -1]), TURN) is None
