"""Calibrations: profiles load, streams carry them exactly, a scan's own is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker
from lizip.scan.rings import split_rings
from lizip.sensor.beams import beam_measure, beam_point
from lizip.sensor.calibration import Calibration, load_profile
from lizip.sensor.hdl64e import PROFILES, calibrate
from lizip.simulator import hdl64


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_come_back_from_a_stream(name):
    calibration = load_profile(name).calibration
    again = Calibration.unpack(Unpacker(calibration.pack()))
    np.testing.assert_array_equal(again.table, calibration.table)
    np.testing.assert_array_equal(again.shifts, calibration.shifts)
    assert again.pack() == calibration.pack()


def test_a_missing_profile_is_named():
    with pytest.raises(ModelMissingError, match="no-such-sensor"):
        load_profile("no-such-sensor")


@given(st.integers(0, 63), st.integers(-4000, 4000), st.integers(600, 60000), st.booleans())
def test_measuring_a_beam_point_gives_its_column_and_ticks(beam, column, ticks, hypotenuse):
    c = load_profile(PROFILES[0]).calibration
    point = beam_point(c.table, beam, c.step, c.tick, hypotenuse, float(column), float(ticks))
    found = beam_measure(c.table, beam, c.step, c.tick, hypotenuse, *point)
    assert (found[0] - column) % c.columns == 0
    assert found[1] == ticks


@given(st.binary(max_size=200))
def test_hostile_calibrations(data):
    good = load_profile(PROFILES[0]).calibration.select(np.arange(2)).pack()
    for stream in (data, good[:-20] + data):
        try:
            Calibration.unpack(Unpacker(stream))
        except CorruptError:
            continue


def test_calibration_of_an_unknown_sensor_is_found_from_one_scan():
    truth = hdl64.Calibration.draw(5)
    points = np.frombuffer(hdl64.sweep(5, firings=1200, calibration=truth).data, "<f4").reshape(-1, 4)
    xyz = np.ascontiguousarray(points[:, :3])
    bounds = split_rings(np.ascontiguousarray(xyz[:, 0]), np.ascontiguousarray(xyz[:, 1]), 100)
    calibration = calibrate(xyz, bounds)
    assert len(calibration.beams) >= 60
    values = calibration.beams * np.array(calibration.quanta)
    # the nearest true beam of each fitted one
    nearest = np.abs(values[:, 2, None] - truth.vertical).argmin(axis=1)
    assert np.median(np.abs(values[:, 2] - truth.vertical[nearest])) < 2e-6
    assert np.median(np.abs(values[:, 1] - truth.horizontal[nearest])) < 1e-4
    phase = values[:, 0] - truth.phase[nearest]
    assert np.median(np.abs(phase - np.rint(phase))) < 0.01
    shifts = calibration.shifts - np.rint(phase) - truth.columns[nearest]
    assert (shifts == np.median(shifts)).mean() > 0.9
