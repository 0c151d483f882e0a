"""The beams of a spinning sensor: one row of numbers each, as integers in fixed quanta.

A beam points in azimuth A = (column + phase) * step, and in the vertical plane of A a range r = ticks * tick goes to

    q = r cos(elevation) + forward,    z = r sin(elevation) + up,

with a sideways offset `lateral` of the beam: x = lon cos A - lateral sin A, y = lon sin A + lateral cos A. On the way
forward, lon is q ("straight", as the makers' manuals have it) or sqrt(q**2 - lateral**2) ("hypotenuse": the horizontal
distance is q; KITTI's driver did that). The six numbers cover the HDL-64E's (Velodyne: rotation, vertical and distance
correction, vertical and horizontal offset) as well as Ouster's (beam azimuth, altitude, lidar origin to beam origin).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.trig import TURN, sines_of
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint, pack_varints
from lizip.sensor.stages.maker import UNITS, Maker, lengths_of, quanta_of

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

PHASE, LATERAL, COSINE, SINE, FORWARD, UP = range(6)
"""Columns of a beam table: phase in columns, lateral, forward and up in metres, cosine and sine of the elevation."""

PARAMETERS = ("phase", "lateral", "elevation", "forward", "up")
"""Of a beam: columns, m, rad, m, m; the columns of `Beams.numbers`, in quanta."""

MAX_BEAMS = 256
MAX_TICKS = 1 << 24
"""Ranges stay below this many ticks (16 km at 1 mm)."""

_MAX_QUANTA = 1 << 40
_LARGEST = 1e5
_LARGEST_TRIM = 1 << 10
_LIMIT = 30


@dataclass(frozen=True)
class Beams:
    """What is fixed about a sensor, or about one scan.

    Attributes
    ----------
    columns : int
        Azimuth columns of a turn: the beams fire at whole columns (plus their phase).
    tick : float
        Range resolution in metres.
    hypotenuse : bool
        Which way a lateral offset enters.
    clockwise : bool
        Whether columns count against the azimuth: column numbers always rise with time.
    quanta : tuple of float
        Units of the five `PARAMETERS` in `numbers`.
    numbers : (B, 5) int64
        The parameters of each beam, in quanta, from the top of the file's order down.
    shifts : (B,) int64
        Columns by which a beam's firing is ahead: firing column = column + shift is common to all beams.
    maker : Maker or None
        Where the numbers follow from those of a maker; then only azimuths and altitudes of the beams are sent.
    trims : (B, 2) int64 or None
        ULPs by which the float32 cosine and sine of each beam's elevation differ from those of the true one.
    """

    columns: int
    tick: float
    hypotenuse: bool
    clockwise: bool
    quanta: tuple[float, ...]
    numbers: np.ndarray = field(repr=False)
    shifts: np.ndarray = field(repr=False)
    maker: Maker | None = None
    trims: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Number of beams B."""
        return len(self.numbers)

    @property
    def step(self) -> float:
        """Radians a column, negative when clockwise."""
        return -TURN / self.columns if self.clockwise else TURN / self.columns

    @functools.cached_property
    def table(self) -> np.ndarray:
        """The beam table (B, 6) float64: see `PHASE` and following."""
        values = self.numbers.astype(np.float64) * np.array(self.quanta)
        table = np.zeros((len(values), 6))
        table[:, [PHASE, LATERAL, FORWARD, UP]] = values[:, [0, 1, 3, 4]]
        table[:, SINE], table[:, COSINE] = sines_of(values[:, 2])
        if self.trims is not None:
            trigonometry = table[:, [COSINE, SINE]].astype(np.float32)
            # away from zero where positive: the bits of a float32 count up with its size
            trigonometry.view(np.int32)[:] += self.trims.astype(np.int32)
            table[:, [COSINE, SINE]] = trigonometry
        return table

    @functools.cached_property
    def leads(self) -> np.ndarray:
        """Columns (B,) int64 by which a beam looks behind where its firing column says: brings rings side by side."""
        return self.shifts - np.rint(self.table[:, PHASE]).astype(np.int64)

    def select(self, beams: np.ndarray) -> Beams:
        """Keep some of the beams, (K,) int64."""
        trims = None if self.trims is None else self.trims[beams]
        return replace(self, numbers=self.numbers[beams], shifts=self.shifts[beams], trims=trims)

    def apply(self, returns: Returns) -> None:
        """Say which beams the rings are."""
        if returns.ranges.shape[1] != self.count:
            raise CorruptError("a grid has not as many rings as its sensor beams")
        if int(returns.ranges.min(initial=0)) < 0 or int(returns.ranges.max(initial=0)) >= MAX_TICKS:
            raise CorruptError("a range is out of bounds")
        returns.beams = replace(self, tick=returns.unit(self.tick)) if returns.halved else self

    def pack(self) -> bytes:
        """Write everything into a stream."""
        form = self.hypotenuse + 2 * self.clockwise + 4 * (self.maker is not None) + 8 * (self.trims is not None)
        head = pack_varints([self.columns, form]) + np.array([self.tick], "<f8").tobytes() + pack_varint(self.count)
        if self.maker:
            head += pack_varints([self.maker.unit, self.maker.origin]) + pack_signed(self.maker.lift)
            numbers = np.column_stack([self.shifts, self.numbers[:, [0, 2]]])
        else:
            head += np.array(self.quanta, "<f8").tobytes()
            numbers = np.column_stack([self.shifts, self.numbers])
        if self.trims is not None:
            numbers = np.column_stack([numbers, self.trims])
        counters = fresh_counters(numbers.shape[1] * INTEGER_NODES)
        return head + pack_bytes(encode_stream(_code_numbers, counters, numbers))

    @classmethod
    def unpack(cls, data: bytes) -> Beams:
        """Read what `pack` wrote; raises CorruptError on numbers that make no sensor."""
        unpacker = Unpacker(data)
        beams = cls.read(unpacker)
        unpacker.finish()
        return beams

    @classmethod
    def read(cls, unpacker: Unpacker) -> Beams:
        """The same where more follows."""
        columns, form = unpacker.varint(), unpacker.varint()
        tick, count = float(unpacker.array("<f8", 1)[0]), unpacker.varint()
        if not 0 < columns < 1 << 20 or not 1e-6 < tick < 1 or form > 15 or count > MAX_BEAMS:
            raise _impossible()
        maker = None
        if form & 4:
            maker = Maker(unpacker.varint(), unpacker.varint(), unpacker.signed())
            if maker.unit not in UNITS or maker.origin > 1 << 20 or abs(maker.lift) > 1 << 24:
                raise _impossible()
            quanta = quanta_of(maker.unit, columns)
        else:
            quanta = tuple(unpacker.array("<f8", len(PARAMETERS)).tolist())
        width = 3 if maker else 1 + len(PARAMETERS)
        values = np.zeros((count, width + (2 if form & 8 else 0)), np.int64)
        coded = unpacker.bytes()
        decode_stream(coded, _code_numbers, fresh_counters(values.shape[1] * INTEGER_NODES), values)
        shifts, numbers = values[:, 0].copy(), values[:, 1:width].copy()
        trims = values[:, width:].copy() if form & 8 else None
        if trims is not None and (np.abs(trims) > _LARGEST_TRIM).any():
            raise _impossible()
        if (np.abs(shifts) > columns).any() or not all(1e-15 < q < 1e3 for q in quanta):
            raise _impossible()
        if maker:
            if (np.abs(numbers) > 360 * maker.unit).any():
                raise _impossible()
            numbers = numbers_of(maker, numbers[:, 0], numbers[:, 1], bool(form & 2))
        if (np.abs(numbers * np.array(quanta)) > _LARGEST).any():
            raise _impossible()
        return cls(columns, tick, bool(form & 1), bool(form & 2), quanta, numbers, shifts, maker, trims)


def _impossible() -> CorruptError:
    return CorruptError("impossible sensor calibration")


def numbers_of(maker: Maker, phases: np.ndarray, altitudes: np.ndarray, clockwise: bool) -> np.ndarray:
    """Numbers (B, 5) int64 of a maker's beams, from phases and altitudes (B,) in its units."""
    numbers = np.zeros((len(phases), len(PARAMETERS)), np.int64)
    numbers[:, 0], numbers[:, 2] = phases, altitudes
    numbers[:, [1, 3, 4]] = lengths_of(maker, -phases if clockwise else phases, altitudes)
    return numbers


@kernel
def _code_numbers(coder, counters, numbers):
    """Code the numbers (B, K) int64 of each beam as differences from the beam before the last, if any."""
    for beam in range(numbers.shape[0]):
        for k in range(numbers.shape[1]):
            before = numbers[beam - 2, k] if beam > 1 else np.int64(0)
            difference = code_integer(coder, counters, k * INTEGER_NODES, _LIMIT, numbers[beam, k] - before)
            numbers[beam, k] = min(max(before + difference, -_MAX_QUANTA), _MAX_QUANTA)
