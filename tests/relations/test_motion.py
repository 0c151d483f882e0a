"""Points that were moved: every arithmetic is that of its writer, whatever bits are stored come back."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.relations import motion
from lizip.relations.motion import ARITHMETICS, DOUBLE, WHOLE, WIDE, WIDE_FUSED, Motion, moved
from lizip.relations.recipe import Recipe
from lizip.relations.rule import NARROW, Rule
from lizip.sensor.stages.moved import Moved


def rotation(seed):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return turn


def draw(seed, count=500):
    draws = np.random.default_rng(seed)
    inner = (draws.integers(-60_000, 60_000, (count, 3)) / 1000).astype("<f4")
    matrix = np.concatenate([rotation(seed), draws.normal(size=(3, 1))], axis=1)
    return inner, matrix


def in_single(inner, matrix, arithmetic):
    """The same in numpy's float32."""
    x, y, z = inner.T
    m = matrix.astype(np.float32)
    rows = []
    for a, b, c, t in m:
        rows.append(
            {
                motion.FORWARD: lambda a=a, b=b, c=c, t=t: ((a * x + b * y) + c * z) + t,
                motion.BACKWARD: lambda a=a, b=b, c=c, t=t: a * x + (b * y + (c * z + t)),
                motion.PAIRS: lambda a=a, b=b, c=c, t=t: (a * x + b * y) + (c * z + t),
                motion.FROM_SHIFT: lambda a=a, b=b, c=c, t=t: ((t + a * x) + b * y) + c * z,
            }[arithmetic]()
        )
    return np.stack(rows, axis=1)


@pytest.mark.parametrize("arithmetic", [motion.FORWARD, motion.BACKWARD, motion.PAIRS, motion.FROM_SHIFT])
def test_arithmetic_is_that_of_float32(arithmetic):
    inner, matrix = draw(1, 4000)
    single = matrix.astype("<f4").astype("<f8")
    assert (moved(inner, single, arithmetic) == in_single(inner, matrix, arithmetic)).all()


def test_arithmetics_differ():
    inner, matrix = draw(2, 4000)
    single = matrix.astype("<f4").astype("<f8")
    numbers = [matrix if number >= WIDE else single for number in range(ARITHMETICS)]
    results = {moved(inner, numbers[number], number).tobytes() for number in range(ARITHMETICS)}
    assert len(results) == ARITHMETICS


def test_float64_is_rounded_once():
    inner, matrix = draw(3)
    exact = inner.astype(np.float64) @ matrix[:, :3].T + matrix[:, 3]
    assert (moved(inner, matrix, DOUBLE) == exact.astype(np.float32)).mean() > 0.999


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1 << 30), st.sampled_from((*range(WIDE), WHOLE)), st.floats(0, 1))
def test_any_bits_come_back(seed, arithmetic, share):
    inner, matrix = draw(seed, 60)
    matrix = matrix.astype("<f4").astype("<f8")
    stored = moved(inner, matrix, arithmetic)
    draws = np.random.default_rng(seed)
    odd = draws.random(stored.shape) < share
    stored.view(np.uint32)[odd] = draws.integers(0, 1 << 32, np.count_nonzero(odd), dtype=np.uint32)
    stored[::7] = inner[::7]
    stored[::11] = (0.0, -0.0, np.nan)
    said = Motion.unpack(Motion.of(inner, stored, matrix, arithmetic).pack())
    assert said.apply(inner).tobytes() == stored.tobytes()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1 << 30), st.sampled_from([WIDE, WIDE_FUSED]), st.floats(0, 1), st.integers(0, 61))
def test_float64_nearby_come_back(seed, arithmetic, share, bits):
    inner, matrix = draw(seed, 60)
    draws = np.random.default_rng(seed)
    stored = moved(inner, matrix, arithmetic)
    off = draws.integers(-(1 << bits) + 1, 1 << bits, stored.shape) * (draws.random(stored.shape) < share)
    stored = from_ordinals(to_ordinals(stored) + off, stored.dtype)
    stored[::7] = inner[::7]
    said = Motion.unpack(Motion.of(inner, stored, matrix, arithmetic).pack())
    assert said.apply(inner).tobytes() == stored.tobytes()


