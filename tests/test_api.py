import io
import os
import subprocess
import sys

import laspy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import lizip
from lizip import codecs, formats, simulator
from lizip.codecs import opaque
from lizip.container import Container, Section, content_hash, write
from lizip.errors import DefectWarning


def points(count=500, fields=4):
    chance = np.random.default_rng(2)
    return chance.normal(0, 20, (count, fields)).astype("<f4").round(3)


@pytest.fixture
def path(tmp_path):
    """A .lizip file of 500 points with four fields and three bytes too many."""
    path = tmp_path / "scan.bin.lizip"
    path.write_bytes(lizip.compress(points().tobytes() + b"odd", fields=4, codec="opaque"))
    return path


@given(st.binary(max_size=200))
def test_any_bytes(data):
    if not data.startswith(b"\x93LZP\r\n\x1a"):
        assert lizip.decompress(lizip.compress(data, level="fast", codec="opaque")) == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, "i1").data])
def test_kinds_of_bytes(kind):
    data = points().tobytes()
    assert lizip.decompress(kind(lizip.compress(kind(data), codec="opaque"))) == data


@given(
    hnp.arrays(
        hnp.floating_dtypes() | hnp.integer_dtypes() | hnp.boolean_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)
    )
)
def test_arrays_come_back_as_arrays(array):
    back = lizip.decompress(lizip.compress(array, level="fast", codec="opaque"))
    assert isinstance(back, np.ndarray)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.tobytes() == array.tobytes()


def test_strided_and_structured_arrays():
    record = np.zeros(20, [("x", "<f4"), ("t", "<u8"), ("flag", "u1")])
    record["x"] = np.arange(20)
    for array in (points()[::-2, 1:], np.asfortranarray(points()), record, record["x"], points().astype(">f8")):
        back = lizip.decompress(lizip.compress(array, codec="opaque"))
        assert back.dtype == array.dtype
        assert np.array_equal(back, array)


def test_object_arrays_are_refused():
    with pytest.raises(lizip.FormatError, match="objects"):
        lizip.compress(np.array([{}, None]))


def test_already_compressed():
    data = lizip.compress(b"abc")
    with pytest.raises(lizip.FormatError, match=r"\.lizip file already"):
        lizip.compress(data)


@pytest.mark.parametrize("option", [{"level": "best"}, {"codec": "zip"}, {"backend": "tpu"}])
def test_options_that_do_not_exist(option):
    with pytest.raises(ValueError, match="choose one of"):
        lizip.compress(b"abc", **option)


def test_forced_codec_that_does_not_fit():
    with pytest.raises(lizip.FormatError, match="survey"):
        lizip.compress(points().tobytes(), codec="survey")


def test_forced_fields(path):
    data = points(600).tobytes()
    assert len(lizip.info(io.BytesIO(lizip.compress(data, fields=5, codec="opaque")))["fields"]) == 5
    with pytest.raises(lizip.FormatError):
        lizip.compress(data, fields=0)


def test_info(path):
    told = lizip.info(path)
    assert told["format"] == "bin"
    assert told["codec"] == "opaque"
    assert told["points"] == 500
    assert told["fields"][0] == ("x", "f4")
    assert told["bytes"] == 8003
    assert told["compressed_bytes"] == path.stat().st_size
    assert told["bits_per_point"] == pytest.approx(path.stat().st_size * 8 / 500)
    assert sum(told["streams"].values()) < told["compressed_bytes"]


def test_verify(path, tmp_path):
    lizip.verify(path)
    other = tmp_path / "other.bin"
    data = points().tobytes() + b"odd"
    for content in (data[:-1] + b"D", data[:-1], data + b"x", b""):
        other.write_bytes(content)
        with pytest.raises(lizip.CorruptError, match="byte"):
            lizip.verify(path, against=other)
    other.write_bytes(data)
    lizip.verify(path, against=other)


def test_read(path):
    array = points()
    columns = lizip.read(path)
    assert list(columns) == ["x", "y", "z", "intensity"]
    assert np.array_equal(np.stack(list(columns.values()), axis=1), array)
    part = lizip.read(path, fields=["z", "x"], points=slice(-7, None, 2))
    assert list(part) == ["z", "x"]
    assert np.array_equal(part["z"], array[-7::2, 2])
    with pytest.raises(lizip.FormatError, match="there are x, y, z"):
        lizip.read(path, fields=["w"])


