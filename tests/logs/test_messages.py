"""Bags of scans and packets, written by rosbags: they come back, and what a lidar measured is coded as that."""

import numpy as np
import pytest
import recorders
import zstandard

import lizip
from lizip.logs import find_log
from lizip.simulator import os_sensor, packets

rosbag1 = pytest.importorskip("rosbags.rosbag1")
rosbag2 = pytest.importorskip("rosbags.rosbag2")
typesys = pytest.importorskip("rosbags.typesys")

HEADER = "std_msgs/Header header\n"
PACKETS = {
    "velodyne_msgs/msg/VelodyneScan": (
        HEADER + "velodyne_msgs/VelodynePacket[] packets\n",
        {"velodyne_msgs/msg/VelodynePacket": "builtin_interfaces/Time stamp\nuint8[1206] data\n"},
    ),
    "pandar_msgs/msg/PandarScan": (
        HEADER + "pandar_msgs/PandarPacket[] packets\n",
        {"pandar_msgs/msg/PandarPacket": "builtin_interfaces/Time stamp\nuint8[1500] data\nuint32 size\n"},
    ),
    "nebula_msgs/msg/NebulaPackets": (
        HEADER + "nebula_msgs/NebulaPacket[] packets\n",
        {"nebula_msgs/msg/NebulaPacket": "builtin_interfaces/Time stamp\nuint8[] data\n"},
    ),
    "ouster_sensor_msgs/msg/PacketMsg": ("uint8[] buf\n", {}),
}
UNKNOWN = {"rslidar_msg/msg/RslidarPacket": (HEADER + "uint8 is_difop\nuint8[] data\n", {})}
"""Definitions of messages, and of what they are made of."""


def payloads(kind: str) -> list[bytes]:
    """Packets of a sensor whose driver sends messages of a type."""
    if "Velodyne" in kind or "Nebula" in kind:
        capture, size = packets.velodyne(1, 32, 1440), 1206
    elif "Pandar" in kind:
        capture, size = packets.hesai(1, "XT32", 960), 12 + 8 * 130 + 33
    else:
        capture, size = packets.ouster(1, 32, 1024), 16 * (16 + 12 * 32 + 4)
    step = 16 + 42 + size
    return [capture[at + 58 : at + step] for at in range(24, len(capture), step)]


def serialised(types, kind: str, ros: int) -> list[bytes]:
    """The packets in messages, forty each."""
    t, made = types.types, []
    all_packets = payloads(kind)
    each = 1 if kind.endswith("PacketMsg") else 40
    for first in range(0, len(all_packets), each):
        some = [np.frombuffer(payload, np.uint8) for payload in all_packets[first : first + each]]
        if each == 1:
            message = t[kind](buf=some[0])
        else:
            stamps = [t["builtin_interfaces/msg/Time"](sec=1_700_000_000, nanosec=first + i) for i in range(len(some))]
            head = {"stamp": stamps[0], "frame_id": "lidar"} | ({"seq": first} if ros == 1 else {})
            inner = next(iter(PACKETS[kind][1]))
            if "Pandar" in kind:
                room = [np.concatenate([data, np.zeros(1500 - len(data), np.uint8)]) for data in some]
                made_of = [t[inner](stamp=s, data=d, size=len(p)) for s, d, p in zip(stamps, room, some, strict=True)]
            else:
                made_of = [t[inner](stamp=s, data=d) for s, d in zip(stamps, some, strict=True)]
            message = t[kind](header=t["std_msgs/msg/Header"](**head), packets=made_of)
        made.append(bytes((types.serialize_ros1 if ros == 1 else types.serialize_cdr)(message, kind)))
    return made


def types_of(kind: str, ros: int):
    types = recorders.store(ros)
    if kind in PACKETS | UNKNOWN:
        definition, parts = (PACKETS | UNKNOWN)[kind]
        for name, part in (*parts.items(), (kind, definition)):
            types.register(typesys.get_types_from_msg(part, name))
    return types


def bag(form: str, kind: str, folder, messages_of) -> bytes:
    """A bag of ROS 1, or of ROS 2 as MCAP or SQLite."""
    ros = 1 if form == "bag" else 2
    types = types_of(kind, ros)
    if ros == 1:
        writer = rosbag1.Writer(folder / "run.bag")
    else:
        plugin = getattr(rosbag2.StoragePlugin, "MCAP" if form == "mcap" else "SQLITE3")
        writer = rosbag2.Writer(folder / "run", version=8, storage_plugin=plugin)
    with writer:
        topic = writer.add_connection("/lidar", kind, typestore=types)
        for i, message in enumerate(messages_of(types, kind, ros)):
            writer.write(topic, recorders.TIME + i * 10**7, message)
    path = folder / "run.bag" if ros == 1 else next((folder / "run").glob(f"*.{form}"))
    return path.read_bytes()


