"""Sweeps multiplied by a number after they had been rounded: the number and the sweep come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.relations.motion import DOUBLE, FORWARD
from lizip.sensor.fit.outer.scale import _divided, undo_scale

DRAWS = np.random.default_rng(9)
FACTORS = [1.05, 0.95, 100.0, 3.28084, 0.5, 1.001, *DRAWS.uniform(0.85, 1.2, 2)]


@pytest.fixture(scope="module")
def sweep():
    return np.frombuffer(simulator.nuscenes(14), "<f4").reshape(-1, 5)


def scaled(sweep, factor, kind):
    out = sweep.copy()
    out[:, :3] = sweep[:, :3].astype(kind) * kind(factor)
    return out


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("factor", FACTORS)
def test_the_factor_is_found(sweep, factor, kind):
    points = scaled(sweep, factor, kind)
    inner, motion = undo_scale(np.ascontiguousarray(points[:, :3]), [points[:, 3], points[:, 4]])
    if kind is np.float32:
        assert motion.matrix[0, 0] == np.float32(factor)
        assert motion.arithmetic == FORWARD
    else:
        # two factors may have the same products, nearly
        assert abs(motion.matrix[0, 0] / factor - 1) < 2e-7
        assert factor not in (1.05, 0.95, 3.28084) or (motion.matrix[0, 0] == factor and motion.arithmetic == DOUBLE)
    assert motion.apply(inner).tobytes() == np.ascontiguousarray(points[:, :3]).tobytes()
    # two floats next to each other may have one product
    assert np.abs(inner - sweep[:, :3]).max() < 4e-5


def test_what_was_not_scaled_is_left_alone(sweep):
    xyz = np.ascontiguousarray(sweep[:, :3])
    assert undo_scale(xyz, [sweep[:, 3], sweep[:, 4]]) is None
    assert undo_scale(np.zeros((999, 3), "<f4"), []) is None
    assert undo_scale(np.full((999, 3), np.nan, "<f4"), []) is None
    assert undo_scale(DRAWS.normal(size=(9999, 3)).astype("<f4"), []) is None


def test_where_nothing_returned_at_the_end_no_number_is_told(sweep):
    """The last firings are one point over and over: their ranges do not differ."""
    nowhere = sweep.copy()
    nowhere[-64 * 32 :, :3] = 1.2, -0.3, 1.7
    assert undo_scale(np.ascontiguousarray(nowhere[:, :3]), [sweep[:, 3], sweep[:, 4]]) is None


@pytest.mark.parametrize("fields", [4, 5])
def test_a_scaled_sweep_is_still_a_sweep(sweep, fields):
    data = np.ascontiguousarray(scaled(sweep, 1.05, np.float32)[:, :fields]).tobytes()
    packed = lizip.compress(data)
    assert lizip.decompress(packed) == data
    alone = lizip.compress(np.ascontiguousarray(sweep[:, :fields]).tobytes())
    assert 8 * (len(packed) - len(alone)) < 1.5 * len(sweep)


@given(st.floats(0.01, 100), st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=9))
def test_a_product_has_a_quotient(factor, numbers):
    products = (np.array(numbers, "<f4") * np.float64(factor)).astype("<f4")
    quotients, right = _divided(products, factor)
    assert right.all() or (np.abs(products[~right]) < 1e-35).all()
    assert ((quotients[right] * np.float64(factor)).astype("<f4") == products[right]).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [1000.0, 100.0, 0.001, 3.28084, 0.3048])
def test_units_of_length_are_known_of_any_cloud(factor, kind):
    points = DRAWS.normal(size=(4000, 3)).astype("<f4") * np.float32(20)
    stored = (points.astype(kind) * kind(factor)).astype("<f4")
    inner, motion = undo_scale(stored, [])
    assert motion.apply(inner).tobytes() == stored.tobytes()
    assert np.abs(inner / points - 1).max() < 3e-7
