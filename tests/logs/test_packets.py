"""Captures of packets: byte for byte, and what sensors measured is coded as that."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip.errors import CorruptError, LizipError
from lizip.formats.packets import FORMAT, Shape
from lizip.formats.records import size_of
from lizip.logs import find_log
from lizip.logs.parts import REST
from lizip.logs.sensors import SENSORS, find_sensors
from lizip.simulator import os_sensor, packets


def parts_of(data: bytes) -> list:
    return [part for span in find_log(memoryview(data)).spans for part in span.parts]


def as_pcapng(capture: bytes) -> bytes:
    """The same packets in blocks."""
    out = [
        struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28),
        struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20),
    ]
    at = 24
    while at < len(capture):
        seconds, micros, size, _ = struct.unpack_from("<IIII", capture, at)
        time = seconds * 10**6 + micros
        frame = capture[at + 16 : at + 16 + size]
        frame += bytes(-size % 4)
        length = 32 + len(frame)
        out.append(struct.pack("<IIIIIII", 6, length, 0, time >> 32, time & 0xFFFFFFFF, size, size) + frame)
        out.append(struct.pack("<I", length))
        at += 16 + size
    return b"".join(out)


def banked(lasers: int) -> bytes:
    """A sensor whose firing takes several blocks; its lasers stand in the packet as the makers' tables have them."""
    (sensor,) = (each for each in SENSORS if len(each.payload.order) == lasers and each.name.startswith("Velodyne"))
    seen = os_sensor.sweep(1, rings=lasers, columns=300, tick=0.002)
    places = np.argsort(list(sensor.payload.order))
    return packets.velodyne_packets(seen.ranges[:, places], seen.intensity[:, places])


