from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from format_files import npy, round_trip
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError, FormatError, UnsupportedVersionError
from lizip.formats import NAMES, array, by_name, by_number, split

POINTS = np.random.default_rng(0).normal(0, 10, (500, 4))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", ">i8", "u1"])
def test_plain(order, dtype):
    values = np.asarray(POINTS * 3 + 100, dtype=dtype, order=order)
    cloud = round_trip(npy(values))
    assert (cloud.format, cloud.count) == ("npy", 500)
    assert cloud.columns["y"].tolist() == values[:, 1].tolist()
    assert round_trip(npy(values.T)).count == 500


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        (np.zeros(5, [("a", "<f4", (3,)), ("b", "u1")]), ["a_0", "a_1", "a_2", "b"]),
        (np.zeros(5, "c16"), ["value_0", "value_1"]),
        (np.zeros(5, "M8[s]"), ["value"]),
        (np.zeros((9, 5, 6), "i2"), ["x", "y", "z", "intensity", "ring", "f5"]),
        (np.zeros((3, 5, 20), "i2"), ["x", "y", "z"]),
        (np.zeros((9, 500)), ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"]),
        (np.zeros((90, 500)), ["value"]),
        (np.array(7.0), ["value"]),
        (np.zeros(0), ["value"]),
        (np.zeros(3, "S5"), [f"value_{i}" for i in range(5)]),
        (np.zeros(4, [("a", "<f4"), ("b", ">f4")]), []),
        (np.zeros(4, "g"), [f"value_{i}" for i in range(16)]),
    ],
)
def test_shapes_and_types(values, columns):
    content = npy(values)
    assert list(round_trip(content).columns) == columns
    for cut in range(0, len(content), max(1, len(content) // 20)):
        round_trip(content[:cut])
    round_trip(content + b"z")


@given(
    hnp.arrays(
        hnp.integer_dtypes(endianness="?")
        | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
        | hnp.boolean_dtypes(),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    ),
    st.booleans(),
)
def test_any_array(values, fortran):
    values = np.asfortranarray(values) if fortran else values
    assert round_trip(npy(values)).format == "npy"
    content = array.to_bytes(values)
    cloud = round_trip(content, name="array")
    assert cloud.format == "array"
    back = array.from_bytes(content)
    assert (back.dtype, back.shape, back.tobytes()) == (values.dtype, values.shape, values.tobytes())


def test_array_of_text():
    """Characters are numbers too; what has no fixed size is one region."""
    content = array.to_bytes(np.array(["a", "bc"]))
    cloud = round_trip(content, name="array")
    assert cloud.columns["value_1"].tolist() == [0, ord("c")]
    content = array.to_bytes(np.zeros(2, np.dtype([("a", "<f4"), ("b", ">f4")])))
    cloud = round_trip(content, name="array")
    assert (cloud.layout, cloud.regions) == (b"", (content,))


def test_array_of_objects_is_refused():
    with pytest.raises(FormatError, match="objects"):
        array.to_bytes(np.array([{}, 1], object))


def test_array_bytes_that_are_none():
    with pytest.raises(CorruptError):
        array.from_bytes(b"\x93NUMPY")


@given(st.data())
def test_any_header(draw):
    content = bytearray(npy(np.zeros((20, 4), "<f4")))
    for _ in range(draw.draw(st.integers(1, 4))):
        content[draw.draw(st.integers(6, 100))] = draw.draw(st.sampled_from(b"0129<>f()[],'TF \xff"))
    round_trip(bytes(content))


def test_huge_shapes():
    content = npy(np.zeros((20, 4), "<f4"))
    for shape in (b"(9999999999999999, 4)", b"(20, 99999999999999999)", b"(True, 4)", b"(-1, 4)", b"(20.0, 4)"):
        round_trip(content.replace(b"(20, 4), }" + b" " * len(shape), shape + b", }" + b" " * 7))


def test_registry_names_and_numbers():
    with pytest.raises(FormatError, match="unknown format"):
        by_name("laz")
    with pytest.raises(UnsupportedVersionError, match="newer"):
        by_number(len(NAMES))
    with pytest.raises(FormatError, match="not a las file"):
        split(b"abc", name="las")


def test_fields_of_a_layout_need_no_numpy():
    """`lizip info` must answer at once."""
    code = (
        "import sys\n"
        "from lizip.formats import NAMES, by_name\n"
        "for name in NAMES: by_name(name)\n"
        "assert by_name('bin').fields(b'\\4')[3] == ('intensity', 'f4')\n"
        "assert not {'numpy', 'numba', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
