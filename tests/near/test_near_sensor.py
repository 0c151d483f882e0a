"""Sensor models made coarser: within the bound, smaller than exact, and as good as the ordinary way again."""

from fractions import Fraction

import harness
import numpy as np
import pytest

import lizip
from lizip.codecs import Options, load
from lizip.errors import CorruptError
from lizip.formats import split
from lizip.sensor.fit import coarser as sensor
from lizip.sensor.fit import common_step
from lizip.sensor.fit.common_step import with_common_steps
from lizip.sensor.model import Returns
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.nudges import Nudges

SWEEPS = ("kitti_part", "nuscenes_part", "ouster_part", "argoverse_whole", "driver_part")
BOUNDS = (1e-5, 0.001, 0.01, 0.1)


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_are_within_the_bound_and_never_larger_than_exact(name):
    data = harness.sample(name)
    before, exact = split(data), lizip.compress(data)
    assert lizip.info(exact)["codec"] == "sweep"
    sizes = []
    for bound in BOUNDS:
        packed = lizip.compress(data, max_error=bound)
        info = lizip.info(packed)
        assert info["codec"] == "sweep"
        assert 0 <= info["largest_error"] <= bound
        after = split(lizip.decompress(packed))
        lizip.verify(packed, data)
        for k, (old, new) in enumerate(zip(before.columns.values(), after.columns.values(), strict=True)):
            if k > 2:
                assert old.tobytes() == new.tobytes()
                continue
            limit = Fraction(repr(bound))
            finite = np.isfinite(old)
            assert old[~finite].tobytes() == new[~finite].tobytes()
            pairs = zip(old[finite].tolist(), new[finite].tolist(), strict=True)
            assert max((abs(Fraction(b) - Fraction(a)) for a, b in pairs), default=0) <= limit
        sizes.append(len(packed) - 60)  # what the section of the bounds takes
    assert sizes[0] <= 1.01 * len(exact)
    assert sizes[2] < 0.9 * len(exact)
    assert sorted(sizes, reverse=True) == sizes


def test_the_step_is_about_twice_the_bound():
    cloud = split(harness.sample("kitti_part"))
    solution = load("sweep").solve(cloud, Options())
    near = sensor.coarser(solution, cloud.schema, 0.01)
    (coarse,) = [stage for stage in near.model.parts[0].stages if isinstance(stage, Coarse)]
    assert coarse.step in (9, 10, 11)
    assert near.grids[0].ranges.max() <= solution.grids[0].ranges.max() / (coarse.step - 1)


def test_ranges_that_change_the_order_are_nudged(monkeypatch):
    """A file sorted by azimuth: two returns of a ring with a lateral offset change places when one comes nearer."""
    cloud = split(harness.sample("kitti_part"))
    solution = load("sweep").solve(cloud, Options())
    seen = []
    check = sensor._check_same

    def once(exact, near):
        if not seen and exact.row is not None:
            seen.append(True)
            raise sensor._ReorderedError(exact.row[5:7], exact.ring[5:7])
        check(exact, near)

    monkeypatch.setattr(sensor, "_check_same", once)
    part, grid = solution.model.parts[0], solution.grids[0]
    found = sensor._try(part, grid, cloud.schema, 0.01, 10)
    assert found is not None
    moved = found.grid.ranges.astype(int) - Coarse(10, 1).divided(grid.ranges)
    assert 1 <= np.count_nonzero(moved) <= 2
    assert np.abs(moved).max() == 1


def test_a_part_whose_order_cannot_be_kept_is_not_made_coarser(monkeypatch):
    cloud = split(harness.sample("kitti_part"))
    solution = load("sweep").solve(cloud, Options())

    def never(exact, near):
        if exact.row is not None:
            raise sensor._ReorderedError(exact.row[:2], exact.ring[:2])

    monkeypatch.setattr(sensor, "_check_same", never)
    assert sensor.coarser(solution, cloud.schema, 0.01) is None


def test_a_common_step_is_taken_out_of_the_grid():
    cloud = split(harness.sample("kitti_part"))
    solution = load("sweep").solve(cloud, Options())
    grid = solution.grids[0]
    ranges = Coarse(6, 0).divided(grid.ranges) * np.int32(6)
    found = with_common_steps(solution._replace(grids=[grid._replace(ranges=ranges)]), cloud.schema)
    assert found.model.parts[0].stages[0] == Coarse(6, 0)
    assert (found.grids[0].ranges * 6 == ranges).all()
    assert found.grids[0].tick == 6 * grid.tick


@pytest.mark.parametrize(("name", "bound"), [("kitti_part", 0.01), ("nuscenes_part", 0.01)])
def test_a_step_that_nearly_all_ranges_have_is_taken_out(name, bound):
    """Though some points were moved along their rays or corrected."""
    back = lizip.decompress(lizip.compress(harness.sample(name), max_error=bound))
    again = lizip.compress(back)
    assert lizip.decompress(again) == back
    assert "coarse ranges" in lizip.info(again)["streams"]


