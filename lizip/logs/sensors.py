"""Which packets are known: their size and marks, and how they are laid out, from the makers' public manuals.

Nothing here is needed to decode. Where several layouts have the same size (profiles of Ouster's), what the packet holds
decides: laid out rightly, a field changes little from firing to firing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from lizip.formats.packets import Shape
from lizip.formats.records import record_type, size_of

_NARROW = (("range", "u2"), ("intensity", "u1"))
_WIDE = (*_NARROW, ("reserved", "u1"))
_FAR, _NEAR_IR = ("range", "u4"), ("near_ir", "u2")

_OUSTER = {
    "": (_FAR, ("reflectivity", "u2"), ("signal", "u2"), _NEAR_IR, ("reserved", "u2")),
    "single": (_FAR, ("reflectivity", "u1"), ("window", "u1"), ("signal", "u2"), _NEAR_IR, ("zone", "u2")),
    "dual": (
        *(("range", "u2"), ("range_high", "u1"), ("reflectivity", "u1")),
        *(("range2", "u2"), ("range2_high", "u1"), ("reflectivity2", "u1")),
        *(("signal", "u2"), ("signal2", "u2"), _NEAR_IR, ("window", "u2")),
    ),
    "low data rate": (("range", "u2"), ("reflectivity", "u1"), ("near_ir", "u1")),
    "low data rate, dual": (
        *(("range", "u2"), ("reflectivity", "u1"), ("near_ir", "u1")),
        *(("range2", "u2"), ("reflectivity2", "u1"), ("window", "u1")),
    ),
}
"""Channels by profile: that of old firmware, RNG19_RFL8_SIG16_NIR16, the same dual, RNG15_RFL8_NIR8, the same dual. The
dual one's ranges have 19 bits, the upper three of them in a byte of their own with flags."""

_HESAI = {(1, 128): "OT128", (3, 64): "QT64", (3, 128): "QT128", (4, 128): "AT128", (6, 16): "XT16", (6, 32): "XT32"}
"""Sensors by the major version of their protocol and number of lasers."""

_CONFIDENCE = 0x10
"""In the flags of Hesai's header: channels have a fourth byte. Versions 1 and 3.2 tell so; others always have it."""


def _order(elevations: list[float]) -> bytes:
    return bytes(sorted(range(len(elevations)), key=elevations.__getitem__))


