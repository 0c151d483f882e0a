"""Bags and MCAP files: what others' libraries write comes back byte for byte, small, and can be read by topic."""

import io
from typing import Any

import numpy as np
import pytest
import recorders
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import container, parallel, simulator
from lizip.codecs.sweep import decoded
from lizip.container import PIECES, Container
from lizip.errors import CorruptError, FormatError, LizipError, LizipWarning, UnsupportedVersionError
from lizip.logs import chunks, find_log
from lizip.logs.parts import REST
from lizip.logs.splice import Operation, Run, Splice

TOPIC = "/points"


@pytest.fixture(scope="module")
def clouds():
    """Records of three parts of simulated sweeps, with padding."""
    sweeps = [np.frombuffer(simulator.nuscenes(seed, firings=100), "<f4").reshape(-1, 5) for seed in (1, 2, 3)]
    return [recorders.records(sweep, junk) for sweep, junk in zip(sweeps, (0, 0, 7), strict=True)]


def written(kind: str, clouds, folder) -> bytes:
    if kind == "flat":
        return recorders.mcap(clouds, chunks=False)
    if kind.startswith("bag"):
        return recorders.rosbag(clouds, folder, kind[3:] or None)
    if kind == "db3":
        return recorders.db3(clouds, folder)
    return recorders.mcap(clouds, kind, chunk_size=1 << 16)


KINDS = ("NONE", "LZ4", "ZSTD", "flat", "bag", "bagLZ4", "bagBZ2", "db3")


@pytest.mark.parametrize("kind", KINDS)
def test_logs_come_back(kind, clouds, tmp_path):
    data = written(kind, clouds, tmp_path)
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    info = lizip.info(coded)
    assert info["format"] == "log"
    assert info["points"] == sum(map(len, clouds))
    assert info["topics"] == {TOPIC: {"type": info["topics"][TOPIC]["type"], "messages": 3}}
    read = list(lizip.messages(coded, TOPIC))
    assert [message.time for message in read] == [recorders.TIME + i * 10**8 for i in range(3)]
    for message, cloud in zip(read, clouds, strict=True):
        for name in recorders.DTYPE.names:
            assert np.array_equal(message.columns[name], cloud[name])


@pytest.mark.parametrize("ros", [1, 2])
def test_livox_messages_are_clouds(ros, tmp_path):
    random = np.random.default_rng(1)
    clouds = []
    for _ in range(2):
        cloud = np.zeros(1500, recorders.LIVOX)
        cloud["offset_time"] = 10_000 * np.arange(1500) + random.integers(0, 3, 1500)
        for axis in "xyz":
            cloud[axis] = np.cumsum(random.integers(-9, 10, 1500)) / 1000
        cloud["reflectivity"], cloud["line"] = random.integers(0, 40, 1500), np.arange(1500) % 4
        clouds.append(cloud)
    data = recorders.livox_bag(clouds, tmp_path, ros)
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    read = list(lizip.messages(coded, "/livox"))
    assert [message.time for message in read] == [recorders.TIME, recorders.TIME + 10**8]
    for message, cloud in zip(read, clouds, strict=True):
        told = len(cloud) - (ros == 2)  # the last of ROS 2 is shorter than the others, and rest
        for name in recorders.LIVOX.names:
            assert np.array_equal(message.columns[name], cloud[name][:told])


def test_points_are_as_small_as_alone(clouds):
    data = recorders.mcap(clouds)
    alone = sum(len(lizip.compress(cloud)) for cloud in clouds)
    rest = len(data) - sum(cloud.nbytes for cloud in clouds)
    assert len(lizip.compress(data)) < 1.03 * alone + rest / 2


def test_some_of_the_messages(clouds):
    coded = lizip.compress(recorders.mcap(clouds), level="fast")
    later = list(lizip.messages(coded, start=recorders.TIME + 1, stop=recorders.TIME + 2 * 10**8))
    assert [message.time for message in later] == [recorders.TIME + 10**8]
    with pytest.raises(FormatError, match="no topic"):
        next(lizip.messages(coded, "/nothing"))
    with pytest.raises(FormatError, match="not a log"):
        next(lizip.messages(lizip.compress(b"words")))
    assert len(lizip.read(coded)["x"]) == sum(map(len, clouds))


class Counted(io.BytesIO):
    """A file that notes which of its bytes were read."""

    def __init__(self, data: bytes):
        super().__init__(data)
        self.places: list[tuple[int, int]] = []

    def read(self, size: int | None = -1) -> bytes:
        begin = self.tell()
        data = super().read(size)
        self.places.append((begin, begin + len(data)))
        return data


