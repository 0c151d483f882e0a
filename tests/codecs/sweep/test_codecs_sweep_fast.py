"""The fast level of the grid coder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_codecs_sweep_grid import assert_round_trip, made_grid

from lizip.codecs.sweep.fast import FastCoder
from lizip.codecs.sweep.fast.intensity import runs_of
from lizip.codecs.sweep.grid import Form, decode_grid, encode_grid
from lizip.entropy.symbols import finish_symbols, open_symbols
from lizip.errors import CorruptError
from lizip.packing import pack_bytes, pack_varint, pack_varints


@given(st.integers(0, 40), st.integers(0, 12), st.integers(0, 2**32 - 1), st.booleans(), st.integers(0, 16))
@settings(max_examples=60)
def test_any_grid_comes_back(firings, rings, seed, everywhere, bits):
    random = np.random.default_rng(seed)
    shape = (firings, rings)
    ranges = random.integers(0, 2 ** random.integers(0, 25), shape)
    ranges[random.random(shape) < random.random()] = 0
    intensity = random.integers(0, 2**bits, shape) if bits else None
    assert_round_trip(ranges, intensity, everywhere=everywhere, near=int(random.integers(1, 200)), fast=True)


@pytest.mark.parametrize("near", [1, 1 << 20])
def test_extremes(near):
    random = np.random.default_rng(1)
    ranges = np.where(random.random((40, 300)) < 0.5, 1, (1 << 24) - 1)
    ranges[20:] = random.integers(0, 1 << 24, (20, 300))
    assert_round_trip(ranges, random.integers(0, 65536, ranges.shape), everywhere=True, near=near, fast=True)


def test_costs_little_more_than_decisions():
    ranges, intensity = made_grid(400, 16)
    for bits in (0, 8):
        light = intensity << bits | intensity if bits else intensity
        decisions = assert_round_trip(ranges, light)
        fast = assert_round_trip(ranges, light, fast=True)
        assert len(fast.data) < 1.15 * len(decisions.data)
        assert sum(fast.bits.values()) == pytest.approx(8 * len(fast.data), rel=0.02)


def test_segments_carry_the_model_on(monkeypatch):
    ranges, intensity = made_grid(200, 16)
    whole = len(encode_grid(ranges, intensity, fast=True).data)
    monkeypatch.setattr("lizip.codecs.sweep.grid.SEGMENT", 400)
    assert len(assert_round_trip(ranges, intensity, fast=True).data) < 1.25 * whole


@given(st.data())
@settings(max_examples=300)
def test_damage_is_noticed_or_harmless(data):
    ranges, intensity = made_grid(30, 5)
    stream = bytearray(encode_grid(ranges, intensity, fast=True).data)
    if data.draw(st.booleans()):
        stream = stream[: data.draw(st.integers(0, len(stream) - 1))]
    else:
        stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        ranges, intensity = decode_grid(bytes(stream), max_cells=1 << 12)
    except CorruptError:
        return
    assert ranges.size <= 1 << 12
    assert ranges.min(initial=0) >= 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 16), st.integers(1, 1 << 20))
@settings(max_examples=60)
def test_words_of_nobody_are_followed_within_bounds(seed, bits, near):
    """Random words in place of all three streams: refused at the end; what was decoded on the way has its bounds."""
    random = np.random.default_rng(seed)

    def noise():
        words = random.integers(0, 2**32, 2000).astype("<u4")
        words[random.random(2000) < random.random()] = random.choice([0, (1 << 32) - 1])
        return pack_varint(int(random.integers(0, 2001))) + words.tobytes()

    shares = random.integers(0, 16, 1 << min(bits, 8))
    ranges, intensity = np.zeros((60, 40), np.int32), np.zeros((60, 40), np.int32)
    coder = FastCoder.of(Form(near, bits, 1, shares), 40)
    with pytest.raises(CorruptError):
        coder.decode(pack_bytes(noise()) + pack_bytes(noise()) + noise(), ranges, intensity, 0, 60)
    coder = FastCoder.of(Form(near, bits, 1, shares), 40)
    for piece in (noise(), noise()):
        _ignore(coder, piece, ranges, intensity)
    assert 0 <= ranges.min(initial=0) <= ranges.max(initial=0) < 1 << 24
    assert 0 <= intensity.min() <= intensity.max() < 1 << 16


def _ignore(coder, piece, ranges, intensity):
    """Decode ranges and intensities from noise, whatever state it ends in."""
    from lizip.codecs.sweep.fast.intensity import code_intensities
    from lizip.codecs.sweep.fast.ranges import code_ranges
    from lizip.entropy.symbols import read_symbols

    ranges[:] = 1
    code_ranges(*read_symbols(piece), ranges, 0, len(ranges), coder.form.near, coder.ranges)
    form = (coder.form.bits, coder.form.everywhere)
    code_intensities(*read_symbols(piece), ranges, intensity, 0, len(ranges), form, coder.runs, coder.intensity)


def test_a_bomb_of_empty_cells_is_refused():
    rows = 1 << 16
    coder = FastCoder.of(Form(40, 0, 0, np.zeros(1, np.int64)), 256)
    empty = np.zeros((256, 256), np.int32)
    pieces = [coder.encode(empty, empty, 0, 256)[0] for _ in range(rows // 256)]
    stream = pack_varints([rows, 256, 40, 2]) + b"".join(map(pack_bytes, pieces))
    with pytest.raises(CorruptError, match="empty cells"):
        decode_grid(stream)


def test_a_stream_too_many_is_refused():
    form = Form(40, 0, 0, np.zeros(1, np.int64))
    ranges, _ = made_grid(8, 4)
    coded, _ = FastCoder.of(form, 4).encode(ranges, ranges, 0, 8)
    with pytest.raises(CorruptError):
        FastCoder.of(form, 4).decode(coded + finish_symbols(*open_symbols(1, 1)), np.zeros_like(ranges), ranges, 0, 8)


@given(st.lists(st.integers(0, 15), min_size=1, max_size=256))
def test_runs_hold_every_value_once(shares):
    runs = runs_of(np.array(shares))
    values = [value for value, share in enumerate(shares) if share] or [0]
    assert runs.size.sum() == len(values)
    for value in values:
        run, place = runs.run[value], runs.place[value]
        assert 0 <= place < runs.size[run] <= 16 << runs.low[run]
        assert runs.value[run * 256 + place] == value
