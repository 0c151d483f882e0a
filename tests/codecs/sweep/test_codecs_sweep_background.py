"""What stands around a sensor, and grids that follow it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.sweep import prior as p
from lizip.codecs.sweep.background import PART, Background
from lizip.codecs.sweep.decoded import decode
from lizip.codecs.sweep.grid import encode_grid, prepared
from lizip.errors import CorruptError

NEAR = 40


def sweeps(seed: int, count: int, rows: int, rings: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """A rough wall with holes, seen so often: ranges and intensities (N, F, R)."""
    random = np.random.default_rng(seed)
    wall = random.integers(500, 9000, (rows, rings))
    ranges = wall + random.integers(-6, 7, (count, rows, rings))
    ranges[random.random(ranges.shape) < 0.1] = 0
    light = random.integers(0, 1 << bits, wall.shape)
    levels = np.clip(light + random.integers(-2, 3, ranges.shape), 0, (1 << bits) - 1)
    return ranges.astype(np.int32), np.where(ranges > 0, levels, 0).astype(np.int32)


def background_of(ranges: np.ndarray, levels: np.ndarray, bits: int) -> Background:
    """Of all of them."""
    form = prepared(ranges[0], levels[0] if bits else None, False, NEAR)[2]._replace(bits=bits)
    return Background.of(form._replace(shares=np.ones(1 << min(bits, 8), np.int64)), ranges, levels)


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(2, 12), st.integers(1, 40), st.integers(1, 9), st.sampled_from([0, 1, 7, 8, 12]))
def test_there_and_back(seed, count, rows, rings, bits):
    ranges, levels = sweeps(seed, count + 2, rows, rings, bits)
    made = background_of(ranges[:count], levels[:count], bits)
    found = Background.unpack(made.pack(), 1 << 12)
    assert found.form[:3] == made.form[:3]
    for one, other in zip(found[1:], made[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    before = found.past()
    for some, light in zip(ranges[count:], levels[count:], strict=True):
        stream = encode_grid(some, light if bits else None, near=NEAR, before=before, leads=True)
        assert stream.follows
        again = decode(stream.data, before=before)
        np.testing.assert_array_equal(again.ranges, some)
        if bits:
            np.testing.assert_array_equal(again.intensity, light)
        before = again.past()
        assert before.stands


def test_many_sweeps_say_more_than_one():
    ranges, levels = sweeps(1, 14, 300, 16, 8)
    alone = [encode_grid(*each, near=NEAR, leads=True) for each in zip(ranges[12:], levels[12:], strict=True)]
    after_one = encode_grid(ranges[13], levels[13], near=NEAR, before=decode(alone[0].data).past())
    past = background_of(ranges[:12], levels[:12], 8).past()
    first = encode_grid(ranges[12], levels[12], near=NEAR, before=past)
    after_all = encode_grid(ranges[13], levels[13], near=NEAR, before=decode(first.data, before=past).past())
    assert len(after_one.data) < 0.8 * len(alone[1].data)
    assert len(after_all.data) < 0.8 * len(after_one.data)


def test_what_passed_by_is_not_part_of_it():
    ranges, levels = sweeps(2, 10, 50, 4, 8)
    plain = background_of(ranges, levels, 8)
    ranges[3:6, 10:20] = 700  # a vehicle
    passed = background_of(ranges, levels, 8)
    apart = np.abs(passed.mean - plain.mean)[10:20] >> PART
    assert np.quantile(apart, 0.9) < 6
    assert (passed.kind[10:20] % 2 == 0).mean() > 0.8, "these cells are of more than one surface"
    assert (plain.kind[plain.kind > 0] % 2 == 1).mean() > 0.9


def test_cells_without_any_return():
    ranges, levels = sweeps(3, 5, 20, 3, 8)
    ranges[:, 4, 1] = 0
    ranges[1:, 5, 1] = 0
    ranges[0, 5, 1] = 1000
    found = background_of(ranges, levels, 8)
    assert [int(each[4, 1]) for each in found[1:]] == [0, 0, 0, 0]
    assert found.mean[5, 1] == 1000 << PART
    assert (found.kind[5, 1], found.share[5, 1]) == (p.KINDS, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": p.KINDS + 1},
        {"share": p.SHARES + 1},
        {"light": 128},
        {"form": (2 << 20, 7, 0)},
        {"form": (NEAR, 17, 0)},
        {"form": (NEAR, 7, 2)},
    ],
)
def test_impossible_numbers_are_refused(wrong: dict[str, Any]):
    ranges, levels = sweeps(4, 4, 30, 5, 7)
    made = background_of(ranges, levels, 7)
    for name, value in wrong.items():
        if name == "form":
            near, bits, everywhere = value
            shares = np.ones(1 << min(bits, 8), np.int64)
            made = made._replace(form=made.form._replace(near=near, bits=bits, everywhere=everywhere, shares=shares))
        else:
            facts = getattr(made, name).copy()
            facts[3, 3] = value
            made = made._replace(**{name: facts})
    with pytest.raises(CorruptError):
        Background.unpack(made.pack(), 1 << 12)


def test_two_grids_of_different_shape_are_refused():
    ranges, levels = sweeps(4, 4, 30, 5, 7)
    made = background_of(ranges, levels, 7)
    with pytest.raises(CorruptError, match="background"):
        Background.unpack(made._replace(kind=made.kind[:-1], share=made.share[:-1]).pack(), 1 << 12)
    with pytest.raises(CorruptError):
        Background.unpack(made.pack(), 149)
