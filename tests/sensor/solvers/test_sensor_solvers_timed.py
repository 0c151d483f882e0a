"""A Pandar64 whose points have poses of their own: found from one sweep, and back bit for bit."""

import numpy as np
import pytest
import sweeps
from sweeps import check_columns as check
from sweeps import cloud_of, grids_of, stage_of

import lizip
from lizip.errors import CorruptError
from lizip.exact.rotation import rotation_of_euler
from lizip.sensor.fit.timed.adjust import DOUBTS, changed
from lizip.sensor.fit.timed.law import FIXED, LOCAL, Law, derive, knots_of, make_work, predict
from lizip.sensor.fit.timed.origin import find_start
from lizip.sensor.fit.timed.sensor import pandar64
from lizip.sensor.solvers.timed import SOLVER
from lizip.sensor.stages.corrections import Corrections
from lizip.sensor.stages.far_corrections import FarCorrections
from lizip.sensor.stages.far_frame import FarFrame
from lizip.sensor.stages.packet_times import PacketTimes
from lizip.simulator import hdl32, hdl64, os_sensor, vlp32
from lizip.simulator import pandar64 as simulator

ELSEWHERE = simulator.Mount((0.01, -0.02, 0.03), (1.2, 0.1, 1.5))


def columns_of(sweep):
    return list(np.ascontiguousarray(sweep.records.T))


def solve(columns):
    return sweeps.solve(columns, solver=SOLVER)


@pytest.fixture(scope="module")
def sweep():
    return simulator.sweep(2, world=True)


@pytest.fixture(scope="module")
def solution(sweep):
    return solve(columns_of(sweep))


def test_a_world_sweep_comes_back_and_is_explained(sweep, solution):
    check(solution, columns_of(sweep))
    # most points are exact before any correction, which needs a track good to a tenth of a micrometre
    assert solution.about.notes["corrected"] < 0.3 * len(sweep.records)
    assert solution.about.notes["exceptions"] < 0.002 * len(sweep.records)


def test_ranges_and_lasers_are_those_that_were_measured(sweep, solution):
    lags, ranges = pandar64().lags, solution.grids[0].ranges
    blocks = len(ranges) - int(lags.max())
    found = np.stack([ranges[lag : lag + blocks, ring] for ring, lag in enumerate(lags)], axis=1)
    # from the first block with a return on, or one near it
    alike = [
        np.mean(found[40:-40] == sweep.ranges[k + 40 : k + blocks - 40]) for k in range(len(sweep.ranges) - blocks)
    ]
    assert max(alike) > 0.999
    assert np.count_nonzero(found) <= len(sweep.records)


def test_packets_are_found_to_the_slot(sweep, solution):
    stage = stage_of(solution, PacketTimes)
    found = stage.times(simulator_rhythm(solution), len(solution.grids[0].ranges) - int(pandar64().lags.max()))
    steps, true = np.diff(found), np.diff(sweep.truth["slots"])
    # from the first block with a return on; at the ends of a sweep few points tell
    best = max(np.mean(steps[60:1700] == true[60 + k : 1700 + k]) for k in range(60))
    assert best > 0.97


def simulator_rhythm(solution):
    from lizip.sensor.stages.profile import PROFILES, load_profile

    return load_profile(PROFILES[solution.model.parts[0].stages[0].index]).rhythm


@pytest.mark.parametrize(
    ("seed", "options", "bits"),
    [
        (1, {"blocks": 700}, 15),
        (3, {"speed": 0.0, "yaw_rate": 0.0}, 12),
        (4, {"speed": 28.0, "yaw_rate": -0.1, "blocks": 900}, 17.5),
        (5, {"speed": 4.0, "yaw_rate": 0.4, "mount": ELSEWHERE}, 12),
        (3, {"speed": 12.0, "yaw_rate": 0.8}, 17.5),
    ],
    ids=["part", "at rest", "fast", "another mount, turning", "turning fast"],
)
def test_other_sweeps_in_the_vehicles_frame(seed, options, bits):
    sweep = simulator.sweep(seed, **options)
    columns = columns_of(sweep)[:3]
    found = solve(columns)
    check(found, columns)
    size = sum(len(stage.pack()) for stage in found.model.parts[0].stages)
    assert 8 * size < bits * len(sweep.records)


def test_points_that_no_laser_fired_are_exceptions(sweep):
    columns = [column[:30000].copy() for column in columns_of(sweep)]
    rng = np.random.default_rng(1)
    for column in columns[:3]:
        column[rng.integers(0, 30000, 40)] += np.float32(0.31)
    columns[0][777] = -0.0
    check(solve(columns), columns)


@pytest.mark.parametrize(
    "make",
    [
        lambda: hdl32.sweep(5),
        lambda: hdl64.sweep(5),
        lambda: vlp32.sweep(5, packets=60),
        lambda: os_sensor.sweep(5, columns=512),
    ],
    ids=["HDL-32E", "HDL-64E", "VLP-32C", "Ouster"],
)
def test_other_sensors_are_none_of_its_business(make):
    records = make().records
    assert find_start(np.ascontiguousarray(records[:, :3]), pandar64()) is None
    assert solve(list(np.ascontiguousarray(records.T))) is None


