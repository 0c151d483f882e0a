"""The API in rough hands: wrong types get a word, every form of a .lizip file works everywhere."""

from __future__ import annotations

import array
import io
import mmap
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip import checked, storage
from lizip.errors import MissingPackageError, TargetExistsError

POINTS = np.arange(400, dtype="<f4").reshape(100, 4)
QUICK: dict[str, Any] = {"level": "fast", "codec": "opaque"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scan.bin.lizip"
    path.write_bytes(lizip.compress(POINTS.tobytes(), fields=4, **QUICK))
    return path


class Frame:
    """What pandas and polars have."""

    def to_numpy(self):
        raise AssertionError("not asked for")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1.0, 2.0], "not list; give numpy.asarray"),
        ((1.0, 2.0), "not tuple; give numpy.asarray"),
        ("scan.bin", "not str; for a file: compress_file"),
        (Path("scan.bin"), "for a file: compress_file"),
        (None, "not NoneType"),
        (5, "not int"),
        (array.array("f", [1, 2]), "not array.array"),
        (io.BytesIO(b"x"), "give what its .read"),
        (Frame(), "give its .to_numpy"),
    ],
)
def test_what_cannot_be_compressed_gets_a_word(data, words):
    with pytest.raises(TypeError, match=r"compress takes bytes or a numpy array") as error:
        lizip.compress(data)
    assert words in str(error.value)


def test_masked_arrays_are_refused():
    with pytest.raises(TypeError, match="without its mask"):
        lizip.compress(np.ma.masked_array([1.0, 2.0], [False, True]))


DATES = np.array(["2020-01-01"], "M8[s]")
"""No bytes to Python."""


@pytest.mark.parametrize("data", ["text", [1], None, DATES])
def test_what_cannot_be_decompressed_gets_a_word(data):
    with pytest.raises(TypeError, match=r"bytes of a \.lizip file"):
        lizip.decompress(data)


@pytest.mark.parametrize("take", [lizip.info, lizip.read, lizip.open, lizip.verify, lizip.PackReader])
@pytest.mark.parametrize("data", [[1], None, DATES, io.StringIO("text")])
def test_what_is_no_file_gets_a_word(take, data):
    with pytest.raises(TypeError, match="give a path, a URL, a binary file or bytes"):
        take(data)


@pytest.mark.parametrize("items", [b"bytes", "scan.bin", io.BytesIO(b"file"), Frame()])
def test_one_thing_is_not_many(items):
    for function in (lizip.compress_many, lizip.decompress_many):
        with pytest.raises(TypeError, match=r"\[item\] for one"):
            function(items)


