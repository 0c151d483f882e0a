"""Sensors without a profile: found out from one scan, in any layout, and back bit for bit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sweeps import cloud_of, grids_of, noticed_or_harmless, rebuilt, round_trip, solve, stage_of

from lizip.errors import CorruptError
from lizip.sensor.fit.elevations import rings_by_elevation
from lizip.sensor.fit.missing import find_missing
from lizip.sensor.fit.mount import find_mount, refine_mount
from lizip.sensor.stages.attributes import Attributes
from lizip.simulator import os_sensor, turning
from lizip.simulator.motion import rotation
from lizip.simulator.scene import street

RINGS, COLUMNS = 16, 512


def grid(seed=1, **options):
    """A whole simulated grid (firings, rings, 4) with zeros where nothing returned."""
    options = {"rings": RINGS, "columns": COLUMNS, **options}
    data = os_sensor.sweep(seed, drop_missing=False, **options).data
    return np.frombuffer(data, "<f4").reshape(-1, options["rings"], 4).copy()


def returns(cells):
    """Points of a grid, in its order, without those that are zero."""
    points = cells.reshape(-1, cells.shape[-1])
    return points[(points[:, :3] != 0).any(axis=1)]


LAYOUTS = {
    "firings": lambda cells: returns(cells),
    "firings upwards": lambda cells: returns(cells[:, ::-1]),
    "firings in the maker's order": lambda cells: returns(cells[:, np.arange(RINGS).reshape(2, -1).T.ravel()]),
    "rings": lambda cells: returns(cells.transpose(1, 0, 2)),
    "rings upwards": lambda cells: returns(cells[:, ::-1].transpose(1, 0, 2)),
    "against the clock": lambda cells: returns(cells[::-1]),
    "all firings": lambda cells: cells.reshape(-1, 4),
    "all rings": lambda cells: cells.transpose(1, 0, 2).reshape(-1, 4),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_comes_back(layout):
    measured = round_trip(LAYOUTS[layout](grid()), most_exceptions=2)
    assert measured.about.notes["columns of a turn"] == COLUMNS
    assert measured.grids[0].ranges.shape == (COLUMNS, RINGS)


@pytest.mark.parametrize("tick", [0.001, 0.002, 0.004, 0.00372])
def test_range_tick_is_found(tick):
    measured = round_trip(returns(grid(2, tick=tick)), most_exceptions=2)
    assert measured.grids[0].tick == pytest.approx(tick, rel=1e-7)


@pytest.mark.parametrize("columns", [1024, 1812])
def test_columns_of_a_turn_are_found(columns):
    measured = round_trip(returns(grid(3, columns=columns)), most_exceptions=2)
    assert measured.about.notes["columns of a turn"] == columns


def test_part_of_a_turn():
    measured = round_trip(grid(1, columns=1024, span=0.4).reshape(-1, 4))
    assert measured.grids[0].ranges.shape[0] < 480


def test_missing_returns_as_nan_with_intensities_of_their_own():
    points = grid().reshape(-1, 4)
    missing = (points[:, :3] == 0).all(axis=1)
    points[missing, :3] = np.nan
    points[missing, 3] = np.arange(np.count_nonzero(missing)) % 5
    assert round_trip(points).grids[0].everywhere


def test_millimetre_coordinates():
    points = returns(grid(4, tick=0.005))
    points[:, :3] = np.round(points[:, :3].astype(np.float64), 3)
    round_trip(points, most_exceptions=2)


def test_further_columns_come_back():
    cells = grid()
    ring = np.broadcast_to(np.arange(RINGS, dtype=np.float32)[None, :, None], (*cells.shape[:2], 1))
    time = np.random.default_rng(0).normal(size=ring.shape).astype(np.float32)
    points = returns(np.concatenate([cells, ring, time], axis=2))
    measured = round_trip(points, most_exceptions=2)
    assert len(stage_of(measured, Attributes).streams[0]) < 200


def test_three_columns_and_odd_intensities():
    points = returns(grid())
    assert round_trip(np.ascontiguousarray(points[:, :3]), 2).grids[0].intensity is None
    points[5, 3], points[6, 3] = np.nan, -0.0
    round_trip(points, 2)
    points[:, 3] = np.random.default_rng(0).normal(size=len(points))
    assert round_trip(points, 2).grids[0].intensity is None


def test_outliers_and_dropped_points_cost_only_themselves():
    rng = np.random.default_rng(1)
    points = returns(grid(1, columns=1024))
    points[rng.choice(len(points), 30, replace=False), :3] += 0.37
    round_trip(points, most_exceptions=40)
    round_trip(np.delete(points, slice(None, None, 7), axis=0), most_exceptions=40)


def test_points_turned_or_noisy_at_the_scale_of_ulps():
    points = returns(grid(2, columns=1024))
    turned = points.copy()
    turned[:, :2] = (points[:, :2].astype(np.float64) @ np.array([[0.8, 0.6], [-0.6, 0.8]])).astype(np.float32)
    noisy = points.copy()
    noisy[:, :3] += np.random.default_rng(0).normal(0, 5e-6, (len(points), 3)).astype(np.float32)
    for other, most in ((turned, 5), (noisy, 24)):
        measured = round_trip(other, most_exceptions=50)
        assert 8 * len(measured.model.pack()) < most * len(other)


def mounted(points, angles, arithmetic="double"):
    """Points in the frame of a vehicle; zeros stay zeros."""
    out, there = points.copy(), (points[..., :3] != 0).any(axis=-1)
    out[there, :3] = turning.mounted(points[there][:, :3], rotation(*angles), np.array([1.2, -0.3, 1.73]), arithmetic)
    return out


@pytest.mark.parametrize("layout", ["firings", "rings", "all rings"])
@pytest.mark.parametrize("arithmetic", ["double", "float"])
def test_sweeps_in_the_frame_of_a_vehicle(layout, arithmetic):
    points = mounted(LAYOUTS[layout](grid(6, columns=1024)), (0.3, 0.02, -0.03), arithmetic)
    measured = round_trip(points, most_exceptions=5)
    assert 8 * len(measured.model.pack()) < 10 * len(points)


@pytest.mark.parametrize("angles", [(0.5, 0.0, 0.0), (-2.0, 0.7, 0.2), (1.0, 0.0, 3.0)])
def test_any_mount_is_found_to_nanometres(angles):
    points = mounted(returns(grid(7, columns=1024)), angles)
    mount = find_mount(points[:, :3])
    ring = rings_by_elevation(mount.to_sensor(points[:, :3]))
    order = np.argsort(ring, kind="stable")
    bounds = np.searchsorted(ring[order], np.arange(RINGS + 1))
    refined = refine_mount(mount, np.ascontiguousarray(points[order, :3]), bounds)
    away = refined.rotation[:, 2] - rotation(*angles)[:, 2]
    turned = refined.rotation[:, 2] + rotation(*angles)[:, 2]
    assert min(np.abs(away).max(), np.abs(turned).max()) < 2e-8
    beside = refined.to_sensor(np.array([[1.2, -0.3, 1.73]]))[0, :2]
    assert np.abs(beside).max() < 1e-6
    np.testing.assert_allclose(refined.rotation @ refined.rotation.T, np.eye(3), atol=1e-14)


def driven(name, seed=3, span=0.3, **options):
    model = turning.MODELS[name]
    return turning.sweep(seed, model, span=span, **options).records.reshape(-1, model.rings, 4).copy()


DRIVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "vlp16 block": ("vlp16", {}),
    "vlp16 whole": ("vlp16", {"advance": "whole"}),
    "vlp16, more than a turn": ("vlp16", {"advance": "whole", "span": 1.02}),
    "hdl32 whole": ("hdl32", {"advance": "whole"}),
    "hdl32, more than a turn": ("hdl32", {"advance": "whole", "offsets": "whole", "span": 1.03, "seed": 630}),
    "vlp32 whole": ("vlp32", {"advance": "whole", "offsets": "whole"}),
    "pandar64": ("pandar64", {}),
    "xt32": ("xt32", {}),
    "rs32": ("rs32", {"advance": "whole", "offsets": "whole"}),
}


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("layout", ["firings", "rings", "all firings"])
def test_drivers_of_unlocked_sensors(driver, layout):
    name, options = DRIVERS[driver]
    points = LAYOUTS[layout](driven(name, **options))
    measured = round_trip(points, most_exceptions=len(points) // 100)
    firings = int(options.get("span", 0.3) * turning.TURN / turning.MODELS[name].step)
    assert abs(measured.grids[0].ranges.shape[0] - firings) < 0.35 * firings
    assert 8 * len(measured.model.pack()) < 3 * len(points)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vlp16", {"advance": "whole", "arithmetic": "float"}),
        ("vlp16", {"advance": "whole", "arithmetic": "ros"}),
        ("pandar64", {"offsets": "whole", "arithmetic": "float"}),
        ("hdl32", {"advance": "whole", "arithmetic": "double"}),
        ("xt32", {}),
    ],
)
def test_the_arithmetic_of_drivers_leaves_nothing_to_correct(name, options):
    points = returns(driven(name, span=0.6, **options))
    measured = round_trip(points, most_exceptions=len(points) // 100)
    assert measured.about.notes["corrected"] < 0.05 * len(points)


@pytest.mark.parametrize("layout", ["firings", "all rings"])
def test_directions_in_float32(layout):
    beams = os_sensor.Beams.draw(8, RINGS).printed()
    points = LAYOUTS[layout](grid(8, beams=beams, arithmetic="float"))
    assert round_trip(points, most_exceptions=2).about.notes["corrected"] < 5


@pytest.mark.parametrize("layout", ["firings", "all firings", "all rings"])
@pytest.mark.parametrize("name", ["vlp16", "hdl32"])
def test_azimuths_that_go_on_inside_a_firing(name, layout):
    points = LAYOUTS[layout](driven(name, advance="exact", span=0.5))
    measured = round_trip(points, most_exceptions=10)
    assert measured.about.notes["corrected"] < 0.06 * len(points)
    assert 8 * len(measured.model.pack()) < 1.5 * len(points)


def test_what_is_no_spinning_sensor_is_declined():
    points = returns(grid())
    rng = np.random.default_rng(0)
    noisy = points.copy()
    noisy[:, :3] += rng.normal(0, 0.01, (len(points), 3))
    unordered = rng.permutation(points)
    for other in (noisy, unordered, rng.normal(0, 10, (4000, 4)).astype(np.float32), points[:100]):
        assert solve(other.astype(np.float32)) is None
    for value in (0.0, np.nan, 1e38):
        assert solve(np.full((4000, 4), value, np.float32)) is None


@pytest.mark.parametrize(("name", "most"), [("os0_32_grid", 0.06), ("os1_128_returns", 0.04)])
def test_real_ouster_sweeps(data, name, most):
    points = np.fromfile(data / "ouster" / f"{name}.bin", "<f4").reshape(-1, 4)
    measured = round_trip(points, most_exceptions=10)
    assert 8 * len(measured.model.pack()) < most * len(points)


@pytest.mark.parametrize("layout", ["firings", "rings", "all rings"])
def test_damaged_models_are_noticed_or_harmless(layout):
    points = LAYOUTS[layout](grid(5))
    noticed_or_harmless(points, solve(points), 200)


def test_foreign_grids_are_corrupt():
    points = LAYOUTS["all rings"](grid(5))
    solution, schema = solve(points), cloud_of(points).schema
    packed, ((ranges, light),) = solution.model.pack(), grids_of(solution)
    for grid_, intensity in ((ranges[:, 1:], light[:, 1:]), (ranges[1:], light[1:]), (ranges, None), (-ranges, light)):
        with pytest.raises(CorruptError):
            rebuilt(packed, [(grid_, intensity)], schema, len(points))
    for count in (len(points) + 16, len(points) - 1, 0):
        with pytest.raises(CorruptError):
            rebuilt(packed, [(ranges, light)], schema, count)
    with pytest.raises(CorruptError):
        rebuilt(packed, [(ranges, light)], (*schema, ("more", np.dtype("<f4"))), len(points))


def test_beams_that_stand_close_together():
    altitude = np.radians(np.linspace(5.5, -5.5, 64))
    beams = os_sensor.Beams(altitude, np.radians(np.tile([2.1, 0.7, -0.7, -2.1], 16)), 0.013762).printed()
    data = os_sensor.sweep(11, rings=64, columns=512, beams=beams).data
    solution = round_trip(np.frombuffer(data, "<f4").reshape(-1, 4).copy(), most_exceptions=5)
    assert solution.grids[0].ranges.shape == (512, 64)


@pytest.mark.parametrize("layout", ["firings", "all firings"])
def test_a_roof_beside_the_sensor(layout):
    scene = street(7)
    roof = np.array([[0.1, 0.0, 1.0, 1.5, 0.7, 0.5, 0.2, 0.3]])
    scene = replace(scene, boxes=np.concatenate([scene.boxes, roof]))
    altitude = np.radians(np.linspace(45, -45, 64))
    beams = os_sensor.Beams(altitude, np.radians(np.tile([10.9, 3.6, -3.6, -10.9], 16)), 0.02767).printed()
    points = LAYOUTS[layout](grid(11, rings=64, columns=1024, beams=beams, scene=scene, tick=0.008))
    near = np.sqrt((points[:, :2] ** 2).sum(axis=1))
    assert np.count_nonzero((near > 0) & (near < 1)) > 500
    solution = round_trip(points, most_exceptions=len(points) // 500)
    assert 8 * len(solution.model.pack()) < 1.5 * len(points)


def test_a_sweep_thinned_to_few_points_a_firing():
    points = returns(grid(1, columns=1024))
    kept = np.sort(np.random.default_rng(0).choice(len(points), len(points) // 5, replace=False))
    assert round_trip(points[kept], most_exceptions=10).grids[0].ranges.shape[1] == RINGS


def test_a_single_point_repeats_nothing():
    missing, words = find_missing(np.zeros((1, 3), np.float32))
    assert missing.all()
    assert not words.any()
    assert not find_missing(np.ones((1, 3), np.float32))[0].any()