def test_a_model_that_does_not_give_the_same_points_is_not_taken(monkeypatch):
    cloud = split(harness.sample("kitti_part"))
    solution = load("sweep").solve(cloud, Options())
    (part,), (grid,) = solution.model.parts, solution.grids
    other = part, grid._replace(ranges=np.where(grid.ranges > 0, grid.ranges + 1, 0).astype(np.int32))
    monkeypatch.setattr(common_step, "exactly", lambda *_: other)
    monkeypatch.setattr(common_step, "_nearly_common", lambda *_: Coarse(3, 0))
    assert with_common_steps(solution, cloud.schema) is solution


@pytest.mark.parametrize("bound", [0.01])
def test_real_sweeps_are_coded_again_at_their_size(data, bound):
    """Points that were moved along their rays do not hide the step."""
    for place in ("kitti/full_a.bin", "nuscenes/sweep_a.bin"):
        near = lizip.compress((data / place).read_bytes(), max_error=bound)
        assert len(lizip.compress(lizip.decompress(near))) < 1.03 * len(near)


def test_what_came_back_is_coded_again_without_loss_at_its_size():
    """The common step of the ranges is found again."""
    near = lizip.compress(harness.sample("argoverse_whole"), max_error=0.02)
    again = lizip.compress(lizip.decompress(near))
    assert lizip.decompress(again) == lizip.decompress(near)
    assert "coarse ranges" in lizip.info(again)["streams"]
    assert len(again) <= 1.05 * len(near)


@pytest.mark.parametrize("step", [2, 3, 10, 65536])
@pytest.mark.parametrize("centred", [False, True])
def test_coarse_ranges_are_the_nearest_multiples(step, centred):
    """In the middle of the ticks that they stand for, they are off by half of the ticks less one."""
    stage = Coarse.centred(step) if centred else Coarse(step, 0)
    stage = Coarse.unpack(stage.pack())
    ranges = np.random.default_rng(1).integers(0, 1 << 20, (40, 5)).astype(np.int32)
    returns = Returns(stage.divided(ranges), None, (), 0)
    stage.apply(returns)
    assert returns.halved == (centred and step % 2 == 0)
    assert ((returns.ranges > 0) == (ranges > 0)).all()
    assert ((returns.ranges % (2 * step if returns.halved else step))[ranges > 0] == returns.halved).all()
    usual = ranges > step
    away = np.abs(returns.ranges * returns.unit(1.0) - ranges)[usual].max()
    assert away <= ((step - 1) / 2 if centred else step / 2)


def test_points_are_moved_along_their_rays():
    rng = np.random.default_rng(3)
    xyz = np.vstack([rng.normal(0, 30, (500, 3)), np.zeros((2, 3)), np.full((1, 3), np.nan)]).astype(np.float32)
    signs = rng.integers(-1, 2, len(xyz))
    stage = Nudges.unpack(Nudges.of(xyz, 1_000_000, signs).pack())
    returns = Returns(np.zeros((1, 1), np.int32), None, (), len(xyz), xyz=xyz)
    stage.apply(returns)
    assert returns.xyz[500:].tobytes() == xyz[500:].tobytes()
    before, after = (np.linalg.norm(each[:500].astype(float), axis=1) for each in (xyz, returns.xyz))
    np.testing.assert_allclose(after - before, 0.001 * signs[:500], atol=3e-5)
    directions = xyz[:500] / before[:, None], returns.xyz[:500] / after[:, None]
    np.testing.assert_allclose(*directions, atol=1e-5)
    for data in (b"", b"\x00", b"\x81\x94\xeb\xdc\x03"):
        with pytest.raises(CorruptError):
            Nudges.unpack(data)


def test_a_bound_of_half_a_tick_halves_the_ranges():
    """Two ticks of 2 mm are within 1 mm of what is between them; few points need to be moved for that."""
    cloud = split(harness.sample("nuscenes_part"))
    solution = load("sweep").solve(cloud, Options())
    near = sensor.coarser(solution, cloud.schema, 0.001)
    stages = {type(stage): stage for stage in near.model.parts[0].stages}
    assert stages[Coarse] == Coarse(2, 1)
    assert len(stages[Nudges].pack()) < 0.05 * cloud.count
    plain = sensor._try(solution.model.parts[0], solution.grids[0], cloud.schema, 0.001, 1)
    assert near.grids[0].ranges.max() < 0.51 * plain.grid.ranges.max()


def test_impossible_steps():
    for data in (b"\x00", b"\x01\x00", b"\x81\x80\x04\x00", b"", b"\x02", b"\x02\x02", b"\x02\x00\x00"):
        with pytest.raises(CorruptError):
            Coarse.unpack(data)
    with pytest.raises(CorruptError):
        Coarse(65536, 0).apply(Returns(np.full((1, 1), 1 << 20, np.int32), None, (), 0))
