from __future__ import annotations

import struct

import laspy
import numpy as np
import pytest
from format_files import LAS_SIZES, extra_bytes_vlr, las, round_trip
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.errors import LizipError
from lizip.formats import by_name
from lizip.formats.las import POINT_FORMATS
from lizip.formats.records import size_of

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("number", range(11))
def test_point_formats_are_laspys(number):
    expected = [(name, dtype.str.lstrip("<|")) for name, (dtype, _) in laspy.PointFormat(number).dtype().fields.items()]
    assert list(POINT_FORMATS[number]) == expected
    assert size_of(POINT_FORMATS[number]) == LAS_SIZES[number]


@pytest.mark.parametrize("number", range(11))
@pytest.mark.parametrize("extra", [0, 3, 32, 100])
@pytest.mark.parametrize("points", [0, 1, 50])
def test_every_point_format(number, extra, points):
    length = LAS_SIZES[number] + extra
    content = las(RNG.bytes(points * length), length, points, number, minor=4)
    cloud = round_trip(content)
    assert (cloud.format, cloud.count) == ("las", points)
    assert len(cloud.layout) < 600


@pytest.mark.parametrize(
    ("count", "expected"), [(0, 0), (10, 10), (99, 20), (2**32 - 1, 20)], ids=["none", "fewer", "more", "many"]
)
def test_wrong_counts_are_content(count, expected):
    assert round_trip(las(RNG.bytes(20 * 34 + 11), 34, count)).count == expected


def test_described_extra_bytes():
    vlr = extra_bytes_vlr(("height", 9, 0), ("X", 3, 0), ("pair", 11, 0), ("raw", 0, 3))
    length = 34 + 4 + 2 + 2 + 3
    cloud = round_trip(las(RNG.bytes(9 * length), length, 9, vlrs=vlr))
    added = {name: dtype.str for name, dtype in cloud.schema[13:]}
    assert added == {
        "height": "<f4", "X_2": "<u2", "pair_0": "|u1", "pair_1": "|u1", "raw_0": "|u1", "raw_1": "|u1", "raw_2": "|u1"
    }  # fmt: skip


@pytest.mark.parametrize("entries", [[("a", 9, 0)], [("a", 31, 0)], [("a", 0, 200)], []])
def test_contradicting_description_is_ignored(entries):
    cloud = round_trip(las(RNG.bytes(9 * 36), 36, 9, vlrs=extra_bytes_vlr(*entries)))
    assert list(cloud.columns)[13:] == ["extra_0", "extra_1"]


@pytest.mark.parametrize("size", [0, 100, 226, 227, 240])
def test_short_headers(size):
    round_trip(las(RNG.bytes(340), 34, 10)[:size])


def test_laz_is_opaque():
    content = bytearray(las(RNG.bytes(340), 34, 10))
    content[104] |= 0x80
    assert round_trip(bytes(content)).format == "opaque"


@settings(max_examples=300)
@given(st.data())
def test_any_header(draw):
    """Random bytes over any part of the header."""
    vlr = extra_bytes_vlr(("a", 9, 0), ("b", 4, 0))
    content = bytearray(las(bytes(range(200)) * 10, 40, 50, minor=draw.draw(st.sampled_from([2, 3, 4])), vlrs=vlr))
    for _ in range(draw.draw(st.integers(1, 6))):
        where = draw.draw(st.integers(4, 700))
        patch = draw.draw(st.binary(min_size=1, max_size=4))
        content[where : where + len(patch)] = patch
    round_trip(bytes(content))


def test_huge_vlr_sizes():
    vlr = struct.pack("<H16sHH32s", 0, b"LASF_Spec", 4, 65535, b"")
    round_trip(las(RNG.bytes(36 * 9), 36, 9, vlrs=vlr))


@pytest.mark.parametrize("name", ["las", "pcd", "ply", "npy", "array"])
@settings(max_examples=150)
@given(layout=st.binary(min_size=1, max_size=40))
def test_hostile_layouts(name, layout):
    try:
        schema = by_name(name).schema(layout)
    except LizipError:
        return
    assert len(dict(schema)) == len(schema)
