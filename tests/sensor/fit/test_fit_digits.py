"""Sweeps whose coordinates were printed cost hardly more than before."""

from __future__ import annotations

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.sensor.fit import digits
from lizip.sensor.fit.digits import find_digits
from lizip.sensor.stages.digits import IN_ALL, printed

SWEEPS = {
    "ouster": (lambda: simulator.ouster(1, columns=1024, span=0.6), 4),
    "nuscenes": (lambda: simulator.nuscenes(1), 5),
    "argoverse": (lambda: simulator.vlp32c_pair(1), 5),
}


def points_of(name):
    make, fields = SWEEPS[name]
    return np.frombuffer(make(), "<f4").reshape(-1, fields)


def as_printed(points, form):
    xyz = printed(np.ascontiguousarray(points[:, :3]).ravel(), form).reshape(-1, 3)
    return np.concatenate([xyz, points[:, 3:]], axis=1)


def cloud_of(points):
    return Cloud("bin", columns={name: np.ascontiguousarray(points[:, k]) for k, name in enumerate("xyz")})


@pytest.mark.parametrize("form", [6, 7, IN_ALL + 5, IN_ALL + 6, IN_ALL + 7])
@pytest.mark.parametrize("name", ["ouster", "nuscenes"])
def test_how_coordinates_were_printed_is_found(name, form):
    points = points_of(name)
    assert find_digits(cloud_of(as_printed(points, form))) == form
    assert find_digits(cloud_of(points)) is None


@pytest.mark.parametrize("decimals", [2, 3, 4, 5])
def test_coarse_decimals_are_left_to_solvers(decimals):
    assert find_digits(cloud_of(as_printed(points_of("ouster"), decimals))) is None


@pytest.mark.parametrize(
    ("name", "form", "most"),
    [
        ("ouster", 6, 0.2),
        ("ouster", IN_ALL + 7, 0.8),
        ("ouster", IN_ALL + 6, 2.0),
        ("nuscenes", 6, 1.5),
        ("nuscenes", IN_ALL + 7, 1.5),
        ("argoverse", 6, 1.5),
        ("argoverse", IN_ALL + 7, 1.0),
    ],
)
def test_a_printed_sweep_costs_hardly_more(name, form, most):
    points = points_of(name)
    stored = as_printed(points, form)
    straight, packed = len(lizip.compress(points)), lizip.compress(stored)
    assert np.array_equal(lizip.decompress(packed), stored)
    assert 8 * (len(packed) - straight) < most * len(points)


def test_a_plain_solution_stays_where_it_says_less(monkeypatch):
    cloud, sizes, answers = cloud_of(points_of("ouster")), {"plain": 10, "again": 20}, iter(["plain", "again", "again"])
    monkeypatch.setattr(digits, "_expected", lambda solution, schema: cloud.columns)
    monkeypatch.setattr(digits, "_size", sizes.get)
    assert digits.solve_printed(cloud, 6, lambda each: next(answers)) == "plain"
