"""PCD and PLY: ascii, binary and packed."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from format_files import pcd_header, ply_header, round_trip, xyzi_pcd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.formats import lzf
from lizip.formats.table import parse_table
from lizip.formats.template import Template
from lizip.packing import Unpacker, pack_bytes

PRINTED = ["%.3f %.3f %.3f %.2f\n", "%.8g %.8g %.8g %.8g\n", "%.6g\t%.6g  %.6g %.6g \r\n", "%.9g %.7g %.17g %.18e\n"]
WIDE = st.floats(width=32, allow_nan=True, allow_infinity=True)


@pytest.fixture(scope="module")
def points():
    """Half metres, millimetres, negative zeros, (600, 4) float32."""
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(0, 30, (600, 4)), 3)
    values[::7] = np.rint(values[::7] * 2) / 2
    values[5::50, 1] = -0.0
    return values.astype("<f4")


def printed(points, template):
    return "".join(template % tuple(point) for point in points.tolist()).encode()


@pytest.mark.parametrize("template", PRINTED)
def test_ascii(points, template):
    text = printed(points, template)
    cloud = round_trip(xyzi_pcd(len(points), "ascii") + text)
    assert (cloud.format, cloud.count) == ("pcd", 600)
    properties = ("float x", "float y", "float z", "float i")
    cloud = round_trip(ply_header(600, "ascii", properties, "element face 0\n") + text + b"stray")
    assert (cloud.format, cloud.count, cloud.regions[1]) == ("ply", 600, b"stray")


def test_ascii_shortest(points):
    text = "".join(" ".join(map(str, point)) + "\n" for point in points).encode()
    cloud = round_trip(xyzi_pcd(len(points), "ascii") + text)
    assert cloud.columns["x"].dtype == np.float32
    assert cloud.columns["x"].tobytes() == points[:, 0].tobytes()


def test_ascii_double_where_float_is_too_short():
    text = b"123456.789012 1\n-654321.123456 2\n"
    cloud = round_trip(ply_header(2, "ascii", ("float x", "uchar c")) + text)
    assert [dtype.str for _, dtype in cloud.schema] == ["<f8", "|u1"]


@pytest.mark.parametrize(
    "text", [b"1.0 2.00\n1.00 2.00\n", b"1 2\n1  2\n", b"1 2\n\n1 2\n", b"1 2\n+1 2\n", b"01 2\n1 2\n", b"1_0 2\n1 2\n"]
)
def test_uneven_text(text):
    """Rows that are printed in two ways are rows."""
    cloud = round_trip(ply_header(2, "ascii", ("float x", "int c")) + text)
    assert (cloud.format, cloud.count) == ("ply", 2)
    assert cloud.columns["c"].tolist() == [2, 2]


def test_ascii_specials():
    text = b"nan 1\ninf -2\n-inf 3\n-0 4\n1e-45 5\n"
    cloud = round_trip(ply_header(5, "ascii", ("float x", "int c")) + text)
    assert (cloud.format, cloud.count) == ("ply", 5)


@given(hnp.arrays("<f4", st.tuples(st.integers(1, 20), st.just(4)), elements=WIDE), st.sampled_from(PRINTED), st.data())
def test_ascii_cut_anywhere(points, template, draw):
    content = xyzi_pcd(len(points), "ascii") + printed(points, template)
    round_trip(content[: draw.draw(st.integers(0, len(content)))])


@given(st.text("0123456789.-+e \n\tnaif", max_size=60))
def test_any_text(text):
    round_trip(ply_header(3, "ascii", ("float x", "float y")) + text.encode())


@pytest.mark.parametrize(
    "template",
    ["%d", "%99999999d\n", "%d %d\n", "%d\n", "%.3f %.3f %.3f\n", "%%\n", "%.3f %r\n", "%f %d%" + " " * 999 + "\n"],
)
def test_hostile_templates(template):
    with pytest.raises(CorruptError):
        Template.unpack(Unpacker(bytes(3) + pack_bytes(template.encode())), (("x", "f4"), ("c", "i4")))


def test_hostile_notation():
    with pytest.raises(CorruptError):
        Template.unpack(Unpacker(b"\0\0\x09" + pack_bytes(b"%d\n")), (("c", "i4"),))


def test_parse_table_reports_what_it_used():
    text = memoryview(b"1 2\n3 4\n5")
    table = parse_table(text, 9, (("a", "i4"), ("b", "u1")))
    assert (table.template.row, table.size, table.fields) == ("%d %d\n", 8, (("a", "i4"), ("b", "u1")))
    assert table.columns["b"].tolist() == [2, 4]


MIXED = ("x y _ _ ring", "4 8 1 1 2", "F F U U I", "2 1 3 1 1")


@pytest.mark.parametrize("points_", [0, 1, 33])
def test_pcd_binary_with_counts_and_padding(points_):
    content = pcd_header(*MIXED, points_, "binary") + np.random.default_rng(2).bytes(points_ * 22)
    cloud = round_trip(content)
    assert list(cloud.columns) == ["x_0", "x_1", "y", "__0", "__1", "__2", "_", "ring"]
    for cut in (0, 1, 22, 50):
        round_trip(content[: len(content) - cut])
    round_trip(content + b"more")


def packed(header, stream, size):
    return header + struct.pack("<II", len(stream), size) + stream


def test_pcd_packed(points):
    fields = np.ascontiguousarray(points.T).view(np.uint8).ravel()
    header = xyzi_pcd(len(points), "binary_compressed")
    ours = packed(header, lzf.pack(fields), fields.size)
    cloud = round_trip(ours)
    assert (cloud.format, cloud.layout[0]) == ("pcd", 2)
    assert cloud.columns["z"].tobytes() == points[:, 2].tobytes()
    literal = b"".join(
        bytes([len(fields[i : i + 32]) - 1]) + fields[i : i + 32].tobytes() for i in range(0, fields.size, 32)
    )
    cloud = round_trip(packed(header, literal, fields.size) + b"tail")
    assert (cloud.format, cloud.layout[0], cloud.regions[1]) == ("pcd", 3, b"tail")
    for cut in range(0, len(ours), 97):
        round_trip(ours[:cut])


def test_pcd_packed_with_counts():
    values = np.random.default_rng(3).integers(0, 4, 22 * 40).astype(np.uint8)
    assert round_trip(packed(pcd_header(*MIXED, 40, "binary_compressed"), lzf.pack(values), values.size)).layout[0] == 2


@given(
    st.lists(st.sampled_from([b"a", b"abc", b"xyzxyzxyz", bytes(40), bytes(range(70))]), min_size=1), st.integers(0, 9)
)
def test_lzf(pieces, cut):
    data = np.frombuffer(b"".join(pieces)[cut:] or b"x", np.uint8)
    stream = lzf.pack(data)
    assert lzf.unpack(stream, len(data)).tobytes() == data.tobytes()
    assert lzf.unpack(stream, len(data) + 1) is None
    operations = lzf.script(stream)
    assert lzf.replay(operations, data) == stream
    with pytest.raises(CorruptError):
        lzf.replay(operations[:-1], data)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_lzf_hostile(stream, data):
    lzf.unpack(stream, 100)
    try:
        lzf.replay(stream, np.frombuffer(data, np.uint8))
    except CorruptError:
        return


def test_lzf_chooses_as_pcl_does():
    """By hand from the Point Cloud Library's lzfCompress: place 0 is never matched."""
    assert lzf.pack(np.frombuffer(b"abcabcabcabc", np.uint8)) == b"\x03abca\x80\x02\x01bc"


