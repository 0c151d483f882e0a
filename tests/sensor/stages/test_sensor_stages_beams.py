"""Calibrations: profiles load, streams carry them exactly, a scan's own is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError, ModelMissingError
from lizip.sensor.fit.azimuth_rings import calibrate
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.measure import beam_measure
from lizip.sensor.fit.rings import split_rings
from lizip.sensor.stages.arithmetic import beam_point
from lizip.sensor.stages.beams import Beams, numbers_of
from lizip.sensor.stages.maker import Maker, quanta_of
from lizip.sensor.stages.profile import PROFILES, Profile, load_profile
from lizip.simulator import hdl64


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_come_back_from_a_stream(name):
    beams = load_profile(name).beams
    again = Beams.unpack(beams.pack())
    np.testing.assert_array_equal(again.table, beams.table)
    np.testing.assert_array_equal(again.shifts, beams.shifts)
    assert again.pack() == beams.pack()
    present = np.arange(beams.count) % 3 > 0
    some = Profile.unpack(Profile(PROFILES.index(name), present).pack()).beams
    np.testing.assert_array_equal(some.table, beams.table[present])


def test_a_profile_of_other_numbers_is_refused():
    stream = bytearray(Profile(0, np.ones(64, bool)).pack())
    stream[3] ^= 1
    with pytest.raises(ModelMissingError, match="in another version"):
        Profile.unpack(bytes(stream))
    stream[0] = 77
    with pytest.raises(CorruptError):
        Profile.unpack(bytes(stream))


def test_a_missing_profile_is_named():
    with pytest.raises(ModelMissingError, match="no-such-sensor"):
        load_profile("no-such-sensor")


@given(st.integers(0, 63), st.integers(-4000, 4000), st.integers(600, 60000), st.booleans())
def test_measuring_a_beam_point_gives_its_column_and_ticks(beam, column, ticks, hypotenuse):
    c = load_profile(PROFILES[0]).beams
    point = beam_point(c.table, beam, c.step, c.tick, hypotenuse, float(column), float(ticks))
    found = beam_measure(c.table, beam, c.step, c.tick, hypotenuse, *point)
    assert (found[0] - column) % c.columns == 0
    assert found[1] == ticks


@given(st.binary(max_size=200))
def test_hostile_calibrations(data):
    good = load_profile(PROFILES[0]).beams.select(np.arange(2)).pack()
    for stream in (data, good[:-20] + data):
        try:
            Beams.unpack(stream)
        except CorruptError:
            continue


def test_calibration_of_an_unknown_sensor_is_found_from_one_scan():
    truth = hdl64.Calibration.draw(5)
    points = np.frombuffer(hdl64.sweep(5, firings=1200, calibration=truth).data, "<f4").reshape(-1, 4)
    xyz = np.ascontiguousarray(points[:, :3])
    bounds = split_rings(np.ascontiguousarray(xyz[:, 0]), np.ascontiguousarray(xyz[:, 1]), 100)
    beams = calibrate(xyz, bounds).beams
    assert beams.count >= 60
    values = beams.numbers * np.array(beams.quanta)
    # the nearest true beam of each fitted one
    nearest = np.abs(values[:, 2, None] - truth.vertical).argmin(axis=1)
    assert np.median(np.abs(values[:, 2] - truth.vertical[nearest])) < 2e-6
    assert np.median(np.abs(values[:, 1] - truth.horizontal[nearest])) < 1e-4
    phase = values[:, 0] - truth.phase[nearest]
    assert np.median(np.abs(phase - np.rint(phase))) < 0.01
    shifts = beams.shifts - np.rint(phase) - truth.columns[nearest]
    assert (shifts == np.median(shifts)).mean() > 0.9


@given(st.booleans(), st.sampled_from([100, 1000]), st.integers(10000, 40000), st.integers(-90000, 90000))
def test_a_makers_numbers_are_recognised_and_come_back(clockwise, unit, origin, lift):
    rng = np.random.default_rng(origin)
    maker = Maker(unit, origin, lift)
    altitudes = np.linspace(20 * unit, -20 * unit, 16).astype(np.int64)
    azimuths = np.tile([4, 1, -1, -4], 4) * unit + rng.integers(-9, 10, 16)
    numbers = numbers_of(maker, azimuths, altitudes, clockwise)
    made = Beams(1024, 0.001, False, clockwise, quanta_of(unit, 1024), numbers, rng.integers(-9, 9, 16), maker)
    again = Beams.unpack(made.pack())
    np.testing.assert_array_equal(again.table, made.table)
    assert again.maker == maker
    # as a fit would find them: phases within half a column, ranges off by whole ticks, all a little wrong
    values = made.numbers * np.array(made.quanta)
    whole = np.rint(values[:, 0])
    ticks = rng.integers(-3, 4, 16) * made.tick
    values[:, 0] -= whole
    values[:, 3] += ticks * np.cos(values[:, 2])
    values[:, 4] += ticks * np.sin(values[:, 2])
    quanta = (2e-8, 2e-9, 1e-10, 2e-9, 2e-9)
    shifts = made.shifts - whole.astype(np.int64)
    fitted = Beams(1024, 0.001, False, clockwise, quanta, np.rint(values / quanta).astype(np.int64), shifts)
    calibration = Calibration(fitted, 0).as_made()
    assert calibration is not None
    found = calibration.beams
    np.testing.assert_array_equal(found.table[:, 2:], made.table[:, 2:])
    turned = (found.table[:, 0] - made.table[:, 0]) - (found.shifts - made.shifts)
    assert np.abs(turned).max() < 1e-9


def test_angles_between_whole_ones_are_no_makers():
    rng = np.random.default_rng(1)
    values = np.zeros((16, 5))
    values[:, 2] = np.linspace(0.3, -0.3, 16) + rng.normal(0, 1e-4, 16)
    values[:, 3] = 0.02 * (1 - np.cos(values[:, 2]))
    values[:, 4] = 0.036 - 0.02 * np.sin(values[:, 2])
    quanta = (2e-8, 2e-9, 1e-10, 2e-9, 2e-9)
    numbers = np.rint(values / quanta).astype(np.int64)
    beams = Beams(1024, 0.001, False, True, quanta, numbers, np.zeros(16, np.int64))
    assert Calibration(beams, 0).as_made() is None
