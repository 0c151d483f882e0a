"""Sweeps with two returns of a pulse: which points they are, and what they cost beside the first ones."""

from typing import Any

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.codecs import Options
from lizip.codecs.sweep import CODEC
from lizip.sensor.fit.dual.follow import find_apart, find_further
from lizip.sensor.stages.intensity import Intensity
from lizip.sensor.stages.seconds import APART, BY_FIRING, ReturnOrder, Seconds
from lizip.simulator.drivers import sweep
from lizip.simulator.turning import MODELS


def cloud_of(records):
    return Cloud("bin", b"", {name: np.ascontiguousarray(records[:, k]) for k, name in enumerate("xyzi")})


def stages_of(records):
    solution = CODEC.solve(cloud_of(records), Options())
    assert solution is not None
    return {type(stage): stage for stage in solution.model.parts[0].stages}


@pytest.mark.parametrize("arranged", ["behind", "blocks", "apart"])
@pytest.mark.parametrize("repeated", [False, True])
def test_further_returns_cost_little_beside_the_first(arranged, repeated):
    options: Any = {"span": 0.6, "missing": "dropped"}
    alone = len(lizip.compress(sweep(3, MODELS["hdl32"], "velodyne_pointcloud", **options).data))
    sent = sweep(3, MODELS["hdl32"], "velodyne_pointcloud", twice=0.1, arranged=arranged, repeated=repeated, **options)
    coded = lizip.compress(sent.data)
    assert lizip.decompress(coded) == sent.data
    assert len(coded) < 1.25 * alone


@pytest.mark.parametrize(("arranged", "kind"), [("behind", 0), ("blocks", BY_FIRING), ("apart", APART)])
def test_a_model_says_where_they_stand(arranged, kind):
    sent = sweep(5, MODELS["vlp16"], "nebula Velodyne", twice=0.1, arranged=arranged, repeated=True)
    stages = stages_of(sent.records)
    assert stages[Seconds].body
    assert stages[Intensity].further
    assert stages.get(ReturnOrder, ReturnOrder(0)).kind == kind


def test_points_that_fit_no_pulse_are_exceptions():
    sent = sweep(5, MODELS["vlp16"], "nebula Velodyne", twice=0.1)
    records = sent.records.copy()
    follows = find_further(np.ascontiguousarray(records[:, :3]))
    moved = np.flatnonzero(follows >= 0)[::20]
    records[moved, :3] *= np.float32(1.0001)
    data = records.tobytes()
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    assert lizip.info(coded)["codec"] == "sweep"


@pytest.mark.parametrize("name", ["kitti", "nuscenes", "ouster"])
def test_sweeps_of_single_returns_have_none(name):
    width = 5 if name == "nuscenes" else 4
    records = np.frombuffer(getattr(simulator, name)(2), "<f4").reshape(-1, width)
    xyz = np.ascontiguousarray(records[:, :3])
    assert find_further(xyz, [np.ascontiguousarray(column) for column in records[:, 3:].T]) is None
    assert find_apart(xyz, len(xyz) // 2) is None


@pytest.mark.parametrize("by_firing", [False, True])
def test_a_column_of_rings_tells_them_where_the_sensor_moved(by_firing):
    records = np.frombuffer(simulator.nuscenes(2, firings=400), "<f4").reshape(-1, 5)
    ring = records[:, 4].astype(np.int64)
    firing = np.cumsum(np.append(False, np.diff(ring) <= 0))
    twice = np.random.default_rng(1).random(len(records)) < 0.3
    second = records[twice].copy()
    second[:, :3] = np.where(np.abs(second[:, :1]) > 2, second[:, :3] * np.float32(1.2), second[:, :3])
    both = np.concatenate([records, second])
    nth = np.repeat([0, 1], [len(records), len(second)])
    ring, firing = np.append(ring, ring[twice]), np.append(firing, firing[twice])
    order = np.lexsort((ring, nth, firing) if by_firing else (nth, ring, firing))
    both, nth = both[order], nth[order]
    follows = find_further(np.ascontiguousarray(both[:, :3]), [np.ascontiguousarray(both[:, k]) for k in (3, 4)])
    np.testing.assert_array_equal(follows >= 0, nth == 1)
    np.testing.assert_array_equal(ring[order][follows[nth == 1]], ring[order][nth == 1])
