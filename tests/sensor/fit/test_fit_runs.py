"""Scans that were turned round, rolled, or whose runs were exchanged, cost what they cost as they were listed."""

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.sensor.fit.runs import _in_a_row, run_bounds, whole_orders
from lizip.simulator import hdl32

SWEEPS = {
    "nuscenes": lambda: np.frombuffer(simulator.nuscenes(3), "<f4").reshape(-1, 5),
    "nuscenes, a part": lambda: np.frombuffer(simulator.nuscenes(4, firings=400), "<f4").reshape(-1, 5)[:, :4],
    "pandaset": lambda: np.frombuffer(simulator.pandaset(1, blocks=900), "<f4").reshape(-1, 4),
    "pandaset, whole": lambda: np.frombuffer(simulator.pandaset(1), "<f4").reshape(-1, 4),
    "argoverse": lambda: np.frombuffer(simulator.vlp32c_pair(2), "<f4").reshape(-1, 5)[:, :3],
}


def exchanged(points):
    quarters = np.array_split(points, 4)
    return np.concatenate([quarters[k] for k in (2, 0, 3, 1)])


CHANGES = {
    "rolled": lambda points: np.roll(points, len(points) // 3 + 5, axis=0),
    "rolled back a little": lambda points: np.roll(points, -len(points) // 10, axis=0),
    "turned round": lambda points: points[::-1],
    "turned round and rolled": lambda points: np.roll(points[::-1], 1711, axis=0),
    "exchanged": exchanged,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("sensor", ["nuscenes, a part", "pandaset"])
def test_whole_orders_undo(sensor, change):
    points = np.ascontiguousarray(SWEEPS[sensor]())
    number = CHANGES[change](np.arange(len(points)))
    orders = [order for order, _ in whole_orders(points[number, :3])]
    assert all(np.array_equal(np.sort(order), np.arange(len(points))) for order in orders)
    # a run may begin a few points beside its seam
    astray = min(np.count_nonzero(np.abs(number[order] - np.arange(len(points))) > 100) for order in orders)
    assert astray < 100


@pytest.mark.parametrize("sensor", SWEEPS)
def test_what_is_as_listed_stays(sensor):
    assert not list(whole_orders(np.ascontiguousarray(SWEEPS[sensor]()[:, :3])))


@pytest.mark.parametrize(
    ("after", "starts"), [({0: 1, 2: 3, 3: 2}, [0]), ({0: 1, 1: 0}, []), ({}, [2]), ({3: 0, 0: 2, 2: 1}, [3])]
)
def test_every_run_has_its_place(after, starts):
    runs = np.split(np.arange(40), 4)
    assert np.array_equal(np.sort(_in_a_row(runs, after, starts)), np.arange(40))


def test_what_is_no_scan_has_no_other_order():
    draw = np.random.default_rng(1)
    assert not list(whole_orders(draw.normal(0, 30, (20000, 3)).astype("<f4")))
    assert not list(whole_orders(np.zeros((20000, 3), "<f4")))
    assert not list(whole_orders(np.full((20000, 3), np.nan, "<f4")))
    assert not list(whole_orders(np.repeat(draw.normal(0, 30, (64, 3)), 500, axis=0)))


@pytest.mark.parametrize(
    ("sensor", "change"),
    [
        ("nuscenes, a part", "turned round"),
        pytest.param("nuscenes", "rolled", marks=pytest.mark.slow),
        pytest.param("nuscenes", "exchanged", marks=pytest.mark.slow),
        pytest.param("pandaset", "turned round and rolled", marks=pytest.mark.slow),
        pytest.param("argoverse", "rolled", marks=pytest.mark.slow),
    ],
)
def test_what_is_listed_otherwise_costs_as_much(sensor, change):
    points = np.ascontiguousarray(SWEEPS[sensor]())
    changed = np.ascontiguousarray(CHANGES[change](points))
    straight, packed = (lizip.compress(each, fields=points.shape[1]) for each in (points.tobytes(), changed.tobytes()))
    assert lizip.info(packed)["codec"] == "sweep"
    assert len(packed) < 1.01 * len(straight) + 100
    assert lizip.decompress(packed) == changed.tobytes()


@pytest.mark.parametrize("sensor", ["nuscenes", pytest.param("pandaset, whole", marks=pytest.mark.slow)])
def test_a_sector_where_the_sweep_begins_and_ends(sensor):
    """Two runs, each with a model of its own."""
    points = SWEEPS[sensor]()
    points = points[np.linalg.norm(points[:, :3], axis=1) > 2]
    behind = np.ascontiguousarray(points[points[:, 0] < 0])
    assert len(run_bounds(behind[:, :3])) == 3
    whole, packed = (lizip.compress(each.tobytes(), fields=each.shape[1]) for each in (points, behind))
    assert lizip.info(packed)["parts"] == 2
    assert lizip.decompress(packed) == behind.tobytes()
    assert len(packed) / len(behind) < 1.4 * len(whole) / len(points)


@pytest.mark.parametrize("share", [0.3, 0.47, 0.7])
def test_seams_of_a_thinned_scan_are_not_sure(share):
    xyz = np.frombuffer(hdl32.sweep(3).data, "<f4").reshape(-1, 5)[:, :3]
    kept = np.random.default_rng(4).random(len(xyz)) < share
    assert not any(whole.surely for whole in whole_orders(xyz[kept]))
    assert any(whole.surely for whole in whole_orders(np.roll(xyz, len(xyz) // 3, axis=0)))
