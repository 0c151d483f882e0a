import numpy as np
import pytest
from harness import printed
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.sweep.grid import Form, decode_grid, encode_grid, near_ticks, takes
from lizip.codecs.sweep.net import no_net
from lizip.codecs.sweep.ranges import code_range
from lizip.codecs.sweep.weights import DEFAULT_NET
from lizip.entropy.coder import open_decoder
from lizip.errors import CorruptError, ModelMissingError
from lizip.jit import kernel
from lizip.packing import pack_bytes, pack_varint, pack_varints


def made_grid(firings=60, rings=8, seed=0, top=60):
    """A wall, a ground, holes and outliers, with an intensity that follows the surface."""
    random = np.random.default_rng(seed)
    f, r = np.mgrid[:firings, :rings]
    ranges = 3000 + 400 * r + np.rint(300 * np.sin(f / 9)).astype(int) + random.integers(-3, 4, f.shape)
    ranges[(f // 13 + r // 3) % 4 == 1] += 5000
    ranges[random.random(f.shape) < 0.1] = 0
    ranges[random.random(f.shape) < 0.01] = random.integers(1, 1 << 24)
    intensity = np.minimum(top, (f // 13 + 2 * r) * 5 + random.integers(0, 5, f.shape))
    return ranges.astype(np.int32), intensity.astype(np.int32)


def assert_round_trip(ranges, intensity, **options):
    stream = encode_grid(ranges, intensity, **options)
    ranges2, intensity2 = decode_grid(stream.data)
    np.testing.assert_array_equal(ranges2, ranges)
    if intensity is None:
        assert intensity2 is None
    elif options.get("everywhere"):
        np.testing.assert_array_equal(intensity2, intensity)
    else:
        np.testing.assert_array_equal(intensity2, np.where(ranges > 0, intensity, 0))
    assert sum(stream.bits.values()) < 8 * len(stream.data) + 64
    return stream


@given(st.integers(0, 40), st.integers(0, 12), st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 16))
@settings(max_examples=60)
def test_any_grid_comes_back(firings, rings, seed, everywhere, bits):
    random = np.random.default_rng(seed)
    shape = (firings, rings)
    ranges = random.integers(0, 2 ** random.integers(0, 25), shape)
    ranges[random.random(shape) < random.random()] = 0
    intensity = random.integers(0, 2**bits, shape) if bits else None
    assert_round_trip(ranges, intensity, everywhere=everywhere, near=int(random.integers(1, 200)))


def test_most_rings_and_longest_ranges():
    ranges = np.full((3, 256), (1 << 24) - 1)
    ranges[1] = 1
    assert_round_trip(ranges, np.full((3, 256), 65535), everywhere=True)


def test_structure_is_worth_bits():
    ranges, intensity = made_grid(400, 16)
    stream = assert_round_trip(ranges, intensity, everywhere=False)
    noise = np.random.default_rng(0).permutation(ranges.ravel()).reshape(ranges.shape)
    assert len(stream.data) < 0.6 * len(encode_grid(noise, intensity).data)
    assert set(stream.bits) == {"flags", "range", "intensity"}
    assert sum(stream.bits.values()) == pytest.approx(8 * len(stream.data), rel=0.01)


def test_segments_carry_the_model_on(monkeypatch):
    ranges, intensity = made_grid(200, 16)
    whole = len(encode_grid(ranges, intensity).data)
    monkeypatch.setattr("lizip.codecs.sweep.grid.SEGMENT", 100)
    pieces = assert_round_trip(ranges, intensity)
    assert len(pieces.data) < 1.25 * whole


def test_bounds_are_checked():
    for ranges in ([[-1]], [[1 << 24]], np.zeros((2, 2049), int)):
        with pytest.raises(ValueError, match=r"ring|range"):
            encode_grid(np.array(ranges), None)
    with pytest.raises(ValueError, match="65535"):
        encode_grid(np.ones((1, 1), int), np.full((1, 1), 65536))


def test_grids_too_large_are_refused_before_memory_is_taken():
    data = encode_grid(*made_grid()).data
    with pytest.raises(CorruptError):
        decode_grid(data, max_cells=60 * 8 - 1)
    decode_grid(data, max_cells=60 * 8)


@given(st.data())
@settings(max_examples=300)
def test_damage_is_noticed_or_harmless(data):
    ranges, intensity = made_grid(30, 5)
    stream = bytearray(encode_grid(ranges, intensity).data)
    if data.draw(st.booleans()):
        stream = stream[: data.draw(st.integers(0, len(stream) - 1))]
    else:
        stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        ranges, intensity = decode_grid(bytes(stream), max_cells=1 << 12)
    except (CorruptError, ModelMissingError):
        return
    assert ranges.size <= 1 << 12
    assert ranges.min(initial=0) >= 0


def test_near_is_eight_centimetres():
    assert [near_ticks(tick) for tick in (0.002, 0.001, 0.004, 1.0)] == [40, 80, 20, 1]


@pytest.mark.parametrize("options", ["everywhere=True", "everywhere=True, fast=True", f"net={DEFAULT_NET!r}"])
def test_same_bytes_without_compiler(options):
    script = (
        "import numpy as np\n"
        "from lizip.codecs.sweep.grid import encode_grid, decode_grid\n"
        "f, r = np.mgrid[:30, :6]\n"
        "ranges = (2000 + 50 * r + f * f % 37) * ((f * 7 + r) % 11 > 1); ranges[7, 3] = 16777215\n"
        f"data = encode_grid(ranges, f % 9 + 300 * r, {options}).data\n"
        "assert (decode_grid(data)[0] == ranges).all()\n"
        "print(data.hex())"
    )
    assert printed(script) == printed(script, NUMBA_DISABLE_JIT="1")


@pytest.mark.slow
def test_nuscenes_costs_what_it_should(data):
    points = np.fromfile(data / "nuscenes" / "sweep_e.bin", "<f4").reshape(-1, 32, 5)
    ranges = np.rint(np.sqrt((points[:, :, :3].astype(float) ** 2).sum(2)) / 0.002).astype(np.int32)
    stream = assert_round_trip(ranges, points[:, :, 3].astype(np.int32), everywhere=True)
    assert 8 * len(stream.data) / ranges.size < 9.5


@kernel
def _ranges_near_nothing(coder, model, net, out):
    for i in range(out.size):
        out[i] = code_range(coder, model, net, None, 0, 0, 0, np.int64(1), np.int64(0), np.int64(0))


def test_a_return_never_has_the_range_of_no_return():
    """Whatever the stream says: a range of 0 is a cell without a return."""
    words = np.random.default_rng(3).integers(0, 2**32, 4000).astype("<u4")
    coder = open_decoder(pack_varint(2000) + words.tobytes())
    out = np.zeros(600, np.int64)
    _ranges_near_nothing(coder, Form(40, 0, 0, np.zeros(1, np.int64)).model(4), no_net(), out)
    assert out.min() == 1
    assert out.max() > 1


def test_a_bomb_of_empty_cells_is_refused():
    """A stream of one byte says that 65536 cells are empty: followed for a while, but not for long."""
    rows = 1 << 16
    stream = pack_varints([rows, 256, 40, 0]) + pack_bytes(b"") + pack_bytes(b"\0") * (rows // 256)
    with pytest.raises(CorruptError, match="empty cells"):
        decode_grid(stream)


def test_beginnings_without_returns():
    """What the encoder may hand over is what the decoder follows."""
    ranges = np.zeros((3000, 100), np.int32)
    assert not takes(ranges)
    ranges[:5, :] = 1000
    assert takes(ranges[:1000])
    assert not takes(ranges)
    ranges[:, ::50] = 1000
    assert takes(ranges)
    assert_round_trip(ranges, None)
