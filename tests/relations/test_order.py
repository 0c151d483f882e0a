"""The order of points as a stream, and scans that lost theirs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.disorder import sorted_orders
from lizip.errors import CorruptError
from lizip.relations import Recipe
from lizip.relations.order import MOST_POINTS, decode_order, encode_order
from lizip.relations.recipe import NARROW, Rule


@settings(deadline=None)
@given(st.permutations(range(33)), st.integers(1, 33))
def test_any_order_comes_back(order, count):
    order = np.array([k for k in order if k < count])
    ranks = decode_order(encode_order(order), count)
    assert np.array_equal(order[ranks], np.arange(count))


def test_a_random_order_takes_its_entropy():
    count = 5000
    stream = encode_order(np.random.default_rng(1).permutation(count))
    assert 8 * len(stream) < 1.001 * math.lgamma(count + 1) / math.log(2) + 64


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 60))
def test_hostile_streams_give_permutations_or_errors(stream, count):
    try:
        ranks = decode_order(stream, count)
    except CorruptError:
        return
    assert sorted(ranks.tolist()) == list(range(count))


def test_no_more_points_than_are_sorted():
    with pytest.raises(CorruptError):
        decode_order(b"\0", MOST_POINTS + 1)


def test_sorted_and_narrowed():
    rng = np.random.default_rng(2)
    columns = {"x": rng.normal(size=100).astype("<f4").astype("<f8"), "i": rng.integers(0, 9, 100).astype("u1")}
    cloud = Cloud("pcd", columns=columns)
    order = np.lexsort((columns["x"],))
    recipe = Recipe((Rule(NARROW), Rule()), encode_order(order))
    assert Recipe.unpack(recipe.pack(), cloud.schema) == recipe
    reduced = recipe.reduce(columns)
    assert np.array_equal(reduced["x"], columns["x"][order].astype("<f4"))
    blocks = [{name: column[part] for name, column in reduced.items()} for part in (slice(0, 30), slice(30, 100))]
    (back,) = recipe.restored(blocks, cloud.schema, 100)
    assert all(np.array_equal(back[name], column) for name, column in columns.items())


def test_a_shuffled_sweep_costs_its_order_more():
    """And not three times as much; it comes back, in part too."""
    points = np.frombuffer(simulator.ouster(1, columns=1024, span=0.3), "<f4").reshape(-1, 4)
    count = len(points)
    shuffled = points[np.random.default_rng(3).permutation(count)]
    straight, packed = len(lizip.compress(points)), lizip.compress(shuffled)
    assert np.array_equal(lizip.decompress(packed), shuffled)
    assert len(packed) < straight + math.lgamma(count + 1) / math.log(2) / 8 * 1.02 + count
    part = lizip.read(packed, points=slice(1000, 1200))
    assert np.array_equal(np.stack(list(part.values()), axis=1), shuffled[1000:1200])


def test_what_has_an_order_keeps_it():
    for data, fields in ((simulator.kitti(1, firings=150), 4), (simulator.nuscenes(1, firings=150), 5)):
        points = np.frombuffer(data, "<f4").reshape(-1, fields)
        columns = {name: points[:, k] for k, name in enumerate("xyzir"[:fields])}
        assert not list(sorted_orders(Cloud("bin", columns=columns)))