def test_noise_is_none_of_its_business():
    rng = np.random.default_rng(0)
    assert solve([rng.normal(size=20000).astype("<f4") for _ in range(3)]) is None
    assert solve([np.zeros(20000, "<f4")] * 3) is None
    assert solve([np.full(20000, np.nan, "<f4")] * 3) is None
    assert solve([np.full(20000, 3e38, "<f4")] * 3) is None


def test_derivatives_are_those_of_the_law():
    rng = np.random.default_rng(1)
    turns = np.stack([rotation_of_euler(*(0.3 * rng.normal(size=3))) for _ in range(3)])
    far, mount = rotation_of_euler(0.1, -0.05, 0.4), rotation_of_euler(-0.02, 0.03, 0.1)
    law = Law(np.array([0.0, 100.0, 230.0]), turns, rng.normal(size=(3, 3)), far, mount, np.array([0.8, 0.1, 1.9]))
    point, size = 10 * rng.normal(size=(1, 3)), 7 * 3 + FIXED
    assert len(DOUBTS) == FIXED
    for time, k in ((30.0, 0), (150.0, 1)):
        work, at = make_work(), np.array([time])
        derive(knots_of(law), law.far, law.mount, law.lever, time, k, *point[0], LOCAL, work)
        columns = [*range(6 * k, 6 * k + 12), 18 + k, 19 + k, *range(21, size)]
        assert len(columns) == LOCAL
        for column, number in enumerate(columns):
            change = np.zeros(size)
            change[number] = 1e-5
            ahead, behind = (predict(changed(law, sign * change), at, point)[0] for sign in (1, -1))
            np.testing.assert_allclose(work.jacobian[:, column], (ahead - behind) / 2e-5, atol=1e-7)
        ahead, behind = (predict(law, at + step, point)[0] for step in (1e-3, -1e-3))
        np.testing.assert_allclose(work.speed, (ahead - behind) / 2e-3, atol=1e-9)


@pytest.mark.parametrize("stage", [1, 2, 4, 5, 7])
def test_damaged_stages_are_refused_or_rebuild_something(solution, stage, sweep):
    """Whatever stands in a stage, nothing but CorruptError comes out."""
    rng = np.random.default_rng(stage)
    part = solution.model.parts[0]
    kind, data = type(part.stages[stage]), bytearray(part.stages[stage].pack())
    refused = 0
    for _ in range(12):
        forged = bytearray(data)
        for place in rng.integers(0, len(forged), 3):
            forged[place] = rng.integers(256)
        stages = list(part.stages)
        try:
            stages[stage] = kind.unpack(bytes(forged))
            solution.model.__class__([type(part)(stages, part.count)]).rebuild(
                grids_of(solution), cloud_of(columns_of(sweep)).schema
            )
        except CorruptError:
            refused += 1
    assert kind is not Corrections or refused


def test_real_sweeps(data):
    folder = data / "pandaset"
    if not folder.is_dir():
        pytest.skip("no PandaSet sweeps")
    for name, bits in (("004000.bin", 13.6), ("world_coradite_000040.bin", 15.2)):
        raw = (folder / name).read_bytes()
        packed = lizip.compress(raw)
        assert lizip.decompress(packed) == raw
        assert 8 * len(packed) < bits * (len(raw) // 16)


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_what_is_missing_is_left_out(sweep, solution, nothing):
    records = np.concatenate([sweep.records, np.zeros_like(sweep.records[:5000])])
    records[np.random.default_rng(2).random(len(records)) < 0.01, :3] = nothing
    records[-5000:, :3] = nothing
    columns = list(np.ascontiguousarray(records.T))
    found = solve(columns)
    assert found.about.notes["exceptions"] < solution.about.notes["exceptions"] + 0.002 * len(records)
    check(found, columns)


CUTS = {
    "without the ground": lambda x, y, z: z > 0.3,
    "ahead": lambda x, y, z: (x > 1) & (np.abs(y) < 0.7 * x),
    "to the right": lambda x, y, z: (y < 0) & (x > -5),
    "every third point": lambda x, y, z: np.arange(len(x)) % 3 == 0,
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_parts_of_a_sweep_are_explained(cut):
    records = sweeps.kept(simulator.sweep, 5).records
    part = records[cut(*records[:, :3].T)]
    columns = list(np.ascontiguousarray(part.T))
    found = solve(columns)
    assert found.about.notes["exceptions"] < 0.03 * len(part)
    check(found, columns)


@pytest.mark.parametrize(("seed", "most"), [(1, 3.2), (2, 2.2)])
def test_float32_coordinates_of_a_map_are_found(seed, most):
    """A vehicle 80 m and more, or 50 m, from a map's origin: its points lie on the lattice of the map's float32."""
    sweep = simulator.sweep(seed)
    solution = solve(columns_of(sweep))
    check(solution, columns_of(sweep))
    assert stage_of(solution, FarFrame).rounded[:2].all()
    # heights are rounded in the map, too, which is not looked for; without the map it is 10 and 7 bits
    assert 8 * len(stage_of(solution, FarCorrections).body) < most * len(sweep.records)
