"""Captures of packets: simulated, and packets that carry what real sensors measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import zstandard

import lizip
from benchmarks.logs.grids import grids
from lizip.logs import pcap
from lizip.logs.sensors import SENSORS
from lizip.simulator import hdl64, packets


def _places(name: str) -> np.ndarray:
    """Where in a packet each ring of a sensor stands, from the lowest up."""
    (order,) = (sensor.payload.order for sensor in SENSORS if sensor.name == name)
    return np.argsort(list(order))


def _captures(data: Path) -> Iterator[tuple[str, bytes]]:
    yield "simulated HDL-32E, 3 turns", packets.velodyne(1, 32, 1800, 3)
    yield "simulated VLP-16, 3 turns", packets.velodyne(1, 16, 1800, 3)
    drive = [hdl64.sweep(1, speed=10.0), hdl64.sweep(2, speed=10.0)]
    ranges, levels = (np.concatenate([getattr(each, name) for each in drive]) for name in ("ranges", "intensity"))
    places = _places("Velodyne HDL-64E")
    yield (
        "simulated drive of an HDL-64E, 2 turns",
        packets.velodyne_packets(ranges[:, ::-1][:, places], levels[:, ::-1][:, places], 1, len(ranges) // 2),
    )
    for profile in ("", "single", "dual", "low data rate"):
        yield f"simulated OS-64, {profile or 'old firmware'}", packets.ouster(1, 64, 1024, profile)
    for name in packets.HESAI:
        yield f"simulated {name}", packets.hesai(1, name)
    for kind, pattern, fields in (("HDL-32E", "nuscenes/*_[abc].bin", 5), ("HDL-64E", "kitti/full*.bin", 4)):
        for path in sorted(data.glob(pattern)):
            for ranges, levels in grids(path, fields):
                places = _places(f"Velodyne {kind}")
                made = packets.velodyne_packets(ranges[:, ::-1][:, places], levels[:, ::-1][:, places], 1)
                yield f"{kind} with the returns of {path.parent.name}/{path.name}", made


def report(data: Path) -> str:
    """Bytes of each capture, and lizip's share of zstd -19."""
    lines = [
        "## Captures: bytes",
        "",
        "`unknown`: the same by a lizip that knows no sensor's packets.",
        "",
        "| capture | bytes | zstd -19 | lizip | share of zstd -19 | unknown |",
        "|---|---|---|---|---|---|",
    ]
    for name, capture in _captures(data):
        packed = lizip.compress(capture)
        assert lizip.decompress(packed) == capture
        strong = len(zstandard.compress(capture, 19))
        share = f"{len(packed) / strong:.3f} | {_unknown(capture) / strong:.3f}"
        lines.append(f"| {name} | {len(capture)} | {strong} | {len(packed)} | {share} |")
    return "\n".join(lines)


def _unknown(capture: bytes) -> int:
    """Bytes where no parser knows the packets."""
    with patch.object(pcap, "find_sensors", lambda payload: []):
        packed = lizip.compress(capture)
    assert lizip.decompress(packed) == capture
    return len(packed)
