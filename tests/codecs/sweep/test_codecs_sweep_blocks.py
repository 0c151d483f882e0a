import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from second_reader.grid import decode as read_again

from lizip.codecs.sweep.blocks import blocks_of
from lizip.codecs.sweep.decoded import decode, open_blocks
from lizip.codecs.sweep.grid import FOLLOWS, HALVES, decode_grid, encode_grid
from lizip.codecs.sweep.weights import DEFAULT_NET
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varints
from lizip.parallel import threads
from lizip.sensor.model import Grid
from lizip.sensor.solvers import azimuth_rings


def two_sensors(firings=80, rings=9, seed=0):
    """Lower rings on a near wall, upper ones on a far, rough one; some cells hold nothing."""
    random = np.random.default_rng(seed)
    rough = np.where(np.arange(rings) < rings // 2, 1, 30)
    ranges = np.rint(4000 + 3000 * (rough > 1) + rough * random.normal(size=(firings, rings))).astype(np.int32)
    ranges[random.random(ranges.shape) < 0.1] = 0
    return ranges, random.integers(0, 40, ranges.shape, dtype=np.int32)


def header_of(stream):
    unpacker = Unpacker(stream)
    return [unpacker.varint() for _ in range(4)], unpacker.remaining


@given(
    st.integers(0, 30), st.integers(0, 9), st.integers(0, 2**32 - 1), st.booleans(), st.booleans(), st.integers(0, 9)
)
@settings(max_examples=30)
def test_any_grid_comes_back_by_halves(firings, rings, seed, fast, everywhere, bits):
    random = np.random.default_rng(seed)
    ranges = random.integers(0, 2 ** random.integers(0, 25), (firings, rings))
    intensity = random.integers(0, 2**bits, ranges.shape) if bits else None
    stream = encode_grid(ranges, intensity, everywhere=everywhere, fast=fast, halves=True)
    again, levels = decode_grid(stream.data)
    np.testing.assert_array_equal(again, ranges)
    assert (levels is None) == (bits == 0)
    if bits:
        np.testing.assert_array_equal(levels, np.where((ranges > 0) | everywhere, intensity, 0))


@pytest.mark.parametrize("options", [{}, {"net": DEFAULT_NET}, {"fast": True}], ids=["plain", "net", "fast"])
def test_halves_are_coded_as_if_they_were_grids(options):
    ranges, intensity = two_sensors()
    with threads(2):
        stream = encode_grid(ranges, intensity, halves=True, **options)
        grid = decode(stream.data)
    assert stream == encode_grid(ranges, intensity, halves=True, **options), "bytes depend on threads"
    assert len(open_blocks(stream.data)) == 2
    assert grid.past() is None
    np.testing.assert_array_equal(grid.ranges, ranges)
    for block, rings in zip(open_blocks(stream.data), blocks_of(ranges.shape[1], True), strict=True):
        np.testing.assert_array_equal(block.decode().ranges, ranges[:, rings])
    np.testing.assert_array_equal(read_again(stream.data)[0], ranges)
    np.testing.assert_array_equal(read_again(stream.data)[1], np.where(ranges > 0, intensity, 0))


def test_halves_stay_together_where_they_must():
    ranges, intensity = two_sensors()
    assert header_of(encode_grid(ranges, intensity, halves=True).data)[0][3] & HALVES
    before = decode(encode_grid(ranges, intensity, leads=True, halves=True).data).past()
    follower = encode_grid(ranges, intensity, before=before, halves=True)
    assert follower.follows
    assert not header_of(follower.data)[0][3] & HALVES
    assert not header_of(encode_grid(ranges[:, :1], None, halves=True).data)[0][3] & HALVES
    lower_alone = np.zeros((70_000, 4), np.int32)
    lower_alone[:, 0] = 1000
    stream = encode_grid(lower_alone, None, halves=True).data
    assert not header_of(stream)[0][3] & HALVES, "a decoder would not believe the upper half"
    np.testing.assert_array_equal(decode_grid(stream)[0], lower_alone)


@pytest.mark.parametrize("how", [HALVES | FOLLOWS, 2 * HALVES])
def test_impossible_blocks_are_refused(how):
    stream = encode_grid(*two_sensors(), halves=True).data
    header, rest = header_of(stream)
    with pytest.raises(CorruptError):
        decode_grid(pack_varints([*header[:3], header[3] & ~HALVES | how]) + stream[-rest:])
    with pytest.raises(CorruptError):
        decode_grid(pack_varints([header[0], 1, *header[2:]]) + stream[-rest:])


def test_only_full_sweeps_of_two_blocks_of_lasers_are_halved():
    ranges = np.ones((1100, 64), np.int32)
    assert azimuth_rings._is_full(Grid(ranges, None, 0.002))
    assert not azimuth_rings._is_full(Grid(ranges[:1000], None, 0.002))
    assert not azimuth_rings._is_full(Grid(ranges.reshape(-1, 32), None, 0.002))
