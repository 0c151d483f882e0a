"""Coordinates' integers and values, lags, periods, blanks: what the kernels of the floats codec stand on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.floats.cheapest import miss, onward
from lizip.codecs.floats.lags import find_lags, find_period
from lizip.codecs.floats.track import FLOAT32, FLOAT64, HISTORY, HOT, STEPS, Frame, fresh_track, to_integer, to_value
from lizip.jit import kernel


def frame(
    form: int, unit: float = 1.0, base: float = 0.0, zero: int = -(1 << 62), spare: int = 0, hole: int = -(1 << 62)
) -> Frame:
    return Frame(
        form=np.full(3, form),
        depth=np.full(3, 5),
        unit=np.full(3, unit),
        per_unit=np.full(3, 1 / unit),
        base=np.full(3, base),
        spare=np.full(3, spare),
        zero=np.full(3, zero),
        hole=np.full(3, hole),
        origin=np.zeros(3),
        drift=np.zeros(3),
        hot=np.ones(HOT, np.int64),
        window=np.array([8, 5]),
        period=np.zeros(1, np.int64),
        blank=np.full(1, -1.0),
    )


@kernel
def values_of(frame, track, integers, values):
    for i in range(integers.size):
        values[i] = to_value(frame, track, 0, integers[i])


@kernel
def integers_of(frame, track, values, integers):
    for i in range(values.size):
        integers[i] = to_integer(frame, track, 0, values[i])


def back_and_forth(frame: Frame, integers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    track = fresh_track(1)
    values, again = np.zeros(len(integers)), np.zeros(len(integers), np.int64)
    values_of(frame, track, integers, values)
    integers_of(frame, track, values, again)
    return values, again


@settings(deadline=None)
@given(st.lists(st.floats(width=32, min_value=-(2.0**99), max_value=2.0**99), min_size=1))
def test_float32_ordinals(floats):
    column = np.array(floats, np.float32)
    bits = column.view(np.int32).astype(np.int64)
    ordinals = np.where(bits < 0, bits ^ np.int64(0x7FFFFFFF), bits)
    values, again = back_and_forth(frame(FLOAT32), ordinals)
    assert np.array_equal(values, column)
    assert np.all((again == ordinals) | (column == 0))
    order = np.argsort(ordinals, kind="stable")
    assert np.all(np.diff(column[order]) >= 0)


@settings(deadline=None)
@given(st.lists(st.floats(min_value=-1e29, max_value=1e29), min_size=1))
def test_float64_ordinals(floats):
    column = np.array(floats)
    bits = column.view(np.int64)
    ordinals = np.where(bits < 0, bits ^ np.int64((1 << 63) - 1), bits)
    values, again = back_and_forth(frame(FLOAT64), ordinals)
    assert np.array_equal(values, column)
    assert np.all((again == ordinals) | (column == 0))


@settings(deadline=None)
@given(st.lists(st.integers(-(1 << 40), 1 << 40), min_size=1), st.sampled_from([1.0, 0.1, 0.001]), st.integers(-9, 9))
def test_steps(integers, unit, zero):
    integers = np.array(integers)
    _, again = back_and_forth(frame(STEPS, unit, 5.0, zero), integers)
    assert np.all((again == integers) | (integers == zero - 1)), "only -0.0 itself may be taken for 0.0"


def test_a_hole_is_where_the_sensor_is():
    values = np.full(3, np.nan)
    values_of(frame(STEPS, 0.5, 5.0, hole=0), fresh_track(1), np.arange(3), values)
    assert values.tolist() == [0.0, 5.5, 6.0]


@pytest.mark.parametrize("form", [STEPS, FLOAT32, FLOAT64])
def test_wild_numbers_are_clean(form):
    wild = np.array([np.nan, np.inf, -np.inf, 1e308, -1e308, 3.5e38])
    integers = np.zeros(len(wild), np.int64)
    integers_of(frame(form), fresh_track(1), wild, integers)
    assert np.all(np.abs(integers) < 1 << 63 >> (32 if form == FLOAT32 else 0))
    ends = np.array([(1 << 63) - 1, -(1 << 63) + 2, 0x7FC00000, -1, 0x7F800000])
    values = np.full(len(ends), np.nan)
    values_of(frame(form), fresh_track(1), ends if form != FLOAT32 else ends[2:].repeat(2)[:5], values)
    assert np.all(np.isfinite(values))


def firings(rings: int, count: int) -> np.ndarray:
    azimuth = np.arange(count) // rings * 0.01
    ring = np.arange(count) % rings
    distance = 10 + np.sin(5 * azimuth) + ring % 7
    slope = (ring - rings / 2) * 0.02
    return distance * np.array([np.cos(azimuth), np.sin(azimuth), slope])


@pytest.mark.parametrize("rings", [16, 40, 128])
def test_lag_of_firings_is_the_number_of_rings(rings):
    hot = find_lags(firings(rings, 8000))
    assert len(hot) == HOT
    assert hot[0] == rings
    assert 1 in hot


def test_lines_have_a_period():
    azimuth = np.tile(np.linspace(0, 2 * np.pi, 900, endpoint=False), 10)
    assert find_period(np.cos(azimuth), np.sin(azimuth)) == 900
    assert find_period(*firings(32, 8000)[:2]) == 0


@pytest.mark.parametrize("count", range(1, 8))
def test_few_points(count):
    hot = find_lags(firings(2, count))
    assert all(1 <= lag < HISTORY for lag in hot)


@settings(deadline=None)
@given(*[st.integers(-(1 << 63), (1 << 63) - 1)] * 3)
def test_integers_never_overflow(a, b, c):
    a, b, c = np.int64(a), np.int64(b), np.int64(c)
    exact = abs(int(a) - int(b))
    assert miss(a, b) == (exact.bit_length() if abs((a >> 3) - (b >> 3)) < 1 << 58 else 62)
    assert onward(a, b, c) in (int(a), int(a) + int(b) - int(c))
