import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.sweep import levels
from lizip.codecs.sweep import model as m
from lizip.codecs.sweep.grid import decode_grid, encode_grid
from lizip.codecs.sweep.tree import tree_of
from lizip.jit import kernel

RINGS = 5


def fresh(bits=8):
    return m.fresh_model(RINGS, bits, True, tree_of(np.ones(1 << bits, int)))


@kernel
def expect(history, r, flag, guess):
    levels.guess_level(history, r, flag, guess)
    return levels.expected_level(history, r, flag, guess)


@kernel
def logits(expected, sharp, low, high, splits, out):
    below = np.int64(0) if low < 0 else levels.chance_below(expected, sharp, low)
    above = np.int64(levels.CERTAIN) if high < 0 else levels.chance_below(expected, sharp, high)
    for k in range(splits.size):
        out[k] = levels.logit_above(below, levels.chance_below(expected, sharp, splits[k]), above)


@pytest.mark.parametrize("flag", [0, 1])
@pytest.mark.parametrize("level", [0, 7, 255])
def test_what_is_alike_everywhere_is_expected(flag, level):
    model = fresh()
    model.history[:, m.FIRST : m.THIRD + 2] = level
    for r in range(RINGS):
        assert expect(model.history, r, flag, model.scratch)[0] == 16 * level


def test_those_near_in_range_count_more():
    model = fresh()
    history = model.history
    history[:, m.HELD : m.PAST] = 1000
    history[:, [m.FIRST + 1, m.SECOND + 1, m.THIRD + 1]] = 10
    history[3, [m.FIRST + 1, m.SECOND + 1, m.THIRD + 1]] = 200  # of ring 2; the rings beside are at 10
    found = {}
    for beside in (1000, 1500):
        history[[1, 2, 4, 5], m.HELD] = beside
        expect(history, 2, 1, model.scratch)
        found[beside] = int(model.scratch[3])
    assert found[1000] < found[1500]
    assert found[1500] > 16 * 190


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 4080), st.integers(6833, (1 << 24) // 5), st.data())
def test_logits_stay_in_bounds_and_fall_with_the_split(expected, sharp, data):
    low = data.draw(st.integers(-1, 253))
    high = data.draw(st.one_of(st.just(-1), st.integers(low + 2, 255)))
    splits = np.arange(low + 1, high if high >= 0 else 256)
    out = np.zeros(splits.size, np.int64)
    logits(expected, sharp, low, high, splits, out)
    assert (np.abs(out) <= 2400).all()
    assert (np.diff(out) <= 0).all()


def test_errors_are_followed():
    model = fresh()
    history, flag, r = model.history, 1, 1
    _, unsure = expect(history, r, flag, model.scratch)
    for _ in range(100):
        learn_and_shift(history, r, flag, model.scratch, 9)
    blend, sure = expect(history, r, flag, model.scratch)
    assert abs(blend - 16 * 9) <= 16
    assert sure > 2 * unsure


@kernel
def learn_and_shift(history, r, flag, guess, level):
    levels.guess_level(history, r, flag, guess)
    blend, _ = levels.expected_level(history, r, flag, guess)
    levels.learn_level(history, r, flag, guess, blend, level)
    own = r + 1
    history[own, m.THIRD + flag] = history[own, m.SECOND + flag]
    history[own, m.SECOND + flag] = history[own, m.FIRST + flag]
    history[own, m.FIRST + flag] = level


def test_a_slope_of_many_levels_is_soon_expected():
    # every level is new, which counters cannot know: it is the ring's mean and the change above that tell
    random = np.random.default_rng(0)
    rows = np.linspace(20, 230, 256)[:, None] + 3 * np.arange(16)
    intensity = np.clip(np.rint(rows + random.normal(0, 1.5, rows.shape)), 0, 255).astype(np.int32)
    ranges = np.full(rows.shape, 5000, np.int32)
    coded = encode_grid(ranges, intensity)
    assert coded.bits["intensity"] < 3.4 * intensity.size  # 3.8 where nothing is expected; the noise has 2.6
    for one, other in zip(decode_grid(coded.data), (ranges, intensity), strict=True):
        np.testing.assert_array_equal(one, other)