CAPTURES = {
    "hdl32": lambda: packets.velodyne(1, 32, 720),
    "vlp16": lambda: packets.velodyne(1, 16, 960),
    "ouster": lambda: packets.ouster(1, 32, 512),
    "ouster single": lambda: packets.ouster(1, 32, 512, "single"),
    "ouster dual": lambda: packets.ouster(1, 16, 512, "dual"),
    "ouster low data rate": lambda: packets.ouster(1, 64, 512, "low data rate"),
    "ouster low data rate, dual": lambda: packets.ouster(1, 32, 512, "low data rate, dual"),
    "OT128": lambda: packets.hesai(1, "OT128", 200),
    "AT128": lambda: packets.hesai(1, "AT128", 200),
    "QT128": lambda: packets.hesai(1, "QT128", 200),
    "XT32": lambda: packets.hesai(1, "XT32", 512),
    "hdl64": lambda: banked(64),
    "vls128": lambda: banked(128),
    "pcapng": lambda: as_pcapng(packets.velodyne(2, 32, 720)),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_come_back_small(name):
    data = CAPTURES[name]()
    coded = lizip.compress(data, level="fast" if "128" in name else "default")
    assert lizip.decompress(coded) == data
    info = lizip.info(coded)
    assert (info["format"], info["codec"]) == ("log", "image")
    assert len(coded) < 0.6 * len(zstandard.compress(data, 19))
    assert sum(len(part.data) for part in parts_of(data) if part.stream) > 0.9 * len(data)


def test_what_was_measured_can_be_read():
    data = packets.velodyne(3, 32, 600)
    (message,) = lizip.messages(lizip.compress(data, level="fast"), "Velodyne HDL-32E")
    first = data[24 + 16 + 42 :][:1206]
    assert message.columns["range"][0] == struct.unpack_from("<H", first, 4)[0]
    assert set(message.columns) == {"range", "intensity"}


def test_captures_cut_short_and_other_packets():
    """Other packets among them, and a last one that is cut short, are rest."""
    noise = packets.capture([bytes(range(200)), b"$GPRMC", bytes(1206)], 10.0)[24:]
    data = packets.velodyne(4, 16, 1200)
    middle = 24 + 20 * (16 + 42 + 1206)
    for log in (data[:middle] + noise + data[middle:-700], data[:-1], data[:30], data[:24], data[:9]):
        assert lizip.decompress(lizip.compress(log, level="fast")) == log
    assert (
        sum(part.stream != REST for part in parts_of(data[:middle] + noise + data[middle:-700]))
        == len(data) // 1264 - 1
    )


@given(st.data())
@settings(max_examples=60)
def test_any_bytes_are_taken_apart_and_put_together(data):
    log: Any = bytearray(packets.velodyne(1, 16, 480))
    if data.draw(st.booleans()):
        log = bytearray(as_pcapng(bytes(log)))
    for _ in range(data.draw(st.integers(0, 6))):
        log[data.draw(st.integers(4, len(log) - 1))] = data.draw(st.integers(0, 255))
    log = bytes(log[: data.draw(st.integers(4, len(log)))])
    assert b"".join(part.data for part in parts_of(log)) == log


types = st.sampled_from(["u1", "u2", "u4"])


@st.composite
def shapes(draw):
    lasers = draw(st.integers(1, 5))
    numbers = draw(st.tuples(*(st.integers(0, 4) for _ in range(4))))
    fields = tuple((f"f{i}", draw(types)) for i in range(draw(st.integers(1, 3))))
    channels, blocks = lasers * draw(st.integers(1, 3)), draw(st.integers(1, 3))
    head, block_head, block_tail, tail = numbers
    size = head + blocks * (block_head + channels * size_of(fields) + block_tail) + tail
    order = bytes(draw(st.permutations(range(lasers))))
    return Shape(size, head, blocks, block_head, channels, block_tail, order, fields, draw(st.booleans()))


@given(shapes(), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_packets_of_any_shape_come_back(shape, count, seed):
    data = np.random.default_rng(seed).integers(0, 256, count * shape.size, np.uint8).tobytes()
    cloud = FORMAT.cloud(memoryview(data), shape)
    blocks = [cloud.columns] if cloud.count else []
    assert b"".join(FORMAT.join(cloud.layout, tuple(map(bytes, cloud.regions)), blocks)) == data
    assert Shape.unpack(cloud.layout) == shape


@given(shapes(), st.data())
def test_damaged_layouts_are_refused(shape, data):
    layout = bytearray(shape.pack())
    layout[data.draw(st.integers(0, len(layout) - 1))] ^= data.draw(st.integers(1, 255))
    cloud = FORMAT.cloud(memoryview(bytes(2 * shape.size)), shape)
    try:
        schema = FORMAT.schema(bytes(layout))
        columns = {name: np.zeros(cloud.count, dtype) for name, dtype in schema}
        b"".join(FORMAT.join(bytes(layout), tuple(map(bytes, cloud.regions)), [columns]))
    except CorruptError:
        pass


PROFILES = {
    "": "LEGACY",
    "single": "RNG19_RFL8_SIG16_NIR16",
    "dual": "RNG19_RFL8_SIG16_NIR16_DUAL",
    "low data rate": "RNG15_RFL8_NIR8",
    "low data rate, dual": "RNG15_RFL8_NIR8_DUAL",
}


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_of_ouster_are_what_its_own_library_says(profile):
    """Fields of the first packet, read by both."""
    client = pytest.importorskip("ouster.sdk._bindings.client")
    told = client.DataFormat()
    told.udp_profile_lidar = getattr(client.UDPProfileLidar, PROFILES[profile])
    told.pixels_per_column, told.columns_per_packet, told.columns_per_frame = 32, 16, 512
    theirs = client.PacketFormat.from_data_format(told)
    data = packets.ouster(1, 32, 512, profile)
    (message,) = lizip.messages(lizip.compress(data, level="fast"))
    payload = np.frombuffer(data, np.uint8)[24 + 16 + 42 :][: theirs.lidar_packet_size].copy()
    ours = {name: column.reshape(32, -1)[:, :16].astype(np.int64) for name, column in message.columns.items()}
    unit = 8 if profile.startswith("low") else 1
    for name in ("range", "range2"):
        if name in ours:
            whole = ours[name] + (ours.get(f"{name}_high", 0) << 16)
            assert np.array_equal(theirs.packet_field(name.upper(), payload), whole * unit & 0x7FFFF), name
    shifted = {"near_ir": 16} if unit == 8 else {}
    for name in ("reflectivity", "reflectivity2", "signal", "signal2", "near_ir"):
        if name in ours:
            field = theirs.packet_field(name.upper(), payload)
            assert np.array_equal(field, ours[name] * shifted.get(name, 1)), name


def test_all_sensors_are_as_large_as_they_say():
    for sensor in SENSORS:
        shape = Shape.unpack(sensor.shape(58, 3).pack())
        assert shape.head + shape.blocks * shape.block <= 58 + sensor.size
        payload = bytearray(sensor.size)
        for at, mark in sensor.marks:
            payload[at : at + len(mark)] = mark
        assert sensor in find_sensors(memoryview(payload))
    assert find_sensors(memoryview(bytes(1206))) == []


def test_damage_is_noticed():
    coded = lizip.compress(packets.velodyne(1, 16, 960), level="fast")
    for cut in range(0, len(coded), len(coded) // 40):
        with pytest.raises(LizipError):
            lizip.decompress(io.BytesIO(coded[:cut]).getvalue())
