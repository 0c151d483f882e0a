import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lizip.codecs.survey.index import Entry, cuts, pack_index, read_index
from lizip.codecs.survey.integers import integerise, read_transform, restore
from lizip.errors import CorruptError
from lizip.packing import Unpacker

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "V1", "V3", "V8")


def round_trip(column):
    stripped = integerise(column)
    unpack = Unpacker(stripped.header)
    transform = read_transform(unpack, column.dtype)
    unpack.finish()
    assert len(transform.tops) == len(stripped.planes)
    for top, plane in zip(transform.tops, stripped.planes, strict=True):
        assert plane.min() >= 0
        assert plane.max() <= top < 1 << 58
    assert restore(transform, stripped.planes, len(column)).tobytes() == column.tobytes()
    return stripped, transform


@given(st.sampled_from(TYPES), st.binary(min_size=8, max_size=400), st.integers(1, 60))
def test_any_bytes_come_back(code, data, repeats):
    size = np.dtype(code).itemsize
    data = data[: len(data) // size * size] * repeats
    round_trip(np.frombuffer(data, code))


@given(st.lists(st.floats(width=64), min_size=1, max_size=40), st.sampled_from(["f4", "f8"]))
@example([-0.0, -1.0], "f4")  # all mantissas alike
def test_any_floats_come_back(values, code):
    with np.errstate(over="ignore"):
        round_trip(np.array(values).astype(code))


@pytest.mark.parametrize("code", ["f4", "f8"])
def test_floats_that_leap_are_two_planes(code):
    """Sign and exponent apart; what moves little stays one number."""
    random = np.random.default_rng(3)
    stripped, _ = round_trip(random.normal(0, 1, 900).astype(code))
    assert len(stripped.planes) == 2
    assert stripped.tops[1] < 1 << 52
    walk = (1000 + np.cumsum(random.normal(0, 1e-3, 900))).astype("f4")
    assert len(round_trip(walk)[0].planes) == 1


def test_decimals_of_single_precision():
    hundredths = np.random.default_rng(3).integers(-9000, 9000, 900)
    stripped, _ = round_trip((hundredths / 100).astype("f4"))
    assert stripped.tops[0] <= 18_000


@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=50), st.sampled_from([3, 4, 5, 6, 7]))
def test_decimals_are_small_integers(values, decimals):
    column = np.array(values) / 10.0**decimals
    _, transform = round_trip(column)
    assert transform.tops == () or transform.tops[0] <= max(values) - min(values) or transform.table is not None


def test_multiples_tables_and_constants():
    random = np.random.default_rng(3)
    assert round_trip(np.full(9, 7, "u2"))[0].planes == ()
    assert round_trip((257 * random.integers(0, 256, 500)).astype("u2"))[1].tops[0] <= 255
    few = random.choice([0, 3, 40_000, 65_535], 500).astype("u2")
    assert round_trip(few)[1].tops == (3,)
    huge = random.choice([1.0, 2.5, 1.7976931348623157e308, np.nan, -0.0], 500)
    assert round_trip(huge)[1].tops == (4,)


@given(st.binary(max_size=60), st.sampled_from(TYPES))
def test_random_headers_are_refused_or_harmless(data, code):
    unpack = Unpacker(data)
    try:
        transform = read_transform(unpack, np.dtype(code))
    except CorruptError:
        return
    planes = tuple(np.array([0, top], np.int64) for top in transform.tops)
    assert restore(transform, planes, 2).dtype == np.dtype(code)


def test_index_round_trip():
    entries = [Entry(0, 5, (-3, 0, 7), (2**31 - 1, 0, 9), (1.5, 2.5)), Entry(5, 1, (-(2**31), 4, 4), (4, 4, 4), None)]
    packed = pack_index(entries)
    assert read_index(packed, 6) == entries
    for count in (5, 7):
        with pytest.raises(CorruptError):
            read_index(packed, count)
    for stop in range(len(packed)):
        with pytest.raises(CorruptError):
            read_index(packed[:stop], 6)


@given(st.integers(1, 10**7))
def test_chunks_are_even(count):
    sizes = np.diff(cuts(count))
    assert sizes.min() > 0
    assert sizes.max() - sizes.min() <= 1
    assert sizes.max() <= 75_000