def share_found(data: bytes) -> float:
    parts = [part for span in find_log(memoryview(data)).spans for part in span.parts]
    return sum(len(part.data) for part in parts if part.stream) / len(data)


@pytest.mark.parametrize("form", ["bag", "mcap", "db3"])
@pytest.mark.parametrize("kind", PACKETS)
def test_packets_in_messages(kind, form, tmp_path):
    data = bag(form, kind, tmp_path, serialised)
    coded = lizip.compress(data, level="fast")
    assert lizip.decompress(coded) == data
    if form == "db3" and kind.endswith("PacketMsg"):
        return  # one packet a message: in SQLite they lie among one another
    assert share_found(data) > (0.8 if form == "db3" else 0.85)  # pages of SQLite are not full
    assert len(coded) < 0.85 * len(zstandard.compress(data, 19))
    first = next(lizip.messages(coded, "/lidar"))
    assert {"range"} <= set(first.columns)
    if form != "db3":
        assert len(first.columns["range"]) >= 10_240


def of_nobody(types, kind: str, ros: int) -> list[bytes]:
    """Packets of a sensor that nobody knows, each a message."""
    made = []
    for i, payload in enumerate(payloads("VelodyneScan")):
        stamp = types.types["builtin_interfaces/msg/Time"](sec=1_700_000_000, nanosec=600_000 * i)
        head = {"stamp": stamp, "frame_id": "lidar"} | ({"seq": i} if ros == 1 else {})
        header = types.types["std_msgs/msg/Header"](**head)
        message = types.types[kind](header=header, is_difop=0, data=np.frombuffer(payload, np.uint8))
        made.append(bytes((types.serialize_ros1 if ros == 1 else types.serialize_cdr)(message, kind)))
    return made


@pytest.mark.parametrize("form", ["bag", "mcap", "db3"])
def test_packets_of_nobody_in_messages(form, tmp_path):
    """Taken together; of SQLite all is rest."""
    data = bag(form, "rslidar_msg/msg/RslidarPacket", tmp_path, of_nobody)
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    strong = len(zstandard.compress(data, 19))
    if form == "db3":
        assert len(coded) <= strong + 64
        return
    (message,) = lizip.messages(coded, "/lidar")
    assert len(coded) < 0.65 * strong
    assert message.time == recorders.TIME
    assert sum(column.nbytes for column in message.columns.values()) >= 1440 * 32 * 3
    cut = data[: 2 * len(data) // 3]
    assert lizip.decompress(lizip.compress(cut, level="fast")) == cut


def scans(types, kind: str, ros: int) -> list[bytes]:
    t, made = types.types, []
    seen = os_sensor.sweep(1, rings=4, columns=1000, tick=0.001)
    for i in range(4):
        stamp = t["builtin_interfaces/msg/Time"](sec=1_700_000_000 + i, nanosec=i)
        head = {"stamp": stamp, "frame_id": "laser"} | ({"seq": i} if ros == 1 else {})
        ranges = (seen.ranges[:, i] / 1000).astype(np.float32)
        message = t[kind](
            header=t["std_msgs/msg/Header"](**head), angle_min=-3.14, angle_max=3.14, angle_increment=0.00628,
            time_increment=1e-4, scan_time=0.1, range_min=0.1, range_max=30.0,
            ranges=np.where(ranges > 0, ranges, np.float32(np.inf)),
            intensities=seen.intensity[:, i].astype(np.float32)[: 0 if i == 2 else None],
        )  # fmt: skip
        made.append(bytes((types.serialize_ros1 if ros == 1 else types.serialize_cdr)(message, kind)))
    return made


@pytest.mark.parametrize("form", ["bag", "mcap", "db3"])
def test_scans_of_one_beam(form, tmp_path):
    """Ranges and intensities; one scan is without the latter."""
    data = bag(form, "sensor_msgs/msg/LaserScan", tmp_path, scans)
    coded = lizip.compress(data, codec=None)
    assert lizip.decompress(coded) == data
    assert share_found(data) > (0.4 if form == "db3" else 0.5)
    if lizip.info(coded)["format"] == "log":
        read = list(lizip.messages(coded, "/lidar"))
        assert [len(each.columns["ranges"]) for each in read] == [1000] * 4
        assert ["intensities" in each.columns for each in read] == [True, True, False, True]
    assert len(coded) <= len(lizip.compress(data, codec="opaque"))
