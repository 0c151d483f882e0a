"""How drivers compute points: in double throughout, or in float32 step by step; the same bits from range and column.

Ouster's for ROS: x = r * d + o, with direction d (of a tick) and offset o rounded beforehand.
Velodyne's and Hesai's: tables of float32 sines and cosines by whole columns and by laser; products in float32, or in
double and rounded once. The angles of a table may have been float32 themselves, counted from x or from another axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.trig import DEGREE, TURN, sincos
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.stages.beams import COSINE, FORWARD, LATERAL, PHASE, SINE, UP, Beams

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

DOUBLE, DIRECTIONS, PRODUCTS, TABLES = range(4)
"""Double throughout; directions, tables with products in float32, or in double."""

FINE_ANGLES, RADIANS, DEGREES = range(3)
"""Angles of a table: double; float32 radians; float32 degrees, then float32 radians."""


@dataclass(frozen=True)
class Arithmetic:
    """What a point is computed in.

    Attributes
    ----------
    form : int
        See `DOUBLE` and following.
    angles : int
        See `FINE_ANGLES` and following; columns are whole where it is not 0.
    quarters : int
        Quarter turns from the axis that a table's angles count from to x.
    """

    form: int = DOUBLE
    angles: int = FINE_ANGLES
    quarters: int = 0

    def points(self, beams: Beams, ring: np.ndarray, column: np.ndarray, ticks: np.ndarray) -> np.ndarray:
        """Points (M, 3) float64 in the sensor's frame from ring, column and ticks, each (M,)."""
        points = np.empty((len(ring), 3))
        table = beams.table
        if self.form == DOUBLE:
            block = np.empty((3, _BLOCK))
            beam_points(table, beams.step, beams.tick, beams.hypotenuse, ring, column, ticks, block, points)
        else:
            how = self.form, self.angles, self.quarters
            driver_points(table, beams.step, float(beams.columns), beams.tick, *how, ring, column, ticks, points)
        return points

    def apply(self, returns: Returns) -> None:
        """Compute the points."""
        returns.need("beams", "ring", "column", "ticks")
        beams, ring = returns.beams, returns.ring.astype(np.int32)
        column = np.empty(len(ring), np.int32)
        own_columns(returns.column, ring, beams.columns, beams.shifts, column)
        column = column if returns.ahead is None else column + returns.ahead
        returns.points = self.points(beams, ring, column, returns.ticks.astype(np.int32, copy=False))

    def pack(self) -> bytes:
        """Write it."""
        return pack_varint((self.form * 3 + self.angles) * 4 + self.quarters)

    @classmethod
    def unpack(cls, data: bytes) -> Arithmetic:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        number = unpacker.varint()
        unpacker.finish()
        if number >= (TABLES + 1) * 12:
            raise CorruptError("a sensor computes in an unknown way")
        return cls(number // 12, number // 4 % 3, number % 4)


PLAIN = Arithmetic()


@kernel
def own_columns(column, ring, turn, shifts, own):
    """Fill own (M,) int32 with the column of the turn in which the beam itself fired."""
    for i in range(ring.size):
        inside = column[i] if 0 <= column[i] < turn else column[i] % turn  # a division takes longer than all else
        own[i] = np.int32(inside - shifts[ring[i]])


@kernel
def beam_point(table, beam, step, tick, hypotenuse, column, ticks):
    """Point of one return, unrounded.

    Parameters
    ----------
    table : (B, 6) float64
        See `lizip.sensor.stages.beams.PHASE` and following.
    beam, column, ticks : int64
        Beam index, azimuth column, range in ticks.
    step : float64
        Radians a column.
    tick : float64
        Metres a tick.
    hypotenuse : int64
        Whether lon is sqrt(q**2 - lateral**2).

    Returns
    -------
    tuple of float64
        x, y, z in metres.
    """
    sine, cosine = sincos((column + table[beam, PHASE]) * step)
    distance = ticks * tick
    longitudinal = distance * table[beam, COSINE] + table[beam, FORWARD]
    lateral = table[beam, LATERAL]
    if hypotenuse:
        longitudinal = np.sqrt(max(longitudinal * longitudinal - lateral * lateral, 0.0))
    x = longitudinal * cosine - lateral * sine
    y = longitudinal * sine + lateral * cosine
    return x, y, distance * table[beam, SINE] + table[beam, UP]


@kernel
def _points_of_beam(beam, step, tick, hypotenuse, column, ticks, x, y, z):
    """Fill x, y, z (K,) of one beam: its numbers (6,) are constants of a loop that is compiled to vectors.

    The steps are those of `beam_point`.
    """
    phase, lateral, fall, rise, forward, up = beam[0], beam[1], beam[2], beam[3], beam[4], beam[5]
    for i in range(column.size):
        sine, cosine = sincos((np.float64(column[i]) + phase) * step)
        distance = np.float64(ticks[i]) * tick
        longitudinal = distance * fall + forward
        if hypotenuse:
            rest = longitudinal * longitudinal - lateral * lateral
            longitudinal = np.sqrt(rest if rest > 0.0 else 0.0)
        x[i] = longitudinal * cosine - lateral * sine
        y[i] = longitudinal * sine + lateral * cosine
        z[i] = distance * rise + up


_BLOCK, _FEW = 512, 8
"""Returns of a beam computed at a time; fewer than that in a row are not worth a loop of their own."""


@kernel
def beam_points(table, step, tick, hypotenuse, beam, column, ticks, block, points):
    """Fill points (N, 3) float64 from beam, column, ticks, each (N,) int32; see `beam_point`.

    Fastest where many returns of one beam follow one another. `block` (3, B) float64 is room for some of them.
    """
    first = 0
    while first < beam.size:
        last = first + 1
        most = min(first + block.shape[1], beam.size)
        while last < most and beam[last] == beam[first]:
            last += 1
        size = last - first
        if size < _FEW:
            for i in range(first, last):
                column_, ticks_ = np.float64(column[i]), np.float64(ticks[i])
                points[i] = beam_point(table, np.int64(beam[i]), step, tick, hypotenuse, column_, ticks_)
        else:
            here, x, y, z = slice(first, last), block[0, :size], block[1, :size], block[2, :size]
            _points_of_beam(table[beam[first]], step, tick, hypotenuse, column[here], ticks[here], x, y, z)
            for i in range(size):
                points[first + i, 0] = x[i]
                points[first + i, 1] = y[i]
                points[first + i, 2] = z[i]
        first = last


@kernel
def _table_angles(column, columns, step, angles, quarters):
    """Sine and cosine of a column from a table by float32 angles."""
    index = np.rint(column) + 0.25 * quarters * columns
    index -= np.floor(index / columns) * columns
    if angles == RADIANS:
        angle = np.float32(index * (TURN / columns))
    else:
        angle = np.float32(np.float64(np.float32(360.0 / columns) * np.float32(index)) * DEGREE)
    sine, cosine = sincos(np.float64(angle))
    if quarters == 1:
        sine, cosine = -cosine, sine
    elif quarters == 2:
        sine, cosine = -sine, -cosine
    elif quarters == 3:
        sine, cosine = cosine, -sine
    return (-sine if step < 0.0 else sine), cosine


@kernel
def driver_points(table, step, columns, tick, form, angles, quarters, beam, column, ticks, points):
    """Fill points (N, 3) float64, values of float32, from beam, column, ticks, each (N,) int32.

    See `lizip.sensor.beams.beam_points` for the rest; `columns` is float64.
    """
    for i in range(beam.size):
        b = np.int64(beam[i])
        place = np.float64(column[i]) + table[b, PHASE]
        if angles:
            sine, cosine = _table_angles(place, columns, step, angles, quarters)
        else:
            sine, cosine = sincos(place * step)
        rise, fall = table[b, SINE], table[b, COSINE]
        forward, lateral, up = table[b, FORWARD], table[b, LATERAL], table[b, UP]
        steps = np.float64(ticks[i])
        if form == DIRECTIONS:
            count = np.float32(steps)
            x = count * np.float32(fall * cosine * tick) + np.float32(forward * cosine - lateral * sine)
            y = count * np.float32(fall * sine * tick) + np.float32(forward * sine + lateral * cosine)
            z = count * np.float32(rise * tick) + np.float32(up)
        elif form == PRODUCTS:
            reach = np.float32(steps) * np.float32(tick)
            level = reach * np.float32(fall) + np.float32(forward)
            x = level * np.float32(cosine) - np.float32(lateral) * np.float32(sine)
            y = level * np.float32(sine) + np.float32(lateral) * np.float32(cosine)
            z = reach * np.float32(rise) + np.float32(up)
        else:
            if form == TABLES:
                sine, cosine = np.float64(np.float32(sine)), np.float64(np.float32(cosine))
                rise, fall = np.float64(np.float32(rise)), np.float64(np.float32(fall))
            level = steps * tick * fall + forward
            x = np.float32(level * cosine - lateral * sine)
            y = np.float32(level * sine + lateral * cosine)
            z = np.float32(steps * tick * rise + up)
        points[i, 0] = np.float64(x)
        points[i, 1] = np.float64(y)
        points[i, 2] = np.float64(z)