def test_bytes_with_gaps_and_maps(tmp_path):
    assert lizip.decompress(lizip.compress(memoryview(b"abcdef")[::2], **QUICK)) == b"ace"
    for values in (np.arange(5, dtype=">f4"), np.zeros((3, 0)), np.zeros(4, [("x", "<f4"), ("n", "u1")])):
        assert lizip.decompress(lizip.compress(values.data, **QUICK)) == values.tobytes()
    packed = np.frombuffer(lizip.compress(b"abc", **QUICK), "u1")
    gaps: Any = np.repeat(packed, 2).data[::2]
    assert lizip.decompress(gaps) == lizip.open(gaps).read() == b"abc"
    (tmp_path / "x").write_bytes(b"mapped" * 100)
    with open(tmp_path / "x", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        held: Any = mapped
        again = lizip.compress(held, **QUICK)
    assert lizip.decompress(again) == b"mapped" * 100


ALIGNED = np.dtype([("a", "u1"), ("x", "<f8"), ("n", [("q", "u1"), ("r", "<i4", (2,))])], align=True)


@given(st.sampled_from([(), (0,), (1,), (7,), (3, 4)]), st.sampled_from(["C", "F", "step", "back"]), st.integers(0, 99))
def test_padding_comes_back(shape, order, seed):
    """Every byte of records with gaps between the fields, whatever the order in memory."""
    raw = np.dtype((np.void, ALIGNED.itemsize))
    data = np.random.default_rng(seed).integers(0, 256, (*shape, ALIGNED.itemsize), np.uint8)
    records = np.frombuffer(data.tobytes(), ALIGNED).reshape(shape)
    if records.ndim:
        records = {"C": records, "F": records.T, "step": records[::2], "back": records[::-1]}[order]
    packed = lizip.compress(records, **QUICK)
    assert packed == lizip.compress(records, **QUICK)
    back = lizip.decompress(packed)
    assert (back.dtype, back.shape) == (records.dtype, records.shape)
    assert back.view(raw).tobytes() == records.view(raw).tobytes()


def test_records_numpy_cannot_write():
    odd = np.zeros(3, np.dtype({"names": ["x", "y"], "formats": ["<f4", "<f4"], "offsets": [4, 0]}))
    with pytest.raises(lizip.FormatError, match="cannot be written"):
        lizip.compress(odd)


def forms(path):
    """Every way to hand over a .lizip file."""
    data = path.read_bytes()
    yield str(path)
    yield path
    yield data
    yield bytearray(data)
    yield memoryview(data)
    yield np.frombuffer(data, "u1")
    yield io.BytesIO(data)
    with open(path, "rb") as file:
        yield file
    with open(path, "rb", buffering=0) as file:
        yield file
    ours, theirs = os.pipe()
    threading.Thread(target=lambda: (os.write(theirs, data), os.close(theirs))).start()
    with open(ours, "rb") as pipe:
        yield pipe


def test_every_form_works_everywhere(path):
    for function, expected in (
        (lambda form: lizip.info(form)["points"], 100),
        (lambda form: lizip.verify(form), None),
        (lambda form: lizip.open(form).read(), POINTS.tobytes()),
        (lambda form: lizip.read(form, fields="x")["x"].tolist(), POINTS[:, 0].tolist()),
        (lambda form: lizip.verify(form, against=POINTS.tobytes()), None),
        (lambda form: lizip.verify(form, against=io.BytesIO(POINTS.tobytes())), None),
    ):
        for form in forms(path):
            assert function(form) == expected, type(form)


@pytest.mark.parametrize("form", [3, [b"x"], None, io.StringIO("x"), object()])
def test_no_form_of_a_file(form):
    for function in (lizip.info, lizip.verify, lizip.open, lizip.read):
        with pytest.raises(TypeError, match="give a path, a URL, a binary file or bytes, not"):
            function(form)


def test_text_files(path):
    with open(path, encoding="latin-1") as file:
        text: Any = file
        with pytest.raises(TypeError, match='open it with "rb"'):
            lizip.info(text)


def test_names_of_columns_and_slices(path):
    with pytest.raises(lizip.FormatError, match="no field 'xy'"):
        lizip.read(path, fields="xy")
    wrong: Any
    for wrong in (5, range(5), [1, 2]):
        with pytest.raises(TypeError, match="points is a slice"):
            lizip.read(path, points=wrong)


def test_numpy_reads_from_it(path, tmp_path):
    with lizip.open(path) as file:
        assert np.fromfile(file, "<f4", 8).tolist() == POINTS.ravel()[:8].tolist()
        assert file.tell() == 32
        assert file.read(4) == POINTS.tobytes()[32:36]
        assert np.fromfile(file, "<f4").tolist() == POINTS.ravel()[9:].tolist()
        assert file.name == str(path)
    np.save(tmp_path / "a.npy", POINTS)
    lizip.compress_file(tmp_path / "a.npy")
    with lizip.open(tmp_path / "a.npy.lizip") as file:
        assert np.array_equal(np.load(file), POINTS)


def test_pandas_reads_from_it(tmp_path):
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame({"x": [1.5, 2], "y": [3, 4]}).to_csv(tmp_path / "a.csv", index=False)
    lizip.compress_file(tmp_path / "a.csv")
    with lizip.open(tmp_path / "a.csv.lizip") as file:
        assert pandas.read_csv(file)["x"].tolist() == [1.5, 2]
    frame = pandas.DataFrame({"x": np.array([1, 2], np.float32)})
    with pytest.raises(TypeError, match=r"not pandas.*give its \.to_numpy"):
        lizip.compress(frame)
    assert np.array_equal(lizip.decompress(lizip.compress(frame.to_numpy(), **QUICK)), frame.to_numpy())


def test_a_damaged_file_is_not_left_open(path):
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(lizip.CorruptError):
        lizip.open(path)
    path.unlink()


def test_missing_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'lizip\[train\]'"):
        lizip.compress(POINTS, backend="torch")


def test_a_source_that_changes_before_its_removal_stays(tmp_path, monkeypatch):
    scan = tmp_path / "scan.bin"
    scan.write_bytes(b"x" * 100)
    real = os.link

    def late(*arguments):
        real(*arguments)
        scan.write_bytes(b"y" * 101)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(lizip.StorageError, match="changed while"):
        lizip.compress_file(scan, remove=True, **QUICK)
    assert scan.read_bytes() == b"y" * 101


def test_what_does_not_read_back_keeps_the_source(tmp_path, monkeypatch):
    scan = tmp_path / "scan.bin"
    scan.write_bytes(b"x" * 100)
    packed = lizip.compress_file(scan, remove=True, **QUICK)
    monkeypatch.setattr("lizip.files.content_hash_of", lambda file: b"another")
    with pytest.raises(lizip.StorageError, match="the source is kept"):
        lizip.decompress_file(packed, remove=True)
    assert os.listdir(tmp_path) == ["scan.bin.lizip"]


WRITER = """
import sys, lizip
sys.stdin.readline()
try:
    lizip.compress_file(sys.argv[1], sys.argv[2], level="fast", codec="opaque")
    print("mine")
except lizip.StorageError as error:
    print(type(error).__name__)
"""


def test_of_two_writers_one_wins(tmp_path):
    """Processes that write the same target at the same time, with contents of their own."""
    sources = [tmp_path / f"{i}.bin" for i in range(2)]
    for i, source in enumerate(sources):
        source.write_bytes(bytes([i]) * 1000)
    environment = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(lizip.__file__))}
    for turn in range(3):
        target = tmp_path / f"target{turn}"
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, source, target],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for source in sources
        ]
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        said = [writer.communicate(timeout=120)[0].strip() for writer in writers]
        assert sorted(said) == ["TargetExistsError", "mine"]
        assert lizip.decompress(target.read_bytes()) == sources[said.index("mine")].read_bytes()


