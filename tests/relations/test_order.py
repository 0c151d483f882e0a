"""The order of points as a stream, and scans that lost theirs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.cloud import Cloud
from lizip.disorder import find_keys, sorted_orders
from lizip.errors import CorruptError
from lizip.packing import pack_varints
from lizip.relations import Recipe
from lizip.relations.order import COLUMN, MOST_POINTS, Key, decode_order, encode_order
from lizip.relations.polar import AZIMUTH, DISTANCE, ELEVATION, Convention
from lizip.relations.rule import NARROW, Rule


@settings(deadline=None)
@given(st.permutations(range(33)), st.integers(1, 33))
def test_any_order_comes_back(order, count):
    order = np.array([k for k in order if k < count])
    ranks = decode_order(encode_order(order), [order])
    assert np.array_equal(order[ranks], np.arange(count))


KEYS = st.sampled_from(
    [Key(COLUMN), Key(COLUMN, 2, 1), Key(DISTANCE), Key(AZIMUTH, Convention(swapped=1).pack(), 1), Key(ELEVATION)]
)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(width=32)] * 3), min_size=1, max_size=40), st.randoms(), KEYS)
def test_any_order_comes_back_by_any_key(points, random, key):
    columns = list(np.array(points, "<f4").T)
    order = np.array(random.sample(range(len(points)), len(points)))
    for keys in ((key,), (Key(COLUMN, 1), key)):
        ranks = decode_order(encode_order(order, [keys], columns), columns)
        assert np.array_equal(order[ranks], np.arange(len(points)))


@pytest.mark.parametrize("what", [DISTANCE, AZIMUTH, ELEVATION])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_a_key_tells_costs_nothing(what, kind):
    """Whatever library computed it, and in whatever precision."""
    columns = list(np.random.default_rng(5).normal(size=(3, 20000)).astype("<f4") * 20)
    x, y, z = (column.astype(kind) for column in columns)
    level = np.sqrt(x * x + y * y)
    value = {DISTANCE: np.sqrt(x * x + y * y + z * z), AZIMUTH: np.arctan2(y, x), ELEVATION: np.arctan2(z, level)}[what]
    order = np.empty(20000, np.int64)
    order[np.argsort(value)] = np.arange(20000)
    stream = encode_order(order, [(Key(what),)], columns)
    assert len(stream) < (40 if kind is np.float64 else 600)
    assert np.array_equal(order[decode_order(stream, columns)], np.arange(20000))


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        (Key(COLUMN, 3), 3),
        (Key(1), 3),
        (Key(ELEVATION + 1), 3),
        (Key(AZIMUTH), 2),
        (Key(COLUMN, 0, 2), 3),
    ],
)
def test_impossible_keys_are_refused(key, columns):
    stream = encode_order(np.arange(5), [(Key(COLUMN),)], [np.arange(5.0)])
    head = pack_varints([1, 0, 0, 0])
    assert stream.startswith(head)
    with pytest.raises(CorruptError):
        decode_order(pack_varints([1, *key]) + stream[len(head) :], [np.arange(5.0)] * columns)


@pytest.mark.parametrize(
    ("change", "most"),
    [
        (lambda order: order[::-1], 20),
        (lambda order: np.roll(order, 3333), 40),
        (lambda order: np.roll(order[::-1], 3333), 40),
        (lambda order: np.concatenate([order[7000:], order[2000:7000], order[:2000]]), 40),
        (lambda order: order.reshape(-1, 40).T.ravel(), 3000),
    ],
)
def test_runs_cost_next_to_nothing(change, most):
    order = change(np.arange(10000))
    stream = encode_order(order)
    assert len(stream) < most
    assert np.array_equal(order[decode_order(stream, [order])], np.arange(10000))


def test_a_random_order_takes_its_entropy():
    count = 5000
    stream = encode_order(np.random.default_rng(1).permutation(count))
    assert 8 * len(stream) < 1.001 * math.lgamma(count + 1) / math.log(2) + 64


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 60), st.sampled_from([b"", b"\0", b"\1\0\0\0", b"\1\5\0\1", b"\2"]))
def test_hostile_streams_give_permutations_or_errors(stream, count, head):
    try:
        ranks = decode_order(head + stream, [np.arange(count, dtype="<f4")] * 3)
    except CorruptError:
        return
    assert sorted(ranks.tolist()) == list(range(count))


def test_no_more_points_than_are_sorted():
    with pytest.raises(CorruptError):
        decode_order(b"\0\0", [np.broadcast_to(np.float32(0), MOST_POINTS + 1)])


def test_sorted_and_narrowed():
    rng = np.random.default_rng(2)
    columns = {"x": rng.normal(size=100).astype("<f4").astype("<f8"), "i": rng.integers(0, 9, 100).astype("u1")}
    cloud = Cloud("pcd", columns=columns)
    order = np.lexsort((columns["x"],))
    recipe = Recipe((Rule(NARROW), Rule()), encode_order(order))
    assert Recipe.unpack(recipe.pack(), cloud.schema) == recipe
    reduced = recipe.reduce(columns, order=order)
    assert np.array_equal(reduced["x"], columns["x"][order].astype("<f4"))
    blocks = [{name: column[part] for name, column in reduced.items()} for part in (slice(0, 30), slice(30, 100))]
    (back,) = recipe.restored(blocks, cloud.schema)
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


def rising_azimuth(points):
    return np.arctan2(points[:, 1].astype(np.float64), points[:, 0])


def falling_azimuth(points):
    return -np.arctan2(points[:, 0], points[:, 1])


def reach(points):
    return np.linalg.norm(points[:, :3], axis=1)


SORTS = [rising_azimuth, falling_azimuth, reach, lambda points: points[:, 2]]


@pytest.mark.parametrize("value", SORTS)
def test_what_a_file_is_sorted_by_is_found(value):
    points = np.frombuffer(simulator.kitti(1, firings=300), "<f4").reshape(-1, 4)
    columns = list(points[np.argsort(value(points), kind="stable")].T)
    ((key,),) = find_keys(columns)
    assert (np.diff(key.of(columns)) >= 0).mean() > 0.999
    assert not find_keys(list(points.T))
    assert not find_keys(list(points[np.random.default_rng(2).permutation(len(points))].T))


@pytest.mark.parametrize("value", SORTS[:3])
@pytest.mark.parametrize("sensor", ["kitti", "ouster", "nuscenes"])
def test_a_sorted_sweep_costs_hardly_more(sensor, value):
    points = {
        "kitti": lambda: np.frombuffer(simulator.kitti(1, firings=700), "<f4").reshape(-1, 4),
        "ouster": lambda: np.frombuffer(simulator.ouster(1, columns=1024, span=0.6), "<f4").reshape(-1, 4),
        "nuscenes": lambda: np.frombuffer(simulator.nuscenes(1), "<f4").reshape(-1, 5),
    }[sensor]()
    ordered = points[np.argsort(value(points), kind="stable")]
    straight, packed = len(lizip.compress(points)), lizip.compress(ordered)
    assert np.array_equal(lizip.decompress(packed), ordered)
    # points of one column have azimuths that differ by the last rounding alone
    assert 8 * (len(packed) - straight) < 2 * len(points)


def test_points_sorted_by_ring_and_then_by_azimuth():
    """The second key is found, and tells the order in each ring."""
    points = np.frombuffer(simulator.nuscenes(1), "<f4").reshape(-1, 5)
    points = points[(points[:, :3] ** 2).sum(axis=1) > 4.0]
    ordered = points[np.lexsort((np.arctan2(points[:, 1], points[:, 0]), points[:, 4]))]
    ways = find_keys(list(ordered.T))
    assert ways[0] == (Key(COLUMN, 4),)
    assert ways[1][1].what == AZIMUTH
    order = np.random.default_rng(1).permutation(len(points))
    columns = list(ordered[order].T)
    stream = encode_order(order, ways, columns)
    assert len(stream) < len(points) / 20
    assert np.array_equal(order[decode_order(stream, columns)], np.arange(len(points)))
    straight, packed = len(lizip.compress(points)), lizip.compress(ordered)
    assert np.array_equal(lizip.decompress(packed), ordered)
    assert 8 * (len(packed) - straight) < len(points)


def test_what_has_an_order_keeps_it():
    for data, fields in ((simulator.kitti(1, firings=150), 4), (simulator.nuscenes(1, firings=150), 5)):
        points = np.frombuffer(data, "<f4").reshape(-1, fields)
        columns = {name: points[:, k] for k, name in enumerate("xyzir"[:fields])}
        assert not list(sorted_orders(Cloud("bin", columns=columns)))
