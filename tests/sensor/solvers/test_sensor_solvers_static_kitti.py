"""Rings in azimuth order, as those of KITTI: what is taken on comes back bit for bit; what is not is declined."""

import numpy as np
import pytest
from sweeps import cloud_of, grids_of, noticed_or_harmless, rebuilt, round_trip, solve, stage_of

from lizip import simulator
from lizip.errors import CorruptError
from lizip.sensor.solvers import azimuth_rings
from lizip.sensor.stages.attributes import Attributes
from lizip.sensor.stages.order import AzimuthOrder
from lizip.sensor.state import SensorState
from lizip.simulator import hdl64, os_sensor


def simulated(seed, firings=300, **options):
    return np.frombuffer(simulator.kitti(seed, firings=firings, **options), "<f4").reshape(-1, 4).copy()


def explained(points, least=0.98):
    """Round trip of a sweep that is in azimuth order and explained but for few points."""
    solution = round_trip(points, round((1 - least) * len(points)))
    assert stage_of(solution, AzimuthOrder) is not None
    return solution


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_sweep_of_an_unknown_calibration(seed):
    points = simulated(seed)
    solution = explained(points)
    assert 8 * len(solution.model.pack()) < 1.2 * len(points)


def test_camera_crop():
    explained(simulated(3, firings=2150, camera=True))


@pytest.mark.parametrize("name", ["full_a", "seq_1"])
def test_real_sweep_matches_the_profile(data, name):
    points = np.fromfile(data / "kitti" / f"{name}.bin", "<f4").reshape(-1, 4)
    solution = explained(points, 0.9999)
    assert not solution.about.notes["fitted to this scan"]
    assert 8 * len(solution.model.pack()) < 0.03 * len(points)


def test_real_crop_matches_a_part_of_the_profile(data):
    solution = explained(np.fromfile(data / "kitti_fov" / "crop_0.bin", "<f4").reshape(-1, 4), 0.999)
    assert solution.grids[0].ranges.shape[1] == 46


def test_mutilated_sweeps_come_back():
    points = simulated(4)
    falls = np.flatnonzero(np.diff(np.mod(np.arctan2(points[:, 1], points[:, 0]), 2 * np.pi)) < -0.2)
    without_ring = np.delete(points, slice(falls[3] + 1, falls[4] + 1), axis=0)
    thinned = np.delete(points, slice(None, None, 7), axis=0)
    odd = points.copy()
    odd[50, 0], odd[60, 3], odd[70, 3], odd[80, 2] = 12345.678, -0.0, np.nan, np.nan
    swapped = points.copy()
    swapped[[100, 101]] = swapped[[101, 100]]
    moved = np.roll(points, 5000, axis=0)
    for mutilated in (without_ring, thinned, odd, swapped, moved):
        explained(mutilated)


def test_swapped_neighbours_cost_one_exception():
    points = simulated(4)
    before = solve(points).about.notes["exceptions"]
    points[[100, 101]] = points[[101, 100]]
    assert solve(points).about.notes["exceptions"] == before + 1


def test_what_is_not_of_this_kind_is_declined():
    points = simulated(4)
    rng = np.random.default_rng(0)
    turned = points.copy()
    turned[:, :2] = points[:, :2] @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    noisy = points.copy()
    noisy[:, :3] = np.round(points[:, :3] + rng.normal(0, 0.01, (len(points), 3)), 3)
    noise = rng.normal(0, 10, (5000, 4)).astype(np.float32)
    for other in (turned, rng.permutation(points), noisy, noise, points[:40], np.full((3000, 4), np.nan, np.float32)):
        solution = solve(other)
        assert solution is None or stage_of(solution, AzimuthOrder) is None


