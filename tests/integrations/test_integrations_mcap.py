"""Bags that play with their clouds compressed: written by lizip, read by the package mcap."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "logs"))
import recorders

import lizip
from lizip import simulator
from lizip.cli import cli
from lizip.errors import CorruptError, FormatError, LizipWarning
from lizip.integrations import mcap as integration

pytest.importorskip("mcap")
from mcap.reader import make_reader
from mcap.stream_reader import StreamReader


@pytest.fixture(scope="module")
def clouds():
    sweeps = [np.frombuffer(simulator.nuscenes(seed, firings=60), "<f4").reshape(-1, 5) for seed in (1, 2)]
    return [recorders.records(sweep, junk) for sweep, junk in zip(sweeps, (0, 7), strict=True)]


def exported(data: bytes, level: str = "fast") -> bytes:
    sink = io.BytesIO()
    integration.export(io.BytesIO(data), sink, level=level)
    return sink.getvalue()


def messages(data: bytes) -> list:
    return [
        (schema.name, channel.topic, message.log_time, message.publish_time, message.sequence, message.data)
        for schema, channel, message in make_reader(io.BytesIO(data)).iter_messages()
    ]


@pytest.mark.parametrize("compression", ["NONE", "ZSTD", "LZ4"])
def test_messages_are_equal(compression, clouds):
    """Topics, times, order and bytes; attachments and metadata too."""
    data = recorders.mcap(clouds, compression)
    made = exported(data)
    assert len(made) < 0.6 * len(recorders.mcap(clouds, "ZSTD"))
    again = []
    for schema, *about, message in messages(made):
        name = schema
        if schema == "point_cloud_interfaces/msg/CompressedPointCloud2":
            name, message = "sensor_msgs/msg/PointCloud2", integration.restored(message)
        again.append((name, *about, message))
    assert again == messages(data)
    for kind in ("iter_attachments", "iter_metadata"):
        assert list(getattr(make_reader(io.BytesIO(made)), kind)()) == list(
            getattr(make_reader(io.BytesIO(data)), kind)()
        )
    assert make_reader(io.BytesIO(made)).get_summary().statistics.message_count == len(again)


def test_the_reader_of_mcap_gives_clouds(clouds):
    """By topic; schemas can be read by others' decoders."""
    made = exported(recorders.mcap(clouds))
    factory: Any = integration.DecoderFactory()
    reader = make_reader(io.BytesIO(made), decoder_factories=[factory])
    told = list(reader.iter_decoded_messages(topics=["/points"]))
    assert [each.message.log_time for each in told] == [recorders.TIME, recorders.TIME + 10**8]
    cloud = told[1].decoded_message
    assert (cloud.header.frame_id, cloud.header.stamp.sec) == ("lidar", 1_700_000_001)
    assert (cloud.height, cloud.width, cloud.point_step, cloud.is_dense) == (1, len(clouds[1]), 32, True)
    assert cloud.data == clouds[1].tobytes()
    for name in recorders.DTYPE.names:
        assert np.array_equal(cloud.points[name], clouds[1][name])


def test_messages_are_what_ros_says(clouds):
    """The schema that is written, taken by rosbags, reads the message."""
    typesys = pytest.importorskip("rosbags.typesys")
    made = exported(recorders.mcap(clouds[:1]))
    schema, _, message = next(each for each in make_reader(io.BytesIO(made)).iter_messages(topics=["/points"]) if each)
    types = recorders.store(2)
    types.register(typesys.get_types_from_msg(schema.data.decode(), schema.name))
    cloud = types.deserialize_cdr(message.data, schema.name)
    assert (cloud.format, cloud.width, cloud.is_dense) == ("lizip", len(clouds[0]), True)
    assert [field.name for field in cloud.fields] == [name for name, *_ in recorders.XYZI]
    assert lizip.decompress(bytes(cloud.compressed_data)) == clouds[0].tobytes()


def test_clouds_that_are_no_plain_records(clouds):
    """Big-endian, empty, and with fields that overlap: they come back as they are."""
    types = recorders.store(2)
    for change in ({"is_bigendian": True}, {"data": np.zeros(0, np.uint8), "width": 0}, {"point_step": 18}):
        message = recorders.cloud2(types, clouds[0][:20])
        for name, value in change.items():
            setattr(message, name, value)
        raw = bytes(types.serialize_cdr(message, message.__msgtype__))
        made = integration._Compressor("fast").compress(1, memoryview(raw), True)
        assert integration.restored(made) == raw


def test_a_file_cut_short_gives_what_can_be_read(clouds):
    data = recorders.mcap(clouds, chunk_size=1 << 14)
    with pytest.warns(LizipWarning, match="ends early"):
        made = exported(data[: int(0.8 * len(data))])
    assert sum(name.endswith("CompressedPointCloud2") for name, *_ in messages(made)) == 1


def test_what_is_refused(clouds):
    with pytest.raises(FormatError, match="not an MCAP"):
        exported(b"words, many of them")
    raw = bytearray(exported(recorders.mcap(clouds[:1])))
    (message,) = (each[-1] for each in messages(bytes(raw)) if each[0].endswith("CompressedPointCloud2"))
    with pytest.raises(CorruptError, match="draco"):
        integration.restored(message.replace(b"\6\0\0\0lizip\0", b"\6\0\0\0draco\0"))
    for cut in range(0, len(message), 97):
        with pytest.raises(CorruptError):
            integration.restored(message[:cut])


def test_the_command(clouds, tmp_path, capsys):
    path = tmp_path / "run.mcap"
    path.write_bytes(recorders.mcap(clouds, "ZSTD"))
    cli.main(["export", "--mcap", str(path), "--level", "fast"], standalone_mode=False)
    assert "2 clouds" in capsys.readouterr().out
    made = (tmp_path / "run.lizip.mcap").read_bytes()
    packed = lizip.compress_file(path, level="fast")
    cli.main(
        ["export", "--mcap", packed, "-q", "-o", str(tmp_path / "b.mcap"), "--level", "fast"], standalone_mode=False
    )
    assert messages((tmp_path / "b.mcap").read_bytes()) == messages(made)
    with pytest.raises(lizip.errors.TargetExistsError):
        cli.main(["export", "--mcap", str(path)], standalone_mode=False)
    assert any(StreamReader(io.BytesIO(made)).records)
