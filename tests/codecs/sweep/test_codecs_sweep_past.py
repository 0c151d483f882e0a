"""Grids that follow one another."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.codecs.sweep.decoded import decode
from lizip.codecs.sweep.grid import encode_grid
from lizip.codecs.sweep.net import no_net
from lizip.codecs.sweep.past import Alignment
from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker


def scene(seed: int, rows: int, rings: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Something of a wall with holes, and its intensities."""
    random = np.random.default_rng(seed)
    ranges = 3000 + 20 * np.arange(rings) + random.integers(-6, 7, (rows, rings))
    ranges[random.random((rows, rings)) < 0.2] = 0
    return ranges.astype(np.int32), random.integers(0, 1 << bits, (rows, rings)).astype(np.int32) if bits else None


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 40)), min_size=2, max_size=5),
    st.integers(1, 9),
    st.sampled_from([0, 1, 7, 8, 12]),
    st.booleans(),
)
def test_there_and_back(sweeps, rings, bits, everywhere):
    before = None
    for seed, rows in sweeps:
        ranges, intensity = scene(seed, rows, rings, bits)
        if intensity is not None and not everywhere:
            intensity[ranges == 0] = 0
        stream = encode_grid(ranges, intensity, everywhere=everywhere, before=before, leads=True)
        found = decode(stream.data, before=before)
        assert (found.ranges == ranges).all()
        if bits:
            assert (found.intensity == intensity).all()
        if stream.follows:
            with pytest.raises(CorruptError, match="does not follow"):
                decode(stream.data)
        fits = before is not None and (not bits or int(intensity.max()).bit_length() <= before.form.bits)
        assert stream.follows == fits
        before = found.past()


def test_a_scene_that_stands_is_known():
    before, sizes = None, []
    rough = np.random.default_rng(7).integers(0, 5000, (300, 16)).astype(np.int32)
    for seed in range(4):
        ranges, _ = scene(seed, 300, 16, 0)
        stream = encode_grid(np.where(ranges, ranges + rough, 0), None, before=before, leads=True)
        sizes.append(len(stream.data))
        before = decode(stream.data, before=before).past()
    assert max(sizes[1:]) < 0.6 * sizes[0]
    assert sizes[3] < 0.5 * sizes[0], "what follows several knows more"


@pytest.mark.parametrize("shift", [-70, -1, 0, 5])
def test_rows_that_have_turned_are_found(shift):
    random = np.random.default_rng(1)
    first = random.integers(500, 9000, (400, 8)).astype(np.int32)
    before = decode(encode_grid(first, None, leads=True).data).past()
    moved = np.roll(first, -shift, axis=0)
    shifts = Alignment.of(before.prior, moved, 40).shifts
    assert len(shifts) == 25
    assert np.median(shifts) == shift
    assert Alignment.of(before.prior, random.integers(500, 9000, (400, 8)), 40).shifts == ()
    assert len(encode_grid(moved, None, before=before).data) < 0.5 * len(encode_grid(moved, None).data)


def test_a_turn_that_runs_ahead_is_found():
    random = np.random.default_rng(1)
    first = random.integers(500, 9000, (400, 8)).astype(np.int32)
    before = decode(encode_grid(first, None, leads=True).data).past()
    moved = np.concatenate([first[:160], first[162:]])
    alignment = Alignment.of(before.prior, moved, 40)
    assert alignment.shifts == (0,) * 10 + (2,) * 15
    assert (alignment.moved(before.prior, 398, -1)[..., 0] == moved).all()


@pytest.mark.parametrize("shifts", [(), (0, 0, 0), (5, -40, 7), (2**20, -(2**20), 99), (-3, 2, 60)])
@pytest.mark.parametrize("longer", [-9, 0, 30])
def test_rows_that_nothing_is_known_of(shifts, longer):
    array, rows = np.arange(1, 41 + longer, dtype=np.int32)[:, None], 40
    seen = [f + shifts[f // 16] if shifts else -1 for f in range(rows)]
    expected = [array[at, 0] if 0 <= at < len(array) else -7 for at in seen]
    assert Alignment(shifts).moved(array, rows, -7)[:, 0].tolist() == expected


def test_grids_that_follow_the_same_can_be_decoded_at_once():
    """Nothing that adapts is shared, whether the key frame follows others itself or not."""
    before = None
    for seed in range(3):
        before = decode(encode_grid(*scene(seed, 60, 8, 7), before=before, leads=True).data, before=before).past()
        alignment = Alignment((0,) * 4)
        first, second = (before.coder(60, alignment, no_net()).model for _ in range(2))
        for name in ("counters", "weights", "history", "scratch", "refinements"):
            arrays = [getattr(model, name) for model in (before.model, first, second)]
            assert not any(np.shares_memory(a, b) for a, b in combinations(arrays, 2)), name


@given(st.lists(st.integers(-(2**20), 2**20), max_size=20), st.integers(0, 15))
def test_alignments(shifts, short):
    rows = max(16 * len(shifts) - short, 0)
    packed = Unpacker(Alignment(tuple(shifts)).pack())
    assert Alignment.unpack(packed, rows).shifts == tuple(shifts)
    packed.finish()
    with pytest.raises(CorruptError):
        Alignment.unpack(Unpacker(Alignment((2**25,)).pack()), 1)


@settings(max_examples=60)
@given(st.data())
def test_damage_never_gets_past(data):
    ranges, intensity = scene(1, 40, 6, 7)
    before = decode(encode_grid(ranges, intensity, leads=True).data).past()
    stream = bytearray(encode_grid(*scene(2, 40, 6, 6), before=before).data)
    for _ in range(data.draw(st.integers(1, 3))):
        stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode(bytes(stream), max_cells=4096, before=before)
    except (CorruptError, ModelMissingError):
        return
    assert found.ranges.min() >= 0
