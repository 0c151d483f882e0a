"""The arithmetics of public drivers: from ticks to a distance, from whole azimuths to sine and cosine."""

from __future__ import annotations

import numpy as np

from lizip.exact.single import ROUNDED, sincos_single
from lizip.exact.trig import DEGREE, TURN, sincos
from lizip.jit import kernel

UNIT_IN_DOUBLE, UNIT_IN_SINGLE, DOUBLE_DISTANCE = range(3)
"""Range in metres: float32(ticks * tick), float32(ticks) * float32(tick), or ticks * tick left in double."""


SUM, HUNDREDTHS, SINGLE_HUNDREDTHS, SINGLE_DEGREES, EXACT, EXACT_MOVED, FINE, FINE_SINGLE, TURNED, LENS = range(10)
PLACED, PLACED_SINGLE, PLACED_EXACT = range(10, 13)
"""Angle of a point: azimuth and laser's offset added in float32 radians; from a table by whole azimuths, filled from
0.01 i in double, 0.01f i, or 0.01f i pi / 180 in float32; in double, the laser's offset in degrees added; the same, and
the laser's place added too, which is nowhere and shows in the signs of zeros alone (PCL); from a table by whole 1/25600
degrees, filled in double or in float32; as with 0.01f i, then sine and cosine turned by the offset in float32; from a
table filled in double, the offset whole, the lens beside the axis where it looks without that offset (RoboSense); as
turned ones, each laser with its own place, see `lizip.sensor.stages.driver_places`, the constants of its law in double
or in float32 (velodyne_pointcloud for ROS 1 and 2); the same in double throughout (PCL)."""


DOUBLE_ANGLES = (EXACT, EXACT_MOVED, PLACED_EXACT)


PLACED_ANGLES = (PLACED, PLACED_SINGLE, PLACED_EXACT)


FINE_ANGLES = (FINE, FINE_SINGLE)


FINE_TURN = 9216000
"""1/25600 degrees of a turn."""


_PI = np.float32(3.1415927410125732)


@kernel
def laser_distance(ticks, tick, form):
    """Range in metres, see `UNIT_IN_DOUBLE` and following."""
    if form == UNIT_IN_DOUBLE:
        return np.float64(np.float32(ticks * tick))
    if form == UNIT_IN_SINGLE:
        return np.float64(np.float32(ticks) * np.float32(tick))
    return ticks * tick


@kernel
def single_hundredths(index):
    """The angle (rad, of a float32) of 0.01 degrees times `index` whose degrees were float32."""
    return np.float32(np.float64(np.float32(0.01) * np.float32(index)) * DEGREE)


@kernel
def fine_sincos(index, form, kind):
    """Sine and cosine of whole 1/25600 degrees from a table; see `SUM` and following."""
    index -= np.floor(index / 9216000.0) * 9216000.0
    if form == FINE:
        return sincos_single(index * TURN / 9216000.0, ROUNDED)
    angle = np.float32(np.float32(2.0 * index) * _PI) / np.float32(9216000.0)
    return sincos_single(np.float64(angle), kind)


@kernel
def turn_single(sine, cosine, across, along):
    """Sine and cosine of an angle turned by another, of sine `across` and cosine `along`, in float32."""
    turned = np.float64(np.float32(np.float32(sine * along) + np.float32(cosine * across)))
    return turned, np.float64(np.float32(np.float32(cosine * along) - np.float32(sine * across)))


@kernel
def azimuth_sincos(azimuth, offset, form, kind):
    """Sine and cosine of the angle of a point; see `SUM` and following."""
    if form in (FINE, FINE_SINGLE):
        return fine_sincos(256.0 * azimuth + offset, form, kind)
    if form == LENS:
        azimuth += offset
    index = azimuth - np.floor(azimuth / 36000.0) * 36000.0
    if form in (EXACT, EXACT_MOVED, PLACED_EXACT):
        turned = index + offset
        turned -= np.floor(turned / 36000.0) * 36000.0
        return sincos(turned / 100.0 * DEGREE)
    if form == LENS:
        return sincos_single(0.01 * index * DEGREE, ROUNDED)
    if form == SUM:
        angle = np.float32(index / 100.0 * DEGREE) + np.float32(offset)
    elif form == HUNDREDTHS:
        angle = np.float32(0.01 * index * DEGREE)
    elif form in (SINGLE_HUNDREDTHS, TURNED, PLACED, PLACED_SINGLE):
        angle = single_hundredths(index)
    else:
        angle = np.float32(0.01) * np.float32(index) * _PI / np.float32(180.0)
    sine, cosine = sincos_single(np.float64(angle), kind)
    if form in (TURNED, PLACED, PLACED_SINGLE):
        across, along = sincos_single(offset, kind)
        return turn_single(sine, cosine, across, along)
    return sine, cosine


@kernel
def store_point(frame, across, along, up, point):
    """Fill point (3,) from what is across, along and above the angle 0 of a frame."""
    if frame == 0:
        point[0], point[1] = along, -across
    elif frame == 1:
        point[0], point[1] = across, along
    elif frame == 2:
        point[0], point[1] = along, across
    else:
        point[0], point[1] = -across, along
    point[2] = up