def test_a_message_at_random_costs_its_own_bytes(clouds):
    """A log opened once: a cloud takes one section of the file, whichever topic, time or place is asked for."""
    coded = lizip.compress(recorders.mcap(clouds), level="fast")
    file = Counted(coded)
    sections = Container(io.BytesIO(coded)).entries(PIECES)
    with lizip.LogReader(file) as log:
        assert log.topics == {TOPIC: 3}
        assert log.times(TOPIC) == [recorders.TIME + i * 10**8 for i in range(3)]
        opened = sum(stop - start for start, stop in file.places)
        assert opened < 4096 + 200  # the end of the file in one read, and the splice
        wanted = {i: cloud.piece for i, cloud in enumerate(log._clouds[TOPIC])}
        for i in (2, 0):
            file.places.clear()
            message = log.message(TOPIC, i, ["ring", "x"])
            assert list(message.columns) == ["ring", "x"]
            assert message.time == recorders.TIME + i * 10**8
            assert np.array_equal(message.columns["x"], clouds[i]["x"])
            own = sections[wanted[i]]
            assert file.places
            assert all(own.offset <= start <= stop <= own.offset + own.length for start, stop in file.places)
        file.places.clear()
        (only,) = log.messages(TOPIC, start=recorders.TIME + 1, stop=recorders.TIME + 10**8 + 1, fields=["y"])
        assert np.array_equal(only.columns["y"], clouds[1]["y"])
        assert sum(stop - start for start, stop in file.places) <= 2 * sections[wanted[1]].length
        with pytest.raises(FormatError, match="no topic '/nothing' with points; there are /points"):
            log.message("/nothing", 0)
        with pytest.raises(IndexError):
            log.message(TOPIC, 3)
        with pytest.raises(FormatError, match="no field 'w'"):
            log.message(TOPIC, 0, ["w"])
    assert not file.closed


def test_parts_of_a_cloud_are_decoded_in_threads(monkeypatch):
    """A sweep of 64 rings has two parts; a log may be told in how many threads, and goes by what is said outside."""
    sweep = np.frombuffer(simulator.kitti(1, firings=1100), "<f4").reshape(-1, 4)
    records = np.zeros(len(sweep), recorders.DTYPE)
    for i, name in enumerate(("x", "y", "z", "intensity")):
        records[name] = sweep[:, i]
    coded = lizip.compress(recorders.mcap([records]), level="fast")
    used = []
    whole = parallel.in_order
    monkeypatch.setattr(decoded, "in_order", lambda *args: used.append(parallel._threads.get()) or whole(*args))
    read = []
    for told, outside in ((None, 1), (2, 1), (None, 3), (1, 3)):
        with parallel.threads(outside), lizip.LogReader(coded, threads=told) as log:
            read.append(log.message(TOPIC, 0).columns["x"])
    assert used == [1, 2, 3, 1]
    assert all(np.array_equal(each, records["x"]) for each in read)


def test_a_log_that_was_opened_here_is_closed(clouds, tmp_path):
    path = tmp_path / "run.mcap.lizip"
    path.write_bytes(lizip.compress(recorders.mcap(clouds[:1]), level="fast"))
    with lizip.LogReader(path) as log:
        held = log._file
    assert held.closed
    (tmp_path / "words").write_bytes(lizip.compress(b"words"))
    with pytest.raises(FormatError, match="not a log"):
        lizip.LogReader(tmp_path / "words")


def test_a_cloud_larger_than_allowed_is_refused(clouds):
    """Points stored eight times: the log holds them compressed, and has fewer bytes than one of its clouds."""
    data = recorders.mcap([np.repeat(clouds[0], 8, axis=0)], "ZSTD")
    coded = lizip.compress(data)
    with lizip.LogReader(coded) as log:
        size = sum(column.nbytes for column in log.message(TOPIC, 0).columns.values())
    assert len(data) < size
    with lizip.LogReader(coded, max_bytes=len(data)) as log, pytest.raises(lizip.TooLargeError):
        log.message(TOPIC, 0)


@pytest.mark.parametrize("kind", ["NONE", "ZSTD", "bag", "db3"])
def test_logs_cut_short_keep_what_can_be_read(kind, clouds, tmp_path):
    """A recorder that crashed: every whole message is a cloud, the tail comes back too."""
    data = written(kind, clouds, tmp_path)
    for share, whole in ((0.5, 1), (0.9, 2)):
        part = data[: int(share * len(data))]
        coded = lizip.compress(part, level="fast")
        assert lizip.decompress(coded) == part
        assert len(list(lizip.messages(coded))) >= whole or kind in ("ZSTD", "db3")


