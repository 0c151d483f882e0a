"""Points in the order of a tree: what comes back, how small, what is declined, and what damage does."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lizip import container
from lizip.cloud import Cloud
from lizip.codecs import Options, load
from lizip.codecs.floats.odd import Odd
from lizip.codecs.octree import COLUMNS, FEWEST, GEOMETRY
from lizip.codecs.octree.cells import cut, keys_of, may_be_ordered
from lizip.codecs.octree.points import order
from lizip.container import Container, Section
from lizip.errors import CorruptError

CODEC = load("octree")


def cloud_of(points, kind="<f4", **more):
    columns = {axis: np.ascontiguousarray(points[:, k]).astype(kind) for k, axis in enumerate("xyz")}
    return Cloud("bin", b"", {**columns, **more})


def in_order(cloud):
    there = order(cloud)
    return Cloud("bin", b"", {name: column[there] for name, column in cloud.columns.items()})


def surface(count=3000, seed=1, step=0.004):
    """Points (count, 3) near a bent surface, on a lattice."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-20, 20, (2, count))
    z = 0.2 * np.sin(0.4 * x) + 0.05 * y + rng.normal(0, 0.01, count)
    return np.rint(np.stack([x, y, z], axis=1) / step) * step


def box_of(sections, count):
    return Container(io.BytesIO(container.write(sections, 5, 1, 40 * count, bytes(16), count, b"")))


def decoded(sections, cloud):
    (columns,) = CODEC.decode(box_of(sections, cloud.count), cloud.schema, cloud.count)
    return columns


def assert_comes_back(cloud):
    sections = list(CODEC.encode(cloud, Options()))
    back = decoded(sections, cloud)
    assert list(back) == list(cloud.columns)
    for name, column in cloud.columns.items():
        assert back[name].dtype == column.dtype
        assert back[name].tobytes() == column.tobytes()
    return sum(len(section.data) for section in sections)


def wild():
    """Finite floats and integers of all sizes, (FEWEST + n, 3)."""
    kinds = st.sampled_from(["<f4", "<f8", "<i4", "<u2", "i1"])
    shape = st.integers(FEWEST, FEWEST + 40).map(lambda count: (count, 3))
    return kinds.flatmap(
        lambda kind: shape.flatmap(
            lambda shape: arrays.arrays(
                kind, shape, elements=arrays.from_dtype(np.dtype(kind), allow_nan=False, allow_infinity=False)
            )
        )
    )


@settings(max_examples=60)
@given(wild())
@example(np.zeros((FEWEST, 3), "<f4"))
@example(-np.zeros((FEWEST, 3), "<f4"))
@example(np.tile(np.array([[-0.0, 0.0, 1e-45], [-1e-45, 1.0, -0.0]], np.float32), (FEWEST, 1)))
@example(np.tile(np.array([[1, 2, 3.5], [4e6, 5e6, 100.25]], np.float64), (FEWEST, 1)))
def test_any_numbers_come_back(points):
    cloud = cloud_of(points, points.dtype)
    if order(cloud) is not None:
        assert_comes_back(in_order(cloud))


@pytest.mark.parametrize("step", [0.001, 0.3, 4.0])
def test_points_on_lattices_of_any_density_come_back(step):
    assert_comes_back(in_order(cloud_of(surface(step=step))))


def test_further_columns_come_back():
    rng = np.random.default_rng(2)
    points = surface()
    more = {
        "intensity": rng.integers(0, 200, len(points)).astype("u1"),
        "time": rng.random(len(points)),
        "label": (points[:, 0] > 0).astype("<u4") * 7,
        "odd": np.where(rng.random(len(points)) < 0.1, np.nan, 1.5).astype("<f4"),
    }
    assert_comes_back(in_order(cloud_of(points, **more)))


def test_labels_follow_from_the_points_around():
    points = surface()
    label = (points[:, 0] + points[:, 1] > 3).astype("<u4")
    cloud = in_order(cloud_of(points, label=label))
    sections = list(CODEC.encode(cloud, Options()))
    (column,) = (section for section in sections if section.kind == COLUMNS)
    assert 8 * len(column.data) < 0.5 * len(points)


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_odd_values_stand_apart(kind):
    """Each of them once made ordinals of a whole column; beyond all others too, and at either end of the order."""
    points = surface(step=0.01)
    plain = assert_comes_back(in_order(cloud_of(points, kind)))
    points[[0, 17, 2999], [0, 2, 1]] = [1.23456789, -7e4, 3.3333]
    cloud = in_order(cloud_of(points, kind))
    assert assert_comes_back(cloud) < plain + 120
    head = next(iter(CODEC.encode(cloud, Options()))).data
    assert head[8] & 32