def test_read_within_bounds(path):
    array = points()
    low, high = np.percentile(array[:, :3], [20, 80], axis=0)
    inside = ((array[:, :3] >= low) & (array[:, :3] <= high)).all(axis=1)
    assert 0 < inside.sum() < len(array)
    columns = lizip.read(path, fields=["intensity", "x"], bounds=[*low, *high])
    assert list(columns) == ["intensity", "x"]
    assert np.array_equal(columns["intensity"], array[inside, 3])
    some = lizip.read(path, points=slice(None, None, -3), bounds=[*low, *high])
    assert np.array_equal(some["z"], array[::-3, 2][inside[::-3]])
    with pytest.raises(ValueError, match="six numbers"):
        lizip.read(path, bounds=[0, 1])


def test_read_las_within_bounds_in_metres():
    content = simulator.airborne_las(1, pulses=3000)
    cloud = formats.split(content)
    header = laspy.open(io.BytesIO(content)).header
    x, y = (cloud.columns[axis] * header.scales[k] + header.offsets[k] for k, axis in enumerate("XY"))
    bounds = [x[40], y[40], -1e9, x.max(), y.max(), 1e9]
    inside = (x >= x[40]) & (y >= y[40])
    for codec in ("survey", "opaque"):
        found = lizip.read(io.BytesIO(lizip.compress(content, codec=codec)), ["gps_time"], bounds=bounds)
        assert np.array_equal(found["gps_time"], cloud.columns["gps_time"][inside])


def test_read_as_a_structured_array(path, tmp_path):
    records = lizip.read(path, fields=["z", "x"], points=slice(5, 9), structured=True)
    assert records.dtype == np.dtype([("z", "<f4"), ("x", "<f4")])
    assert np.array_equal(records["x"], points()[5:9, 0])
    assert np.array_equal(records["z"], points()[5:9, 2])
    assert lizip.read(path, points=slice(0, 0), structured=True).shape == (0,)
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        pack.add("a", points())
    assert np.array_equal(lizip.PackReader(tmp_path / "x.lizips").read(0, structured=True)["y"], points()[:, 1])


@given(st.slices(500))
def test_read_any_slice(path_once, part):
    assert np.array_equal(lizip.read(path_once, fields=["y"], points=part)["y"], points()[part, 1])


@pytest.fixture(scope="module")
def path_once():
    return io.BytesIO(lizip.compress(points().tobytes(), fields=4, codec="opaque"))


def test_read_ends_with_the_last_point_wanted(monkeypatch):
    """Of twenty sections, a slice at the start touches one."""
    monkeypatch.setattr(opaque, "PIECE", 16 * 25)
    data = lizip.compress(points().tobytes(), fields=4, codec="opaque", level="fast")
    seen = []
    expand = opaque.decode_bytes
    monkeypatch.setattr(opaque, "decode_bytes", lambda *given: seen.append(1) or expand(*given))
    lizip.read(io.BytesIO(data), points=slice(3, 20))
    assert len(seen) <= 2  # the layout and one section


def test_read_asks_a_codec_for_a_part(path, monkeypatch):
    def decode_part(container, schema, count, fields, start, stop, box):
        assert (count, fields, start, stop, box) == (500, ("z",), 10, 13, None)
        yield {"z": np.array([1, 2, 3], np.float32)}

    monkeypatch.setattr(opaque.Opaque, "decode_part", staticmethod(decode_part), raising=False)
    assert lizip.read(path, fields=["z"], points=slice(10, 13))["z"].tolist() == [1, 2, 3]


def test_open(path):
    data = points().tobytes() + b"odd"
    with lizip.open(path) as file:
        assert file.seek(0, 2) == len(data)
        assert file.seek(-3, 2) == len(data) - 3
        assert file.read() == b"odd"
        assert file.seek(100) == 100
        assert file.read(20) == data[100:120]
        assert file.tell() == 120
        assert file.seek(len(data) + 5) == len(data) + 5
        assert file.read() == b""
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)
        file.seek(0)
        assert file.read() == data
    assert file.closed


def test_open_notices_a_wrong_hash(monkeypatch):
    """Content that is not what the header says passes until the end of the file is read."""
    monkeypatch.setattr(opaque, "PIECE", 1 << 16)
    data = points(10_000).tobytes()
    box = Container(io.BytesIO(lizip.compress(data, fields=4, codec="opaque", level="fast")))
    header = box.header
    sections = [Section(entry.kind, box.read(entry)) for entry in header.entries]
    head = (header.codec, header.format, header.length, content_hash(b"else"), header.count, header.layout)
    forged = write(sections, *head)
    file = lizip.open(io.BytesIO(forged))
    assert file.read(10) == data[:10]
    with pytest.raises(lizip.CorruptError, match="hash"):
        file.read()


