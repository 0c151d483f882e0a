"""Two VLP-32C through a vehicle's frame: found from one sweep, and back bit for bit."""

from itertools import pairwise

import numpy as np
import pytest
import sweeps
from sweeps import check_columns as check
from sweeps import cloud_of, grids_of

import lizip
from lizip.errors import CorruptError
from lizip.sensor.fit.chunked.azimuths import Seen, find_origin
from lizip.sensor.fit.chunked.pairs_on_rings import comes_back
from lizip.sensor.fit.chunked.parts import find_parts
from lizip.sensor.solvers.chunked import SOLVER
from lizip.sensor.stages.chunks import Chunks
from lizip.sensor.stages.packets import Packets
from lizip.sensor.stages.slots import VLP_32C, Azimuths
from lizip.simulator import hdl32, hdl64, pandar64, vlp32

ELSEWHERE = (
    vlp32.Mount((2.9, 0.01, -0.02), (0.4, 0.3, 2.1), False),
    vlp32.Mount((-1.2, -0.01, 0.01), (0.4, 0.3, 1.95), True),
)


def solve(columns):
    return sweeps.solve(columns, solver=SOLVER)


@pytest.fixture(scope="module")
def sweep():
    return vlp32.sweep(3, speed=9.0, lost=0.003)


@pytest.fixture(scope="module")
def solution(sweep):
    return solve(list(np.ascontiguousarray(sweep.records.T)))


def test_a_sweep_comes_back(sweep, solution):
    check(solution, list(np.ascontiguousarray(sweep.records.T)))


def test_the_law_is_found(sweep, solution):
    upper, lower = solution.model.parts
    assert upper.count == int(sweep.truth["upper"])
    assert [part.stages[0].upside_down for part in solution.model.parts] == [False, True]
    # nearly all points are exact before any correction
    assert solution.about.notes["corrected"] < 0.12 * len(sweep.records)
    assert solution.about.notes["exceptions"] < 0.01 * len(sweep.records)
    raw = sweep.truth["raw"].reshape(2, -1)
    for part, azimuth in zip((upper, lower), raw, strict=True):
        assert abs((part.stages[1].first - azimuth[0] + 18000) % 36000 - 18000) < 24


def test_nothing_is_fitted_twice(sweep, monkeypatch):
    """What was fitted to the points of a part when the parts were told is taken from there."""
    columns = list(np.ascontiguousarray(sweep.records[:, :3].T))
    parts = find_parts(columns, VLP_32C)
    assert set(pairwise(parts.bounds)) <= set(parts.fits)
    monkeypatch.setattr("lizip.sensor.fit.chunked.solve.fit_elevations", lambda *_: None)
    assert len(solve(columns).model.parts) == 2


def test_other_mounts_and_turns():
    sweep = vlp32.sweep(11, speed=-4.0, yaw_rate=0.25, mounts=ELSEWHERE)
    columns = list(np.ascontiguousarray(sweep.records[:, :3].T))
    found = solve(columns)
    check(found, columns)
    assert found.about.notes["corrected"] < 0.25 * len(columns[0])


def test_further_fields_follow_from_the_laser(sweep):
    columns = list(np.ascontiguousarray(sweep.records[:, :3].T))
    rng = np.random.default_rng(1)
    laser = sweep.truth["lasers"].astype("<u2")
    intensity = (100 + 20 * rng.normal(size=len(laser))).clip(0, 255).astype("u1")
    columns += [intensity, laser]
    found = solve(columns)
    schema = cloud_of(columns).schema
    again = found.model.rebuild(grids_of(found), schema)
    for (name, _), column in zip(schema, columns, strict=True):
        assert again[name].tobytes() == column.tobytes()
    assert sum(len(part.stages[-1].pack()) for part in found.model.parts) < 400


@pytest.mark.parametrize("first", [4000, 9137, 15000])
def test_a_part_may_begin_inside_a_packet(sweep, first):
    columns = list(np.ascontiguousarray(sweep.records[first : first + 14000].T))
    found = solve(columns)
    check(found, columns)
    assert found.about.notes["corrected"] < 0.25 * len(columns[0])


def test_one_sensor_alone(sweep):
    columns = list(np.ascontiguousarray(sweep.records[: int(sweep.truth["upper"]), :3].T))
    found = solve(columns)
    assert len(found.model.parts) == 1
    check(found, columns)


@pytest.mark.parametrize("make", [hdl32.sweep, hdl64.sweep])
def test_other_sensors_are_none_of_its_business(make):
    assert solve(list(np.ascontiguousarray(make(5).records.T))) is None


def test_twice_as_many_lasers_are_told_at_once(sweep, monkeypatch):
    """Their rings come back after more points than those of a VLP-32C; nothing is fitted to them."""
    assert comes_back(np.ascontiguousarray(sweep.records[:, :3]))
    assert comes_back(np.ascontiguousarray(sweep.records[::4, :3]))
    monkeypatch.setattr("lizip.sensor.fit.chunked.parts.fit_elevations", lambda *_: pytest.fail("a fit"))
    assert find_parts(list(np.ascontiguousarray(pandar64.sweep(5).records[:, :3].T)), VLP_32C) is None


def test_noise_is_none_of_its_business():
    rng = np.random.default_rng(0)
    assert solve([rng.normal(size=20000).astype("<f4") for _ in range(3)]) is None


def test_files_become_small(sweep):
    packed = lizip.compress(sweep.data)
    assert lizip.decompress(packed) == sweep.data
    assert 8 * len(packed) < 14 * len(sweep.records)


