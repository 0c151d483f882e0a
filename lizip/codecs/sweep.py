"""A spinning sensor's sweep, coded as what the sensor measured.

Compression, top to bottom: a chain (`lizip.sensor`) recovers the grid of ranges and intensities, firing by ring, and
all that it takes to compute the stored floats from it; the grid is coded cell by cell in firing order, each cell predicted
from its neighbours (`lizip.predict.grid`); what is left (calibration, firing times, poses, corrections) is small.
Decompression is the same from the bottom up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
_INTENSITY, _EVERYWHERE = 1, 2


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
        for registered in CHAINS:
            chain = registered.load()
            measured = chain.recover(cloud, options.level, self._hints.get(registered.number))
            if measured is None or measured.ranges.size > most_cells(cloud.count):
                continue
            self._hints[registered.number] = getattr(chain, "last_hint", None)
            return list(_sections(registered, measured, options))
        return None

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield all points at once: a sweep is small."""
        from lizip.predict.grid import decode_grid

        registered, shape, flags, _ = _unpack_header(container.section(HEADER))
        if shape[0] * shape[1] > most_cells(count):
            raise CorruptError("grid is too large for so few points")
        ranges, intensity = decode_grid(
            container.section(GRID), shape, intensity=bool(flags & _INTENSITY), everywhere=bool(flags & _EVERYWHERE)
        )
        side = {
            entry.kind - SIDE: container.section(entry.kind)
            for entry in container.header.entries
            if SIDE <= entry.kind < SIDE + _SIDES
        }
        yield registered.load().rebuild(ranges, intensity, side, schema, count)

    def describe(self, container: Container) -> dict[str, Any]:
        """Sensor, fit and model in words, and the bytes of each stream."""
        registered, shape, _, info = _unpack_header(container.section(HEADER))
        streams = {"header": 0, "grid": 0}
        for entry in container.header.entries:
            if SIDE <= entry.kind < SIDE + _SIDES:
                number = entry.kind - SIDE
                known = number < len(registered.streams)
                streams[registered.streams[number] if known else f"side {number}"] = entry.length
            elif entry.kind in (HEADER, GRID):
                streams["header" if entry.kind == HEADER else "grid"] = entry.length
        return {"chain": registered.name, "grid": f"{shape[0]} firings x {shape[1]} rings", **info, "streams": streams}


CODEC = Sweep()


def _sections(registered: Registered, measured: Measured, options: Options) -> Iterator[Section]:
    """Lay out a measured sweep."""
    from lizip.predict.grid import encode_grid

    net = None if options.level == "fast" else options.model
    grid = encode_grid(measured.ranges, measured.intensity, everywhere=measured.intensity_everywhere, net=net)
    yield Section(HEADER, _pack_header(registered, measured))
    yield Section(GRID, grid)
    for number, data in sorted(measured.side.items()):
        yield Section(SIDE + number, data)


def _pack_header(registered: Registered, measured: Measured) -> bytes:
    """Chain, shape, and the words and whole numbers for `lizip info`."""
    flags = _INTENSITY * (measured.intensity is not None) + _EVERYWHERE * measured.intensity_everywhere
    head = pack_varint(registered.number) + pack_varint(flags)
    head += b"".join(map(pack_varint, measured.ranges.shape)) + pack_varint(len(measured.info))
    for key, value in measured.info.items():
        head += pack_bytes(key.encode())
        head += b"\0" + pack_signed(value) if isinstance(value, int) else b"\1" + pack_bytes(str(value).encode())
    return head


def _unpack_header(data: bytes) -> tuple[Registered, tuple[int, int], int, dict[str, Any]]:
    """Chain, shape, flags, info; raises CorruptError."""
    unpacker = Unpacker(data)
    number, flags = unpacker.varint(), unpacker.varint()
    registered = next((chain for chain in CHAINS if chain.number == number), None)
    if registered is None or flags > _INTENSITY + _EVERYWHERE:
        raise CorruptError("sweep was measured in an unknown way")
    shape = unpacker.varint(), unpacker.varint()
    info: dict[str, Any] = {}
    for _ in range(unpacker.varint()):
        key = unpacker.bytes().decode("utf-8", "replace")
        is_text = unpacker.take(1) == b"\1"
        info[key] = unpacker.bytes().decode("utf-8", "replace") if is_text else unpacker.signed()
    unpacker.finish()
    return registered, shape, flags, info
