"""KITTI's chain: whatever it takes on comes back bit for bit; what is not its kind it declines."""

import numpy as np
import pytest

from lizip import simulator
from lizip.cloud import Cloud
from lizip.errors import CorruptError
from lizip.sensor.hdl64e import CHAIN, EXCEPTIONS, HEADER
from lizip.simulator import hdl64

NAMES = ("x", "y", "z", "intensity")


def cloud_of(points):
    return Cloud("bin", b"\4", {name: points[:, i] for i, name in enumerate(NAMES)})


def simulated(seed, firings=300, **options):
    return np.frombuffer(simulator.kitti(seed, firings=firings, **options), "<f4").reshape(-1, 4).copy()


def round_trip(points, least_explained=0.98):
    cloud = cloud_of(points)
    measured = CHAIN.recover(cloud, "default")
    assert measured is not None
    columns = CHAIN.rebuild(measured.ranges, measured.intensity, measured.side, cloud.schema, len(points))
    again = np.stack([columns[name] for name in NAMES], axis=1)
    np.testing.assert_array_equal(again.view(np.uint32), points.view(np.uint32))
    assert np.count_nonzero(measured.ranges) >= least_explained * len(points)
    return measured


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_sweep_of_an_unknown_calibration(seed):
    points = simulated(seed)
    measured = round_trip(points)
    assert sum(map(len, measured.side.values())) * 8 < 1.2 * len(points)


def test_camera_crop():
    round_trip(simulated(3, firings=2150, camera=True))


@pytest.mark.parametrize("name", ["full_a", "seq_1"])
def test_real_sweep_matches_the_profile(data, name):
    points = np.fromfile(data / "kitti" / f"{name}.bin", "<f4").reshape(-1, 4)
    measured = round_trip(points, 0.9999)
    assert measured.info["calibration"] == "profile"
    assert sum(map(len, measured.side.values())) * 8 < 0.03 * len(points)


def test_real_crop_matches_a_part_of_the_profile(data):
    measured = round_trip(np.fromfile(data / "kitti_fov" / "crop_0.bin", "<f4").reshape(-1, 4), 0.999)
    assert measured.ranges.shape[1] == 46


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
        round_trip(mutilated)


def test_swapped_neighbours_cost_one_exception():
    points = simulated(4)
    before = CHAIN.recover(cloud_of(points), "default").info["exceptions"]
    points[[100, 101]] = points[[101, 100]]
    assert CHAIN.recover(cloud_of(points), "default").info["exceptions"] == before + 1


def test_what_is_not_of_this_kind_is_declined():
    points = simulated(4)
    rng = np.random.default_rng(0)
    turned = points.copy()
    turned[:, :2] = points[:, :2] @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    noisy = points.copy()
    noisy[:, :3] = np.round(points[:, :3] + rng.normal(0, 0.01, (len(points), 3)), 3)
    noise = rng.normal(0, 10, (5000, 4)).astype(np.float32)
    for other in (turned, rng.permutation(points), noisy, noise, points[:40], np.full((3000, 4), np.nan, np.float32)):
        assert CHAIN.recover(cloud_of(other), "default") is None


def test_a_fitted_calibration_serves_the_next_sweep_as_a_hint():
    calibration = hdl64.Calibration.draw(9)
    first, second = (
        np.frombuffer(hdl64.sweep(seed, firings=300, calibration=calibration).data, "<f4").reshape(-1, 4)
        for seed in (21, 22)
    )
    CHAIN.recover(cloud_of(first), "default")
    hint = CHAIN.last_hint
    measured = CHAIN.recover(cloud_of(second), "default", hint)
    assert measured is not None
    assert CHAIN.last_hint is hint


def test_damaged_side_streams_are_noticed_or_harmless():
    points = simulated(6)
    cloud = cloud_of(points)
    measured = CHAIN.recover(cloud, "default")
    rng = np.random.default_rng(3)
    for _ in range(300):
        number = int(rng.choice(list(measured.side)))
        damaged = bytearray(measured.side[number])
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        if rng.random() < 0.3:
            damaged = damaged[: rng.integers(len(damaged))]
        side = {**measured.side, number: bytes(damaged)}
        try:
            columns = CHAIN.rebuild(measured.ranges, measured.intensity, side, cloud.schema, len(points))
        except CorruptError:
            continue
        assert all(len(column) == len(points) for column in columns.values())


def test_missing_streams_and_foreign_grids_are_corrupt():
    points = simulated(6)
    cloud = cloud_of(points)
    measured = CHAIN.recover(cloud, "default")
    without = {number: data for number, data in measured.side.items() if number != HEADER}
    grid, light = measured.ranges, measured.intensity
    bad_ranges = np.where(grid > 0, -grid, 0)
    for ranges, intensity, side in (
        (grid, light, without),
        (grid[:, :-1], light[:, :-1], measured.side),
        (grid, None, measured.side),
        (bad_ranges, light, measured.side),
        (np.zeros_like(grid), light, measured.side),
        (grid, light, {**measured.side, EXCEPTIONS: b"\xff\xff\x03\x00"}),
    ):
        with pytest.raises(CorruptError):
            CHAIN.rebuild(ranges, intensity, side, cloud.schema, len(points))
