"""Nothing comes out larger than the file under zstd or LZMA, and what is kept as it stands is told as truly."""

import io
import lzma

import numpy as np
import pytest
import zstandard
from harness import npy
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import simulator, undone
from lizip.cloud import Cloud
from lizip.codecs import Options, opaque, survey
from lizip.container import Section
from lizip.contest import Contest, Result
from lizip.errors import DefectWarning
from lizip.formats import split
from lizip.orders import Orders

ROOM = 64
"""Bytes by which a .lizip file may be larger than the best of zstd -19 and xz -9 of the whole file."""


def bound(data: bytes) -> int:
    return min(len(zstandard.ZstdCompressor(level=19).compress(data)), len(lzma.compress(data, preset=9))) + ROOM


def noisy_text(rows: int, form: str = "%.5f", seed: int = 1) -> bytes:
    numbers = np.random.default_rng(seed).normal(0, 0.05, (rows, 3))
    return "".join(" ".join(form % value for value in row) + "\n" for row in numbers).encode()


def pcd(rows: int, body: bytes) -> bytes:
    head = f"VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH {rows}\nPOINTS {rows}\nDATA ascii\n"
    return head.encode() + body


KEPT = pcd(200, noisy_text(200, "%.3e"))


def test_a_file_is_kept_as_it_stands_where_that_is_shorter():
    coded = lizip.compress(KEPT)
    assert len(coded) <= bound(KEPT)
    told = lizip.info(io.BytesIO(coded))
    assert (told["format"], told["codec"], told["points"]) == ("pcd", "opaque", 200)
    assert told["fields"] == [("x", "f4"), ("y", "f4"), ("z", "f4")]
    assert told["streams"].keys() == {"file"}
    columns = lizip.read(io.BytesIO(coded), ["z"], slice(10, 20))
    assert columns["z"].tobytes() == split(KEPT).columns["z"][10:20].tobytes()
    assert lizip.decompress(coded) == KEPT
    assert lizip.open(io.BytesIO(coded)).read() == KEPT


@pytest.mark.parametrize("seed", [27, 33, 43, 51])
def test_what_tells_sections_apart_counts(seed):
    """Numbers that a codec says in fewer bytes than the file takes as it stands, but in two more sections."""
    numbers = np.cumsum(np.random.default_rng(seed).normal(0, 10, 40)) / 50
    data = npy(np.clip(numbers.round(3), 0, 100).astype("<f4"))
    assert len(lizip.compress(data)) <= len(opaque.encode_bytes(data)) + 20


def test_a_kept_file_whose_fields_were_forced():
    data = np.random.default_rng(1).integers(0, 256, 700).astype("u1").tobytes()
    coded = lizip.compress(data, fields=7)
    assert list(lizip.read(io.BytesIO(coded))) == ["x", "y", "z", "intensity", "ring", "f5", "f6"]
    assert lizip.decompress(coded) == data


def test_a_kept_array_comes_back_as_an_array():
    array = np.random.default_rng(1).integers(0, 256, (90, 3)).astype("u1")
    assert lizip.decompress(lizip.compress(array)).tobytes() == array.tobytes()


@settings(max_examples=30)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(lambda n, k: (n * k)[:5000], st.binary(min_size=1, max_size=40), st.integers(1, 400)),
        st.builds(
            noisy_text, st.integers(1, 60), st.sampled_from(["%.5f", "%9.2f", "%r", "%d", "%.3e"]), st.integers(0, 9)
        ),
        st.builds(
            lambda n, t: np.arange(n).astype(t).tobytes(),
            st.integers(0, 900),
            st.sampled_from(["<f4", "<f8", "<i4", "u1"]),
        ),
    ),
    st.sampled_from(["default", "max"]),
    st.booleans(),
)
def test_never_larger_than_zstd_and_xz(data, level, headed):
    data = pcd(data.count(b"\n"), data) if headed else data
    if not data.startswith(b"\x93LZP"):
        coded = lizip.compress(data, level=level)
        assert len(coded) <= bound(data)
        assert lizip.decompress(coded) == data


def test_of_many_bytes_too():
    """Repetitions far apart, numbers, noise: where a sample chooses the coder."""
    chance = np.random.default_rng(1)
    noise = chance.bytes(530_000)
    for data in (noise + noise, chance.integers(0, 9, 1_050_000).astype("u1").tobytes() + noise[:9000]):
        assert len(lizip.compress(data)) <= bound(data)


def test_strong_coders_do_not_run_where_a_codec_has_won(monkeypatch):
    """But on samples."""
    spent = []
    strong = opaque._lzma
    monkeypatch.setattr(opaque, "_lzma", lambda data: spent.append(len(data)) or strong(data))
    data = simulator.kitti(1, firings=250)
    assert lizip.info(io.BytesIO(lizip.compress(data)))["codec"] == "sweep"
    assert sum(spent) < len(data) // 2


