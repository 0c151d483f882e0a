"""Which packets are known: their size and marks, and how they are laid out, from the makers' public manuals."""

from __future__ import annotations

from typing import NamedTuple

from lizip.formats.packets import Shape
from lizip.formats.records import Fields

_NARROW = (("range", "u2"), ("intensity", "u1"))
_WIDE = (*_NARROW, ("reserved", "u1"))
_OUSTER = (("range", "u4"), ("reflectivity", "u2"), ("signal", "u2"), ("near_ir", "u2"), ("reserved", "u2"))


def _order(elevations: list[float]) -> bytes:
    return bytes(sorted(range(len(elevations)), key=elevations.__getitem__))


_VLP_16 = _order([-15 + i if i % 2 == 0 else i for i in range(16)])
_HDL_32 = _order([-30.67 + 4 / 3 * (i // 2 + 16 * (i % 2)) for i in range(32)])
_VLP_32_LOW = [-25, -1, -1.667, -15.639, -11.31, 0, -0.667, -8.843, -7.254, 0.333, -0.333, -6.148, -5.333, 1.333]
_VLP_32_HIGH = [-4.667, 1.667, 1, -3.667, -3.333, 3.333, 2.333, -2.667, -3, 7, 4.667, -2.333, -2, 15, 10.333, -1.333]
_VLP_32 = _order([*_VLP_32_LOW, 0.667, -4, *_VLP_32_HIGH])


class Sensor(NamedTuple):
    """A kind of packet: name, bytes that it has at places, and how its payload is laid out."""

    name: str
    marks: tuple[tuple[int, bytes], ...]
    payload: Shape

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return self.payload.size

    def shape(self, before: int, behind: int) -> Shape:
        """Layout of a record that has so many bytes before and behind the payload."""
        return self.payload._replace(size=before + self.size + behind, head=before + self.payload.head)


def _velodyne(name: str, product: int, order: bytes) -> Sensor:
    marks = ((0, b"\xff\xee"), (1205, bytes([product])))
    return Sensor(name, marks, Shape(1206, 0, 12, 4, 32, 0, order, _NARROW))


def _ouster(pixels: int) -> Sensor:
    head, order = 16, bytes(range(pixels))
    size = 16 * (head + 12 * pixels + 4)
    return Sensor(f"Ouster, {pixels} beams", (), Shape(size, 0, 16, head, pixels, 4, order, _OUSTER))


def _hesai(name: str, size: int, head: int, blocks: int, channels: int, fields: Fields, marks: bytes) -> Sensor:
    places = ((0, b"\xee\xff"), (6 if head == 12 else 2, marks))
    return Sensor(name, places, Shape(size, head, blocks, 2, channels, 0, bytes(range(channels)), fields))


def _pandar40(size: int) -> Sensor:
    return Sensor("Hesai Pandar40P", ((0, b"\xff\xee"),), Shape(size, 0, 10, 4, 40, 0, bytes(range(40)), _NARROW))


SENSORS = (
    _velodyne("Velodyne HDL-32E", 0x21, _HDL_32),
    _velodyne("Velodyne VLP-16", 0x22, _VLP_16),
    _velodyne("Velodyne Puck Hi-Res", 0x24, _VLP_16),
    _velodyne("Velodyne VLP-32C", 0x28, _VLP_32),
    *map(_ouster, (16, 32, 64, 128)),
    _hesai("Hesai XT32", 1080, 12, 8, 32, _WIDE, b"\x20\x08"),
    _hesai("Hesai XT16", 568, 12, 8, 16, _WIDE, b"\x10\x08"),
    _hesai("Hesai QT64", 1072, 12, 4, 64, _WIDE, b"\x40\x04"),
    _hesai("Hesai Pandar64", 1194, 8, 6, 64, _NARROW, b"\x40\x06"),
    _hesai("Hesai Pandar64", 1198, 8, 6, 64, _NARROW, b"\x40\x06"),
    _pandar40(1262),
    _pandar40(1266),
)

_BY_SIZE: dict[int, list[Sensor]] = {}
for _sensor in SENSORS:
    _BY_SIZE.setdefault(_sensor.size, []).append(_sensor)


def find_sensor(payload: memoryview) -> Sensor | None:
    """The sensor whose packet this is, if one is known."""
    for sensor in _BY_SIZE.get(len(payload), ()):
        if all(payload[at : at + len(mark)] == mark for at, mark in sensor.marks):
            return sensor
    return None
