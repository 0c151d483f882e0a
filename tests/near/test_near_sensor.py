"""Sensor models made coarser: within the bound, smaller than exact, and as good as the ordinary way again."""

from fractions import Fraction
from functools import partial
from typing import Any

import harness
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.codecs import Options, load
from lizip.errors import CorruptError
from lizip.formats import split
from lizip.sensor.fit import coarser as sensor
from lizip.sensor.fit import side_by_side
from lizip.sensor.fit.common_step import with_common_steps
from lizip.sensor.model import Returns
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.moves import Moves

SWEEPS = {name: partial(harness.sample, name) for name in ("kitti_part", "nuscenes_part", "ouster_part", "driver_part")}
SWEEPS["argoverse_part"] = partial(simulator.vlp32c_pair, 1, packets=40)


def solve(cloud: Cloud, options: Options) -> Any:
    sweep: Any = load("sweep")
    return sweep.solve(cloud, options)


BOUNDS = (1e-5, 0.001, 0.01, 0.1)


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_are_within_the_bound_and_never_larger_than_exact(name):
    data = SWEEPS[name]()
    before, exact = split(data), lizip.compress(data)
    assert lizip.info(exact)["codec"] == "sweep"
    sizes = []
    for bound in BOUNDS:
        packed = lizip.compress(data, max_error=bound)
        info = lizip.info(packed)
        assert info["codec"] == "sweep"
        assert 0 <= info["largest_error"] <= bound
        after = split(bytes(lizip.decompress(packed)))
        lizip.verify(packed, data)
        for k, (old, new) in enumerate(zip(before.columns.values(), after.columns.values(), strict=True)):
            if k > 2:
                assert old.tobytes() == new.tobytes()
                continue
            limit = Fraction(repr(bound))
            finite = np.isfinite(old)
            assert old[~finite].tobytes() == new[~finite].tobytes()
            old, new = old[finite], new[finite]
            close = ~(np.abs(new.astype(np.float64) - old) < bound * (1 - 1e-9))  # the others need no fractions
            pairs = zip(old[close].tolist(), new[close].tolist(), strict=True)
            assert max((abs(Fraction(b) - Fraction(a)) for a, b in pairs), default=0) <= limit
        sizes.append(len(packed) - 60)  # what the section of the bounds takes
    assert sizes[0] <= 1.01 * len(exact)
    assert sizes[2] < 0.9 * len(exact)
    assert sorted(sizes, reverse=True) == sizes


def test_the_step_is_about_twice_the_bound():
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())
    near = sensor.coarser(solution, cloud.schema, 0.01)
    (coarse,) = [stage for stage in near.model.parts[0].stages if isinstance(stage, Coarse)]
    step = coarse.step >> coarse.halved
    assert step in (9, 10, 11)
    assert near.grids[0].ranges.max() <= solution.grids[0].ranges.max() / (step - 1)


def test_ranges_that_change_the_order_are_nudged(monkeypatch):
    """A file sorted by azimuth: two returns of a ring with a lateral offset change places when one comes nearer."""
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())
    seen = []
    check = side_by_side._check_same

    def once(exact, near):
        if not seen and exact.row is not None:
            seen.append(True)
            raise side_by_side.ReorderedError(exact.row[5:7], exact.ring[5:7])
        check(exact, near)

    monkeypatch.setattr(side_by_side, "_check_same", once)
    source = sensor.Source.of(solution.model.parts[0], solution.grids[0], cloud.schema)
    coarse = Coarse.centred(10)
    found = sensor.make_coarser(source, 0.01, coarse, 10)
    assert found is not None
    moved = found.grid.ranges.astype(int) - coarse.divided(2 * source.ranges)
    assert 1 <= np.count_nonzero(moved) <= 2
    assert np.abs(moved).max() == 1


def test_a_part_whose_order_cannot_be_kept_is_not_made_coarser(monkeypatch):
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())

    def never(exact, near):
        if exact.row is not None:
            raise side_by_side.ReorderedError(exact.row[:2], exact.ring[:2])

    monkeypatch.setattr(side_by_side, "_check_same", never)
    assert sensor.coarser(solution, cloud.schema, 0.01) is None