def test_target_that_appears_at_the_last_moment(tmp_path, monkeypatch):
    scan, target = tmp_path / "scan.bin", tmp_path / "scan.bin.lizip"
    scan.write_bytes(b"x" * 100)
    real = os.link

    def late(*arguments):
        target.write_bytes(b"theirs")
        real(*arguments)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(TargetExistsError):
        lizip.compress_file(scan, **QUICK)
    assert target.read_bytes() == b"theirs"
    assert not any(map(storage.is_temporary, os.listdir(tmp_path)))


@pytest.mark.skipif(os.name == "nt", reason="permissions")
def test_temporaries_are_private_and_the_target_is_like_the_source(tmp_path, monkeypatch):
    scan = tmp_path / "scan.bin"
    scan.write_bytes(b"x" * 100)
    seen = []
    real = checked.encode

    def look(*arguments, **options):
        seen.extend(os.stat(tmp_path / name).st_mode & 0o777 for name in os.listdir(tmp_path) if name != "scan.bin")
        return real(*arguments, **options)

    monkeypatch.setattr("lizip.checked.encode", look)
    for mode in (0o600, 0o644, 0o440):
        scan.chmod(mode)
        target = lizip.compress_file(scan, force=True, **QUICK)
        assert os.stat(target).st_mode & 0o777 == mode
        os.unlink(target)
    assert set(seen) == {0o600}
