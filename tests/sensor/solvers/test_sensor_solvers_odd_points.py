"""A few odd points among a sweep's, or one: no numbers, overflows, far outliers. They cost themselves alone."""

import warnings

import numpy as np
import pytest
import sweeps

import lizip
from lizip import simulator
from lizip.sensor.solvers import chunked, moving, static, timed

SWEEPS = {
    "argoverse": (simulator.vlp32c_pair, 1, 5, chunked.SOLVER),
    "pandaset": (simulator.pandaset, 1, 4, timed.SOLVER),
    "nuscenes": (simulator.nuscenes, 12, 5, moving.SOLVER),
    "ouster": (simulator.ouster, 1, 4, static.SOLVER),
}
ODD = {
    "one NaN": lambda draws: (1, np.nan),
    "some infinite": lambda draws: (20, np.inf),
    "overflows": lambda draws: (3, 1e30),
    "outliers": lambda draws: (40, draws.normal(size=(40, 3)) * 1e7),
    "far": lambda draws: (10, (1000.0, 2000.0, 3.0)),
}


def bits(records, solver):
    """Bits a point of everything but ranges and intensities."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = sweeps.round_trip(records, solver=solver)
    assert solution is not None
    return 8 * len(solution.model.pack()) / len(records)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", SWEEPS)
def test_odd_points_cost_themselves_alone(name, kind):
    make, seed, fields, solver = SWEEPS[name]
    records = np.frombuffer(sweeps.kept(make, seed), "<f4").reshape(-1, fields)
    draws = np.random.default_rng(1)
    count, odd = ODD[kind](draws)
    which = draws.choice(len(records), count, replace=False)
    changed = records.copy()
    changed[which, :3] = odd
    assert bits(changed, solver) < bits(records, solver) + 0.3 + 300 * count / len(records)


@pytest.mark.parametrize("name", SWEEPS)
def test_odd_points_among_missing_ones(name):
    make, seed, fields, solver = SWEEPS[name]
    records = np.frombuffer(sweeps.kept(make, seed), "<f4").reshape(-1, fields)
    which = np.random.default_rng(2).choice(len(records), len(records) // 40, replace=False)
    changed = records.copy()
    changed[which, :3] = 0
    usual = bits(changed, solver)
    changed[which[:5], :3] = np.nan
    changed[which[5:9], :3] = -np.inf
    assert bits(changed, solver) < usual + 1


def test_the_largest_number_in_place_of_nothing():
    """As some drivers write it."""
    records = np.frombuffer(sweeps.kept(simulator.kitti, 1, firings=250), "<f4").reshape(-1, 4).copy()
    records[::50, :3] = np.finfo(np.float32).max
    assert lizip.decompress(lizip.compress(records)).tobytes() == records.tobytes()


def test_a_scan_on_a_plane_is_of_no_sensor():
    """What moves so far above it that nothing is near, or looks so, is declined without a sound."""
    records = np.frombuffer(sweeps.kept(simulator.nuscenes, 12), "<f4").reshape(-1, 5).copy()
    records[:, 2] = -1.7
    assert lizip.decompress(lizip.compress(records)).tobytes() == records.tobytes()


def test_numbers_that_signal():
    records = np.frombuffer(sweeps.kept(simulator.nuscenes, 12), "<f4").reshape(-1, 5).copy()
    records.view("<u4")[[7, 900, 20_000], [0, 1, 2]] = 0x7F800001, 0xFF812345, 0x7F800001
    assert lizip.decompress(lizip.compress(records)).tobytes() == records.tobytes()