@pytest.mark.parametrize("stage", [1, 2, 3, 4, 5])
def test_damaged_stages_are_refused_or_rebuild_something(solution, stage, sweep):
    """Whatever stands in a stage, nothing but CorruptError comes out."""
    columns = list(np.ascontiguousarray(sweep.records.T))
    rng = np.random.default_rng(stage)
    part = solution.model.parts[0]
    kind, data = type(part.stages[stage]), bytearray(part.stages[stage].pack())
    for _ in range(30):
        forged = bytearray(data)
        for place in rng.integers(0, len(forged), 3):
            forged[place] = rng.integers(256)
        stages = list(part.stages)
        try:
            stages[stage] = kind.unpack(bytes(forged))
            solution.model.__class__([type(part)(stages, part.count)]).rebuild(
                grids_of(solution)[:1], cloud_of(columns).schema
            )
        except CorruptError:
            pass


def test_guards():
    with pytest.raises(CorruptError):
        Azimuths.unpack(b"\xff\xff\xff\x7f")
    with pytest.raises(CorruptError):
        Packets.unpack(b"\xff\xff\xff\xff\xff\xff\x7f\0")
    with pytest.raises(CorruptError):
        Chunks.unpack(b"\xff\xff\xff\xff\x7f")


def test_real_sweeps(data):
    folder = data / "argoverse"
    if not folder.is_dir():
        pytest.skip("no Argoverse sweeps")
    raw = (folder / "sweep_04.bin").read_bytes()
    packed = lizip.compress(raw)
    assert lizip.decompress(packed) == raw
    assert 8 * len(packed) < 8.0 * (len(raw) // 20)


def test_a_mirror_image_is_the_same_sweep(sweep, solution):
    mirrored = sweep.records * np.array([1, -1, 1, 1, 1], np.float32)
    columns = list(np.ascontiguousarray(mirrored.T))
    other = solve(columns)
    check(other, columns)
    assert other.about.notes["corrected"] < 1.1 * solution.about.notes["corrected"] + 100


@pytest.mark.parametrize("yaw", [-1.5, 0.0, 1.4])
def test_the_second_sensor_may_begin_anywhere(yaw):
    """Its turn may begin up to half a turn before or behind the end of the first."""
    mounts = (
        vlp32.Mount((-1.8, -0.016, 0.005), (1.0, 0.04, 2.5), False),
        vlp32.Mount((yaw, -0.009, -0.015), (0.5, -0.1, 2.3), False),
    )
    points = vlp32.sweep(1010, mounts=mounts, speed=20.0, yaw_rate=0.3)
    found = solve(list(np.ascontiguousarray(points.records.T)))
    assert found.model.parts[0].count == int(points.truth["upper"])


def test_no_returns_tell_no_origin_of_azimuths():
    none = Seen(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    assert find_origin(VLP_32C, False, np.arange(40), none) == (0, 1.0)
    few = Seen(np.zeros(9, np.int64), np.zeros(9, np.int64), np.zeros(9))
    assert find_origin(VLP_32C, False, np.arange(4), few) == (0, 1.0)


def test_errors_that_fit_exactly_are_no_division_by_zero():
    some = Seen(np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64))
    origin, margin = find_origin(VLP_32C, False, np.zeros(30, np.int64), some)
    assert 0 <= origin < 36000
    assert np.isfinite(margin)


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_what_is_missing_is_left_out(sweep, nothing):
    """Also among the last points of the first sensor."""
    records = sweep.records.copy()
    draw = np.random.default_rng(2)
    records[draw.random(len(records)) < 0.02, :3] = nothing
    columns = list(np.ascontiguousarray(np.concatenate([records, np.full_like(records[:9000], nothing)]).T))
    found = solve(columns)
    assert len(found.model.parts) == 2
    assert found.about.notes["exceptions"] < 0.01 * len(records)
    check(found, columns)


def test_backwards_it_is_nobodys_sweep(sweep):
    """Firings by azimuth would be one a turn, and tables of all of them larger than any memory."""
    columns = list(np.ascontiguousarray(sweep.records[9000::-1].T))
    assert solve(columns) is None


CUTS = {
    "ahead": lambda x, y: (x > 1) & (np.abs(y) < x),
    "to the left": lambda x, y: y > 0,
    "behind": lambda x, y: x < 0,
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_both_sensors_are_found_in_a_part_of_the_surroundings(sweep, cut):
    inside = cut(*sweep.records[:, :2].T)
    columns = list(np.ascontiguousarray(sweep.records[inside].T))
    found = solve(columns)
    upper = np.count_nonzero(inside[: int(sweep.truth["upper"])])
    assert abs(found.model.parts[0].count - upper) < 3
    assert found.about.notes["exceptions"] < 0.03 * len(columns[0])
    check(found, columns)


@pytest.mark.parametrize("first", [-24000, -6000, -700])
def test_a_whole_sensor_behind_a_scrap_of_the_other(sweep, first):
    upper = int(sweep.truth["upper"])
    columns = list(np.ascontiguousarray(sweep.records[upper + first :].T))
    found = solve(columns)
    strange = -first if -first < 1000 else 0
    assert len(found.model.parts) == (1 if strange else 2)
    assert found.about.notes["exceptions"] < strange + 0.01 * len(columns[0])
    check(found, columns)


@pytest.mark.parametrize("further", [200, 1000, 9000])
def test_a_scrap_of_the_other_behind_a_whole_sensor(sweep, further):
    upper = int(sweep.truth["upper"])
    columns = list(np.ascontiguousarray(sweep.records[: upper + further].T))
    found = solve(columns)
    strange = further if further < 5000 else 0
    assert len(found.model.parts) == (1 if strange else 2)
    assert found.about.notes["exceptions"] < strange + 0.01 * len(columns[0])
    check(found, columns)
