"""Points too coarse for poses are told from all others."""

import numpy as np
import pytest

from lizip.sensor.fit.coarse import is_coarse


@pytest.fixture
def xyz() -> np.ndarray:
    return (np.random.default_rng(3).normal(size=(2000, 3)) * [20, 20, 2]).astype(np.float32)


def test_points_as_computed_are_fine(xyz):
    assert not is_coarse(xyz)
    assert not is_coarse(xyz[:0])


@pytest.mark.parametrize("missing", [np.nan, 0.0])
def test_missing_returns_make_no_points_coarse(xyz, missing):
    xyz[::2] = missing
    assert not is_coarse(xyz)
    xyz[:] = missing
    assert not is_coarse(xyz)


def test_half_floats_are_coarse(xyz):
    assert is_coarse(xyz.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("decimal", [100, 1000])
def test_decimals_are_coarse(xyz, decimal):
    assert is_coarse((np.rint(xyz.astype(np.float64) * decimal) / decimal).astype(np.float32))


def test_finer_decimals_are_not(xyz):
    assert not is_coarse((np.rint(xyz.astype(np.float64) * 1e5) / 1e5).astype(np.float32))
