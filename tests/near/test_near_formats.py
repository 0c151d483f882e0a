"""The bound holds whatever the numbers are and however they are stored; checked in exact fractions."""

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lizip
from lizip.codecs import NAMES
from lizip.formats import split

BOUNDS = (1e-6, 0.001, 0.1, 1e6, 1e30)
ODD = (np.nan, np.inf, -np.inf, -0.0, 1e-45, -1e-38, 3.4e38, -3.4e38, 2.0**24, 0.0005)


def _npy(points):
    file = io.BytesIO()
    np.save(file, points)
    return file.getvalue()


def _npz(points):
    file = io.BytesIO()
    np.savez(file, xyz=points[:, :3], intensity=points[:, 3])
    return file.getvalue()


def _pcd(points):
    size = points.dtype.itemsize
    head = f"VERSION 0.7\nFIELDS x y z intensity\nSIZE {size} {size} {size} {size}\nTYPE F F F F\nCOUNT 1 1 1 1\n"
    return (head + f"WIDTH {len(points)}\nHEIGHT 1\nPOINTS {len(points)}\nDATA binary\n").encode() + points.tobytes()


def _ply(points):
    kind = {4: "float", 8: "double"}[points.dtype.itemsize]
    head = f"ply\nformat binary_big_endian 1.0\nelement vertex {len(points)}\n"
    head += "".join(f"property {kind} {name}\n" for name in ("x", "y", "z", "intensity"))
    return head.encode() + b"end_header\n" + points.astype(points.dtype.newbyteorder(">")).tobytes()


def _text(points):
    return b"".join(b"%.9g %.9g %.9g %.9g\n" % tuple(row) for row in points.tolist())


FORMATS = {"bin": bytes, "npy": _npy, "npz": _npz, "pcd": _pcd, "ply": _ply, "text": _text}


def clouds(kinds):
    """Points (N, 4) of any floats, odd ones often, or of such as sensors give."""
    odd = st.sampled_from(ODD)

    def numbers(kind):
        return st.one_of(odd, hnp.from_dtype(np.dtype(kind)), st.floats(-120, 120, width=16))

    shapes = st.tuples(st.integers(1, 25), st.just(4))
    return st.one_of(*(hnp.arrays(kind, shapes, elements=numbers(kind)) for kind in kinds))


def assert_within(before, after, bound):
    """The first three columns are within the bound; what is not finite and all others are the same to the bit."""
    assert list(before) == list(after)
    for place, name in enumerate(before):
        old, new = before[name], after[name]
        free = np.isfinite(old) if place < 3 else np.zeros(len(old), bool)
        assert np.ascontiguousarray(old[~free]).tobytes() == np.ascontiguousarray(new[~free]).tobytes()
        pairs = zip(old[free].tolist(), new[free].tolist(), strict=True)
        assert all(abs(Fraction(b) - Fraction(a)) <= bound for a, b in pairs)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None)
@given(points=clouds(("<f4", "<f8")), bound=st.sampled_from(BOUNDS))
@example(points=np.resize(np.array(ODD, "<f4"), (20, 4)), bound=0.001)
@example(points=np.resize(np.array(ODD, "<f8"), (20, 4)), bound=1e30)
@example(points=np.full((3, 4), -0.0, "<f4"), bound=0.001)
def test_any_floats_in_any_format(name, points, bound):
    if name in ("bin", "text"):
        with np.errstate(over="ignore"):
            points = points.astype("<f4")
    data = FORMATS[name](points)
    packed = lizip.compress(data, level="fast", max_error=bound, fields=4 if name == "bin" else None)
    back = bytes(lizip.decompress(packed))
    before, after = split(data, 4 if name == "bin" else None), split(back, 4 if name == "bin" else None)
    assert_within(before.columns, after.columns, Fraction(repr(bound)))
    info = lizip.info(packed)
    assert 0 <= info["largest_error"] <= info["max_error"] == bound
    assert info["exact"] == (back == data)


@pytest.mark.parametrize("codec", [name for name in NAMES if name != "opaque"])
@settings(max_examples=25, deadline=None)
@given(points=clouds(("<f4",)), bound=st.sampled_from(BOUNDS))
def test_any_floats_by_any_codec(codec, points, bound):
    try:
        packed = lizip.compress(points, codec=codec, max_error=bound)
    except lizip.FormatError:  # it has nothing to say of such
        return
    back = np.asarray(lizip.decompress(packed))
    before, after = ({name: each[:, k] for k, name in enumerate("xyzi")} for each in (points, back))
    assert_within(before, after, Fraction(repr(bound)))


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        "<i4",
        st.tuples(st.integers(1, 25), st.just(3)),
        elements=st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([-(2**31), 2**31 - 1, 0])),
    ),
    st.sampled_from(BOUNDS),
)
def test_any_integers_in_las(numbers, bound):
    """Stored numbers are centimetres here."""
    records = np.zeros((len(numbers), 20), np.uint8)
    records[:, :12] = np.ascontiguousarray(numbers).view(np.uint8)
    records[:, 12:] = np.arange(8)
    header = bytearray(227)
    header[:4], header[24:26] = b"LASF", b"\1\2"
    struct.pack_into("<HIIBHI", header, 94, len(header), len(header), 0, 0, 20, len(numbers))
    struct.pack_into("<6d", header, 131, *[0.01] * 3, *[0.0] * 3)
    data = bytes(header) + records.tobytes()
    packed = lizip.compress(data, max_error=bound)
    before, after = split(data), split(bytes(lizip.decompress(packed)))
    for name, old in before.columns.items():
        new = after.columns[name]
        if name not in ("X", "Y", "Z"):
            assert old.tobytes() == new.tobytes()
            continue
        far = max(abs(a - b) for a, b in zip(old.tolist(), new.tolist(), strict=True))
        assert far * Fraction("0.01") <= Fraction(repr(bound))