def test_odd_values_beyond_all_points_are_refused():
    points = surface(step=0.01)
    points[17, 2] = 1.23456789
    cloud = in_order(cloud_of(points))
    sections = list(CODEC.encode(cloud, Options()))
    with pytest.raises(CorruptError):
        list(CODEC.decode(box_of(_with_rows_moved(sections, cloud), cloud.count), cloud.schema, cloud.count))


def _with_rows_moved(sections, cloud):
    """The same sections, but for the row of the odd value, which is behind all points."""
    found = cut(cloud)
    axes = [
        axis if axis.odd is None else axis._replace(odd=Odd(axis.odd.rows + cloud.count, axis.odd.values))
        for axis in found.space.axes
    ]
    size = len(found.space.pack())
    return [Section(GEOMETRY, found.space._replace(axes=tuple(axes)).pack() + sections[0].data[size:]), *sections[1:]]


def test_surfaces_cost_less_than_points_anywhere():
    flat = surface()
    anywhere = flat.copy()
    anywhere[:, 2] = np.rint(np.random.default_rng(3).uniform(-1, 1, len(flat)) / 0.004) * 0.004
    assert assert_comes_back(in_order(cloud_of(flat))) < 0.9 * assert_comes_back(in_order(cloud_of(anywhere)))


def test_the_order_costs_nothing():
    """Against the entropy of points that are anywhere, of which the order is no part."""
    rng = np.random.default_rng(4)
    points = rng.integers(0, 1 << 12, (20000, 3))
    bits = 8 * assert_comes_back(in_order(cloud_of(points, "<i4"))) / len(points)
    assert bits < 36 - np.log2(len(points) / np.e) + 0.8


@pytest.mark.parametrize("points", [surface(), surface(FEWEST - 1)])
def test_points_in_another_order_and_few_points_are_declined(points):
    assert CODEC.encode(cloud_of(points), Options()) is None


def test_a_first_look_tells_scans_from_trees():
    points = surface(3000)
    assert may_be_ordered(in_order(cloud_of(points)))
    assert not may_be_ordered(cloud_of(points))
    least_first = points[np.append(np.argmin(points[:, 0]), np.arange(len(points)))]
    assert not may_be_ordered(cloud_of(least_first))


def test_what_has_no_place_is_declined():
    points = surface()
    points[5, 1] = np.nan
    assert order(cloud_of(points)) is None
    assert order(Cloud("bin", b"", {"a": np.arange(1000.0)})) is None
    points[5, 1] = 1e30
    assert order(cloud_of(points)) is None


def test_voxels_that_points_were_thinned_by_are_cells():
    rng = np.random.default_rng(5)
    voxels = np.unique(rng.integers(-60, 60, (9000, 3)) * [1, 1, 0], axis=0)
    points = (voxels + rng.random(voxels.shape)) * 0.2
    assert cut(cloud_of(np.rint(points / 0.001) * 0.001)).space.size == pytest.approx(0.2)


def test_keys_are_in_the_order_of_the_tree():
    cells = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 2], [(1 << 20) - 1] * 3])
    assert keys_of(cells).tolist() == [0, 1, 2, 4, 8, (1 << 60) - 1]


def _sections():
    cloud = in_order(cloud_of(surface(600), label=np.arange(600) % 7))
    return cloud, list(CODEC.encode(cloud, Options()))


def test_damage_is_noticed_or_harmless():
    """Whatever bytes come, CorruptError is the only way out."""
    cloud, sections = _sections()
    rng = np.random.default_rng(6)
    for _ in range(150):
        which = int(rng.integers(len(sections)))
        data = bytearray(sections[which].data)
        for _ in range(int(rng.integers(1, 4))):
            data[int(rng.integers(min(len(data), 60 if rng.random() < 0.5 else len(data))))] = int(rng.integers(256))
        broken = [*sections]
        broken[which] = Section(sections[which].kind, bytes(data))
        with contextlib.suppress(CorruptError):
            decoded(broken, cloud)


def test_more_points_than_cells_hold_are_refused():
    cloud, sections = _sections()
    for count in (cloud.count - 1, cloud.count + 1, 1 << 22, (1 << 22) + 1):
        with pytest.raises(CorruptError):
            list(CODEC.decode(box_of(sections, count), cloud.schema, count))


def test_missing_columns_are_refused():
    cloud, sections = _sections()
    with pytest.raises(CorruptError, match="columns"):
        decoded(sections[:1], cloud)
    assert CODEC.describe(box_of(sections, cloud.count))["streams"].keys() == {"coordinates", "column 1"}
    assert sections[0].kind == GEOMETRY
