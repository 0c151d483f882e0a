"""Sweeps as messages, messages as bags, by the libraries that people use."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

BEGIN = 1_700_000_000_000_000_000
CLOUD = "sensor_msgs/msg/PointCloud2"

POINT = np.dtype(
    {
        "names": ["x", "y", "z", "intensity", "ring"],
        "formats": ["<f4"] * 4 + ["<u2"],
        "offsets": [0, 4, 8, 16, 20],
        "itemsize": 32,
    }
)
"""A point as PCL lays it out: 4 bytes of padding behind z, 10 behind the ring."""

SETS = {
    "nuscenes": ("nuscenes/*.bin", 5),
    "kitti": ("kitti/*.bin", 4),
    "kitti_fov": ("kitti_fov/*.bin", 4),
    "argoverse": ("argoverse/*.bin", 5),
    "pandaset": ("pandaset/0*.bin", 4),
    "ouster": ("ouster/*returns.bin", 4),
}
"""Files of a set, and their floats a point."""


def sweeps(data: Path, name: str) -> list[np.ndarray]:
    """Sweeps (N, fields) float32 of a set."""
    pattern, fields = SETS[name]
    return [np.fromfile(path, "<f4").reshape(-1, fields) for path in sorted(data.glob(pattern))]


def records(points: np.ndarray) -> np.ndarray:
    """Points (N, 4 or 5) as records (N,) of `POINT`; rings are whole numbers."""
    made = np.zeros(len(points), POINT)
    for i, field in enumerate(POINT.names[: points.shape[1]]):
        made[field] = points[:, i]
    return made


def types() -> Any:
    """Types of ROS 2."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_HUMBLE)


def message(store: Any, points: np.ndarray, number: int) -> bytes:
    """A PointCloud2 message, as it goes over the wire."""
    t = store.types
    stamp = t["builtin_interfaces/msg/Time"](sec=BEGIN // 10**9 + number // 10, nanosec=number % 10 * 10**8)
    kinds = {"f4": 7, "u2": 4}
    fields = [
        t["sensor_msgs/msg/PointField"](name=field, offset=offset, datatype=kinds[kind.str[1:]], count=1)
        for field, (kind, offset) in points.dtype.fields.items()
    ]
    step = points.dtype.itemsize
    cloud = t[CLOUD](
        header=t["std_msgs/msg/Header"](stamp=stamp, frame_id="lidar"),
        height=1,
        width=len(points),
        fields=fields,
        is_bigendian=False,
        point_step=step,
        row_step=step * len(points),
        data=points.view(np.uint8).reshape(-1),
        is_dense=True,
    )
    return bytes(store.serialize_cdr(cloud, CLOUD))


def write_mcap(file: Any, messages: Iterable[bytes], compression: str = "NONE", chunk: int = 1 << 20) -> None:
    """Write a topic of clouds, ten a second."""
    from mcap.writer import CompressionType, Writer

    writer = Writer(file, chunk_size=chunk, compression=CompressionType[compression])
    writer.start(profile="ros2", library="benchmark")
    definition = types().generate_msgdef(CLOUD, ros_version=2)[0].encode()
    channel = writer.register_channel("/points", "cdr", writer.register_schema(CLOUD, "ros2msg", definition))
    for i, data in enumerate(messages):
        time = BEGIN + i * 10**8
        writer.add_message(channel, time, data, time, i)
    writer.finish()


def mcap(messages: Iterable[bytes], compression: str = "NONE") -> bytes:
    """The same in memory."""
    file = io.BytesIO()
    write_mcap(file, messages, compression)
    return file.getvalue()
