"""Captures (.pcap) of simulated sensors, from the makers' public definitions of their packets."""

from __future__ import annotations

import struct
import zlib

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
    return velodyne_packets(ranges[:, fired], levels[:, fired], seed, firings=firings)


PRODUCTS = {16: 0x22, 32: 0x21, 64: 0, 128: 0xA1}
"""Last byte of Velodyne's packets by number of lasers; an HDL-64E has none."""


def velodyne_packets(ranges: np.ndarray, levels: np.ndarray, seed: int = 0, firings: int = 0) -> bytes:
    """Capture of a Velodyne of 16, 32, 64 or 128 lasers, of what it measured.

    Parameters
    ----------
    ranges, levels : (F, L) integers
        Ranges (2 mm; 4 mm of a VLS-128) and intensities in the order in which the lasers stand in a packet.
    seed : int
        Decides the jitter.
    firings : int
        Those of a turn; all otherwise.
    """
    lasers = ranges.shape[1]
    firings = firings or len(ranges)
    blocks = len(ranges) * lasers // 32 // 12 * 12
    cells = np.zeros((blocks * 32 // lasers, lasers), [("range", "<u2"), ("intensity", "u1")])
    cells["range"] = np.minimum(ranges[: len(cells)], 65535)
    cells["intensity"] = levels[: len(cells)]
    draws = Draws(seed, "packets")
    rows = np.zeros(blocks, [("flag", "<u2"), ("azimuth", "<u2"), ("cells", cells.dtype, 32)])
    banks = max(1, lasers // 32)
    rows["flag"], rows["cells"] = 0xEEFF - 0x1100 * (np.arange(blocks) % banks), cells.reshape(blocks, 32)
    at = np.arange(blocks) // banks * banks
    turned = 36000 * (at + 0.1 * draws.normal(blocks)[at]) * 32 / lasers / firings
    rows["azimuth"] = np.rint(turned).astype(np.int64) % 36000
    tail = bytes([0x37, PRODUCTS[lasers]])
    period = 12 * 46.08 if lasers >= 32 else 24 * 55.296
    payloads = [
        rows[i : i + 12].tobytes() + struct.pack("<I", round(i / 12 * period) % 3_600_000_000) + tail
        for i in range(0, blocks, 12)
    ]
    return capture(payloads, period, seed)


_OUSTER = {
    "": "range u4, reflectivity u2, signal u2, near_ir u2, reserved u2",
    "single": "range u4, reflectivity u1, reserved u1, signal u2, near_ir u2, reserved2 u2",
    "dual": "range u4, range2 u4, signal u2, signal2 u2, near_ir u2, reserved u2",
    "low data rate": "range u2, reflectivity u1, near_ir u1",
    "low data rate, dual": "range u2, reflectivity u1, near_ir u1, range2 u2, reflectivity2 u1, reserved u1",
}
"""Pixels by profile; in the dual one a range's upper byte is a reflectivity."""


def ouster(seed: int, rings: int = 32, columns: int = 512, profile: str = "") -> bytes:
    """Capture of an Ouster OS sensor, packets of 16 columns: those of old firmware, or a profile of the newer ones.

    Profiles are `single`, `dual`, `low data rate` (ranges of 8 mm) and `low data rate, dual`. Every seventh pulse has a
    second return, 2 m behind the first.
    """
    seen = os_sensor.sweep(seed, rings=rings, columns=columns)
    fields = [tuple(each.split()) for each in _OUSTER[profile].split(", ")]
    cells = np.zeros(seen.ranges.shape, [(name, f"<{kind}") for name, kind in fields])
    names = cells.dtype.names or ()
    unit = 8 if profile.startswith("low") else 1
    levels = np.minimum(seen.intensity, 255)
    twice = (np.add.outer(np.arange(columns), np.arange(rings)) % 7 == 0) & (seen.ranges > 0)
    cells["range"] = seen.ranges // unit
    if "range2" in names:
        cells["range2"] = np.where(twice, seen.ranges + 2000, 0) // unit
    for name, share in (("reflectivity", 1), ("reflectivity2", twice)):
        if name in names:
            cells[name] = levels * share
        elif name.replace("reflectivity", "range") in names:
            cells[name.replace("reflectivity", "range")] |= (levels * share).astype("<u4") << 24
    signal = seen.intensity * 4000 // np.maximum(seen.ranges, 1000)
    near_ir = np.rint(60 + 8 * Draws(seed, "packets").normal(cells.size).reshape(cells.shape)).clip(0)
    further = {"signal": signal, "signal2": signal // 2 * twice, "near_ir": near_ir}
    for name in set(names) & set(further):
        cells[name] = further[name]
    return capture(_ouster_packets(cells, bool(profile)), 16e5 / columns, seed)


def _ouster_packets(cells: np.ndarray, newer: bool) -> list[bytes]:
    """Packets of pixels (columns, rings); the newer ones have a head and a tail, and shorter heads of columns."""
    columns, rings = cells.shape
    head = [("time", "<u8"), ("column", "<u2")]
    head += [("status", "<u2")] if newer else [("frame", "<u2"), ("encoder", "<u4")]
    rows = np.zeros(columns, [*head, ("cells", cells.dtype, rings), *([] if newer else [("status", "<u4")])])
    rows["time"] = 10**15 + np.arange(columns) * 10**8 // columns
    rows["column"], rows["cells"] = np.arange(columns), cells
    rows["status"] = 1 if newer else 0xFFFFFFFF
    if not newer:
        rows["frame"], rows["encoder"] = 7, np.arange(columns) * 90112 // columns
    before = struct.pack("<HH", 1, 7) + bytes(28) if newer else b""
    return [before + rows[i : i + 16].tobytes() + bytes(len(before)) for i in range(0, columns, 16)]


HESAI = {"OT128": (1, 4, 128, 2), "QT128": (3, 2, 128, 2), "AT128": (4, 3, 128, 2), "XT32": (6, 1, 32, 8)}
"""Version of the protocol, lasers and blocks."""


def hesai(seed: int, name: str = "OT128", firings: int = 900) -> bytes:
    """Capture of a sensor of Hesai's: a head that tells lasers and blocks, blocks, checksums and times behind."""
    major, minor, lasers, blocks = HESAI[name]
    seen = os_sensor.sweep(seed, rings=lasers, columns=firings, tick=0.004)
    confident = name != "OT128"
    fields = [("range", "<u2"), ("intensity", "u1"), *([("confidence", "u1")] if confident else [])]
    rows = np.zeros(
        firings // blocks * blocks,
        [("azimuth", "<u2"), *([("fine", "u1")] if major == 4 else []), ("cells", fields, lasers)],
    )
    rows["azimuth"] = np.arange(len(rows)) * 36000 // firings
    rows["cells"]["range"] = np.minimum(seen.ranges[: len(rows)], 65535)
    rows["cells"]["intensity"] = np.minimum(seen.intensity[: len(rows)], 255)
    if confident:
        rows["cells"]["confidence"] = np.where(seen.ranges[: len(rows)] > 0, 0x40, 0)
    head = bytes([0xEE, 0xFF, major, minor, 0, 0, lasers, blocks, 0, 4, 1, 0x13 if confident else 3])
    payloads = []
    for i in range(0, len(rows), blocks):
        body = rows[i : i + blocks].tobytes()
        tail = bytes(16) + struct.pack("<IBI", i * 100 % 10**6, 0x37, i // blocks)
        payloads.append(head + body + struct.pack("<I", zlib.crc32(body)) + tail + struct.pack("<I", zlib.crc32(tail)))
    return capture(payloads, blocks * 1e5 / firings, seed)


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
