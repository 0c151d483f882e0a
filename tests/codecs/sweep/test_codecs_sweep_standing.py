"""Whether a sensor stands."""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep.decoded import DecodedGrid
from lizip.codecs.sweep.grid import Form
from lizip.codecs.sweep.standing import LEAST, MOST, Standing, still_stands

FORM = Form(40, 8, 0, np.ones(256, np.int64))
RANDOM = np.random.default_rng(1)
WALL = RANDOM.integers(500, 9000, (200, 8)).astype(np.int32)


def seen(wall: np.ndarray, form: Form = FORM) -> DecodedGrid:
    """A sweep of it."""
    ranges = (wall + RANDOM.integers(-5, 6, wall.shape)).astype(np.int32)
    return DecodedGrid(ranges, np.full_like(ranges, 30), form, False)


def test_ten_sweeps_are_enough():
    standing = Standing()
    for _ in range(LEAST - 1):
        standing.see(seen(WALL))
        assert standing.background() is None
    standing.see(seen(WALL))
    found = standing.background()
    assert np.abs(found.mean / 4 - WALL).max() < 5
    assert (found.light == 30).all()
    assert (found.share == 16).all()


def test_cells_lie_as_in_the_last_sweep():
    standing = Standing()
    for k in range(LEAST):
        standing.see(seen(np.roll(WALL, k, axis=0)))
    away = np.abs(standing.background().mean / 4 - np.roll(WALL, LEAST - 1, axis=0))
    assert np.median(away) < 4


def test_a_sensor_that_moves_has_none():
    standing = Standing()
    for _ in range(2 * LEAST):
        standing.see(seen(RANDOM.integers(500, 9000, WALL.shape)))
    assert standing.background() is None


def test_one_that_stops_has_one_soon():
    standing = Standing()
    for _ in range(3 * LEAST):
        standing.see(seen(RANDOM.integers(500, 9000, WALL.shape)))
    standing.background()
    for _ in range(LEAST):
        standing.see(seen(WALL))
    assert standing.background() is not None


def test_sweeps_are_kept_over_a_long_time_but_not_many():
    standing = Standing(stride=4)
    for _ in range(4 * MOST):
        standing.see(seen(WALL))
        assert len(standing._grids) <= MOST
    assert len(standing._grids) == MOST
    assert standing.background() is not None


def test_another_sensor_or_no_sweep_begins_anew():
    standing = Standing()
    for _ in range(LEAST):
        standing.see(seen(WALL))
    standing.see(None)
    assert standing.background() is None
    for _ in range(LEAST):
        standing.see(seen(WALL))
    standing.see(seen(WALL, FORM._replace(near=20)))
    assert standing.background() is None


def test_whether_it_still_stands():
    standing = Standing()
    for _ in range(LEAST):
        standing.see(seen(WALL))
    prior = standing.background().past().prior
    assert still_stands(prior, seen(WALL))
    assert still_stands(prior, seen(np.roll(WALL, 3, axis=0)))
    assert not still_stands(prior, seen(RANDOM.integers(500, 9000, WALL.shape)))
    assert not still_stands(prior, seen(WALL)._replace(ranges=np.zeros_like(WALL)))
