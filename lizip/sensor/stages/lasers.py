"""Lasers that fire in slots, twelve firings a packet, in the float32 arithmetic of Velodyne's driver.

A firing's azimuth is a whole number A of 0.01 degrees; while it lasts, the head turns on by the packet's mean rate.

    x = ((float32(A) 0.01) pi) / 180;  step = x[last of packet] - x[first of packet]                      float32
    advance = float32(step / 11 * slot * slot time / firing time)
    upright:      alpha = x + (advance + offset),          p = (rho cos alpha, -rho sin alpha, r sin E)
    upside down:  alpha = (2 pi - x) + (offset - advance), p = (rho cos alpha, rho sin alpha, -r sin E)
    r = float32(ticks) tick;  rho = r cos E
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, sincos, sincos_degrees
from lizip.jit import kernel

TURN = 36000
"""Units of a firing's azimuth."""

_CENTI = np.float32(0.01)
_PI = np.float32(np.pi)
_TWO_PI = np.float32(2 * np.pi)
_HALF_TURN = np.float32(180)


class Lasers(NamedTuple):
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
    trimmed : tuple of int
        Lasers whose float32 sine of the elevation is one ULP nearer to zero than the true one.
    """

    elevation: np.ndarray
    offset: np.ndarray
    slot: np.ndarray
    slot_time: float
    firing_time: float
    packet: int
    tick: float
    trimmed: tuple[int, ...]

    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cosine and sine of the elevations and offsets in radians, (L,) float32 each."""
        pairs = np.array([sincos_degrees(angle) for angle in self.elevation.tolist()])
        sine, cosine = pairs[:, 0].astype(np.float32), pairs[:, 1].astype(np.float32)
        for laser in self.trimmed:
            sine[laser] = np.nextafter(sine[laser], np.float32(0))
        return cosine, sine, (self.offset * DEGREE).astype(np.float32)


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
    slot=np.arange(32) // 2, slot_time=2.304, firing_time=55.294, packet=12, tick=0.004, trimmed=(9,),
)
# fmt: on
"""Velodyne VLP-32C by its manual; the firing time within a packet and the trimmed sine as measured on Argoverse."""


@kernel
def _angles(azimuth, packet, slot, share, offset, upside_down, firing, laser, out):
    """Fill out (N,) float32 with alpha."""
    first = np.int64(-1)
    step = 0.0
    for i in range(firing.size):
        f = firing[i]
        begin = f - f % packet
        if begin != first:
            first = begin
            before = ((np.float32(azimuth[begin]) * _CENTI) * _PI) / _HALF_TURN
            after = ((np.float32(azimuth[begin + packet - 1]) * _CENTI) * _PI) / _HALF_TURN
            turned = np.float32(after - before)
            if turned < np.float32(0):
                turned = np.float32(turned + _TWO_PI)
            step = np.float64(turned) / np.float64(packet - 1)
        x = ((np.float32(azimuth[f]) * _CENTI) * _PI) / _HALF_TURN
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
        height = np.float32(r * sines[laser[i]])
        out[i, 2] = -height if upside_down else height


def angles(lasers: Lasers, upside_down: bool, azimuth: np.ndarray, firing: np.ndarray, laser: np.ndarray) -> np.ndarray:
    """Angles alpha (N,) float32 of returns.

    Parameters
    ----------
    azimuth : (F,) int64
        Of the firings of whole packets, 0.01 degrees, from 0 to `TURN` - 1.
    firing, laser : (N,) int64
        Of the returns.
    """
    out = np.empty(len(firing), np.float32)
    share = lasers.slot_time / lasers.firing_time
    _angles(azimuth, lasers.packet, lasers.slot, share, lasers.tables()[2], upside_down, firing, laser, out)
    return out


def sensor_points(
    lasers: Lasers, upside_down: bool, alpha: np.ndarray, laser: np.ndarray, ticks: np.ndarray
) -> np.ndarray:
    """Points (N, 3) float32 in the sensor's frame from angles (N,) float32, lasers and range ticks (N,) int64."""
    cosines, sines, _ = lasers.tables()
    out = np.empty((len(laser), 3), np.float32)
    _points(alpha, laser, ticks, np.float32(lasers.tick), cosines, sines, upside_down, out)
    return out
