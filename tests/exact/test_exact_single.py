"""Sine and cosine in float32 as C libraries have them."""

import ctypes
import platform

import numpy as np
import pytest

from lizip.exact.single import MODERN, ROUNDED, sines_and_cosines


def angles():
    draw = np.random.default_rng(1)
    fine = np.float32(draw.uniform(-0.01, 0.01, 2000))
    return np.concatenate(
        [np.float32(draw.uniform(-13, 13, 20000)), fine, np.array([0.0, -0.0, np.pi / 4, np.pi], np.float32)]
    )


def modern_glibc():
    kind, version = platform.libc_ver()
    return kind == "glibc" and tuple(map(int, version.split(".")[:2])) >= (2, 28)


@pytest.mark.skipif(not modern_glibc(), reason="no glibc of 2018 or later to compare with")
@pytest.mark.parametrize(("row", "name"), [(0, "sinf"), (1, "cosf")])
def test_modern_is_what_glibc_gives(row, name):
    function = getattr(ctypes.CDLL("libm.so.6"), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    expected = np.array([function(float(angle)) for angle in angles()], np.float32)
    ours = sines_and_cosines(angles(), MODERN)[row].astype(np.float32)
    np.testing.assert_array_equal(ours.view(np.uint32), expected.view(np.uint32))


def test_rounded_is_the_nearest():
    ours = sines_and_cosines(angles(), ROUNDED)
    expected = np.sin(angles().astype(np.longdouble)), np.cos(angles().astype(np.longdouble))
    for mine, exact in zip(ours, expected, strict=True):
        assert (np.abs(mine - exact) <= 0.5000001 * np.spacing(np.abs(mine.astype(np.float32)))).all()


def test_the_two_differ_now_and_then():
    one, other = (sines_and_cosines(angles(), kind) for kind in (MODERN, ROUNDED))
    assert 0.003 < (one != other).mean() < 0.03