_VLP_16 = _order([-15 + i if i % 2 == 0 else i for i in range(16)])
_HDL_32 = _order([-30.67 + 4 / 3 * (i // 2 + 16 * (i % 2)) for i in range(32)])
_VLP_32_LOW = [-25, -1, -1.667, -15.639, -11.31, 0, -0.667, -8.843, -7.254, 0.333, -0.333, -6.148, -5.333, 1.333]
_VLP_32_HIGH = [-4.667, 1.667, 1, -3.667, -3.333, 3.333, 2.333, -2.667, -3, 7, 4.667, -2.333, -2, 15, 10.333, -1.333]
_VLP_32 = _order([*_VLP_32_LOW, 0.667, -4, *_VLP_32_HIGH])
_HDL_64_PAIRS = [6, 10, 0, 4, 8, 14, 18, 22, 12, 16, 20, 26, 30, 2, 24, 28]
_VLS_128 = bytes.fromhex(
    "24453657006112732c4d3e5f08691a7b64157627403152036c1d7e2f48395a0b"
    "34550667107122433c5d0e6f18792a4b74254637500162137c2d4e3f58096a1b"
    "04651677204132530c6d1e7f28493a5b44355607601172234c3d5e0f68197a2b"
    "14752647305102631c7d2e4f38590a6b54056617702142335c0d6e1f78294a3b"
)
_HDL_64 = bytes(bank + first + i for bank in (32, 0) for first in _HDL_64_PAIRS for i in (0, 1))


class Sensor(NamedTuple):
    """A kind of packet.

    Attributes
    ----------
    name : str
    marks : tuple of (int, bytes)
        Bytes that it has at places.
    payload : Shape
        How it is laid out.
    counter : int or None
        Where in a block stands a number of two bytes that is one more than in the block before.
    """

    name: str
    marks: tuple[tuple[int, bytes], ...]
    payload: Shape
    counter: int | None = None

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return self.payload.size

    def shape(self, before: int, behind: int) -> Shape:
        """Layout of a record that has so many bytes before and behind the payload."""
        return self.payload._replace(size=before + self.size + behind, head=before + self.payload.head)

    def fits(self, payload: memoryview) -> bool:
        """Whether a packet of its size is one."""
        if any(payload[at : at + len(mark)] != mark for at, mark in self.marks):
            return False
        if self.counter is None:
            return True
        first = self.payload.head + self.counter
        one, other = (int.from_bytes(payload[at : at + 2], "little") for at in (first, first + self.payload.block))
        return other == one + 1 or other == 0


def _velodyne(name: str, product: int, order: bytes) -> Sensor:
    marks = ((0, b"\xff\xee"), (1205, bytes([product])))
    return Sensor(name, marks, Shape(1206, 0, 12, 4, 32, 0, order, _NARROW))


def _banked(name: str, order: bytes, *further: tuple[int, bytes]) -> Sensor:
    """A sensor whose firing takes several blocks, each with a flag of its own."""
    banks = ((0, b"\xff\xee"), (100, b"\xff\xdd"), (200, b"\xff\xcc"), (300, b"\xff\xbb"))[: len(order) // 32]
    return Sensor(name, (*banks, *further), Shape(1206, 0, 12, 4, 32, 0, order, _NARROW))


def _ouster(pixels: int, profile: str) -> Sensor:
    fields, order = _OUSTER[profile], bytes(range(pixels))
    around, head, tail = (32, 12, 0) if profile else (0, 16, 4)
    size = 2 * around + 16 * (head + size_of(fields) * pixels + tail)
    name = f"Ouster, {pixels} beams" + (f", {profile}" if profile else "")
    return Sensor(name, (), Shape(size, around, 16, head, pixels, tail, order, fields), 8)


def _pandar64(size: int) -> Sensor:
    marks = ((0, b"\xee\xff"), (2, b"\x40\x06"))
    return Sensor("Hesai Pandar64", marks, Shape(size, 8, 6, 2, 64, 0, bytes(range(64)), _NARROW))


def _pandar40(size: int) -> Sensor:
    return Sensor("Hesai Pandar40P", ((0, b"\xff\xee"),), Shape(size, 0, 10, 4, 40, 0, bytes(range(40)), _NARROW))


SENSORS = (
    _velodyne("Velodyne HDL-32E", 0x21, _HDL_32),
    _velodyne("Velodyne VLP-16", 0x22, _VLP_16),
    _velodyne("Velodyne Puck Hi-Res", 0x24, _VLP_16),
    _velodyne("Velodyne VLP-32C", 0x28, _VLP_32),
    _banked("Velodyne VLS-128", _VLS_128, (1205, b"\xa1")),
    _banked("Velodyne HDL-64E", _HDL_64, (200, b"\xff\xee"), (300, b"\xff\xdd")),
    *(_ouster(pixels, profile) for profile in _OUSTER for pixels in (16, 32, 64, 128)),
    *map(_pandar64, (1194, 1198)),
    *map(_pandar40, (1262, 1266)),
)
"""Those of fixed sizes; Hesai's newer packets say how they are laid out."""

_BY_SIZE: dict[int, list[Sensor]] = {}
for _sensor in SENSORS:
    _BY_SIZE.setdefault(_sensor.size, []).append(_sensor)


def find_sensors(payload: memoryview) -> list[Sensor]:
    """The sensors whose packet this may be; none if none is known."""
    found = [sensor for sensor in _BY_SIZE.get(len(payload), ()) if sensor.fits(payload)]
    if not found and bytes(payload[:2]) == b"\xee\xff" and len(payload) > 12:
        told = _hesai(len(payload), payload[2], payload[3], payload[6], payload[7], payload[11])
        return [] if told is None else [told]
    return found if len(found) < 2 else sorted(found, key=lambda sensor: _restlessness(sensor, payload))


@lru_cache(256)
def _hesai(size: int, major: int, minor: int, lasers: int, blocks: int, flags: int) -> Sensor | None:
    """The sensor of a packet whose head of 12 bytes tells these."""
    told = major == 1 or (major, minor) == (3, 2)
    if major not in {version for version, _ in _HESAI} or not lasers or not blocks:
        return None
    fields = _NARROW if told and not flags & _CONFIDENCE else _WIDE
    shape = Shape(size, 12, blocks, 3 if major == 4 else 2, lasers, 0, bytes(range(lasers)), fields)
    name = f"Hesai {_HESAI.get((major, lasers), f'{lasers} lasers')}"
    return Sensor(name, (), shape) if shape.is_possible else None


def _restlessness(sensor: Sensor, payload: memoryview) -> float:
    """About how many bits the changes of all fields have from block to block, and from laser to laser."""
    import numpy as np

    shape = sensor.payload
    cells = shape.views(np.frombuffer(payload, np.uint8).reshape(1, -1))[2]
    cells = np.ascontiguousarray(cells[0]).view(record_type(shape.fields))[:, list(shape.order)]
    bits = 0.0
    for i in range(len(shape.fields)):
        values = cells[f"f{i}"].astype(np.int64)
        bits += sum(float(np.log2(1.0 + np.abs(np.diff(values, axis=axis))).sum()) for axis in (0, 1))
    return bits
