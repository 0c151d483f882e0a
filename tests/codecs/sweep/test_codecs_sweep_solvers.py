from collections import Counter

import numpy as np
import pytest

from lizip import simulator
from lizip.cloud import Cloud
from lizip.codecs import Options
from lizip.codecs.sweep import CODEC
from lizip.sensor import SOLVERS, Registered


def cloud_of(records):
    names = ("x", "y", "z", "intensity", "ring")[: records.shape[1]]
    return Cloud("bin", b"", {name: np.ascontiguousarray(records[:, k]) for k, name in enumerate(names)})


@pytest.fixture
def asked(monkeypatch):
    """How often each solver was asked about a cloud of so many points."""
    asked = Counter()
    load = Registered.load

    class Counting:
        def __init__(self, registered):
            self.registered = registered

        def solve(self, cloud, level, state):
            asked[self.registered.name, cloud.count] += 1
            return load(self.registered).solve(cloud, level, state)

    monkeypatch.setattr(Registered, "load", lambda registered: Counting(registered))
    return asked


def test_each_solver_is_asked_once(asked):
    """Of a walk that no sensor makes: what declines must not do it twice."""
    walk = np.cumsum(np.random.default_rng(3).normal(size=(9000, 3)), axis=0).astype(np.float32)
    assert CODEC.solve(cloud_of(walk), Options()) is None
    assert {name: count for (name, points), count in asked.items() if points == 9000} == {
        each.name: 1 for each in SOLVERS
    }


@pytest.mark.parametrize(("sweep", "columns"), [(simulator.kitti, 4), (simulator.nuscenes, 5)])
def test_a_sweep_that_is_explained_is_not_looked_at_as_a_moved_one(asked, sweep, columns):
    records = np.frombuffer(sweep(1, firings=300), np.float32).reshape(-1, columns)
    assert CODEC.solve(cloud_of(records), Options()) is not None
    assert all(name != "moved driver" for name, _ in asked)


def test_what_is_explained_badly_is_looked_at_as_a_moved_one(asked):
    """A driver's sweep with noise of a few millimetres, which solvers explain with corrections, if at all."""
    records = np.frombuffer(simulator.kitti(1, firings=300), np.float32).reshape(-1, 4).copy()
    records[:, :3] += np.random.default_rng(1).normal(0, 3e-3, records[:, :3].shape)
    CODEC.solve(cloud_of(records), Options())
    assert any(name == "moved driver" for name, _ in asked)
