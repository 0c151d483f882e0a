"""Points in no order are told from scans, thinned, cropped or sorted as these may be."""

import numpy as np
import pytest

import lizip
from lizip.sensor.fit.shuffled import is_shuffled
from lizip.simulator import os_sensor
from lizip.simulator.conditions import Conditions

GENERATOR = np.random.default_rng(4)


def scan(rings=32, columns=1800):
    azimuth = np.repeat(np.arange(columns) * (2 * np.pi / columns), rings)
    elevation = np.tile(np.linspace(-0.5, 0.2, rings), columns)
    distance = np.minimum(15 + 6 * np.sin(5 * azimuth), 1.8 / np.maximum(np.sin(-elevation), 1e-3))
    level = distance * np.cos(elevation)
    points = [level * np.cos(azimuth), -level * np.sin(azimuth), distance * np.sin(elevation)]
    return np.stack(points, axis=1).astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [
        lambda points: points,
        lambda points: points[::-1],
        lambda points: points[np.sort(GENERATOR.choice(len(points), 10_000, replace=False))],
        lambda points: points[points[:, 0] > 5],
        lambda points: points[np.argsort(points[:, 0], kind="stable")],
        lambda points: np.where(GENERATOR.random((len(points), 1)) < 0.3, np.float32(np.nan), points),
        lambda points: np.where(GENERATOR.random((len(points), 1)) < 0.3, np.float32(0), points),
        lambda points: points[GENERATOR.permutation(len(points))][:5000],
    ],
)
def test_what_may_be_in_order_is_not_given_up(change):
    assert not is_shuffled(np.ascontiguousarray(change(scan())))


@pytest.mark.parametrize("points", [scan(), GENERATOR.normal(size=(20_000, 3)).astype(np.float32)])
def test_what_is_in_no_order_is_told(points):
    assert is_shuffled(points[GENERATOR.permutation(len(points))])
    assert is_shuffled(points[GENERATOR.permutation(len(points))].astype(np.float64))


def test_one_place_and_nowhere_are_no_evidence():
    assert not is_shuffled(np.ones((20_000, 3), np.float32))
    assert not is_shuffled(np.full((20_000, 3), np.inf, np.float32))


def test_the_sweep_codec_declines_what_is_in_no_order():
    points = scan()
    with pytest.raises(lizip.FormatError):
        lizip.compress(points[GENERATOR.permutation(len(points))].tobytes(), codec="sweep", level="fast", fields=3)


def test_missing_returns_in_one_place_tell_nothing():
    points = scan()
    points[GENERATOR.random(len(points)) < 0.6] *= np.float32(1e-7)
    assert not is_shuffled(points)
    assert is_shuffled(points[GENERATOR.permutation(len(points))])


def test_where_few_return_in_a_whole_grid_there_is_order():
    cells = os_sensor.sweep(5, drop_missing=False, conditions=Conditions(reach=0.4, silence=0.8)).records
    assert not is_shuffled(cells[:, :3])


@pytest.mark.parametrize("reach", [0.2, 0.3, 0.5])
def test_a_night_in_which_half_returns(reach):
    """What is nearest to many points is then the sensor, where missing ones stand."""
    cells = os_sensor.sweep(101, drop_missing=False, conditions=Conditions(reach=reach)).data
    points = np.frombuffer(cells, "<f4").reshape(-1, 4)[:, :3]
    assert not is_shuffled(np.ascontiguousarray(points))
