"""Captures (.pcap) of simulated sensors, from the makers' public definitions of their packets."""

from __future__ import annotations

import struct

import numpy as np

from lizip.simulator import os_sensor
from lizip.simulator.draws import Draws

_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_BEGIN = 1_700_000_000


def velodyne(seed: int, lasers: int = 32, firings: int = 1800, turns: int = 1) -> bytes:
    """Capture of an HDL-32E (32 lasers) or a VLP-16: 12 blocks of azimuth and 32 returns in a packet.

    Parameters
    ----------
    seed : int
        Decides the scene and the noise.
    lasers : int
        32 or 16; the latter fires twice in a block.
    firings, turns : int
        Firings in a turn, and turns.
    """
    seen = [os_sensor.sweep(seed + turn, rings=lasers, columns=firings, tick=0.002) for turn in range(turns)]
    ranges, levels = (
        np.concatenate([getattr(each, name) for each in seen])[:, ::-1] for name in ("ranges", "intensity")
    )
    fired = np.argsort(np.argsort([i // 2 + lasers // 2 * (i % 2) for i in range(lasers)]))
    blocks = len(ranges) * lasers // 32 // 12 * 12
    cells = np.zeros((blocks * 32 // lasers, lasers), [("range", "<u2"), ("intensity", "u1")])
    cells["range"], cells["intensity"] = np.minimum(ranges[: len(cells), fired], 65535), levels[: len(cells), fired]
    draws = Draws(seed, "packets")
    rows = np.zeros(blocks, [("flag", "<u2"), ("azimuth", "<u2"), ("cells", cells.dtype, 32)])
    rows["flag"], rows["cells"] = 0xEEFF, cells.reshape(blocks, 32)
    turned = 36000 * (np.arange(blocks) + 0.1 * draws.normal(blocks)) * 32 / lasers / firings
    rows["azimuth"] = np.rint(turned).astype(np.int64) % 36000
    tail = bytes([0x37, 0x21 if lasers == 32 else 0x22])
    period = 12 * 46.08 if lasers == 32 else 24 * 55.296
    payloads = [
        rows[i : i + 12].tobytes() + struct.pack("<I", round(i / 12 * period) % 3_600_000_000) + tail
        for i in range(0, blocks, 12)
    ]
    return capture(payloads, period, seed)


def ouster(seed: int, rings: int = 32, columns: int = 512) -> bytes:
    """Capture of an Ouster OS sensor, legacy packets of 16 columns."""
    seen = os_sensor.sweep(seed, rings=rings, columns=columns)
    draws = Draws(seed, "packets")
    fields = [("range", "<u4"), ("reflectivity", "<u2"), ("signal", "<u2"), ("near_ir", "<u2"), ("reserved", "<u2")]
    cells = np.zeros(seen.ranges.shape, fields)
    cells["range"], cells["reflectivity"] = seen.ranges, seen.intensity
    cells["signal"] = seen.intensity * 4000 // np.maximum(seen.ranges, 1000)
    cells["near_ir"] = np.rint(60 + 8 * draws.normal(cells.size).reshape(cells.shape)).clip(0)
    head = [("time", "<u8"), ("column", "<u2"), ("frame", "<u2"), ("encoder", "<u4")]
    rows = np.zeros(columns, [*head, ("cells", cells.dtype, rings), ("status", "<u4")])
    rows["time"] = 10**15 + np.arange(columns) * 10**8 // columns
    rows["column"], rows["frame"] = np.arange(columns), 7
    rows["encoder"], rows["cells"], rows["status"] = np.arange(columns) * 90112 // columns, cells, 0xFFFFFFFF
    return capture([rows[i : i + 16].tobytes() for i in range(0, columns, 16)], 16e5 / columns, seed)


def capture(payloads: list[bytes], period: float, seed: int = 0) -> bytes:
    """Write UDP payloads that come every so many us, with some jitter, as a .pcap file."""
    jitter = Draws(seed, "network").normal(len(payloads))
    out = [_HEAD]
    for i, payload in enumerate(payloads):
        size = len(payload)
        ip = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 28 + size, i & 0xFFFF, 0x4000, 64, 17, 0, b"\xc0\xa8\1\xc9", b"\xff" * 4
        )
        words = struct.unpack(">10H", ip)
        total = sum(words)
        total = (total & 0xFFFF) + (total >> 16)
        ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
        frame = (
            b"\xff" * 6
            + b"\x60\x76\x88\0\0\1"
            + b"\x08\0"
            + ip
            + struct.pack(">HHHH", 2368, 2368, 8 + size, 0)
            + payload
        )
        seconds, micros = divmod(round(i * period + 20 + 5 * float(jitter[i])), 10**6)
        out.append(struct.pack("<IIII", _BEGIN + seconds, micros, len(frame), len(frame)) + frame)
    return b"".join(out)
