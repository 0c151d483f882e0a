"""Lasers that fire in slots, twelve firings a packet, in the float32 arithmetic of Velodyne's driver.

A firing's azimuth is a whole number A of 0.01 degrees; while it lasts, the head turns on by the packet's mean rate.

    x = ((float32(A) 0.01) pi) / 180;  step = x[last of packet] - x[first of packet]                      float32
    advance = float32(step / 11 * slot * slot time / firing time)
    upright:      alpha = x + (advance + offset),          p = (rho cos alpha, -rho sin alpha, r sin E)
    upside down:  alpha = (2 pi - x) + (offset - advance), p = (rho cos alpha, rho sin alpha, -r sin E)
    r = float32(ticks) tick;  rho = r cos E
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.trig import DEGREE, sincos, sincos_degrees
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

TURN = 36000
"""Units of a firing's azimuth."""

_CENTI = np.float32(0.01)
_PI = np.float32(np.pi)
_TWO_PI = np.float32(2 * np.pi)
_HALF_TURN = np.float32(180)
_LIMIT = 250
_MOST_TICKS = 1 << 24


@dataclass(frozen=True, eq=False)
class Lasers:
    """What is fixed about a sensor, lasers by firing order.

    Attributes
    ----------
    elevation, offset : (L,) float64
        Degrees.
    slot : (L,) int64
        When in a firing a laser fires.
    slot_time, firing_time : float
        Microseconds from slot to slot, and from firing to firing within a packet.
    packet : int
        Firings a packet.
    tick : float
        Metres.
    exact : tuple of int
        Lasers whose sine of the elevation is no float32.
    step : float
        Usual degrees from firing to firing.
    """

    elevation: np.ndarray
    offset: np.ndarray
    slot: np.ndarray
    slot_time: float
    firing_time: float
    packet: int
    tick: float
    exact: tuple[int, ...]
    step: float

    @cached_property
    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cosines (L,) float32 and sines (L,) float64 of the elevations, offsets (L,) float32 in radians."""
        pairs = np.array([sincos_degrees(angle) for angle in self.elevation.tolist()])
        sine = pairs[:, 0].astype(np.float32).astype(np.float64)
        sine[list(self.exact)] = pairs[list(self.exact), 0]
        return pairs[:, 1].astype(np.float32), sine, (self.offset * DEGREE).astype(np.float32)

    def halved(self) -> Lasers:
        """The same, whose ranges count halves of ticks."""
        return replace(self, tick=0.5 * self.tick)


# fmt: off
VLP_32C = Lasers(
    elevation=np.array([
        -25, -1, -1.667, -15.639, -11.31, 0, -.667, -8.843, -7.254, .333, -.333, -6.148, -5.333, 1.333, .667, -4,
        -4.667, 1.667, 1, -3.667, -3.333, 3.333, 2.333, -2.667, -3, 7, 4.667, -2.333, -2, 15, 10.333, -1.333,
    ]),
    offset=np.array([
        1.4, -4.2, 1.4, -1.4, 1.4, -1.4, 4.2, -1.4, 1.4, -4.2, 1.4, -1.4, 4.2, -1.4, 4.2, -1.4,
        1.4, -4.2, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4, 1.4, -1.4, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4,
    ]),
    slot=np.arange(32) // 2, slot_time=2.304, firing_time=55.294, packet=12, tick=0.004, exact=(9,), step=0.199066,
)
# fmt: on
"""Velodyne VLP-32C by its manual; firing time within a packet and the exact sine as measured on Argoverse."""

SENSORS = (VLP_32C,)
"""Streams hold the index. Only ever appended to."""


@dataclass(frozen=True)
class Slots:
    """Which sensor, which way up; and where its returns are in the grid.

    A grid's rings are by elevation, ascending; each is moved by whole firings, so that a row looks in one direction.
    Returns come in the order of time.
    """

    sensor: int
    upside_down: bool

    @property
    def lasers(self) -> Lasers:
        """The sensor's numbers."""
        return SENSORS[self.sensor]

    @cached_property
    def order(self) -> np.ndarray:
        """Laser of each ring, (R,) int64."""
        elevation = self.lasers.elevation
        return np.argsort(-elevation if self.upside_down else elevation, kind="stable")

    @cached_property
    def lags(self) -> np.ndarray:
        """Rows by which each ring comes later in the grid, (R,) int64, at least 0."""
        lasers = self.lasers
        later = -lasers.offset if self.upside_down else lasers.offset
        gone = lasers.step * lasers.slot * (lasers.slot_time / lasers.firing_time)
        rows = np.rint((later + gone) / lasers.step).astype(np.int64)[self.order]
        return rows - rows.min()

    def grid(self, laser: np.ndarray, firing: np.ndarray, ticks: np.ndarray, firings: int) -> np.ndarray:
        """Lay out returns (M,) as a grid (J, R) int32."""
        ring = np.argsort(self.order)[laser]
        ranges = np.zeros((firings + int(self.lags.max()), len(self.order)), np.int32)
        ranges[firing + self.lags[ring], ring] = ticks
        return ranges

    def apply(self, returns: Returns) -> None:
        """Find the returns."""
        ranges, rings = returns.ranges, len(self.order)
        firings = len(ranges) - int(self.lags.max())
        if ranges.shape[1] != rings or firings < self.lasers.packet or firings % self.lasers.packet:
            raise CorruptError("a grid has not the shape of its sensor's firings")
        by_time = np.empty((firings, rings), np.int32)
        for ring, (laser, lag) in enumerate(zip(self.order.tolist(), self.lags.tolist(), strict=True)):
            by_time[:, laser] = ranges[lag : lag + firings, ring]
        if np.count_nonzero(by_time) != np.count_nonzero(ranges):
            raise CorruptError("a return lies outside of the firings")
        if int(by_time.min()) < 0 or int(by_time.max()) >= _MOST_TICKS:
            raise CorruptError("a range is out of bounds")
        returns.slots, returns.firings = self, firings
        returns.firing, returns.laser = np.nonzero(by_time)
        returns.ticks = by_time[returns.firing, returns.laser]
        returns.ring = np.argsort(self.order)[returns.laser]
        returns.row = returns.firing + self.lags[returns.ring]

    def pack(self) -> bytes:
        """Write sensor and side."""
        return pack_varint(2 * self.sensor + self.upside_down)

    @classmethod
    def unpack(cls, data: bytes) -> Slots:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        number = unpacker.varint()
        unpacker.finish()
        if number >= 2 * len(SENSORS):
            raise CorruptError("a sweep has a sensor that this lizip does not know")
        return cls(number // 2, bool(number & 1))


@kernel
def _code_steps(coder, counters, usual, steps):
    """Code the steps from firing to firing, given the one before."""
    last = np.int64(0)
    for i in range(steps.size):
        value = code_integer(coder, counters, (last + 4) * INTEGER_NODES, _LIMIT, steps[i] - usual)
        value = min(max(value, -TURN), TURN)
        steps[i] = usual + value
        last = min(max(value, np.int64(-4)), np.int64(4))


@dataclass(frozen=True)
class Azimuths(Packed):
    """Azimuths of the firings, and the points in the sensor's frame that follow.

    Attributes
    ----------
    first : int
        Azimuth of the first firing, units.
    body : bytes
        Steps to the others, coded.
    """

    first: int = whole(TURN - 1)
    body: bytes = rest()

    @classmethod
    def of(cls, slots: Slots, azimuth: np.ndarray) -> Azimuths:
        """Code azimuths (F,) int64."""
        steps = np.diff(azimuth)
        return cls(
            int(azimuth[0]) % TURN,
            encode_stream(_code_steps, fresh_counters(9 * INTEGER_NODES), _usual(slots.lasers), steps),
        )

    def apply(self, returns: Returns) -> None:
        """Compute the points."""
        returns.need("slots", "firing", "laser", "ticks")
        slots, steps = returns.slots, np.zeros(returns.firings - 1, np.int64)
        decode_stream(self.body, _code_steps, fresh_counters(9 * INTEGER_NODES), _usual(slots.lasers), steps)
        azimuth = np.cumsum(np.concatenate([[self.first], steps])) % TURN
        alpha = angles(slots.lasers, slots.upside_down, azimuth, returns.firing, returns.laser)
        lasers = slots.lasers.halved() if returns.halved else slots.lasers
        returns.points = sensor_points(lasers, slots.upside_down, alpha, returns.laser, returns.ticks)


def _usual(lasers: Lasers) -> int:
    return round(lasers.step * TURN / 360)


@kernel
def _radians(azimuth):
    """Float32 radians of an azimuth."""
    return ((np.float32(azimuth) * _CENTI) * _PI) / _HALF_TURN


@kernel
def _angles(azimuth, packet, slot, share, offset, upside_down, firing, laser, out):
    """Fill out (N,) float32 with alpha."""
    first = np.int64(-1)
    step = 0.0
    for i in range(firing.size):
        begin = firing[i] - firing[i] % packet
        if begin != first:
            first = begin
            turned = np.float32(_radians(azimuth[begin + packet - 1]) - _radians(azimuth[begin]))
            if turned < np.float32(0):
                turned = np.float32(turned + _TWO_PI)
            step = np.float64(turned) / np.float64(packet - 1)
        x = _radians(azimuth[firing[i]])
        c = laser[i]
        advance = np.float32(step * (np.float64(slot[c]) * share))
        if upside_down:
            out[i] = np.float32(_TWO_PI - x) + np.float32(offset[c] - advance)
        else:
            out[i] = x + np.float32(advance + offset[c])


@kernel
def _points(alpha, laser, ticks, tick, cosines, sines, upside_down, out):
    for i in range(alpha.size):
        sine, cosine = sincos(np.float64(alpha[i]))
        r = np.float32(ticks[i]) * tick
        rho = np.float32(r * cosines[laser[i]])
        out[i, 0] = rho * np.float32(cosine)
        out[i, 1] = rho * np.float32(sine if upside_down else -sine)
        height = np.float32(np.float64(r) * sines[laser[i]])
        out[i, 2] = -height if upside_down else height


def angles(lasers: Lasers, upside_down: bool, azimuth: np.ndarray, firing: np.ndarray, laser: np.ndarray) -> np.ndarray:
    """Angles alpha (N,) float32 of returns of lasers and firings (N,).

    Azimuths (F,) are those of the firings of whole packets, 0.01 degrees, from 0 to `TURN` - 1.
    """
    out = np.empty(len(firing), np.float32)
    share = lasers.slot_time / lasers.firing_time
    _angles(azimuth, lasers.packet, lasers.slot, share, lasers.tables[2], upside_down, firing, laser, out)
    return out


def sensor_points(
    lasers: Lasers, upside_down: bool, alpha: np.ndarray, laser: np.ndarray, ticks: np.ndarray
) -> np.ndarray:
    """Points (N, 3) float32 in the sensor's frame from angles (N,) float32, lasers and range ticks (N,)."""
    cosines, sines, _ = lasers.tables
    out = np.empty((len(laser), 3), np.float32)
    _points(alpha, laser, ticks, np.float32(lasers.tick), cosines, sines, upside_down, out)
    return out
