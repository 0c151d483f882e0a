"""Rounding and corrections: whatever the model says, the stored floats come back."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.returns import Returns
from lizip.sensor.stages.corrections import apply_corrections, decode_corrections, encode_corrections, find_corrections
from lizip.sensor.stages.rounding import HALF, UNSIGNED, Rounding, round_points, rounding_units

POINTS = hnp.arrays(np.float64, st.tuples(st.integers(0, 40), st.just(3)), elements=st.floats(-200, 200))

ROUNDINGS = st.sampled_from([0, 100, 1000, HALF, HALF + 1000])


@given(POINTS, ROUNDINGS, st.data())
def test_stored_floats_come_back(points, decimal, data):
    rounded, fraction = round_points(points, decimal)
    moves = data.draw(hnp.arrays(np.int32, points.shape, elements=st.integers(-5000, 5000) | st.just(0)))
    actual = apply_corrections(rounded, moves, decimal)
    corrections, fits = find_corrections(rounded, actual, decimal)
    decoded = decode_corrections(
        encode_corrections(rounded, fraction, corrections, decimal), rounded, fraction, decimal
    )
    np.testing.assert_array_equal(decoded, corrections)
    again = apply_corrections(rounded, decoded, decimal)
    np.testing.assert_array_equal(again[fits].view(np.uint32), actual[fits].view(np.uint32))


@given(hnp.arrays(np.uint32, st.tuples(st.integers(1, 30), st.just(3))), ROUNDINGS)
def test_any_float_either_fits_or_is_said_not_to(bits, decimal):
    actual = bits.view(np.float32)
    rounded, _ = round_points(np.full(actual.shape, 1.25), decimal)
    corrections, fits = find_corrections(rounded, actual, decimal)
    again = apply_corrections(rounded, corrections, decimal)
    np.testing.assert_array_equal(again[fits].view(np.uint32), bits[fits])


@given(hnp.arrays(np.uint32, (5, 3)), hnp.arrays(np.uint32, (5, 3)) | st.just(np.zeros((5, 3), np.uint32)), ROUNDINGS)
def test_any_model_either_fits_or_is_said_not_to(model, bits, decimal):
    rounded, actual = model.view(np.float32), bits.view(np.float32)
    with np.errstate(all="ignore"):
        corrections, fits = find_corrections(rounded, actual, decimal)
        again = apply_corrections(rounded, corrections, decimal)
    np.testing.assert_array_equal(again[fits].view(np.uint32), bits[fits])


@pytest.mark.parametrize("model", [np.nan, np.inf, -np.inf, 1e9, -3e38])
def test_what_has_no_place_among_decimals_stays(model):
    """As integers such floats are something else on each machine."""
    rounded = np.full((1, 3), model, np.float32)
    for stored in (0.0, 1.5, 1e8):
        assert not find_corrections(rounded, np.full((1, 3), stored, np.float32), 1000)[1].any()
    moved = apply_corrections(rounded, np.full((1, 3), 7, np.int32), 1000)
    np.testing.assert_array_equal(moved.view(np.uint32), rounded.view(np.uint32))


def test_negative_zero_is_kept():
    rounded, _ = round_points(np.full((1, 3), -0.0002), 1000)
    assert np.signbit(rounded).all()


def test_fraction_is_the_way_to_the_model_point():
    points = np.array([[1.0004, -2.0004, 0.00049]])
    rounded, fraction = round_points(points, 1000)
    np.testing.assert_allclose(fraction, [[0.4, -0.4, 0.49]], atol=1e-9)
    np.testing.assert_array_equal(rounded, np.array([[1.0, -2.0, 0.0]], np.float32))


@given(POINTS, st.sampled_from([0, 1000]))
@example(np.array([[64.46874971, 64.46874971, 64.46874971]]), 0)
def test_a_rounding_to_float16_is_the_last(points, before):
    rounded, fraction = round_points(points, HALF + before)
    expected = round_points(points, before)[0].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(rounded.view(np.uint32), expected.view(np.uint32))
    assert (np.abs(fraction) <= 0.5).all()
    if not before:
        # what float32 makes of the points first may take them to the other side of a tie
        twice = 0.5 * np.spacing(np.abs(points).astype(np.float32))
        inside = np.abs(rounded - points) <= 0.5 * rounding_units(rounded, HALF) * (1 + 1e-6) + twice
        assert inside.all()


def test_impossible_roundings_are_refused():
    assert Rounding.unpack(Rounding(HALF + 1000 + UNSIGNED).pack()) == Rounding(HALF + 1000 + UNSIGNED)
    with pytest.raises(CorruptError):
        Rounding.unpack(Rounding(2 * UNSIGNED).pack())


@given(hnp.arrays(np.int64, (7, 3), elements=st.integers(-2, 2)), st.sampled_from([100, 1000]))
def test_any_zero_is_reached_from_any_decimal(units, decimal):
    signs = np.sign(np.arange(21).reshape(7, 3) % 2 - 0.5)
    actual = np.copysign((units / decimal).astype(np.float32), np.where(units == 0, signs, units)).astype(np.float32)
    rounded = np.ascontiguousarray(actual[::-1])
    corrections, fits = find_corrections(rounded, actual, decimal)
    assert fits.all()
    again = apply_corrections(rounded, corrections, decimal)
    np.testing.assert_array_equal(again.view(np.uint32), actual.view(np.uint32))


def test_zeros_without_a_sign():
    returns = Returns(np.zeros((1, 1), np.int32), None, (), 2)
    for kind, signed in ((1000, True), (1000 + UNSIGNED, False)):
        returns.points = np.full((2, 3), -0.0002)
        Rounding(kind).apply(returns)
        assert (returns.rounded == 0).all()
        assert returns.decimal == 1000
        assert np.signbit(returns.rounded).all() == signed


def test_what_float16_cannot_hold_is_kept_finite():
    rounded, fraction = round_points(np.array([[1e9, -1e9, 65500.0]]), HALF)
    assert np.isfinite(rounded).all()
    assert np.isfinite(fraction).all()


def test_misses_beside_the_tie_are_cheap():
    rng = np.random.default_rng(0)
    points = rng.uniform(-80, 80, (20000, 3))
    rounded, fraction = round_points(points, 1000)
    truth, _ = round_points(points + rng.normal(0, 2e-6, points.shape), 1000)
    corrections, fits = find_corrections(rounded, truth, 1000)
    assert fits.all()
    misses = (corrections != 0).any(axis=1).mean()
    assert 0.002 < misses < 0.05
    assert 8 * len(encode_corrections(rounded, fraction, corrections, 1000)) / len(points) < 6 * misses


@given(st.binary(max_size=100))
def test_hostile_corrections(data):
    fraction = np.full((20, 3), 0.4)
    try:
        corrections = decode_corrections(data, fraction.astype(np.float32), fraction, 0)
    except CorruptError:
        return
    assert corrections.shape == (20, 3)


def test_a_cut_stream_is_noticed():
    fraction = np.full((50, 3), 0.4)
    stream = encode_corrections(fraction.astype(np.float32), fraction, np.ones((50, 3), np.int32), 0)
    for size in range(len(stream)):
        with pytest.raises(CorruptError):
            decode_corrections(stream[:size], fraction.astype(np.float32), fraction, 0)


def test_the_largest_float_stays_one():
    """A correction never leads to infinity or NaN, whatever a hostile stream says."""
    top = np.full((1, 3), np.finfo(np.float32).max, np.float32)
    moved = apply_corrections(np.concatenate([top, -top]), np.array([[1, 2, 30]] * 2, np.int32) * [[1], [-1]], 0)
    np.testing.assert_array_equal(moved, np.concatenate([top, -top]))
