"""Further columns: integers where they are integers, bits where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.stages.attributes import decode_attribute, encode_attribute
from lizip.sensor.stages.driver import Driver, DriverLaw, Printed
from lizip.sensor.stages.driver_arithmetic import HUNDREDTHS, SUM, UNIT_IN_DOUBLE, UNIT_IN_SINGLE
from lizip.sensor.stages.measured import KINDS, Cells

DTYPES = st.sampled_from(["<f4", "<f8", "u1", "<u2", "<i4", "<i8"])


def cells_of(numbers):
    """Ring, firing, ticks (3, N) int64 from -1 to 3."""
    return Cells(numbers[0], numbers[1], np.maximum(numbers[2], 0), 4, 4, np.maximum(numbers[2], 0))


def driven(law: int, lasers: int = 16, firings: int = 400) -> Cells:
    """Points of a driver, some of them missing."""
    rng = np.random.default_rng(5)
    firing, ring = (each.ravel() for each in np.divmod(np.arange(firings * lasers), lasers))
    seen = rng.random(len(ring)) < 0.7
    firing, ring = firing[seen], ring[seen]
    elevations = Printed(rng.integers(-20000, 20000, lasers), 3, law == SUM)
    offsets = Printed(rng.integers(-3000, 3000, lasers) * (law == SUM), 3, law == SUM)
    form = UNIT_IN_DOUBLE if law == SUM else UNIT_IN_SINGLE
    driver = Driver(DriverLaw(form, law, 1, 1), 0.004, elevations, offsets)
    fired = (35000 + 20 * np.arange(firings) + rng.integers(-1, 2, firings)) % 36000
    azimuth = (fired[firing] + (0 if law == SUM else ring // 2)) % 36000
    ticks, kind = rng.integers(200, 30000, len(ring)), rng.integers(0, 5, len(ring))
    return Cells(ring, firing, ticks, lasers, firings, kind, azimuth, fired, rng.permutation(lasers), driver)


def bits_of_a_point(column, cells):
    """Of a column that comes back."""
    stream = encode_attribute(column, cells)
    again = decode_attribute(stream, column.dtype, cells)
    assert again.tobytes() == column.tobytes()
    return 8 * len(stream) / len(column)


RADIANS = np.pi / 180


def columns_of(cells: Cells):
    """What drivers write, in their own arithmetic."""
    f4, ring, driver = np.float32, cells.ring, cells.driver
    degrees = driver.elevations.numbers / 1e3
    metres = (cells.ticks * 0.004).astype(f4)
    if driver.law.angle == HUNDREDTHS:
        yield "distance", cells.ticks.astype(f4) * f4(0.004)
        yield "azimuth", (0.01 * cells.azimuth * RADIANS).astype(f4)
        yield "azimuth of the packet", (0.01 * ((cells.fired[cells.firing] + 77) % 36000) * RADIANS).astype(f4)
        yield "whole azimuth", cells.azimuth.astype("<u2")
    else:
        turn = f4(2 * np.pi)
        angle = (cells.azimuth / 100.0 * RADIANS).astype(f4)
        angle = angle + ((driver.offsets.numbers / 1e3).astype(f4) * f4(RADIANS))[ring]
        angle = np.where(angle < 0, angle + turn, np.where(angle >= turn, angle - turn, angle))
        yield "distance", metres
        yield "azimuth", angle
        yield "azimuth in degrees", (angle * (180 / np.pi)).astype(f4)
        yield "elevation", (degrees.astype(f4) * f4(RADIANS))[ring]
    yield "double distance", metres.astype("<f8")
    yield "elevation in degrees", degrees.astype(f4)[ring]
    yield "laser", cells.places[ring].astype("<u2")
    yield "from below", (15 - ring).astype("u1")
    yield "return type", np.array([7, 3, 4, 4, 3], "u1")[cells.kind]


@pytest.mark.parametrize("law", [SUM, HUNDREDTHS])
def test_what_drivers_compute_costs_next_to_nothing(law):
    cells = driven(law)
    for name, column in columns_of(cells):
        assert bits_of_a_point(column, cells) < 0.15, name


def times_of(cells: Cells):
    """Times that drivers write; stamps of packets wander."""
    rng = np.random.default_rng(9)
    slots = rng.permutation(cells.rings) * 2.304e-6
    packets = cells.firing // 6
    stamp = np.rint((np.arange(packets.max() + 1) * 3.3e-4 + 1e-6 * rng.normal(size=packets.max() + 1)) * 1e6) / 1e6
    within = (cells.firing % 6) * 5.5296e-5 + slots[cells.ring]
    yield "whole ns", np.rint(1e9 * (stamp[packets] + np.rint(1e9 * within) / 1e9)).astype("<u4")
    yield "truncated", (1e9 * (stamp[packets] + within.astype(np.float32)) + 0.37).astype("<u4")
    yield "float", stamp.astype(np.float32)[packets] + within.astype(np.float32)
    yield "double", 1.7e9 + stamp[packets] + within
    yield "of the packet", 1.7e9 + stamp[packets]
    alternating = np.where(cells.firing % 2, slots[cells.ring], 3.7e-5 - slots[cells.ring])
    yield "two groups", np.rint(1e9 * (stamp[packets] + (cells.firing % 6) * 5.5e-5 + alternating)).astype("<i8")


def test_times_are_those_of_firing_and_laser():
    cells = driven(SUM)
    for name, column in times_of(cells):
        assert bits_of_a_point(column, cells) < 1.1, name


def test_times_do_not_need_azimuths():
    cells = driven(SUM)._replace(azimuth=None, fired=None, driver=None)
    for name, column in times_of(cells):
        assert bits_of_a_point(column, cells) < 1.1, name


@given(st.integers(0, 2**32 - 1), st.sampled_from(["<f4", "<f8", "<u4", "<u8", "<i8"]), st.integers(0, 60))
def test_times_with_any_values_among_them(seed, dtype, odd):
    rng, cells = np.random.default_rng(seed), driven(SUM, 4, 60)
    column = (cells.firing * 100 + cells.ring).astype(dtype)
    bits = column.view(f"<u{column.dtype.itemsize}")
    bits[rng.integers(0, len(bits), odd)] = rng.integers(0, 1 << 62, odd).astype(bits.dtype)
    assert bits_of_a_point(column, cells) < 80


def test_kinds_are_in_bounds():
    assert driven(SUM).kind.max() < KINDS


@given(st.integers(0, 7), st.binary(max_size=60), st.sampled_from(["<f4", "<f8", "<u4", "<u2", "u1"]))
def test_hostile_columns_of_drivers(mode, data, dtype):
    cells = driven(SUM, 4, 8)
    try:
        column = decode_attribute(bytes([mode]) + data, np.dtype(dtype), cells)
    except CorruptError:
        return
    assert len(column) == len(cells.ring)


@given(st.data(), DTYPES, st.integers(1, 60))
def test_any_column_comes_back(data, dtype, count):
    column = data.draw(hnp.arrays(np.uint8, count * np.dtype(dtype).itemsize)).view(dtype)
    cells = cells_of(data.draw(hnp.arrays(np.int64, (3, count), elements=st.integers(-1, 3))))
    again = decode_attribute(encode_attribute(column, cells), column.dtype, cells)
    assert again.dtype == column.dtype
    assert again.tobytes() == column.tobytes()


@pytest.mark.parametrize("name", ["ring", "firing", "ticks"])
def test_what_follows_from_the_cell_costs_next_to_nothing(name):
    rng = np.random.default_rng(0)
    cells = Cells(
        rng.integers(0, 32, 5000),
        rng.integers(0, 90, 5000),
        rng.integers(0, 60000, 5000),
        32,
        90,
        np.zeros(5000, np.int64),
    )
    column = (getattr(cells, name) * 8).astype("<u4")
    column[[4007, 4070]] = 999
    stream = encode_attribute(column, cells)
    assert len(stream) < 100
    np.testing.assert_array_equal(decode_attribute(stream, column.dtype, cells), column)


def test_smooth_columns_are_coded_by_ring():
    rng = np.random.default_rng(0)
    ring = np.arange(20000, dtype=np.int64) % 16
    column = (1000 * ring + np.cumsum(rng.integers(-3, 4, 20000))).astype("<u2")
    cells = Cells(ring, ring, ring, 16, 16, 0 * ring)
    stream = encode_attribute(column, cells)
    assert 8 * len(stream) < 7 * len(column)
    np.testing.assert_array_equal(decode_attribute(stream, column.dtype, cells), column)


@given(st.binary(max_size=60))
def test_hostile_columns(data):
    cells = cells_of(np.tile(np.arange(20) % 4 - 1, (3, 1)))
    try:
        column = decode_attribute(data, np.dtype("<f4"), cells)
    except CorruptError:
        return
    assert len(column) == 20