def test_random_bytes_are_stored_at_once(monkeypatch):
    data = np.random.default_rng(1).bytes(3 << 20)
    spent = []
    strong = opaque._lzma
    monkeypatch.setattr(opaque, "_lzma", lambda data: spent.append(len(data)) or strong(data))
    assert len(lizip.compress(data)) <= len(data) + ROOM
    assert sum(spent) < len(data) // 4


def entered(codec, size: int) -> Result:
    return Result(codec, b"", (Section(4, bytes(size)),))


def test_rivals_are_tried_where_they_have_a_chance():
    cloud = Cloud("bin", columns={"x": np.arange(9999, dtype="<i4") ** 2 % 7919})
    quick = opaque.CODEC.quick_size(cloud)
    for level, size, beaten in [
        ("max", 1, False),
        ("fast", quick, True),
        ("fast", quick + 1, False),
        ("default", quick // 10, True),
        ("default", quick, False),
    ]:
        contest = Contest(memoryview(b""), cloud, Options(level))
        assert not contest.beaten("floats"), "nothing to compare with yet"
        contest.enter(entered(opaque.CODEC, size))  # and a byte for its kind, where the cloud has one of layout
        assert contest.beaten("floats") == beaten


def test_nothing_rivals_a_codec_that_explains_the_points(monkeypatch):
    """A cheap look decides; where it does not, the whole cloud is weighed."""
    cloud = Cloud("las", columns={"X": np.random.default_rng(3).integers(0, 1 << 30, 40_000).astype("<i4")})
    sampled = opaque.CODEC.sampled_size(cloud)
    assert 0.9 < sampled / opaque.CODEC.quick_size(cloud) < 1.1
    contest = Contest(memoryview(b""), cloud, Options())
    contest.enter(entered(survey.CODEC, sampled // 4))
    with monkeypatch.context() as patch:
        patch.setattr(opaque.CODEC, "quick_size", None)
        assert contest.beaten("floats")
        assert contest.beaten("opaque")
    contest = Contest(memoryview(b""), cloud, Options())
    contest.enter(entered(survey.CODEC, sampled // 2))
    assert not contest.beaten("floats")


@pytest.mark.parametrize("kind", ["las", "pcd"])
def test_hostile_kept_files(kind):
    """The file says another format, or another number of points, than it has."""
    from lizip.container import Container, write

    header = Container(io.BytesIO(lizip.compress(KEPT))).header
    section = Section(2, opaque.encode_bytes(KEPT))
    number = {"las": 2, "pcd": 3}[kind]
    forged = write([section], 0, number, len(KEPT), header.digest, 399)
    assert lizip.decompress(forged) == KEPT
    with pytest.raises(lizip.CorruptError):
        lizip.read(io.BytesIO(forged))


@pytest.mark.defective
@pytest.mark.parametrize("name", ["undo", "undo_rarer"])
def test_a_search_for_moves_that_fails_ends_no_compression(monkeypatch, name):
    def fails(cloud, recipe):
        raise ValueError("of a search")

    data = np.random.default_rng(6).normal(size=(900, 4)).astype("<f4").tobytes()
    monkeypatch.setattr(undone, name, fails)
    with pytest.warns(DefectWarning, match="of a search"):
        packed = lizip.compress(data)
    assert lizip.decompress(packed) == data


@pytest.mark.defective
@pytest.mark.parametrize("name", ["attempt_apart", "attempt_sorted", "attempt_fired"])
def test_a_search_for_an_order_that_fails_ends_no_compression(monkeypatch, name):
    def fails(self, codec, recipe):
        raise ValueError("of a search")

    data = simulator.nuscenes(1, firings=100)
    monkeypatch.setattr(Orders, name, fails)
    if name == "attempt_sorted":  # where nobody explains the points
        data = np.random.default_rng(6).normal(size=(900, 4)).astype("<f4").tobytes()
    with pytest.warns(DefectWarning, match="of a search"):
        packed = lizip.compress(data)
    assert lizip.decompress(packed) == data


@pytest.mark.parametrize("behind", [0, 1])
def test_points_sorted_by_a_column_behind_one_that_is_left_out(behind):
    """A key's place is that among the columns that are coded."""
    points = np.frombuffer(simulator.kitti(1, firings=250), "<f4").reshape(-1, 4)
    draws = np.random.default_rng(1)
    time = draws.random(len(points)).astype("<f4")
    names = ["x", "y", "z", "intensity", "again", "time", *["more"] * behind]
    columns = [*points.T, points[:, 3], time, *[time[::-1]] * behind]
    records = np.empty(len(time), [(name, "<f4") for name in names])
    for name, column in zip(names, columns, strict=True):
        records[name] = column
    records = records[np.argsort(time, kind="stable")]
    packed = lizip.compress(records)
    assert lizip.decompress(packed).tobytes() == records.tobytes()
    # the order costs nothing, random times do
    assert 8 * len(packed) < (45 + 24 * behind) * len(points)
