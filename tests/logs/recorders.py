"""Logs as others' libraries write them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

TIME = 1_700_000_000_000_000_000

XYZI = (("x", 0, 7), ("y", 4, 7), ("z", 8, 7), ("intensity", 16, 7), ("ring", 20, 4))
"""Name, offset and datatype of the fields of a record of 24 or 32 bytes, as PCL lays them out."""

DTYPE = np.dtype(
    {
        "names": ["x", "y", "z", "intensity", "ring"],
        "formats": ["<f4"] * 4 + ["<u2"],
        "offsets": [0, 4, 8, 16, 20],
        "itemsize": 32,
    }
)


def records(sweep: np.ndarray, junk: int = 0) -> np.ndarray:
    """Records (N,) with padding of points (N, 4 or 5) float32; the padding holds what `junk` says."""
    raw = np.full((len(sweep), DTYPE.itemsize), junk, np.uint8)
    made = raw.view(DTYPE)[:, 0]
    for i, name in enumerate(DTYPE.names[: sweep.shape[1]]):
        made[name] = sweep[:, i]
    if sweep.shape[1] < 5:
        made["ring"] = 0
    return made


def store(ros: int):
    """rosbags' types."""
    typesys = pytest.importorskip("rosbags.typesys")
    return typesys.get_typestore(typesys.Stores.ROS2_HUMBLE if ros == 2 else typesys.Stores.ROS1_NOETIC)


def cloud2(types, points: np.ndarray, number: int = 0, ros: int = 2):
    """A PointCloud2 message."""
    t = types.types
    stamp = t["builtin_interfaces/msg/Time"](sec=1_700_000_000 + number, nanosec=number)
    head = {"stamp": stamp, "frame_id": "lidar"} | ({"seq": number} if ros == 1 else {})
    fields = [t["sensor_msgs/msg/PointField"](name=n, offset=o, datatype=k, count=1) for n, o, k in XYZI]
    data = np.frombuffer(points.tobytes(), np.uint8)
    step = points.dtype.itemsize
    return t["sensor_msgs/msg/PointCloud2"](
        header=t["std_msgs/msg/Header"](**head),
        height=1,
        width=len(points),
        fields=fields,
        is_bigendian=False,
        point_step=step,
        row_step=step * len(points),
        data=data,
        is_dense=True,
    )


