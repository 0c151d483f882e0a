"""Blocks, second returns and drivers: inverses, and guards against streams that nobody writes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.returns import Returns
from lizip.sensor.stages.blocks import (
    ALL_CELLS,
    DOUBLED,
    RETURNS,
    RINGS_CELLS,
    Blocks,
    decode_azimuths,
    encode_azimuths,
)
from lizip.sensor.stages.driver import Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import EXACT, FINE, LENS, PLACED, PLACED_EXACT, SUM
from lizip.sensor.stages.seconds import APART, BY_FIRING, ReturnOrder, Seconds
from lizip.sensor.stages.within_blocks import DEPTHS, Rest

AZIMUTHS = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 35999))


def blocks(**changed):
    fields = {
        "places": np.array([1, 0, 2]),
        "wholes": np.array([5, -7, 0]),
        "lags": np.array([0, 2, 1]),
        "blocks": 4,
        "form": RETURNS,
        "nothing": np.zeros(3, np.uint32),
        "azimuths": encode_azimuths(np.array([35990, 10, 30, 51])),
    }
    return Blocks(**{**fields, **changed})


def driver(**changed):
    fields = {
        "law": DriverLaw(0, SUM, 1, 1),
        "tick": 0.004,
        "elevations": Printed(np.array([1000, 0, -1500]), 3, True),
        "offsets": Printed(np.array([100, -50, 7]), 3, True),
    }
    return Driver(**{**fields, **changed})


def returns_of(ranges, count):
    return Returns(ranges, None, (("x", np.dtype("<f4")), ("y", np.dtype("<f4")), ("z", np.dtype("<f4"))), count)


@given(AZIMUTHS)
@settings(max_examples=50, deadline=None)
def test_azimuths_come_back(azimuths):
    np.testing.assert_array_equal(decode_azimuths(encode_azimuths(azimuths), len(azimuths)), azimuths)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_what_points_add_comes_back(seed, rings, count):
    draw = np.random.default_rng(seed)
    azimuth = np.cumsum(draw.integers(15, 25, count)) % 36000
    ring, firing = draw.integers(0, rings, 4 * count), np.sort(draw.integers(0, count, 4 * count))
    rest, still = draw.integers(-3, 4, 4 * count), draw.integers(0, 2, count)
    stream = Rest(rest.copy(), ring, firing, still.copy()).encode(azimuth, rings)
    again = Rest(np.zeros_like(rest), ring, firing, np.zeros_like(still))
    again.decode(stream, azimuth, rings)
    np.testing.assert_array_equal(again.rest, rest)
    np.testing.assert_array_equal(again.still, still)


def interpolated(seed, packets, lost):
    """Azimuths, rings, firings of 16 lasers, and what they add: halves of blocks by the step between two of these, the
    last of a packet by the step before; the first firings are `lost`."""
    draw = np.random.default_rng(seed)
    whole = 1000 + np.cumsum(draw.choice([38, 39, 40, 41], 12 * packets + 1))
    step = np.diff(whole)
    step[11::12] = step[10::12]
    firing, ring = np.divmod(np.arange(24 * 16 * packets), 16)
    own = np.rint(step[firing // 2] * (firing % 2 + ring / 24) / 2).astype(np.int64)
    azimuth = whole[:-1][np.arange(24 * packets) // 2] + np.rint(np.repeat(step, 2) * (np.arange(24 * packets) % 2) / 2)
    rest = whole[firing // 2] + own - azimuth[firing].astype(np.int64)
    kept = firing >= lost
    return azimuth[lost:].astype(np.int64), ring[kept], firing[kept] - lost, rest[kept]


@pytest.mark.parametrize("lost", [0, 7, 22])
def test_what_halves_of_blocks_add_follows_from_the_blocks_step(lost):
    azimuth, ring, firing, rest = interpolated(3, 30, lost)
    still = np.zeros(len(azimuth), np.int64)
    stream = Rest(rest, ring, firing, still).encode(azimuth, 16)
    assert stream[0] == DEPTHS
    assert stream[1] == 2 + (24 - lost) % 24
    again = Rest(np.zeros_like(rest), ring, firing, np.zeros_like(still))
    again.decode(stream, azimuth, 16)
    np.testing.assert_array_equal(again.rest, rest)
    for damaged in (bytes([DEPTHS + 1]) + stream[1:], stream[:1] + bytes([26]) + stream[2:]):
        with pytest.raises(CorruptError):
            again.decode(damaged, azimuth, 16)


@given(st.integers(0, 2**32 - 1), st.integers(0, 200))
@settings(max_examples=50, deadline=None)
def test_second_returns_come_back(seed, count):
    draw = np.random.default_rng(seed)
    ring, first = draw.integers(0, 8, count), draw.integers(1, 1 << 20, count)
    second = np.where(draw.random(count) < 0.3, draw.integers(1, 1 << 20, count), 0)
    returns = returns_of(np.zeros((1, 8), np.int32), 3 * count)
    returns.ring, returns.ticks = ring, first.copy()
    Seconds.unpack(Seconds.of(returns, second).pack()).apply(returns)
    expected = [tick for pair in zip(first, second, strict=True) for tick in pair if tick]
    np.testing.assert_array_equal(returns.ticks, expected)
    # third ones: of seconds alone
    third = np.where((returns.nth == 1) & (draw.random(len(expected)) < 0.5), returns.ticks + 5, 0)
    Seconds.unpack(Seconds.of(returns, third).pack()).apply(returns)
    expected = [tick for pair in zip(expected, third, strict=True) for tick in pair if tick]
    np.testing.assert_array_equal(returns.ticks, expected)
    assert np.count_nonzero(returns.nth == 2) == np.count_nonzero(third)


def test_no_more_returns_than_points():
    for count, fits in ((3, True), (2, False)):
        returns = returns_of(np.zeros((1, 8), np.int32), count)
        returns.ring, returns.ticks = np.zeros(2, np.int64), np.ones(2, np.int64)
        stage = Seconds.of(returns, np.array([3, 0]))
        if fits:
            stage.apply(returns)
            np.testing.assert_array_equal(returns.ticks, [1, 3, 1])
        else:
            with pytest.raises(CorruptError, match="more returns"):
                stage.apply(returns)


@pytest.mark.parametrize("kind", [BY_FIRING, APART])
def test_the_order_of_returns(kind):
    returns = returns_of(np.zeros((1, 8), np.int32), 0)
    returns.firing, returns.nth = np.array([0, 0, 0, 0, 4, 4, 7]), np.array([0, 1, 0, 1, 0, 1, 0])
    returns.ring, returns.ticks = np.zeros(7, np.int64), np.arange(7)
    ReturnOrder.unpack(ReturnOrder(kind).pack()).apply(returns)
    expected = [0, 2, 1, 3, 4, 5, 6] if kind == BY_FIRING else [0, 2, 4, 6, 1, 3, 5]
    np.testing.assert_array_equal(returns.ticks, expected)


def test_second_returns_of_returns_with_places_are_refused():
    returns = returns_of(np.zeros((1, 8), np.int32), 0)
    returns.ring, returns.ticks = np.zeros(2, np.int64), np.ones(2, np.int64)
    stage = Seconds.of(returns, np.array([3, 0]))
    returns.place = np.arange(2)
    with pytest.raises(CorruptError):
        stage.apply(returns)


@pytest.mark.parametrize("data", [b"\0", b"\3"])
def test_an_unknown_order_of_returns_is_refused(data):
    with pytest.raises(CorruptError):
        ReturnOrder.unpack(data)


@pytest.mark.parametrize("numbers", [Printed(np.array([12, -7]), 3, True), Printed(np.array([1 << 30, 5]), -1, False)])
def test_drivers_come_back(numbers):
    one = driver(elevations=numbers, offsets=numbers)
    again = Driver.unpack(one.pack())
    assert again.law == one.law
    np.testing.assert_array_equal(again.elevations.radians(), one.elevations.radians())
    np.testing.assert_array_equal(again.offsets.numbers, one.offsets.numbers)


@pytest.mark.parametrize("form", [ALL_CELLS, RINGS_CELLS])
def test_blocks_come_back(form):
    again = Blocks.unpack(blocks(form=form, nothing=np.array([1, 2, 3], np.uint32)).pack())
    assert again.form == form
    np.testing.assert_array_equal(again.nothing, [1, 2, 3])
    np.testing.assert_array_equal(again.lags, [0, 2, 1])


HOSTILE_BLOCKS: dict[str, dict[str, Any]] = {
    "a place twice": {"places": np.array([0, 0, 2])},
    "a lag below nothing": {"lags": np.array([0, -2, 1])},
    "a lag beyond all": {"lags": np.array([0, 1 << 30, 1])},
    "an unknown form": {"form": DOUBLED + 1},
}


@pytest.mark.parametrize("what", HOSTILE_BLOCKS)
def test_blocks_are_refused(what):
    with pytest.raises(CorruptError):
        Blocks.unpack(blocks(**HOSTILE_BLOCKS[what]).pack())


@pytest.mark.parametrize(
    ("changed", "shape"),
    [({"blocks": 9}, (6, 3)), ({"blocks": 6}, (6, 3)), ({}, (6, 4)), ({"form": ALL_CELLS}, (6, 3)), ({}, (3, 3))],
)
def test_grids_that_do_not_fit_are_refused(changed, shape):
    ranges = np.full(shape, 100, np.int32)
    with pytest.raises(CorruptError):
        blocks(**changed).apply(returns_of(ranges, ranges.size))


HOSTILE_DRIVERS: dict[str, dict[str, Any]] = {
    "law": {"law": DriverLaw(3, SUM, 1, 1)},
    "angle": {"law": DriverLaw(0, PLACED_EXACT + 1, 1, 1)},
    "lens": {"law": DriverLaw(1, LENS, 0, 0), "lens": np.array([0.04, np.nan], np.float32)},
    "sine": {"law": DriverLaw(0, SUM, 2, 1)},
    "frame": {"law": DriverLaw(0, SUM, 1, 4)},
    "tick": {"tick": float("nan")},
    "large tick": {"tick": 2.0},
    "angles": {"elevations": Printed(np.array([1 << 45, 0, 0]), 3, True)},
    "decimals": {"elevations": Printed(np.array([1, 0, 0]), 9, True)},
}


@pytest.mark.parametrize("what", HOSTILE_DRIVERS)
def test_drivers_are_refused(what):
    with pytest.raises(CorruptError):
        Driver.unpack(driver(**HOSTILE_DRIVERS[what]).pack())


@pytest.mark.parametrize("law", [DriverLaw(0, SUM, 1, 1), DriverLaw(2, EXACT, 0, 1), DriverLaw(1, FINE, 0, 1)])
def test_angles_out_of_reason_are_refused(law):
    far = Printed(np.array([1 << 39, 0, 0]), 3, True)
    with pytest.raises(CorruptError):
        driver(law=law, elevations=far).points(np.zeros(1, int), np.zeros(1, int), np.ones(1, int))


@pytest.mark.parametrize("far", [np.nan, 11.0, -1e30])
def test_lasers_far_beside_their_sensor_are_refused(far):
    bits = np.full(3, far, np.float32).view(np.uint32).astype(np.int64)
    near = Printed(np.zeros(3, np.int64), -1, False)
    placed = driver(law=DriverLaw(1, PLACED, 0, 0), places=(near, near, near, near, Printed(bits, -1, False)))
    with pytest.raises(CorruptError):
        Driver.unpack(placed.pack()).points(np.zeros(1, int), np.zeros(1, int), np.ones(1, int))


@given(st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_stage_or_corrupt(data):
    ranges = np.ones((6, 3), np.int32)
    for stage in (Blocks, Driver, Seconds, ReturnOrder):
        returns = returns_of(ranges, ranges.size)
        returns.ring = returns.column = returns.row = np.zeros(4, np.int64)
        returns.ticks = np.ones(4, np.int32)
        try:
            stage.unpack(data).apply(returns)
        except CorruptError:
            continue