def test_a_common_step_is_taken_out_of_the_grid():
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())
    grid = solution.grids[0]
    ranges = Coarse(6, 0, 0).divided(grid.ranges) * np.int32(6)
    found = with_common_steps(solution._replace(grids=[grid._replace(ranges=ranges)]), cloud.schema)
    assert found.model.parts[0].stages[0] == Coarse(6, 0, 0)
    assert (found.grids[0].ranges * 6 == ranges).all()
    assert found.grids[0].tick == 6 * grid.tick


@pytest.mark.parametrize(("name", "bound"), [("kitti_part", 0.01), ("nuscenes_part", 0.01)])
def test_a_step_that_nearly_all_ranges_have_is_taken_out(name, bound):
    """Though some points were moved along their rays or corrected."""
    back = lizip.decompress(lizip.compress(harness.sample(name), max_error=bound))
    again = lizip.compress(back)
    assert lizip.decompress(again) == back
    assert "coarse ranges" in lizip.info(again)["streams"]


def test_ranges_without_a_common_step_stay():
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())
    (grid,) = solution.grids
    assert with_common_steps(solution, cloud.schema).grids[0] is grid
    few = grid._replace(ranges=np.where(np.arange(grid.ranges.size).reshape(grid.ranges.shape) < 40, 12, 0))
    assert with_common_steps(solution._replace(grids=[few]), cloud.schema).grids[0] is few


@pytest.mark.parametrize(("step", "offset", "share"), [(3, 0, 0.2), (2, 1, 0.1), (201, 7, 0.05)])
def test_ranges_that_are_beside_a_common_step_are_moved_there(step, offset, share):
    cloud = split(harness.sample("kitti_part"))
    solution = solve(cloud, Options())
    (grid,), rng = solution.grids, np.random.default_rng(step)
    multiples = Coarse(step, offset).multiplied(Coarse(step, offset).divided(grid.ranges))
    away = rng.integers(-1, 2, multiples.shape) * (rng.random(multiples.shape) < share) * (multiples > 1)
    given = (multiples + away).astype(np.int32)
    found = with_common_steps(solution._replace(grids=[grid._replace(ranges=given)]), cloud.schema)
    assert [type(stage) for stage in found.model.parts[0].stages[:2]] == [Coarse, Moves]
    returns = Returns(found.grids[0].ranges, None, cloud.schema, cloud.count)
    for stage in found.model.parts[0].stages[:2]:
        stage.apply(returns)
    assert (returns.ranges == given).all()
    first: Any = found.model.parts[0].stages[0]
    assert first.step == step


@pytest.mark.parametrize(
    ("place", "bound"),
    [
        *(("kitti/full_a.bin", 0.002), ("kitti/full_a.bin", 0.01), ("nuscenes/sweep_a.bin", 0.001)),
        *(("nuscenes/sweep_a.bin", 0.01), ("pandaset/000500.bin", 0.002)),
        ("argoverse/sweep_01.bin", 0.01),
        ("nuscenes/sweep_e.bin", 0.01),
    ],
)
def test_real_sweeps_are_coded_again_at_their_size(data, place, bound):
    """Steps of even numbers of ticks too, whose middle is between two ticks, and ranges that were moved."""
    near = lizip.compress((data / place).read_bytes(), max_error=bound)
    assert len(lizip.compress(lizip.decompress(near))) < 1.03 * len(near)


@pytest.mark.parametrize(("name", "bound"), [("nuscenes_part", 0.001), ("argoverse_whole", 0.002)])
def test_ranges_between_ticks_are_found_again(name, bound):
    near = lizip.compress(harness.sample(name), max_error=bound)
    back = lizip.decompress(near)
    again = lizip.compress(back)
    assert lizip.decompress(again) == back
    assert len(again) < 1.15 * len(near)
    solution = solve(split(bytes(back)), Options())
    coarse = [stage for part in solution.model.parts for stage in part.stages if isinstance(stage, Coarse)]
    assert {(stage.step, stage.halved) for stage in coarse} == {(4, 1)}


