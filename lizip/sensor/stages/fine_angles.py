"""Points whose azimuth and elevation are whole 1/25600 degrees, both corrected by whole 0.01 degrees as they turn.

Hesai's AT128 looks through mirrors. Its drivers add to the azimuth of a block (fine ones: 1/25600 degrees) what a laser
adds, to a laser's elevation nothing but its own; then both get a correction in whole 0.01 degrees from a table by laser
and azimuth, interpolated between knots. Here the corrections are learned as they come: they change now and then, by
one mostly, the same way as before and about as soon as last time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varints
from lizip.sensor.stages.driver import TURN_UNITS, DriverLaw
from lizip.sensor.stages.driver_arithmetic import (
    FINE_ANGLES,
    FINE_TURN,
    fine_sincos,
    laser_distance,
    store_point,
)

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

PART = FINE_TURN // TURN_UNITS
"""1/25600 degrees of 0.01."""

_LIMIT = 250
_SHARES, _GAPS = 8, 7
_FIRST_GAP = 64
_SIGNS = _SHARES * _GAPS
_BITS = _SIGNS + 3
_ADJUSTING = _BITS + INTEGER_NODES
"""Counters of azimuths' corrections; those of elevations' follow."""
_LARGEST = 1 << 20
_AZIMUTHS = 2


@kernel
def _code_parts(coder, counters, azimuth, parts):
    """Code what blocks' azimuths (F,) have beyond whole 0.01 degrees, by how far the sensor usually turns."""
    usual = np.int64(0)
    before = np.int64(0)
    for i in range(azimuth.size):
        guess = before + ((usual + 8) >> 4) - PART * azimuth[i]
        half = np.int64(FINE_TURN // 2)
        guess -= FINE_TURN * np.int64(np.floor((guess + half) / FINE_TURN))
        value = guess + code_integer(coder, counters, min(i, 1) * INTEGER_NODES, _LIMIT, parts[i] - guess)
        parts[i] = min(max(value, 0), PART - 1)
        here = PART * azimuth[i] + parts[i]
        step = here - before
        step -= FINE_TURN * np.int64(np.floor((step + half) / FINE_TURN))
        if i < 2:
            usual = 16 * step
        elif abs(step - ((usual + 8) >> 4)) < 4 * PART:
            usual += (16 * step - usual) >> 3
        before = here


@kernel
def _code_adjustments(coder, counters, ring, firing, state, adjustments):
    """Code the corrections (2, M) of azimuths and elevations in turn.

    state (4, 2, R): last correction; firing where that began; how many firings the one before lasted; how it changed.
    """
    for i in range(ring.size):
        r = ring[i]
        for which in range(2):
            base = which * _ADJUSTING
            lasted = max(firing[i] - state[1, which, r], 0)
            gap = max(state[2, which, r], 1)
            context = min(4 * lasted // gap, _SHARES - 1) * _GAPS + min(bit_length(gap), _GAPS - 1)
            value = adjustments[which, i] - state[0, which, r]
            if code_bit(coder, counters, base + context, _LIMIT, np.int64(value != 0)):
                way = state[3, which, r]
                falls = code_bit(coder, counters, base + _SIGNS + way, _LIMIT, np.int64(value < 0))
                more = code_integer(coder, counters, base + _BITS, _LIMIT, abs(value) - 1)
                size = 1 + min(max(more, 0), _LARGEST)
                value = -size if falls else size
                state[0, which, r] = min(max(state[0, which, r] + value, -_LARGEST), _LARGEST)
                state[1, which, r] = firing[i]
                state[2, which, r] = lasted
                state[3, which, r] = 2 if falls else 1
            adjustments[which, i] = state[0, which, r]


@kernel
def fine_points(law, tick, azimuth, elevation, ticks, points):
    """Fill points (M, 3) float64, values of float32, from whole 1/25600 degrees (M,) float64 and ticks (M,) int64."""
    for i in range(ticks.size):
        distance = laser_distance(np.float64(ticks[i]), tick, law.distance)
        rise, fall = fine_sincos(elevation[i], law.angle, law.sine)
        sine, cosine = fine_sincos(azimuth[i], law.angle, law.sine)
        level = np.float64(np.float32(distance * fall))
        across = np.float64(np.float32(level * sine))
        along = np.float64(np.float32(level * cosine))
        store_point(law.frame, across, along, np.float64(np.float32(distance * rise)), points[i])


@dataclass(frozen=True)
class FineAngles:
    """The lasers of such a sensor, what its driver does with them, and all corrections.

    Attributes
    ----------
    law : DriverLaw
        `FINE` or `FINE_SINGLE`.
    tick : float
        Metres a tick.
    azimuths, elevations : (R,) int64
        Of each laser, 1/25600 degrees; azimuths beyond what it adds by the blocks' stage.
    parts : bytes
        What each block's azimuth has beyond whole 0.01 degrees, coded.
    adjustments : bytes
        Corrections of each return, coded.
    """

    law: DriverLaw
    tick: float
    azimuths: np.ndarray = field(repr=False)
    elevations: np.ndarray = field(repr=False)
    parts: bytes = field(default=b"", repr=False)
    adjustments: bytes = field(default=b"", repr=False)

    def coded(self, returns: Returns, parts: np.ndarray, adjustments: np.ndarray) -> FineAngles:
        """The same with parts (F,) and corrections (2, M) int64 of `returns`, whose blocks are known."""
        azimuths = returns.azimuths
        assert azimuths is not None, "a driver's grid says when its blocks were fired"
        coded = encode_stream(_code_parts, _part_counters(), azimuths, parts.copy())
        body = encode_stream(_code_adjustments, *self._adjusting(returns.ring, returns.firing), adjustments.copy())
        return replace(self, parts=coded, adjustments=body)

    def with_further(self, returns: Returns) -> FineAngles:
        """The same, of first returns, when `returns` have further ones behind these, with the corrections of these."""
        assert returns.nth is not None, "first returns are told from further ones"
        first = returns.nth == 0
        adjustments = np.zeros((2, np.count_nonzero(first)), np.int64)
        adjusting = self._adjusting(returns.ring[first], returns.firing[first])
        decode_stream(self.adjustments, _code_adjustments, *adjusting, adjustments)
        adjustments = np.ascontiguousarray(adjustments[:, np.cumsum(first) - 1])
        adjusting = self._adjusting(returns.ring, returns.firing)
        return replace(self, adjustments=encode_stream(_code_adjustments, *adjusting, adjustments))

    def _adjusting(
        self, rings: np.ndarray, firings: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        state = np.zeros((4, 2, len(self.elevations)), np.int64)
        state[2] = _FIRST_GAP
        ring, firing = (np.ascontiguousarray(each, np.int64) for each in (rings, firings))
        return fresh_counters(2 * _ADJUSTING), ring, firing, state

    def apply(self, returns: Returns) -> None:
        """Compute the points."""
        returns.need("ring", "firing", "column", "ticks", "azimuths")
        rings, blocks = len(self.elevations), returns.azimuths
        if returns.ranges.shape[1] != rings or blocks is None or len(blocks) != returns.firings:
            raise CorruptError("a grid has not as many rings as its sensor beams")
        parts, adjustments = np.zeros(len(blocks), np.int64), np.zeros((2, len(returns.ring)), np.int64)
        decode_stream(self.parts, _code_parts, _part_counters(), blocks, parts)
        decode_stream(self.adjustments, _code_adjustments, *self._adjusting(returns.ring, returns.firing), adjustments)
        azimuth = PART * (returns.column + adjustments[0]) + parts[returns.firing] + self.azimuths[returns.ring]
        elevation = PART * adjustments[1] + self.elevations[returns.ring]
        returns.points = self.points(returns.unit(self.tick), azimuth, elevation, returns.ticks)

    def points(self, tick: float, azimuth: np.ndarray, elevation: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Points (M, 3) float64 of angles in 1/25600 degrees and ranges, each (M,)."""
        points = np.empty((len(ticks), 3))
        angles = (np.ascontiguousarray(each, np.float64) for each in (azimuth, elevation))
        fine_points(self.law, tick, *angles, np.ascontiguousarray(ticks, np.int64), points)
        return points

    def pack(self) -> bytes:
        """Write the stage."""
        head = pack_varints([*self.law, len(self.elevations), len(self.parts)]) + np.array([self.tick], "<f8").tobytes()
        numbers = b"".join(pack_signed(int(number)) for number in (*self.azimuths, *self.elevations))
        return head + numbers + self.parts + self.adjustments

    @classmethod
    def unpack(cls, data: bytes) -> FineAngles:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        law = DriverLaw(*(unpacker.varint() for _ in range(4)))
        lasers, size, tick = unpacker.varint(), unpacker.varint(), float(unpacker.array("<f8", 1)[0])
        law.check(FINE_ANGLES, lasers, tick)
        numbers = [unpacker.signed() for _ in range(2 * lasers)]
        if max(map(abs, numbers)) > FINE_TURN:
            raise CorruptError("impossible angles of a laser")
        angles = np.array(numbers, np.int64).reshape(2, lasers)
        parts = unpacker.take(size)
        return cls(law, tick, angles[0], angles[1], parts, unpacker.take(unpacker.remaining))


def _part_counters() -> np.ndarray:
    return fresh_counters(_AZIMUTHS * INTEGER_NODES)
