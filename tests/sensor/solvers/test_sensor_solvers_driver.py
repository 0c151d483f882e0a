"""Sweeps that public drivers computed: every law is found from the points alone, and nothing is corrected."""

from dataclasses import replace

import numpy as np
import pytest
from sweeps import cloud_of, grids_of, rebuilt, stage_of

from lizip.sensor.fit.driver.blocks import usual_places
from lizip.sensor.solvers import static
from lizip.sensor.solvers.driver import SOLVER
from lizip.sensor.stages.blocks import ALL_CELLS, ALL_COMPUTED, DOUBLED, RINGS_CELLS, RINGS_COMPUTED, Blocks
from lizip.sensor.stages.driver import Driver
from lizip.sensor.stages.driver_arithmetic import EXACT, FINE, HUNDREDTHS, LENS, SINGLE_HUNDREDTHS, SUM, TURNED
from lizip.sensor.stages.rounding import UNSIGNED, Rounding
from lizip.sensor.stages.seconds import BY_BANK, BY_FIRING, BY_GROUP, ReturnOrder, Seconds
from lizip.sensor.state import SensorState
from lizip.simulator.drivers import sweep
from lizip.simulator.sensors import SENSORS
from lizip.simulator.turning import MODELS

DRIVERS = [
    ("nebula Hesai", "xt32"),
    ("nebula Hesai", "pandar64"),
    ("nebula Velodyne", "vlp32"),
    ("nebula Velodyne", "vlp16"),
    ("velodyne_pointcloud", "hdl32"),
    ("PCL", "hdl32"),
    ("Hesai general SDK", "pandar64"),
]


def solved(points, most_exceptions=0.001, most_corrected=0.001, solver=SOLVER):
    """The solution, after it gave back every bit."""
    solution = solver.solve(cloud_of(points), "default", SensorState())
    assert solution is not None
    again = rebuilt(solution.model.pack(), grids_of(solution), cloud_of(points).schema, len(points))
    np.testing.assert_array_equal(again, points.view(np.uint32))
    assert solution.about.notes["exceptions"] <= most_exceptions * len(points)
    assert solution.about.notes["corrected"] <= most_corrected * len(points)
    return solution