def test_laspy_reads_through_open(tmp_path):
    las = simulator.airborne_las(1, 3, 500)
    data = lizip.compress(las, codec="opaque", level="fast")
    original = laspy.read(io.BytesIO(las))
    back = laspy.read(lizip.open(io.BytesIO(data)))
    assert np.array_equal(back.points.array, original.points.array)
    with laspy.open(lizip.open(io.BytesIO(data))) as reader:
        chunks = [chunk.array for chunk in reader.chunk_iterator(100)]
    assert np.array_equal(np.concatenate(chunks), original.points.array)


class Fake:
    """A codec of a given size, right or wrong."""

    def __init__(self, name, size, broken=False):
        self.name, self.number, self.size, self.broken = name, codecs.NAMES.index(name), size, broken

    def encode(self, cloud, options):
        return None if self.size is None else (Section(5, bytes(self.size)),)

    def describe(self, container):
        return {"streams": {}}

    def decode(self, container, schema, count):
        if self.broken:
            yield {name: np.zeros(count, dtype) for name, dtype in schema}
        else:
            data = points(count)
            yield {name: data[:, i] for i, (name, _) in enumerate(schema)}


def pretend(monkeypatch, *fakes):
    table = {key: fake for fake in fakes for key in (fake.name, fake.number)}
    monkeypatch.setattr(codecs, "load", lambda key: table.get(key) or opaque.CODEC)


@pytest.mark.parametrize(
    ("sweep", "floats", "winner"), [(2900, 3000, "sweep"), (3000, 2900, "floats"), (None, 2900, "floats")]
)
def test_the_smallest_wins(monkeypatch, sweep, floats, winner):
    pretend(monkeypatch, Fake("sweep", sweep), Fake("floats", floats))
    data = lizip.compress(points().tobytes(), fields=4)
    assert lizip.info(io.BytesIO(data))["codec"] == winner
    assert lizip.decompress(data) == points().tobytes()


@pytest.mark.defective
def test_a_codec_that_fails_its_own_check_is_left_out_loudly(monkeypatch):
    pretend(monkeypatch, Fake("sweep", 10, broken=True), Fake("floats", 900))
    with pytest.warns(RuntimeWarning, match="sweep failed its own check"):
        data = lizip.compress(points().tobytes(), fields=4)
    assert lizip.decompress(data) == points().tobytes()
    with pytest.raises(lizip.CorruptError):
        lizip.compress(points().tobytes(), fields=4, codec="sweep")


@pytest.mark.defective
@pytest.mark.parametrize("late", [False, True])
def test_a_codec_that_fails_ends_no_compression(monkeypatch, late):
    """At once, or amid its sections."""

    class Stumbling(Fake):
        def encode(self, cloud, options):
            if late:
                return (Section(4, bytes(1 // (1 - i))) for i in range(3))
            raise IndexError("nothing there")

    pretend(monkeypatch, Stumbling("sweep", 10), Fake("floats", 900))
    with pytest.warns(DefectWarning, match="the codec sweep failed on a cloud of 500 points"):
        data = lizip.compress(points().tobytes(), fields=4)
    assert lizip.info(io.BytesIO(data))["codec"] == "floats"
    assert lizip.decompress(data) == points().tobytes()


LIGHT = """
import sys
import lizip, lizip.cli
{action}
loaded = sorted(set(sys.modules) & {{"torch", "numba", "numpy", "constriction", "laspy", "zstandard", "fsspec"}})
assert not loaded, loaded
"""


@pytest.mark.parametrize(
    "action",
    ["", "lizip.info(sys.argv[1])", "lizip.cli.cli.get_help(lizip.cli.cli.make_context('lizip', ['info', 'x']))"],
)
def test_import_help_and_info_are_light(path, action):
    """`lizip --help` and `lizip info` answer at once: nothing heavy is loaded."""
    subprocess.run([sys.executable, "-c", LIGHT.format(action=action), os.fspath(path)], check=True)


def test_public_names():
    for name in lizip.__all__:
        assert getattr(lizip, name) is not None
    assert "compress" in dir(lizip)
    with pytest.raises(AttributeError):
        lizip.nothing  # noqa: B018
