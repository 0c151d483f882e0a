"""Blocks of returns as packets hold them: one azimuth for all lasers, lasers in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varints
from lizip.sensor.stages.driver import MAX_LASERS, TURN_UNITS
from lizip.sensor.stages.within_blocks import Rest

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

RETURNS, ALL_COMPUTED, ALL_CELLS, RINGS_COMPUTED, RINGS_CELLS, DOUBLED = range(6)
"""What stands in the file: returns only; all lasers of each block, a missing return computed with range 0 (zeros of
either sign); all, with something fixed where nothing returned; the same two, laser after laser; all of each block
computed, and then all of them once more, as second returns."""

_LIMIT = 250
_CLASSES = 6
_GAP = 64
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Blocks:
    """Where and in what order the returns of a grid were fired.

    Attributes
    ----------
    places : (R,) int64
        Place of each laser among those of a block.
    wholes : (R,) int64
        What each laser adds to the azimuth of a block, in 0.01 degrees.
    lags : (R,) int64
        Rows by which a laser's returns stand further down in the grid: cells of a row look in one direction.
    blocks : int
        Number of blocks F.
    form : int
        See `RETURNS` and following.
    nothing : (3,) uint32
        Bits of the coordinates of a missing return (`ALL_CELLS`).
    azimuths : bytes
        Azimuths of the blocks, coded.
    rest : bytes
        What returns add beyond that, coded; empty: nothing.
    """

    places: np.ndarray = field(repr=False)
    wholes: np.ndarray = field(repr=False)
    lags: np.ndarray = field(repr=False)
    blocks: int
    form: int
    nothing: np.ndarray
    azimuths: bytes = field(repr=False)
    rest: bytes = field(default=b"", repr=False)

    def apply(self, returns: Returns) -> None:
        """Find the returns in the grid, in the order of the file, and their azimuths."""
        rows, rings = returns.ranges.shape
        if rings != len(self.places) or self.blocks > rows:
            raise CorruptError("a grid has not the blocks that its sensor fires")
        times = 2 if self.form == DOUBLED else 1
        if self.form != RETURNS and times * self.blocks * rings != returns.count:
            raise CorruptError("sweep does not hold as many points as its file")
        row, ring, block = self.cells(returns.ranges)
        if self.form in (ALL_CELLS, RINGS_CELLS):
            returns.every, returns.nothing = (ring, block, row), self.nothing
            returns.place = np.flatnonzero(returns.ranges[row, ring])
            row, ring, block = row[returns.place], ring[returns.place], block[returns.place]
        elif self.form == DOUBLED:
            returns.doubled = True
        elif self.form != RETURNS:
            returns.place, returns.nothing = np.arange(returns.count), np.zeros(3, np.uint32)
        returns.row, returns.ring, returns.firing, returns.firings = row, ring, block, self.blocks
        returns.ticks = returns.ranges[row, ring]
        azimuth = decode_azimuths(self.azimuths, self.blocks)
        returns.azimuths, returns.places = azimuth, self.places
        column = azimuth[block] + self.wholes[ring]
        if self.rest:
            rest = Rest(np.zeros(len(ring), np.int64), ring, block, np.zeros(self.blocks, np.int64))
            rest.decode(self.rest, azimuth, rings)
            column += rest.rest
        returns.column = column % TURN_UNITS

    def cells(self, ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, ring and block, each (M,) int64, of all points in the order of the file; raises CorruptError."""
        rings = len(self.places)
        if self.form != RETURNS:
            block, place = spots(np.arange(self.blocks * rings), self.blocks, rings, self.form)
            ring = np.argsort(self.places)[place]
            row = block + self.lags[ring]
        else:
            row, ring = np.nonzero(ranges)
            block = row - self.lags[ring]
            sort = np.lexsort((self.places[ring], block))
            row, ring, block = row[sort], ring[sort], block[sort]
        if len(row) and not (block.min() >= 0 and block.max() < self.blocks and row.max() < len(ranges)):
            raise CorruptError("a return lies outside of the blocks")
        return row, ring, block

    def pack(self) -> bytes:
        """Write the stage."""
        head = pack_varints([self.blocks, self.form, len(self.places), *self.places.tolist()])
        head += b"".join(pack_signed(int(number)) for number in (*self.wholes, *self.lags))
        head += self.nothing.astype("<u4").tobytes() if self.form in (ALL_CELLS, RINGS_CELLS) else b""
        return head + pack_bytes(self.azimuths) + self.rest

    @classmethod
    def unpack(cls, data: bytes) -> Blocks:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        blocks, form, rings = unpacker.varint(), unpacker.varint(), unpacker.varint()
        if not 0 < rings <= MAX_LASERS or form > DOUBLED:
            raise CorruptError("impossible blocks of a sweep")
        places = [unpacker.varint() for _ in range(rings)]
        numbers = [unpacker.signed() for _ in range(2 * rings)]
        if sorted(places) != list(range(rings)) or max(map(abs, numbers)) > _LARGEST or min(numbers[rings:]) < 0:
            raise CorruptError("impossible blocks of a sweep")
        wholes, lags = np.array(numbers[:rings], np.int64), np.array(numbers[rings:], np.int64)
        nothing = np.zeros(3, np.uint32)
        if form in (ALL_CELLS, RINGS_CELLS):
            nothing = unpacker.array("<u4", 3)
        azimuths = unpacker.bytes()
        rest = unpacker.take(unpacker.remaining)
        return cls(np.array(places, np.int64), wholes, lags, blocks, form, nothing, azimuths, rest)


def spots(place: np.ndarray, blocks: int, rings: int, form: int) -> tuple[np.ndarray, np.ndarray]:
    """Block of points at places in a file that holds all cells, and their place among those of a block."""
    if form < RINGS_COMPUTED or form == DOUBLED:
        return np.divmod(place, rings)
    laser, block = np.divmod(place, blocks)
    return block, laser


@kernel
def _code_azimuths(coder, counters, azimuths):
    """Code azimuths (F,): how each step differs from the usual one, given how the last one did."""
    before = np.int64(0)
    usual = np.int64(0)
    off = np.int64(0)
    for i in range(azimuths.size):
        step = azimuths[i] - before
        step -= TURN_UNITS * np.int64(np.floor((step + 0.5 * TURN_UNITS) / TURN_UNITS))
        guess = (usual + 8) >> 4
        context = (2 * (min(max(off, np.int64(-_CLASSES)), np.int64(_CLASSES)) + _CLASSES) + (i & 1)) * INTEGER_NODES
        off = code_integer(coder, counters, context, _LIMIT, step - guess)
        off = min(max(off, np.int64(-_LARGEST)), np.int64(_LARGEST))
        step = guess + off
        # an odd step, as over a gap, is not the usual one
        if abs(off) < _GAP or i < 4:
            usual = 16 * step if i < 2 else usual + ((16 * step - usual) >> 3)
        before = (before + step) % TURN_UNITS
        azimuths[i] = before


def encode_azimuths(azimuths: np.ndarray) -> bytes:
    """Write azimuths (F,) int64, 0 to 35999."""
    return encode_stream(_code_azimuths, fresh_counters(2 * (2 * _CLASSES + 1) * INTEGER_NODES), azimuths.copy())


def decode_azimuths(stream: bytes, blocks: int) -> np.ndarray:
    """Read what `encode_azimuths` wrote; (F,) int64; raises CorruptError."""
    azimuths = np.zeros(blocks, np.int64)
    decode_stream(stream, _code_azimuths, fresh_counters(2 * (2 * _CLASSES + 1) * INTEGER_NODES), azimuths)
    return azimuths
