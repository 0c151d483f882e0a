from collections import Counter

import numpy as np

from lizip.cloud import Cloud
from lizip.codecs import Options
from lizip.codecs.sweep import CODEC
from lizip.sensor import SOLVERS, Registered


def test_each_solver_is_asked_once(monkeypatch):
    """Of a walk that no sensor makes: what declines must not do it twice."""
    walk = np.cumsum(np.random.default_rng(3).normal(size=(9000, 3)), axis=0).astype(np.float32)
    asked = Counter()
    load = Registered.load

    class Counting:
        def __init__(self, registered):
            self.registered = registered

        def solve(self, cloud, level, state):
            asked[self.registered.name] += cloud.count == len(walk)
            return load(self.registered).solve(cloud, level, state)

    monkeypatch.setattr(Registered, "load", lambda registered: Counting(registered))
    columns = {name: np.ascontiguousarray(walk[:, k]) for k, name in enumerate("xyz")}
    assert CODEC.solve(Cloud("bin", b"", columns), Options()) is None
    assert asked == {each.name: 1 for each in SOLVERS}
