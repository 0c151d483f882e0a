"""Packets that no parser knows: their layout is found, and where there is none, nothing is lost by looking for it."""

import struct

import numpy as np
import pytest
import zstandard

import lizip
from lizip.formats.packets import Shape
from lizip.logs import find_log, messages, pcap
from lizip.logs.unknown import cloud_of
from lizip.simulator import os_sensor, packets
from lizip.simulator.draws import Draws

AROUND = 16 + 42
"""Bytes that a capture has before each payload."""


def big_endian(order: np.ndarray, firings: int = 960) -> list[bytes]:
    """Twelve blocks of a flag, an azimuth and 32 lasers in some order, all numbers big-endian."""
    seen = os_sensor.sweep(1, rings=len(order), columns=firings, tick=0.005)
    cells = np.zeros((firings, len(order)), [("range", ">u2"), ("intensity", "u1")])
    cells["range"], cells["intensity"] = np.minimum(seen.ranges, 65535)[:, order], seen.intensity[:, order] & 255
    rows = np.zeros(firings, [("flag", ">u2"), ("azimuth", ">u2"), ("cells", cells.dtype, len(order))])
    rows["flag"], rows["azimuth"], rows["cells"] = 0xFFEE, np.arange(firings) * 36000 // firings, cells
    head = bytes.fromhex("55aa050a5aa550a0")
    return [
        head + struct.pack(">IQ", i // 12, 10**15 + i * 55555) + bytes(22) + rows[i : i + 12].tobytes() + bytes(6)
        for i in range(0, firings, 12)
    ]


def of_three_fields(firings: int = 800) -> list[bytes]:
    """Five blocks of a time, an angle, forty channels of seven bytes, and a checksum."""
    seen, draws = os_sensor.sweep(2, rings=40, columns=firings, tick=0.001), Draws(3, "odd")
    cells = np.zeros((firings, 40), [("range", "<u4"), ("ambient", "<u2"), ("intensity", "u1")])
    cells["range"], cells["intensity"] = seen.ranges, seen.intensity & 255
    cells["ambient"] = np.rint(300 + 8 * draws.normal(cells.size).reshape(cells.shape))
    rows = np.zeros(firings, [("time", "<u8"), ("angle", "<u2"), ("cells", cells.dtype, 40), ("checksum", "<u2")])
    rows["time"], rows["angle"] = 10**18 + np.arange(firings) * 50021, np.arange(firings)
    rows["cells"], rows["checksum"] = cells, np.arange(firings) * 40503 % 65521
    return [struct.pack("<HHI12x", 7, 1, i // 5) + rows[i : i + 5].tobytes() for i in range(0, firings, 5)]


def shape_of(payloads: list[bytes]) -> Shape:
    cloud = cloud_of(memoryview(b"".join(payloads)), len(payloads[0]))
    assert cloud.format == "packets"
    return Shape.unpack(cloud.layout)


def test_blocks_channels_and_order_of_bytes_are_found():
    order = np.random.default_rng(3).permutation(32)
    shape = shape_of(big_endian(order))
    assert shape[:6] == (1248, 42, 12, 4, 32, 0)
    assert shape.big
    assert [code for _, code in shape.fields] == ["u2", "u1"]
    # lasers that stand beside each other come one after the other, mostly
    steps = np.abs(np.diff(order[list(shape.order)]))
    assert np.median(steps) == 1
    assert steps.mean() < 4


def test_fields_of_a_channel_are_found():
    shape = shape_of(of_three_fields())
    assert shape.blocks == 5
    assert shape.channels == 40
    assert size_of_channel(shape) == 7
    assert not shape.big
    assert len(shape.order) == 40


def size_of_channel(shape: Shape) -> int:
    return sum(int(code[1:]) for _, code in shape.fields)


KNOWN = {
    "hdl32": lambda: packets.velodyne(1, 32, 1440),
    "vlp16": lambda: packets.velodyne(1, 16, 1440),
    "ouster": lambda: packets.ouster(1, 32, 1024),
    "ouster low data rate": lambda: packets.ouster(1, 64, 1024, "low data rate"),
    "XT32": lambda: packets.hesai(1, "XT32"),
    "QT128": lambda: packets.hesai(1, "QT128", 400),
}


@pytest.mark.parametrize("name", KNOWN)
def test_sensors_whose_parser_is_missing_come_out_nearly_as_small(name, monkeypatch):
    data = KNOWN[name]()
    known = lizip.compress(data)
    monkeypatch.setattr(pcap, "find_sensors", lambda payload: [])
    unknown = lizip.compress(data)
    assert lizip.decompress(unknown) == data
    (told,) = lizip.messages(unknown)
    assert told.topic.startswith("port 2368, ")
    assert len(unknown) < 1.03 * len(known)


def status(count: int = 4000) -> list[bytes]:
    """Numbers, clocks and floats that wander: no blocks."""
    walk = np.cumsum(Draws(5, "status").normal(count * 6).reshape(count, 6) * 0.01, axis=0).astype("<f4")
    return [struct.pack("<IQ", i, 10**18 + i * 5_000_021) + walk[i].tobytes() + bytes(8) for i in range(count)]


def position(count: int = 700) -> list[bytes]:
    """Text, filled up with zeros."""
    text = b"$GPRMC,%06d.00,A,4807.%04d,N,01131.%04d,E,022.4,084.4,230394,003.1,W*6A\r\n"
    return [(text % (120000 + i, 3 * i, 7 * i)).ljust(512, b"\0") for i in range(count)]


OTHERS = {
    "big-endian": lambda: big_endian(np.arange(32)),
    "three fields": of_three_fields,
    "status": status,
    "position": position,
    "noise": lambda: [np.random.default_rng(i).bytes(1300) for i in range(100)],
    "nothing": lambda: [bytes(700)] * 300,
    "one byte": lambda: [bytes([i & 255]) for i in range(2000)],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("level", ["fast", "default"])
def test_captures_of_anything_are_never_worse_than_zstd(name, level):
    data = packets.capture(OTHERS[name](), 600)
    coded = lizip.compress(data, level=level)
    assert lizip.decompress(coded) == data
    strong = len(zstandard.compress(data, 19 if level == "default" else 3))
    assert len(coded) <= strong + 64
    if level == "default" and name in ("big-endian", "three fields", "status"):
        assert len(coded) < {"status": 0.75}.get(name, 0.55) * strong


def test_ports_and_sizes_are_streams_of_their_own():
    """Two devices whose packets have one size, and a third."""
    here, there = big_endian(np.arange(32)), status()
    frames = packets.capture(here, 600)[24:], packets.capture(there, 600)[24:]
    sizes = [len(each) // len(some) for each, some in zip(frames, (here, there), strict=True)]
    mixed = b"".join(
        frames[0][i * sizes[0] : (i + 1) * sizes[0]] + frames[1][i * sizes[1] : (i + 1) * sizes[1]]
        for i in range(len(here))
    )
    mixed += frames[1][len(here) * sizes[1] :]
    data = packets.capture([], 1.0) + mixed
    log = find_log(memoryview(data))
    parts = [part for span in log.spans for part in span.parts]
    assert b"".join(part.data for part in parts) == data
    assert [stream.name for stream in log.streams] == ["port 2368, 44 bytes", "port 2368, 1248 bytes"]


def test_few_packets_of_nobody_are_rest():
    data = packets.capture([bytes(1200)] * 31 + [bytes(8)] * 500, 600)
    log = find_log(memoryview(data))
    assert not any(part.stream for span in log.spans for part in span.parts)
    assert not log.streams


def test_messages_that_are_called_packets():
    """Of any type: what is of one size is taken together, and pictures are not."""
    assert messages.is_points("rslidar_msg/msg/RslidarPacket")
    assert not messages.is_points("sensor_msgs/msg/Image")
    found = messages.find_points(memoryview(b"\0\1\0\0" + bytes(1300)), "rslidar_msg/msg/RslidarPacket", True)
    assert found.pieces == ((0, 1304),)
    assert found.together
    assert found.guessed
    large = memoryview(b"\0\1\0\0" + bytes(1 << 17))
    assert messages.find_points(large, "camera_msgs/msg/PicturePacket", True) is None
