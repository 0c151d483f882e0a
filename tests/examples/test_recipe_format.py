"""The tests that a new format needs, for the worked example of the recipe."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lizip
from lizip import formats
from lizip.errors import CorruptError

ANY_FILE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


def text(rows, header=None):
    lines = (f"{x:.3f} {y:.3f} {z:.3f}\n".encode() for x, y, z in rows)
    return (header or b"XYZH %d x y z\n" % len(rows)) + b"".join(lines)


@pytest.fixture
def points():
    return np.random.default_rng(1).normal(0, 20, (300, 3))


def joined(cloud):
    kind = formats.by_name(cloud.format)
    assert kind.schema(cloud.layout) == cloud.schema
    return b"".join(kind.join(cloud.layout, tuple(map(bytes, cloud.regions)), [cloud.columns]))


def test_columns_are_what_the_text_says(xyzh, points):
    cloud = formats.split(text(points))
    assert (cloud.format, cloud.count) == ("xyzh", 300)
    np.testing.assert_allclose(np.stack(list(cloud.columns.values()), 1), points, atol=6e-4)


@pytest.mark.parametrize("header", [b"XYZH 7 x y z\n", b"XYZH 900 x y z\n", b"XYZH 300 x x x\n"])
def test_headers_that_say_too_much_or_little(xyzh, points, header):
    data = text(points, header)
    assert joined(formats.split(data)) == data


@ANY_FILE
@given(st.binary(max_size=60), st.integers(0, 40), st.binary(max_size=40))
def test_any_bytes(xyzh, odd, at, tail):
    whole = text(np.arange(30).reshape(10, 3))
    data = whole[:at] + odd + whole[at:] + tail
    assert joined(formats.split(data)) == data


@ANY_FILE
@given(st.binary(max_size=80))
def test_any_layout(xyzh, layout):
    try:
        xyzh.FORMAT.fields(layout)
        list(xyzh.FORMAT.join(layout, (b"", b"", b"\0"), []))
    except CorruptError:
        pass


def test_file(xyzh, points, tmp_path):
    data = text(points)
    (tmp_path / "a.xyzh").write_bytes(data)
    lizip.compress_file(tmp_path / "a.xyzh")
    packed = (tmp_path / "a.xyzh.lizip").read_bytes()
    assert lizip.decompress(packed) == data
    assert lizip.info(tmp_path / "a.xyzh.lizip")["format"] == "xyzh"
    assert len(packed) < 0.5 * len(data)
