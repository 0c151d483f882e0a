"""A spinning sensor's sweep, coded as what the sensor measured.

Compression, top to bottom: a chain (`lizip.sensor`) recovers the grid of ranges and intensities, firing by ring, and
all that it takes to compute the stored floats; the grid is coded cell by cell in firing order, each cell predicted
from its neighbours (`lizip.codecs.sweep.grid`); what is left (calibration, firing times, poses, corrections) is small.
Decompression is the same from the bottom up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lizip.codecs import Options
from lizip.container import CODEC as FIRST_KIND
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint
from lizip.sensor import CHAINS, Registered

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.sensor.chain import Measured

HEADER, GRID, SIDE = FIRST_KIND, FIRST_KIND + 1, FIRST_KIND + 4
"""Section kinds; a chain's side stream n has the kind SIDE + n."""

_SIDES = 32
WORDS = (
    "firings",
    "rings",
    "sensor",
    "calibration",
    "exceptions",
    "corrected",
    "fitted to this scan",
    "profile",
    "Velodyne HDL-64E as in KITTI",
    "Velodyne HDL-32E as in nuScenes",
    "pose model",
    "spinning sensor",
    "columns of a turn",
    "tick, um",
    "residual, um",
    "model",
    "spinning-1",
)
"""Words of `lizip info` that take one byte in a stream; only ever appended to."""

_GRID_STREAMS = ("flags", "range", "intensity")


MOST_POINTS = 1 << 22
"""Most points of a sweep: all are decoded at once."""


def most_cells(count: int) -> int:
    """Most cells of a grid for so many points: a stream cannot ask for more memory and time than this."""
    return 64 * count + (1 << 16)


class Sweep:
    """The sweep codec."""

    name = "sweep"
    number = 2

    def __init__(self) -> None:
        self._hints: dict[int, object] = {}

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Try the chains in turn; None when none of them explains the cloud."""
        if cloud.count > MOST_POINTS:
            return None
        from lizip.codecs.sweep.grid import takes

        for registered in CHAINS:
            chain = registered.load()
            hint = self._hints.get(registered.number) if options.warm else None
            measured = chain.recover(cloud, options.level, hint)
            if measured is None or measured.ranges.size > most_cells(cloud.count) or not takes(measured.ranges):
                continue
            self._hints[registered.number] = getattr(chain, "last_hint", None)
            return list(_sections(registered, measured, options))
        return None

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield all points at once: a sweep is small."""
        from lizip.codecs.sweep.grid import decode_grid

        if count > MOST_POINTS:
            raise CorruptError("more points than a sweep may have")
        registered, _, _ = _unpack_header(container.section(HEADER))
        ranges, intensity = decode_grid(container.section(GRID), max_cells=most_cells(count))
        side = {
            entry.kind - SIDE: container.section(entry.kind)
            for entry in container.header.entries
            if SIDE <= entry.kind < SIDE + _SIDES
        }
        yield registered.load().rebuild(ranges, intensity, side, schema, count)

    def describe(self, container: Container) -> dict[str, Any]:
        """Sensor, fit and model in words, and the bytes of each stream."""
        registered, info, streams = _unpack_header(container.section(HEADER))
        for entry in container.header.entries:
            if SIDE <= entry.kind < SIDE + _SIDES:
                number = entry.kind - SIDE
                known = number < len(registered.streams)
                streams[registered.streams[number] if known else f"side {number}"] = entry.length
            elif entry.kind == HEADER:
                streams["header"] = entry.length
        return {"chain": registered.name, **info, "streams": streams}


CODEC = Sweep()


def _sections(registered: Registered, measured: Measured, options: Options) -> Iterator[Section]:
    """Lay out a measured sweep."""
    from lizip.codecs.sweep.grid import encode_grid, near_ticks
    from lizip.codecs.sweep.weights import DEFAULT_NET

    net = None if options.level == "fast" else options.model or DEFAULT_NET
    grid = encode_grid(
        measured.ranges,
        measured.intensity,
        everywhere=measured.intensity_everywhere,
        near=near_ticks(measured.tick),
        net=net,
        backend=options.backend,
    )
    info = {**measured.info, "model": net} if net else measured.info
    yield Section(HEADER, _pack_header(registered, measured.ranges.shape, info, grid.bits))
    yield Section(GRID, grid.data)
    for number, data in sorted(measured.side.items()):
        yield Section(SIDE + number, data)


def _pack_word(word: str) -> bytes:
    """Write a short text: one byte when it is a known one."""
    if word in WORDS:
        return pack_varint(WORDS.index(word) + 1)
    return b"\0" + pack_bytes(word.encode())


def _unpack_word(unpacker: Unpacker) -> str:
    index = unpacker.varint()
    if index > len(WORDS):
        raise CorruptError("sweep header holds an unknown word")
    return WORDS[index - 1] if index else unpacker.bytes().decode("utf-8", "replace")


def _pack_header(
    registered: Registered, shape: tuple[int, int], info: Mapping[str, Any], bits: Mapping[str, float]
) -> bytes:
    """Chain, words and whole numbers for `lizip info`, bytes of the streams inside the grid."""
    info = {"firings": shape[0], "rings": shape[1], **info}
    head = pack_varint(registered.number) + pack_varint(len(info))
    for key, value in info.items():
        head += _pack_word(key)
        head += b"\0" + pack_signed(value) if isinstance(value, int) else b"\1" + _pack_word(str(value))
    return head + b"".join(pack_varint(round(bits.get(name, 0) / 8)) for name in _GRID_STREAMS)


def _unpack_header(data: bytes) -> tuple[Registered, dict[str, Any], dict[str, int]]:
    """Chain, info, bytes of the streams inside the grid; raises CorruptError."""
    unpacker = Unpacker(data)
    number = unpacker.varint()
    registered = next((chain for chain in CHAINS if chain.number == number), None)
    if registered is None:
        raise CorruptError("sweep was measured in an unknown way")
    info: dict[str, Any] = {}
    for _ in range(min(unpacker.varint(), len(data))):
        key = _unpack_word(unpacker)
        info[key] = _unpack_word(unpacker) if unpacker.take(1) == b"\1" else unpacker.signed()
    streams = {name: unpacker.varint() for name in _GRID_STREAMS}
    unpacker.finish()
    return registered, info, streams
