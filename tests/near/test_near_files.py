"""Near-lossless files end to end: bounds, what is told, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lizip
from lizip import pieces, pipeline
from lizip.errors import CorruptError


def cloud(count=3000, seed=1):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 4)).astype("<f4") * 20
    points[:, 3] = rng.integers(0, 256, count)
    return points


def errors(before, after):
    """Largest error of each column, exactly."""
    pairs = zip(before.T.tolist(), after.T.tolist(), strict=True)
    return [max(abs(Fraction(a) - Fraction(b)) for a, b in zip(*pair, strict=True)) for pair in pairs]


@pytest.mark.parametrize("bound", [1e-5, 0.001, 0.01, 0.3])
def test_points_are_within_the_bound_and_much_smaller(bound):
    points = cloud()
    packed = lizip.compress(points, max_error=bound)
    back = lizip.decompress(packed)
    found = errors(points, back)
    assert max(found[:3]) <= Fraction(repr(bound))
    assert found[3] == 0
    assert len(packed) < len(lizip.compress(points))
    info = lizip.info(packed)
    assert info["max_error"] == bound
    assert not info["exact"]
    assert info["largest_error"] == pytest.approx(float(max(found[:3])), rel=1e-12)


@settings(max_examples=25)
@given(
    hnp.arrays("<f4", st.tuples(st.integers(1, 30), st.just(4)), elements=hnp.from_dtype(np.dtype("<f4"))),
    st.sampled_from([1e-6, 0.001, 0.1, 1e6]),
)
def test_any_floats_come_back_within_the_bound(points, bound):
    back = np.asarray(lizip.decompress(lizip.compress(points, max_error=bound)))
    assert back.shape == points.shape
    assert back[:, 3].tobytes() == points[:, 3].tobytes()
    for a, b in zip(points[:, :3].ravel().tolist(), back[:, :3].ravel().tolist(), strict=True):
        if np.isfinite(a):
            assert abs(Fraction(b) - Fraction(a)) <= Fraction(repr(bound))
        else:
            assert np.float32(a).tobytes() == np.float32(b).tobytes() or (np.isnan(a) and np.isnan(b))


def test_intensities_have_a_bound_of_their_own():
    points = cloud()
    back = lizip.decompress(lizip.compress(points, intensity_error=4))
    found = errors(points, back)
    assert max(found[:3]) == 0
    assert 0 < found[3] <= 4


def test_a_near_file_is_an_ordinary_cloud():
    """Coding what came back without loss costs hardly more; and asking for the same again changes nothing."""
    points = cloud()
    packed = lizip.compress(points, max_error=0.01)
    back = lizip.decompress(packed)
    assert len(lizip.compress(back)) <= 1.03 * len(packed)


def test_where_exact_is_no_larger_the_file_is_exact_and_says_so():
    points = np.round(cloud(), 2).astype("<f4")
    packed = lizip.compress(points, max_error=0.004)
    assert lizip.decompress(packed).tobytes() == points.tobytes()
    assert lizip.info(packed)["exact"]


def test_clouds_without_coordinates_stay():
    values = np.arange(5000.0)
    packed = lizip.compress(values, max_error=0.5)
    assert (lizip.decompress(packed) == values).all()
    assert lizip.info(packed)["exact"]


def test_text_is_printed_within_the_bound():
    rows = cloud(800)[:, :3]
    text = "\n".join(" ".join(f"{value:.3f}" for value in row) for row in rows.tolist()).encode() + b"\n"
    back = lizip.decompress(lizip.compress(text, max_error=0.02))
    before, after = (np.array([line.split() for line in each.splitlines()], np.float64) for each in (text, back))
    assert 0 < np.abs(before - after).max() <= 0.02 * (1 + 1e-12)


def test_pieces_keep_to_the_bound(monkeypatch):
    monkeypatch.setattr(pieces, "MAX_WHOLE", 1 << 16)
    monkeypatch.setattr(pieces, "PIECE", 1 << 15)
    points = cloud(9000)
    packed = lizip.compress(points.tobytes(), fields=4, max_error=0.002)
    info = lizip.info(packed)
    assert info["pieces"] > 2
    assert 0 < info["largest_error"] <= 0.002
    back = np.frombuffer(lizip.decompress(packed), "<f4").reshape(-1, 4)
    assert max(errors(points, back)[:3]) <= Fraction("0.002")
    lizip.verify(packed)
    lizip.verify(packed, points.tobytes())


def test_verify_knows_the_original():
    points = cloud().tobytes()
    packed = lizip.compress(points, fields=4, max_error=0.01)
    lizip.verify(packed, points)
    with pytest.raises(CorruptError, match="not made of this"):
        lizip.verify(packed, bytes(lizip.decompress(packed)))


def test_a_cloud_beyond_the_bound_is_never_published(monkeypatch):
    """Should a codec's cloud leave the bound, it is not taken."""
    from lizip.near import lattice

    monkeypatch.setattr(lattice, "rounded", lambda column, field: column + column.dtype.type(0.02))
    points = cloud()
    packed = lizip.compress(points, max_error=0.01)
    assert lizip.decompress(packed).tobytes() == points.tobytes()


@pytest.mark.parametrize("wrong", [{"max_error": -1.0}, {"max_error": float("nan")}, {"intensity_error": float("inf")}])
def test_impossible_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match="give a number"):
        lizip.compress(cloud(), **wrong)


def test_a_forged_bound_is_corrupt():
    from lizip.near.said import Said

    good = Said(0.01, 0.005, 0.0, 0.0, bytes(16))
    assert Said.unpack(good.pack()) == good
    for wrong in (good._replace(largest_error=0.02), good._replace(max_error=float("nan"))):
        with pytest.raises(CorruptError):
            Said.unpack(wrong.pack())
    with pytest.raises(CorruptError):
        Said.unpack(good.pack()[:-1])


def test_bytes_without_bounds_are_what_they_were():
    """The mode must be asked for: nothing of it is in an ordinary file."""
    packed = lizip.compress(cloud())
    assert "max_error" not in lizip.info(packed)
    assert "original_hash" not in lizip.info(packed)
    assert pipeline.Bounds.of(None, lizip.codecs.Options()) is None