def test_what_came_back_is_coded_again_without_loss_at_its_size():
    """The common step of the ranges is found again."""
    near = lizip.compress(harness.sample("argoverse_whole"), max_error=0.02)
    again = lizip.compress(lizip.decompress(near))
    assert lizip.decompress(again) == lizip.decompress(near)
    assert "coarse ranges" in lizip.info(again)["streams"]
    assert len(again) <= 1.05 * len(near)


@pytest.mark.parametrize(
    ("make", "seed", "bound", "most"),
    [
        *((simulator.pandaset, 2, 0.1, 1.06), (simulator.pandaset, 1, 0.01, 1.12)),
        *((simulator.nuscenes, seed, 0.05, 1.01) for seed in (1, 2, 3)),
        *((simulator.vlp32c_pair, 1, 0.3, 1.0), (simulator.vlp32c_pair, 1, 0.01, 1.0)),
    ],
)
def test_moving_sensors_are_found_again_where_ranges_are_coarse(make, seed, bound, most):
    """Neighbours on a ring are level then, wherever the sensor is thought to be; tracks of few digits are found to the
    bit."""
    near = lizip.compress(make(seed), max_error=bound)
    back = lizip.decompress(near)
    again = lizip.compress(back)
    assert lizip.decompress(again) == back
    assert len(again) <= most * len(near)


@pytest.mark.parametrize("step", [2, 3, 10, 65536])
def test_coarse_ranges_are_in_the_middle_of_those_that_they_stand_for(step):
    """Off by half of the ticks less one."""
    stage = Coarse.unpack(Coarse.centred(step).pack())
    ranges = np.random.default_rng(1).integers(0, 1 << 20, (40, 5)).astype(np.int32)
    counted = ranges << stage.halved
    returns = Returns(stage.divided(counted), None, (), 0)
    stage.apply(returns)
    assert returns.halved == (step % 2 == 0)
    assert ((returns.ranges > 0) == (ranges > 0)).all()
    assert ((returns.ranges - stage.offset) % stage.step == 0)[ranges > 0].all()
    away = np.abs(returns.ranges - counted)[ranges > step].max() / (2 if returns.halved else 1)
    assert away <= (step - 1) / 2


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(1, 1 << 16))
def test_moves_come_back(rings, seed, share, most):
    rng = np.random.default_rng(seed)
    ranges = (rng.integers(1, 1 << 20, (20, rings)) * (rng.random((20, rings)) < 0.8)).astype(np.int32)
    moves = rng.integers(-most, most + 1, ranges.shape) * (rng.random(ranges.shape) < share)
    moves = np.where(ranges > 0, np.maximum(moves, 1 - ranges), 0)
    returns = Returns(ranges, None, (), 0)
    Moves.unpack(Moves.of(ranges, moves).pack()).apply(returns)
    assert (returns.ranges == ranges + moves).all()


def test_moves_out_of_bounds():
    ranges = np.full((4, 3), 5, np.int32)
    for moves in (np.full((4, 3), -5), np.full((4, 3), 1 << 24)):
        with pytest.raises(CorruptError):
            Moves.of(ranges, moves).apply(Returns(ranges, None, (), 0))


def test_a_bound_of_half_a_tick_halves_the_ranges():
    """Two ticks of 2 mm are within 1 mm of what is between them; few points need to be moved for that."""
    cloud = split(harness.sample("nuscenes_part"))
    solution = solve(cloud, Options())
    near = sensor.coarser(solution, cloud.schema, 0.001)
    stages = {type(stage): stage for stage in near.model.parts[0].stages}
    assert stages[Coarse] == Coarse(4, 1, 1)
    assert len(stages[Moves].pack()) < 0.05 * cloud.count
    assert near.grids[0].ranges.max() < 0.51 * solution.grids[0].ranges.max()


def test_impossible_steps():
    for data in (b"\x00\x00\x00", b"\x81\x80\x08\x00\x00", b"", b"\x02\x00", b"\x02\x00\x02", b"\x02\x00\x00\x00"):
        with pytest.raises(CorruptError):
            Coarse.unpack(data)
    with pytest.raises(CorruptError):
        Coarse(65536).apply(Returns(np.full((1, 1), 1 << 20, np.int32), None, (), 0))
