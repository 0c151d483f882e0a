from __future__ import annotations

import numpy as np
import pytest
from format_files import round_trip
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError, FormatError
from lizip.formats import bin as bin_format
from lizip.formats import by_name, by_number, split

SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, -1e-42, 3e38], "<f4")


@given(st.binary(max_size=400), st.none() | st.integers(1, 64))
def test_any_bytes(content, fields):
    cloud = round_trip(content, fields=fields)
    assert fields is None or len(cloud.columns) == fields


@given(hnp.arrays("<u4", st.tuples(st.integers(0, 60), st.integers(3, 6))), st.binary(max_size=23))
def test_any_bit_patterns(words, tail):
    round_trip(words.tobytes() + tail, fields=words.shape[1])


def test_special_values_among_points(kitti_like):
    points = kitti_like.copy()
    points[::50] = np.resize(SPECIAL, points[::50].shape)
    cloud = round_trip(points.tobytes())
    assert cloud.format == "bin"
    assert cloud.columns["z"].tobytes() == points[:, 2].tobytes()


@pytest.fixture(scope="module")
def kitti_like():
    """A ring of millimetre points with a reflectance of two decimals, (5000, 4) float32."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, 6.28, 5000)
    reach = 20 + np.cumsum(rng.normal(0, 0.02, 5000))
    points = [
        reach * np.cos(angle),
        reach * np.sin(angle),
        rng.normal(-1.7, 0.01, 5000),
        rng.integers(0, 99, 5000) / 100,
    ]
    return np.round(np.stack(points, 1), 3).astype("<f4")


@pytest.mark.parametrize("count", [0, 1, 2, 7, 20, 21, 100])
def test_few_points(kitti_like, count):
    cloud = round_trip(kitti_like[:count].tobytes())
    assert cloud.format == ("bin" if count else "opaque")
    if count > 40:
        assert len(cloud.columns) == 4


def test_halves_of_a_record_are_not_two_records():
    """Of twelve columns each six further is of the same kind; x, y and z are not like what stands there."""
    rng = np.random.default_rng(3)
    for count in (400, 1138, 3000):
        angle = np.arange(count) * 0.01
        reach = 10 + 3 * np.sin(angle * 3)
        first = [reach * np.cos(angle), reach * np.sin(angle), rng.normal(-1.7, 0.02, count)]
        rest = [rng.normal(0, 1, count) for _ in range(3)]
        whole = [rng.integers(0, 60, count) for _ in range(6)]
        columns = [*first, *whole[:3], *rest, *whole[3:]]
        assert len(round_trip(np.stack(columns, 1).astype("<f4").tobytes()).columns) == 12


@pytest.mark.parametrize("fields", [6, 7, 8])
def test_beams_that_take_turns_are_records_of_their_own(fields):
    """Beams from below and above in turn, between walls: coordinates are like those of the record after the next."""
    rng = np.random.default_rng(5)
    elevation = np.radians(-30.67 + 1.33 * np.arange(32).reshape(2, 16).T.ravel())
    azimuth = np.radians(0.17 * np.arange(1, 141))[:, None]
    wall = np.minimum(8 / np.maximum(np.sin(azimuth), 0.05), 60) / np.cos(elevation)
    ground = np.where(elevation < 0, 1.8 / np.maximum(np.sin(-elevation), 1e-3), 1e9)
    reach = np.minimum(wall, ground) + rng.normal(0, 0.008, (140, 32))
    flat = reach * np.cos(elevation)
    columns = [flat * np.sin(azimuth), flat * np.cos(azimuth), reach * np.sin(elevation)]
    columns += [rng.random((140, 32)) for _ in range(fields - 4)] + [np.full((140, 32), 1.55e15)]
    records = np.stack(columns, 2).astype("<f4")[rng.random((140, 32)) > 0.07]
    assert len(round_trip(records.tobytes()).columns) == fields


def test_four_fields_whose_size_divides_by_five(kitti_like):
    content = kitti_like[:4000].tobytes()
    assert len(content) % 20 == 0
    assert list(split(content).columns) == ["x", "y", "z", "intensity"]


def test_columns_are_views(kitti_like):
    content = kitti_like.tobytes()
    column = split(content).columns["y"]
    assert np.shares_memory(column, np.frombuffer(content, np.uint8))


def test_ten_million_points():
    points = np.zeros((10_000_000, 4), "<f4")
    points[:, 0] = np.arange(len(points)) % 1000
    cloud = split(points.data)
    assert (cloud.format, cloud.count) == ("bin", 10_000_000)
    joined = b"".join(by_name("bin").join(cloud.layout, tuple(map(bytes, cloud.regions)), [cloud.columns]))
    assert joined == points.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(100_000),
        b"The quick brown fox jumps over the lazy dog. " * 999,
        np.arange(9000, dtype="<i4").tobytes(),
        np.random.default_rng(0).integers(0, 4000, 9000).astype("<u2").tobytes(),
        np.random.default_rng(0).normal(0, 10, 9000).tobytes(),
        bytes(10_000),
        b"",
        b"\x93NUMPY nonsense",
        b"LASF" + bytes(300),
        b"ply\n",
        b"# .PCD v0.7\nDATA",
    ],
    ids=["random", "text", "int32", "uint16", "float64", "zeros", "empty", "npy", "las", "ply", "pcd"],
)
def test_what_is_not_points_is_opaque(content):
    assert round_trip(content).format == "opaque"


def test_forced_fields():
    assert list(split(bytes(30), fields=3).columns) == ["x", "y", "z"]
    assert split(bytes(30), fields=3).regions == (bytes(6),)
    assert list(split(bytes(28), fields=7).columns)[3:] == ["intensity", "ring", "f5", "f6"]
    for impossible in (0, -1, 65):
        with pytest.raises(FormatError, match="fields"):
            split(bytes(30), fields=impossible)


@pytest.mark.parametrize("layout", [b"", b"\0", b"\x41", b"\4\4"])
def test_hostile_layout(layout):
    with pytest.raises(CorruptError):
        bin_format.FORMAT.schema(layout)


def test_hostile_regions():
    with pytest.raises(CorruptError, match="regions"):
        list(bin_format.FORMAT.join(b"\4", (b"a", b"b"), []))


def test_registry_numbers_are_fixed():
    expected = {"opaque": 0, "bin": 1, "las": 2, "pcd": 3, "ply": 4, "npy": 5, "array": 6, "text": 7, "npz": 8}
    assert {by_name(name).name: by_name(name).number for name in expected} == expected
    assert [by_number(number).name for number in range(9)] == list(expected)
