"""What is known of earlier points, and how the integers that are coded become coordinates and back.

Coordinates are coded in an integer form of their own (`Frame`). As float64 values, seen from the sensor, they serve
prediction only: nothing but the integers has to be right for a point to come back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.floats.cheapest import CANDIDATES
from lizip.jit import inlined_kernel

STEPS, FLOAT32, FLOAT64 = range(3)
"""Integer forms: multiples of a unit above a base, float32 ordinals, float64 ordinals."""

HISTORY = 8192
"""Points before a segment that it may point to; the longest ring or scan line worth following."""

HOT = 4
"""Lags that the pointer can jump to (the ring's period, the point before, ...)."""

_HUGE = 1e30
_MANTISSA32 = np.int64(2**31 - 1)
_MANTISSA64 = np.int64(2**63 - 1)
"""Flipped in negative floats, these make the bits grow with the value."""


class Frame(NamedTuple):
    """How the integers of the three coordinates and the pointer are to be read; the same for a whole file.

    Attributes
    ----------
    form, depth : (3,) int64
        Integer form of each coordinate and depth of its length tree.
    unit, per_unit, base : (3,) float64
        Of `STEPS`: value = base + unit * integer; per_unit = 1 / unit. Otherwise unit is what is taken as a small miss.
    spare : (3,) int64
        Of ordinals: how many of a mantissa's last bits are left out.
    zero : (3,) int64
        Of `STEPS` with a negative zero: integers below this one mean the next higher value; -2**62 without.
    hole : (3,) int64
        Of `STEPS` with missing values: the integer that means one; -2**62 without.
    origin, drift : (3,) float64
        Where the sensor stands at the first point, in the units of the values, and its step from point to point.
    hot : (HOT,) int64
        Lags that the pointer may jump to; at least 1.
    window : (2,) int64
        The pointer may leave its path by so many points either way; bits needed to say where to.
    period : (1,) int64
        Points in a line (ring, scan line) where lines are stored one after the other; 0 where not.
    blank : (1,) float64
        Points nearer to the sensor than this are blank; negative where there are none.
    """

    form: np.ndarray
    depth: np.ndarray
    unit: np.ndarray
    per_unit: np.ndarray
    base: np.ndarray
    spare: np.ndarray
    zero: np.ndarray
    hole: np.ndarray
    origin: np.ndarray
    drift: np.ndarray
    hot: np.ndarray
    window: np.ndarray
    period: np.ndarray
    blank: np.ndarray


class Track(NamedTuple):
    """What is known of the points so far; rows below `HISTORY` belong to the segment before.

    Attributes
    ----------
    integers : (M, 3) int64
    values : (M, 3) float64
        From where the sensor stood.
    radius : (M,) float64
        Horizontal distance from the origin.
    slope : (M,) float64
        Smoothed z / radius along the pointers.
    lag : (M,) int64
        Points back to the one pointed to.
    beside : (M,) int64
        Points back to the neighbour in the line beside.
    length : (M, 3) int64
        Bit lengths of the residuals.
    solid : (M,) int64
        Of a blank point: points back to the last of its ring that is not blank; else 0.
    age : (M,) int64
        Of a blank point: steps of the pointer to that one; else 0.
    motion : (16,) float64
        Last turn (cosine, sine), last step (x, y, z), smoothed turn (cosine, sine), turn of the line beside; then the
        three turns as they apply to the point pointed to.
    pointer : (8,) int64
        Previous deviations from the path, as contexts.
    bits32, float32, bits64, float64 : (1,) int32, float32, int64, float64
        Two views each of the same bytes, to turn floats into integers and back.
    candidates : (CANDIDATES,) float64
        Predicted values, from the origin.
    origin : (3,) float64
        Where the sensor stands now.
    seen : (1,) int64
        Points so far, in the whole file.
    blanks : (2,) int64
        Points back to the last blank, and from there to the one before.
    guesses : (CANDIDATES,) int64
        Scratch.
    """

    integers: np.ndarray
    values: np.ndarray
    radius: np.ndarray
    slope: np.ndarray
    lag: np.ndarray
    beside: np.ndarray
    length: np.ndarray
    solid: np.ndarray
    age: np.ndarray
    motion: np.ndarray
    pointer: np.ndarray
    bits32: np.ndarray
    float32: np.ndarray
    bits64: np.ndarray
    float64: np.ndarray
    candidates: np.ndarray
    origin: np.ndarray
    seen: np.ndarray
    blanks: np.ndarray
    guesses: np.ndarray


def fresh_track(segment: int, first: int = 0) -> Track:
    """Make the state before point `first`, for segments of so many points: one point at the origin."""
    rows = HISTORY + segment
    motion = np.zeros(16)
    motion[0] = motion[5] = motion[7] = 1
    bits32, bits64 = np.zeros(1, np.int32), np.zeros(1, np.int64)
    return Track(
        np.zeros((rows, 3), np.int64),
        np.zeros((rows, 3)),
        np.zeros(rows),
        np.zeros(rows),
        np.ones(rows, np.int64),
        np.ones(rows, np.int64),
        np.full((rows, 3), 12, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        motion,
        np.zeros(8, np.int64),
        bits32,
        bits32.view(np.float32),
        bits64,
        bits64.view(np.float64),
        np.zeros(CANDIDATES),
        np.zeros(3),
        np.full(1, first, np.int64),
        np.ones(2, np.int64),
        np.zeros(CANDIDATES, np.int64),
    )


def keep_history(track: Track, count: int) -> None:
    """Move the last `HISTORY` of the points up to row `HISTORY + count` before the next segment."""
    for rows in (
        track.integers,
        track.values,
        track.radius,
        track.slope,
        track.lag,
        track.beside,
        track.length,
        track.solid,
        track.age,
    ):
        rows[:HISTORY] = rows[count : count + HISTORY].copy()


@inlined_kernel
def clean(value):
    """Make a float64 fit for prediction: huge ones, infinities and NaN become zero."""
    return value if -_HUGE < value < _HUGE else 0.0


@inlined_kernel
def to_value(frame, track, column, integer):
    """Value of a coordinate's integer, from the origin, as float64; never NaN or huge."""
    form = frame.form[column]
    if form == STEPS:
        if integer == frame.hole[column]:
            return 0.0
        if integer < frame.zero[column]:
            integer += 1
        return clean(frame.base[column] + frame.unit[column] * np.float64(integer) - track.origin[column])
    spare = frame.spare[column]
    integer = integer << spare if integer >= 0 else ~(~integer << spare)
    if form == FLOAT32:
        track.bits32[0] = np.int32(integer if integer >= 0 else integer ^ _MANTISSA32)
        return clean(np.float64(track.float32[0]) - track.origin[column])
    track.bits64[0] = integer if integer >= 0 else integer ^ _MANTISSA64
    return clean(track.float64[0] - track.origin[column])


@inlined_kernel
def to_integer(frame, track, column, value):
    """Integer nearest to a predicted value: the inverse of `to_value` but for rounding."""
    value = clean(value) + track.origin[column]
    form = frame.form[column]
    if form == STEPS:
        steps = (value - frame.base[column]) * frame.per_unit[column]
        integer = np.int64(np.rint(min(max(steps, -4e18), 4e18)))
        return integer - 1 if integer < frame.zero[column] else integer
    if form == FLOAT32:
        track.float32[0] = np.float32(value)
        integer = np.int64(track.bits32[0])
        integer = integer if integer >= 0 else integer ^ _MANTISSA32
    else:
        track.float64[0] = value
        integer = track.bits64[0]
        integer = integer if integer >= 0 else integer ^ _MANTISSA64
    spare = frame.spare[column]
    if spare == 0:
        return integer
    half = np.int64(1) << (spare - 1)
    return (integer + half) >> spare if integer >= 0 else ~((~integer + half) >> spare)


@inlined_kernel
def grain_of(frame, track, column):
    """log2 of one step of the integer just predicted, in 1/256, as the bits of a float64 tell it."""
    if frame.form[column] == FLOAT32:
        return ((np.int64(track.bits32[0]) >> 23) & 255) + 1023 - 127 - 23 + frame.spare[column] << 8
    track.float64[0] = frame.unit[column]
    return track.bits64[0] >> 44


@inlined_kernel
def move_origin(frame, track):
    """Put the origin where the sensor stands at the next point."""
    index = np.float64(track.seen[0])
    for k in range(3):
        track.origin[k] = frame.origin[k] + frame.drift[k] * index
    track.seen[0] += 1