def test_a_fitted_calibration_serves_the_next_sweep_as_a_hint():
    calibration = hdl64.Calibration.draw(9)
    first, second = (
        np.frombuffer(hdl64.sweep(seed, firings=300, calibration=calibration).data, "<f4").reshape(-1, 4)
        for seed in (21, 22)
    )
    state = SensorState()
    solve(first, state=state)
    left = state.get("azimuth rings 0", object)
    assert left is not None
    assert solve(second, state=state) is not None
    assert state.get("azimuth rings 0", object) is left


def test_without_a_state_nothing_depends_on_the_sweep_before():
    calibration = hdl64.Calibration.draw(9)
    first, second = (
        np.frombuffer(hdl64.sweep(seed, firings=300, calibration=calibration).data, "<f4").reshape(-1, 4)
        for seed in (21, 22)
    )
    alone = solve(second).model.pack()
    state = SensorState()
    solve(first, state=state)
    assert solve(second).model.pack() == alone
    assert solve(second, state=state).model.pack() != alone


def test_damaged_models_are_noticed_or_harmless():
    points = simulated(6)
    noticed_or_harmless(points, solve(points), 300)


def test_foreign_grids_are_corrupt():
    points = simulated(6)
    solution, schema = solve(points), cloud_of(points).schema
    packed, ((ranges, light),) = solution.model.pack(), grids_of(solution)
    for grid, intensity in (
        (ranges[:, :-1], light[:, :-1]),
        (ranges, None),
        (np.where(ranges > 0, -ranges, 0), light),
        (np.zeros_like(ranges), light),
    ):
        with pytest.raises(CorruptError):
            rebuilt(packed, [(grid, intensity)], schema, len(points))


AXES = {
    "quarter turn": ((1, 1), (0, -1)),
    "half turn": ((0, -1), (1, -1)),
    "mirrored": ((0, 1), (1, -1)),
    "swapped": ((1, 1), (0, 1)),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_swapped_or_turned_round_are_put_back(name):
    points = simulated(1)
    plain = len(solve(points).model.pack())
    turned = points.copy()
    for k, (of, sign) in enumerate(AXES[name]):
        turned[:, k] = sign * points[:, of]
    assert len(explained(turned).model.pack()) <= plain + 4


def test_missing_points_are_left_out():
    points = simulated(1)
    rng = np.random.default_rng(0)
    plain = 8 * len(solve(points).model.pack()) / len(points)
    unknown = points.copy()
    unknown[rng.random(len(points)) < 0.02, :3] = np.nan
    padded = np.concatenate([points, np.zeros((len(points) // 10, 4), np.float32)])
    for other, more in ((unknown, 0.5), (padded, 0.1)):
        solution = round_trip(other)
        assert stage_of(solution, AzimuthOrder) is not None
        assert solution.about.notes["exceptions"] < 0.02 * len(points)
        assert 8 * len(solution.model.pack()) / len(points) < plain + more


@pytest.mark.parametrize("scale", [2.55, 255.0, 1 / 3])
def test_intensities_of_any_scale(scale):
    points = simulated(1)
    plain = solve(points)
    points[:, 3] *= np.float32(scale)
    solution = explained(points)
    assert solution.grids[0].intensity is not None
    assert len(solution.model.pack()) < len(plain.model.pack()) + 800


def test_intensities_that_are_none_and_further_columns_do_not_decide_over_geometry():
    points = simulated(1)
    rng = np.random.default_rng(0)
    plain = len(explained(points).model.pack())
    noise = rng.normal(size=len(points)).astype(np.float32)
    explained(np.ascontiguousarray(points[:, :3]))
    assert stage_of(explained(np.column_stack([points[:, :3], noise])), Attributes) is not None
    more = np.column_stack([points, np.zeros(len(points), np.float32), np.arange(len(points), dtype=np.float32)])
    assert len(explained(more).model.pack()) < plain + 1000


def test_zeros_are_no_decimals():
    """Many zeros where nothing returned look like whole centimetres, and the returns beside them are none."""
    records = os_sensor.sweep(5, drop_missing=False).records
    assert azimuth_rings.SOLVER.solve(cloud_of(records), "default", SensorState()) is None