def test_wide_arithmetics_are_those_of_float64():
    inner, matrix = draw(5, 300)
    x, y, z = inner.astype(np.float64).T
    plain = np.stack([((a * x + b * y) + c * z) + t for a, b, c, t in matrix], axis=1)
    assert moved(inner, matrix, WIDE).tobytes() == plain.tobytes()
    fused = [
        [
            float(Fraction(c) * r + Fraction(float(Fraction(b) * q + Fraction(a * float(p))))) + t
            for a, b, c, t in matrix
        ]
        for p, q, r in (tuple(map(Fraction, map(float, point))) for point in inner)
    ]
    assert moved(inner, matrix, WIDE_FUSED).tobytes() == np.array(fused).tobytes()


def test_wide_motions_are_for_float64_alone():
    inner, matrix = draw(6, 60)
    said = Motion.of(inner, moved(inner, matrix, WIDE), matrix, WIDE)
    recipe, names = Recipe((Rule(NARROW),) * 3, motion=said), "xyz"
    wide = tuple((name, np.dtype("<f8")) for name in names)
    assert Recipe.unpack(recipe.pack(), wide).motion is not None
    for kind in ("<f2", "<f4"):
        rules = (Rule(NARROW) if kind == "<f2" else Rule(),) * 3
        with pytest.raises(CorruptError):
            Recipe.unpack(Recipe(rules, motion=said).pack(), tuple((name, np.dtype(kind)) for name in names))
    with pytest.raises(CorruptError, match="float64"):
        Moved.unpack(Moved(np.zeros(3, np.uint32), said).pack())


def test_nothing_is_said_where_all_is_as_expected():
    inner, matrix = draw(4)
    assert Motion.of(inner, moved(inner, matrix, DOUBLE), matrix, DOUBLE).body == b""


def test_points_that_were_not_moved_cost_little():
    inner, matrix = draw(5, 2000)
    inner[1000:] = 0.0
    stored = moved(inner, matrix, DOUBLE)
    stored[1000:] = 0.0
    assert len(Motion.of(inner, stored, matrix, DOUBLE).body) < 60


@pytest.mark.parametrize("change", ["unknown", "infinite", "short", "too many"])
def test_what_cannot_be_meant_is_refused(change, monkeypatch):
    inner, matrix = draw(6)
    data = bytearray(Motion.of(inner, moved(inner, matrix, DOUBLE), matrix, DOUBLE).pack())
    if change == "unknown":
        data[0] = ARITHMETICS
    elif change == "infinite":
        data[1:9] = np.float64(np.inf).tobytes()
    elif change == "short":
        del data[50:]
    else:
        monkeypatch.setattr(motion, "MOST_POINTS", 10)
    with pytest.raises(CorruptError):
        Motion.unpack(bytes(data)).apply(inner)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_a_damaged_stream_is_points_or_corrupt(body):
    inner, matrix = draw(7, 40)
    try:
        out = Motion(matrix, DOUBLE, body).apply(inner)
    except CorruptError:
        return
    assert out.shape == inner.shape
    assert out.dtype == np.dtype("<f4")


@pytest.mark.parametrize("arithmetic", range(motion.ARITHMETICS))
def test_what_is_no_number_stays_as_it_is(arithmetic):
    """Which bits a computed NaN has is the machine's business."""
    words = np.array([0x7FC00000, 0xFFC00001, 0x7FA00003, 0xFFFFFFFF], np.uint32)
    points = words[np.random.default_rng(1).integers(0, 4, (64, 3))].view(np.float32)
    turned = motion.moved(points, np.random.default_rng(2).normal(size=(3, 4)).astype("<f4").astype("<f8"), arithmetic)
    if turned.itemsize == 8:
        quiet = [0x7FF8000000000000, 0xFFF8000020000000, 0x7FFC000060000000, 0xFFFFFFFFE0000000]
        expected = np.array(quiet, np.uint64)[np.random.default_rng(1).integers(0, 4, (64, 3))]
        assert turned.tobytes() == expected.tobytes()
    else:
        assert turned.tobytes() == points.tobytes()


def test_a_signalling_nan_is_refused_without_a_warning():
    with pytest.raises(CorruptError):
        Motion.unpack(bytes([motion.FORWARD]) + b"\x01\x00\x80\x7f" * 12)
