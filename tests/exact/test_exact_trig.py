"""The deterministic trigonometry agrees with the mathematics and with itself under pure Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.exact import trig

ANGLES = st.floats(-1000, 1000) | st.floats(-trig.LIMIT, trig.LIMIT)
COORDINATES = st.floats(-1e6, 1e6, allow_subnormal=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0])

PYTHON = {name: getattr(getattr(trig, name), "py_func", getattr(trig, name)) for name in ("sincos", "arctangent2")}


def _close(actual, expected, tolerance=5e-16):
    assert abs(actual - expected) <= tolerance * max(1.0, abs(expected))


@given(ANGLES)
def test_sincos_is_close_to_libm(angle):
    sine, cosine = trig.sincos(angle)
    _close(sine, math.sin(angle))
    _close(cosine, math.cos(angle))


def test_many_angles_have_the_sines_of_each():
    angles = np.concatenate([np.linspace(-7, 7, 999), [0.0, -0.0, 1e5]])
    each = np.array([trig.sincos(angle) for angle in angles.tolist()])
    assert np.stack(trig.sines_of(angles), axis=1).tobytes() == each.tobytes()


@given(st.floats(-3600, 3600))
def test_degrees_agree_with_radians(angle):
    sine, cosine = trig.sincos_degrees(angle)
    # the reference is reduced exactly too: math.fmod does not round
    reduced = math.radians(math.fmod(angle, 360.0))
    _close(sine, math.sin(reduced), 2e-15)
    _close(cosine, math.cos(reduced), 2e-15)


@given(st.integers(-(10**9), 10**9), st.sampled_from([1, 9000, 1000, 22528]))
def test_steps_agree_with_radians(steps, quarter):
    sine, cosine = trig.sincos_steps(steps, quarter)
    reduced = (steps % (4 * quarter)) * (math.pi / 2) / quarter
    _close(sine, math.sin(reduced), 2e-15)
    _close(cosine, math.cos(reduced), 2e-15)


@pytest.mark.parametrize(
    ("degrees", "expected"), [(0, (0, 1)), (90, (1, 0)), (180, (0, -1)), (270, (-1, 0)), (-90, (-1, 0))]
)
def test_right_angles_are_exact(degrees, expected):
    assert trig.sincos_degrees(float(degrees)) == expected
    assert trig.sincos_steps(degrees * 100, 9000) == expected


@given(COORDINATES, COORDINATES)
def test_arctangent2_is_close_to_libm(y, x):
    _close(trig.arctangent2(y, x), math.atan2(y, x) if y or x > 0 else (math.pi if x < 0 else 0.0))


@given(st.floats(-1, 1))
def test_arcsine_is_close_to_libm(x):
    _close(trig.arcsine(x), math.asin(x))


def test_arcsine_saturates():
    assert trig.arcsine(1.5) == math.pi / 2
    assert trig.arcsine(-1.5) == -math.pi / 2


def test_circle_closes():
    for angle in np.linspace(-3.1, 3.1, 1001):
        sine, cosine = trig.sincos(angle)
        _close(trig.arctangent2(sine, cosine), angle)


@given(ANGLES, COORDINATES, COORDINATES)
def test_compiled_and_pure_python_give_the_same_bits(angle, y, x):
    compiled = (*trig.sincos(angle), trig.arctangent2(y, x))
    plain = (*PYTHON["sincos"](angle), PYTHON["arctangent2"](y, x))
    assert np.array(compiled).tobytes() == np.array(plain).tobytes()
