"""Several sweeps in a file: found where one ends, each coded by a model of its own, whatever was done to the second."""

import io

import harness
import numpy as np
import pytest

import lizip
from lizip import formats, simulator
from lizip.simulator import hdl64
from lizip.sweeps import find_sweeps


def nuscenes(seed):
    return np.frombuffer(simulator.nuscenes(seed), "<f4").reshape(-1, 5)


def turned(points, angle, shift=(0.3, -2.0, 0.02)):
    """Points turned about z and shifted, as users bring sweeps into one frame."""
    out = points.astype(np.float64)
    c, s = np.cos(angle), np.sin(angle)
    out[:, :3] = out[:, :3] @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + np.array(shift)
    return out.astype("<f4")


def starts_of(*sweeps):
    return find_sweeps(formats.split(np.concatenate(sweeps).astype("<f4").tobytes(), sweeps[0].shape[1]))


@pytest.fixture(scope="module")
def pair():
    return nuscenes(1), nuscenes(2)


def test_one_sweep_stays_one(pair):
    assert starts_of(pair[0]) == []
    assert starts_of(np.frombuffer(simulator.kitti(1), "<f4").reshape(-1, 4)) == []
    assert starts_of(np.frombuffer(simulator.ouster(1), "<f4").reshape(-1, 4)) == []


@pytest.mark.parametrize("angle", [None, 0.02, 2.5])
def test_a_turn_that_begins_anew_is_found(pair, angle):
    first, second = pair
    second = second if angle is None else turned(second, angle)
    (start,) = starts_of(first, second)
    assert abs(start - len(first)) <= 64


def test_many_sweeps_are_found(pair):
    sweeps = [pair[0], turned(pair[1], 0.1), turned(pair[0], 0.2), turned(pair[1], 0.3)]
    starts = np.array(starts_of(*sweeps))
    assert len(starts) == 3
    assert (np.abs(starts - np.cumsum([len(s) for s in sweeps])[:-1]) <= 64).all()


def test_rings_that_begin_anew_are_found():
    sweeps = [np.frombuffer(hdl64.sweep(seed).data, "<f4").reshape(-1, 4) for seed in (1, 2)]
    assert starts_of(*sweeps) == [len(sweeps[0])]
    assert starts_of(sweeps[0], turned(sweeps[1], 2.0)) == [len(sweeps[0])]


def test_a_column_that_keeps_its_value_says_it(pair):
    timed = [
        np.concatenate([s[:, :4], np.full((len(s), 1), t, np.float32)], axis=1)
        for s, t in zip(pair, (0, 0.05), strict=True)
    ]
    shuffled = [s[np.random.default_rng(1).permutation(len(s))] for s in timed]
    assert starts_of(*shuffled) == [len(timed[0])]


def test_a_column_of_few_runs_is_no_sweep():
    points = np.random.default_rng(3).normal(size=(9000, 4)).astype("<f4")
    points[:, 3] = np.arange(9000) >= 8000
    assert find_sweeps(formats.split(points.tobytes(), 4)) == []


def test_points_of_no_use_do_no_harm():
    for value in (np.nan, np.inf, 0.0, 1e38):
        points = np.full((9000, 4), value, "<f4")
        assert find_sweeps(formats.split(points.tobytes(), 4)) == []


@pytest.fixture(scope="module")
def alone(pair):
    """Bytes that the two take, each in a file of its own."""
    return sum(len(lizip.compress(sweep.tobytes())) for sweep in pair)


@pytest.mark.parametrize("form", ["bin", "npy", "odd tail"])
def test_each_sweep_has_its_own_model(pair, alone, form):
    points = np.concatenate(pair)
    data = {"bin": points.tobytes(), "npy": harness.npy(points), "odd tail": points.tobytes() + b"odd"}[form]
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    assert lizip.info(io.BytesIO(packed))["pieces"] == 2
    assert len(packed) < 1.02 * alone + 200


def test_two_sensors_of_one_model_stay_together():
    data = simulator.vlp32c_pair(1)
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    assert "pieces" not in lizip.info(io.BytesIO(packed))