@given(st.data())
@settings(max_examples=40)
def test_any_bytes_are_taken_apart_and_put_together(clouds, data):
    """Parts are the file, whatever is in it; nothing is decoded for that."""
    small = [cloud[:50] for cloud in clouds]
    kind = data.draw(st.sampled_from(("NONE", "ZSTD", "flat")))
    log: Any = bytearray(
        recorders.mcap(small, kind, chunk_size=3000) if kind != "flat" else recorders.mcap(small, chunks=False)
    )
    for _ in range(data.draw(st.integers(0, 6))):
        log[data.draw(st.integers(8, len(log) - 1))] = data.draw(st.integers(0, 255))
    log = bytes(log[: data.draw(st.integers(8, len(log)))])
    joined = b""
    for span in find_log(memoryview(log)).spans:
        content = b"".join(part.data for part in span.parts)
        joined += content if span.method is None else span.method.compress(content)
    assert joined == log


@given(st.binary(max_size=300), st.sampled_from([b"\x89MCAP0\r\n", b"#ROSBAG V2.0\n", b"SQLite format 3\0"]))
def test_what_only_begins_like_a_log(tail, magic):
    assert lizip.decompress(lizip.compress(magic + tail, level="fast")) == magic + tail


@pytest.fixture(scope="module")
def small(clouds):
    return lizip.compress(recorders.mcap([cloud[:400] for cloud in clouds], "ZSTD"), level="fast")


def test_damage_is_noticed(small):
    for cut in range(0, len(small), max(1, len(small) // 60)):
        with pytest.raises(LizipError):
            lizip.decompress(small[:cut])


@given(st.data())
@settings(max_examples=100)
def test_forged_splices_are_refused(small, data):
    """With right checksums, too; what comes out has the hash of the original, or nothing does."""
    from lizip.codecs import opaque

    box = container.Container(io.BytesIO(small))
    sections = [container.Section(entry.kind, box.read(entry)) for entry in box.header.entries]
    body = bytearray(opaque.decode_bytes(sections[-1].data, 1 << 20))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    sections[-1] = container.Section(container.SPLICE, opaque.encode_bytes(bytes(body)))
    header = box.header
    forged = container.write(
        sections, header.codec, header.format, header.length, header.digest, header.count, header.layout
    )
    original = lizip.decompress(small)
    try:
        assert lizip.decompress(forged) == original
    except (CorruptError, UnsupportedVersionError):
        return


operations = st.builds(
    Operation, st.integers(1, 1 << 40), st.integers(0, 2), st.integers(0, 1 << 40), st.integers(1, 1 << 40)
)


@given(st.lists(operations))
def test_splices_are_read_as_written(rows):
    from lizip.logs.parts import Stream

    splice = Splice([Stream("a", "b"), Stream("\udc80", "")], [], ["zstd 1"], [Run(None, rows)])
    assert Splice.unpack(splice.pack()) == splice


def test_another_version_of_a_compressor_is_named(small, monkeypatch):
    """Its output may differ: the way out is told then."""
    monkeypatch.setitem(chunks._COMPRESSORS, chunks.ZSTD, lambda data, level, flags: b"otherwise")
    with pytest.raises(CorruptError, match="does not come out"):
        lizip.decompress(small)
    monkeypatch.setattr("lizip.logs.splice.version_of", lambda kind: "zstd 0.0.1")
    with pytest.raises(UnsupportedVersionError, match=r"zstd 0.0.1; they were made by zstd \d"):
        lizip.decompress(small)


def test_chunks_that_no_setting_makes_again_stay_as_they_are(clouds, monkeypatch):
    monkeypatch.setattr(chunks, "_ZSTD_LEVELS", (19,))
    data = recorders.mcap([cloud[:400] for cloud in clouds], "ZSTD")
    with pytest.warns(LizipWarning, match="cannot be made again"):
        coded = lizip.compress(data, level="fast")
    assert lizip.decompress(coded) == data
    assert lizip.info(coded)["points"] == 0


def test_near_lossless_is_refused_for_logs(clouds):
    with pytest.raises(FormatError, match="log"):
        lizip.compress(recorders.mcap([clouds[0][:50]]), max_error=0.01)


def test_messages_that_hold_no_plain_points_are_rest(clouds):
    """Big-endian clouds, impossible fields, sizes beyond the message."""
    types = recorders.store(2)
    cloud = clouds[0][:20]
    plain = recorders.cloud2(types, cloud)
    from lizip.logs.messages import find_points

    def found(message):
        data = memoryview(bytes(types.serialize_cdr(message, message.__msgtype__)))
        return find_points(data, "sensor_msgs/msg/PointCloud2", True)

    assert found(plain).size == cloud.nbytes
    for name, value in (("is_bigendian", True), ("point_step", 18), ("point_step", 4000), ("data", plain.data[:0])):
        message = recorders.cloud2(types, cloud)
        setattr(message, name, value)
        assert found(message) is None
    overlapping = recorders.cloud2(types, cloud)
    overlapping.fields[1].offset = 2
    assert found(overlapping) is None
    assert REST == 0