@pytest.mark.parametrize("encoding", ["binary_little_endian", "binary_big_endian"])
def test_ply_binary(points, encoding):
    order = "<" if "little" in encoding else ">"
    records = np.zeros(len(points), [("x", order + "f8"), ("c", "u1"), ("r", order + "i2")])
    records["x"], records["r"] = points[:, 0], points[:, 1].astype(int)
    records["x"][3] = np.frombuffer(b"\x01\x02\x03\x04\x05\x06\xf0\x7f", "<f8")[0]  # a signalling NaN
    faces = "element face 1\nproperty list uchar int vertex_indices\n"
    header = ply_header(len(points), encoding, ("double x", "uint8 c", "short r"), faces)
    content = header + records.tobytes() + b"\3" + bytes(12)
    cloud = round_trip(content)
    assert (cloud.format, cloud.count, len(cloud.regions[1])) == ("ply", 600, 13)
    assert cloud.columns["r"].tolist() == records["r"].tolist()
    for cut in (len(header), len(header) + 1, len(content) - 20):
        round_trip(content[:cut])


def test_ply_elements_before_the_vertices(points):
    header = ply_header(len(points), "binary_little_endian", ("float x", "float y", "float z", "float i"))
    header = header.replace(b"element vertex", b"element camera 2\nproperty double f\nelement vertex")
    cloud = round_trip(header + bytes(16) + points.tobytes())
    assert cloud.columns["i"].tobytes() == points[:, 3].tobytes()


def test_ply_polygons_before_few_vertices():
    """Quads, and a triangle at the end: records of a quad's size would reach behind the file."""
    header = ply_header(1, "binary_little_endian", ("uchar x",))
    faces = b"element face 3\nproperty list uchar int vertex_indices\n"
    header = header.replace(b"element vertex", faces + b"element vertex")
    cloud = round_trip(header + 2 * (b"\4" + bytes(16)) + b"\3" + bytes(12) + b"\7")
    assert cloud.columns["x"].tolist() == [7]


def test_ply_elements_of_nothing_before_the_vertices():
    """Nothing is counted through, however many there are."""
    header = ply_header(1, "binary_little_endian", ("float x",))
    header = header.replace(b"element vertex", b"element tag 1000000000000\nelement vertex")
    assert round_trip(header + struct.pack("<f", 7.5)).columns["x"].tolist() == [7.5]


def test_ply_lists_in_vertices():
    """A table where all have one length."""
    header = ply_header(2, "binary_little_endian", ("float x", "list uchar short i"))
    one, two = bytes(4) + b"\1ab", bytes(4) + b"\2abcd"
    assert list(round_trip(header + one + one + b"tail").columns) == ["x", "i_length", "i_0"]
    assert round_trip(header + two + two).columns["i_1"].tolist() == [25699, 25699]
    assert round_trip(header + one + two).format == "opaque"


def test_a_late_line_that_contradicts_the_first_guess():
    """All numbers whole but one, far behind where no sample looks."""
    lines = [b"%d %d\n" % (i, i % 7) for i in range(50_000)]
    lines[33_333] = b"0.125 3\n"
    cloud = round_trip(ply_header(len(lines), "ascii", ("float x", "uchar c")) + b"".join(lines))
    assert (cloud.format, cloud.columns["x"][33_333]) == ("ply", 0.125)