LIVOX = np.dtype(
    [("offset_time", "<u4"), ("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    + [(name, "u1") for name in ("reflectivity", "tag", "line")]
)
"""A point of Livox's driver, packed."""

LIVOX_POINT = "uint32 offset_time\nfloat32 x\nfloat32 y\nfloat32 z\nuint8 reflectivity\nuint8 tag\nuint8 line\n"
LIVOX_CLOUD = (
    "std_msgs/Header header\nuint64 timebase\nuint32 point_num\nuint8 lidar_id\nuint8[3] rsvd\n"
    "livox_ros_driver2/CustomPoint[] points\n"
)


def livox_bag(clouds: list[np.ndarray], folder: Path, ros: int) -> bytes:
    """A bag of Livox's messages, their points (N,) of `LIVOX`."""
    typesys = pytest.importorskip("rosbags.typesys")
    types = store(ros)
    name = "livox_ros_driver2/msg/CustomMsg"
    types.register(typesys.get_types_from_msg(LIVOX_POINT, "livox_ros_driver2/msg/CustomPoint"))
    types.register(typesys.get_types_from_msg(LIVOX_CLOUD, name))
    t = types.types
    if ros == 1:
        writer = pytest.importorskip("rosbags.rosbag1").Writer(folder / "livox.bag")
    else:
        writer = pytest.importorskip("rosbags.rosbag2").Writer(folder / "livox", version=8)
    with writer:
        topic = writer.add_connection("/livox", name, typestore=types)
        for i, cloud in enumerate(clouds):
            stamp = t["builtin_interfaces/msg/Time"](sec=1_700_000_000 + i, nanosec=i)
            head = t["std_msgs/msg/Header"](**{"stamp": stamp, "frame_id": "livox"} | ({"seq": i} if ros == 1 else {}))
            points = [
                t["livox_ros_driver2/msg/CustomPoint"](**dict(zip(LIVOX.names, each.item(), strict=True)))
                for each in cloud
            ]
            message = t[name](
                header=head,
                timebase=TIME + i,
                point_num=len(cloud),
                lidar_id=1,
                rsvd=np.zeros(3, np.uint8),
                points=points,
            )
            serialise = types.serialize_ros1 if ros == 1 else types.serialize_cdr
            writer.write(topic, TIME + i * 10**8, serialise(message, name))
    return (folder / "livox.bag" if ros == 1 else next((folder / "livox").glob("*.db3"))).read_bytes()


def text(types, words: str):
    """A message that holds no points."""
    return types.types["std_msgs/msg/String"](data=words)


def mcap(clouds: list[np.ndarray], compression: str = "NONE", chunks: bool = True, chunk_size: int = 1 << 20) -> bytes:
    """An MCAP file of ROS 2: a topic of clouds, one of texts."""
    writer_module = pytest.importorskip("mcap.writer")
    types = store(2)
    file = io.BytesIO()
    compression = getattr(writer_module.CompressionType, compression)
    writer = writer_module.Writer(file, chunk_size=chunk_size, compression=compression, use_chunking=chunks)
    writer.start(profile="ros2", library="test")
    channels = {}
    for topic, name in (("/points", "sensor_msgs/msg/PointCloud2"), ("/words", "std_msgs/msg/String")):
        schema = writer.register_schema(name, "ros2msg", types.generate_msgdef(name, ros_version=2)[0].encode())
        channels[topic] = writer.register_channel(topic, "cdr", schema, {"offered_qos_profiles": ""})
    writer.add_attachment(TIME, TIME, "notes.txt", "text/plain", b"some notes")
    for i, cloud in enumerate(clouds):
        time = TIME + i * 10**8
        for k in range(5):
            words = text(types, f"message {i} {k}")
            writer.add_message(
                channels["/words"], time + k, bytes(types.serialize_cdr(words, words.__msgtype__)), time + k
            )
        message = cloud2(types, cloud, i)
        writer.add_message(channels["/points"], time, bytes(types.serialize_cdr(message, message.__msgtype__)), time, i)
    writer.add_metadata("run", {"driver": "nobody"})
    writer.finish()
    return file.getvalue()


def rosbag(clouds: list[np.ndarray], folder: Path, compression: str | None = None) -> bytes:
    """A bag of ROS 1."""
    module = pytest.importorskip("rosbags.rosbag1")
    types = store(1)
    path = folder / f"{compression}.bag"
    writer = module.Writer(path)
    if compression:
        writer.set_compression(getattr(module.Writer.CompressionFormat, compression))
    with writer:
        points = writer.add_connection("/points", "sensor_msgs/msg/PointCloud2", typestore=types)
        words = writer.add_connection("/words", "std_msgs/msg/String", typestore=types)
        for i, cloud in enumerate(clouds):
            said = text(types, f"message {i}")
            writer.write(words, TIME + i * 10**8, types.serialize_ros1(said, said.__msgtype__))
            message = cloud2(types, cloud, i, 1)
            writer.write(points, TIME + i * 10**8, types.serialize_ros1(message, message.__msgtype__))
    return path.read_bytes()


def db3(clouds: list[np.ndarray], folder: Path) -> bytes:
    """A bag of ROS 2 in SQLite."""
    module = pytest.importorskip("rosbags.rosbag2")
    types = store(2)
    path = folder / "run"
    with module.Writer(path, version=8) as writer:
        points = writer.add_connection("/points", "sensor_msgs/msg/PointCloud2", typestore=types)
        words = writer.add_connection("/words", "std_msgs/msg/String", typestore=types)
        for i, cloud in enumerate(clouds):
            said = text(types, f"message {i}")
            writer.write(words, TIME + i * 10**8, types.serialize_cdr(said, said.__msgtype__))
            message = cloud2(types, cloud, i)
            writer.write(points, TIME + i * 10**8, types.serialize_cdr(message, message.__msgtype__))
    return next(path.glob("*.db3")).read_bytes()