@pytest.mark.parametrize(("driver", "model"), DRIVERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_law_is_found(driver, model, seed):
    points = sweep(seed, MODELS[model], driver, span=0.6).records
    solution = solved(points)
    assert sum(np.count_nonzero(grid.ranges) for grid in solution.grids) >= 0.99 * len(points)


@pytest.mark.parametrize("span", [0.1, 0.25, 1.0])
def test_parts_of_a_turn(span):
    solved(sweep(3, MODELS["xt32"], "nebula Hesai", span=span).records)


def test_zeros_take_the_signs_that_were_computed():
    solution = solved(sweep(4, MODELS["hdl32"], "PCL", missing="zeros", span=0.5).records)
    assert stage_of(solution, Blocks).form == ALL_COMPUTED


def test_missing_returns_as_nan():
    solution = solved(sweep(5, MODELS["hdl32"], "velodyne_pointcloud", missing="NaN", span=0.5).records)
    assert stage_of(solution, Blocks).form == ALL_CELLS


@pytest.mark.parametrize(
    ("missing", "driver", "form"),
    [("zeros", "PCL", RINGS_COMPUTED), ("NaN", "velodyne_pointcloud", RINGS_CELLS)],
)
def test_images_whose_rows_are_rings(missing, driver, form):
    """Organised clouds: one laser after the other."""
    sent = sweep(5, MODELS["hdl32"], driver, missing=missing, span=0.5)
    points = sent.records[: len(sent.records) // 32 * 32]
    in_blocks = solved(points)
    turned = points.reshape(-1, 32, points.shape[1]).swapaxes(0, 1).reshape(points.shape)
    solution = solved(turned)
    assert stage_of(solution, Blocks).form == form
    np.testing.assert_array_equal(solution.grids[0].ranges, in_blocks.grids[0].ranges)


def test_rings_without_their_missing_returns_are_declined():
    """What was fired together does not show; solvers for any order take them."""
    points = sweep(1, MODELS["hdl32"], "PCL", span=0.6).records
    elevation = points[:, 2] / np.hypot(points[:, 0], points[:, 1])
    rings = np.argsort(np.rint(elevation * 1000), kind="stable")
    assert SOLVER.solve(cloud_of(points[rings]), "default", SensorState()) is None


def test_second_returns():
    sent = sweep(6, MODELS["pandar64"], "nebula Hesai", span=0.5, twice=0.05)
    solution = solved(sent.records)
    stage = stage_of(solution, Seconds)
    assert stage is not None
    assert 8 * len(stage.body) < 0.9 * len(sent.records)


def test_some_points_moved_by_hand():
    points = sweep(7, MODELS["vlp32"], "nebula Velodyne", span=0.5).records.copy()
    points[::97, 0] += 0.37
    solved(points, most_exceptions=0.02)


def test_further_columns():
    points = sweep(8, MODELS["xt32"], "nebula Hesai", span=0.4).records
    stamp = np.arange(len(points), dtype=np.float32)
    label = (np.arange(len(points)) // 50 % 7).astype(np.float32)
    solved(np.column_stack([points, label, stamp]).astype(np.float32))


def test_points_removed():
    points = sweep(9, MODELS["pandar64"], "nebula Hesai", span=0.6).records
    kept = (np.hypot(points[:, 0], points[:, 1]) < 30) & (np.random.default_rng(1).random(len(points)) < 0.9)
    solved(points[kept])


@pytest.mark.parametrize("seed", range(4))
def test_a_room_of_noise_is_declined(seed):
    points = np.random.default_rng(seed).normal(0, 5, (2000, 4)).astype(np.float32)
    assert SOLVER.solve(cloud_of(points), "default", SensorState()) is None


def test_points_on_a_range_lattice_alone_are_declined():
    draw = np.random.default_rng(1)
    ticks, angle, rise = draw.integers(500, 9000, 4000), draw.uniform(0, 6.28, 4000), draw.uniform(-0.3, 0.3, 4000)
    away = ticks * 0.004
    flat = away * np.cos(rise)
    points = np.stack([flat * np.cos(angle), flat * np.sin(angle), away * np.sin(rise)], axis=1).astype(np.float32)
    assert SOLVER.solve(cloud_of(points), "default", SensorState()) is None


def test_the_last_laser_of_a_block_is_not_taken_for_one_near_its_beginning():
    sent = sweep(3, MODELS["hdl32"], "velodyne_pointcloud", span=0.6)
    lasers = np.tile(np.arange(32), len(sent.ranges))[sent.ranges.ravel() > 0]
    np.testing.assert_array_equal(usual_places(lasers, 32), np.arange(32))


@pytest.mark.parametrize(
    ("driver", "sensor", "angle", "missing"),
    [
        ("nebula Hesai", "xt32", SUM, "dropped"),
        ("nebula RoboSense", "helios", SUM, "dropped"),
        ("nebula Velodyne", "vlp16", HUNDREDTHS, "dropped"),
        ("velodyne_pointcloud", "hdl32", SINGLE_HUNDREDTHS, "NaN"),
        ("velodyne_pointcloud", "vlp32c", TURNED, "dropped"),
        ("velodyne_pointcloud", "vlp32c", TURNED, "NaN"),
        ("velodyne_pointcloud, new libm", "vlp32c", TURNED, "dropped"),
        ("Hesai SDK 2.0", "xt32", FINE, "zeros"),
        ("Hesai SDK 2.0", "pandar40p", FINE, "dropped"),
        ("Hesai general SDK, timed", "pandar64", HUNDREDTHS, "dropped"),
        ("Hesai double", "pandar40 2 mm", EXACT, "dropped"),
        ("PCL", "vlp16", EXACT, "dropped"),
    ],
)
def test_the_law_is_the_drivers(driver, sensor, angle, missing):
    model = SENSORS[sensor]
    share = min(1.0, 14000 / (36000 / model.step * model.rings))
    points = sweep(11, model, driver, missing=missing, span=share).records
    assert stage_of(solved(points), Driver).law.angle == angle


@pytest.mark.parametrize(("sensor", "missing"), [("rs32", "dropped"), ("helios", "NaN")])
def test_a_lens_beside_the_axis(sensor, missing):
    """RoboSense: found from what the solver for any sensor makes of the sweep."""
    model = SENSORS[sensor]
    points = sweep(12, model, "rs_driver", missing=missing, span=0.6).records
    driver = stage_of(solved(points, solver=static.SOLVER), Driver)
    assert driver.law.angle == LENS
    assert driver.lens[0] == np.float32(model.origin)
    assert sorted(driver.offsets.numbers.tolist()) == sorted(np.rint(100 * model.azimuth).astype(int).tolist())


BLOCKS = {"twice": 0.2, "arranged": "blocks"}
EQUAL = BLOCKS | {"repeated": True}


@pytest.mark.parametrize(
    ("driver", "sensor", "options", "kind"),
    [
        ("nebula Velodyne", "vlp16", BLOCKS, BY_GROUP),
        ("nebula Velodyne", "vlp32c", BLOCKS, BY_FIRING),
        ("nebula Velodyne", "vls128", BLOCKS, BY_BANK),
        ("velodyne_pointcloud", "vlp16", EQUAL, BY_GROUP),
        ("velodyne_pointcloud", "hdl32", EQUAL, BY_FIRING),
        ("Hesai SDK 2.0", "pandar64", EQUAL | {"missing": "zeros"}, BY_FIRING),
    ],
)
def test_second_returns_block_after_block(driver, sensor, options, kind):
    sent = sweep(8, SENSORS[sensor], driver, span=0.2, **options)
    solution = solved(sent.records, 0.003)
    assert stage_of(solution, ReturnOrder).kind == kind
    firsts = np.count_nonzero((sent.truth["nth"] == 0) & (sent.truth["ticks"] > 0))
    cells = sum(np.count_nonzero(grid.ranges) for grid in solution.grids)
    assert 0.98 * firsts < cells < 1.02 * firsts


@pytest.mark.parametrize("options", [{}, EQUAL])
@pytest.mark.parametrize("sensor", ["qt128", "ot128"])
def test_zeros_of_lasers_that_return_nothing(sensor, options):
    """Some are silent by design, some look at the sky; their zeros have the signs of sines and cosines."""
    model = SENSORS[sensor]
    model = replace(model, asleep=model.asleep | (np.arange(128) % 9 == 5))
    sent = sweep(10, model, "Hesai SDK 2.0", span=0.15, missing="zeros", **options)
    solution = solved(sent.records)
    blocks = stage_of(solution, Blocks)
    assert len(blocks.places) == 128
    assert blocks.form == (DOUBLED if options else ALL_COMPUTED)


def test_a_laser_that_happens_to_look_where_it_did_before_has_fired_again():
    """Velodyne's drivers interpolate no azimuths in the last block of a packet."""
    for sensor in ("vlp16", "vlp32c"):
        solution = solved(sweep(9, SENSORS[sensor], "nebula Velodyne", span=0.5).records)
        assert not any(isinstance(stage, Seconds) for part in solution.model.parts for stage in part.stages)


@pytest.mark.parametrize(
    ("driver", "sensor"),
    [("nebula Hesai", "qt64"), ("nebula Velodyne", "vlp32c"), ("PCL", "hdl32"), ("velodyne_pointcloud", "vlp16")],
)
@pytest.mark.parametrize("missing", ["dropped", "zeros"])
def test_six_decimals_leave_the_law(driver, sensor, missing):
    """Text as most programs write it: %.6f of near points has fewer digits than float32."""
    points = sweep(11, SENSORS[sensor], driver, span=0.4, missing=missing).records.copy()
    points[:, :3] = np.round(points[:, :3].astype(np.float64), 6)
    solution = solved(points, 0.002, 0.02)
    assert stage_of(solution, Rounding).decimal % UNSIGNED == 1_000_000


@pytest.mark.parametrize("sensor", ["pandar64", "qt64", "xt32m", "ot128"])
@pytest.mark.parametrize("place", [0.02, 0.5])
def test_a_small_part_of_a_sweep(sensor, place):
    """Few points of a laser: rounded sums tell its offset only with the decimals that makers print; near the end of a
    turn, sums go beyond it and are rounded coarsely though the angle is small."""
    points = sweep(12, SENSORS[sensor], "nebula Hesai", span=0.9).records
    first = int(place * len(points))
    solution = solved(points[first : first + 2000], 0.01, 0.002)
    assert stage_of(solution, Driver).law.angle == SUM
