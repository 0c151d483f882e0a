"""Coordinates of points in any order: each is predicted from an earlier point, turned and scaled onto its own ray.

The earlier point is named by a pointer, which as a rule steps on with the points: in a sweep stored firing by firing it
stays in the same ring of the firing before, in one stored ring by ring it is the point before, in a raster of an aircraft
the neighbour in the last line. Seen from the origin the point has then turned by what the last point turned (the firing's
azimuth step). The larger of x and y is coded first; the other follows from the direction, z from the slope.

Numbers are coded in an integer form of their own (`Frame`); predictions are float64 with + - * / sqrt and rint only, and
nothing but the integers has to be right for the point to come back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.context.cheapest import CANDIDATES, cheapest, code_cheapest, fresh_cheapest, miss
from lizip.entropy.adaptive import code_bit, code_tree, fresh_counters
from lizip.entropy.coder import MODE
from lizip.entropy.tokens import Tokens
from lizip.jit import kernel

STEPS, FLOAT32, FLOAT64 = range(3)
"""Integer forms: multiples of a unit above a base, float32 ordinals, float64 ordinals."""

HISTORY = 8192
"""Points before a segment that it may point to; the longest ring or scan line worth following."""

HOT = 4
"""Most lags that the pointer can jump to (the ring's period, the point before, ...)."""

_HUGE = 1e30
_LIMIT = 250
_STRIDES = 32
"""Points that the search for the point beside may step on from where it was."""


class Frame(NamedTuple):
    """How the integers of the three coordinates and the pointer are to be read; the same for a whole file.

    Attributes
    ----------
    form, depth : (3,) int64
        Integer form of each coordinate and depth of its length tree.
    unit, per_unit, base : (3,) float64
        Of `STEPS`: value = base + unit * integer; per_unit = 1 / unit.
    zero : (3,) int64
        Of `STEPS` with a negative zero: integers below this one mean the next higher value; -2**62 without.
    origin : (3,) float64
        Where the sensor stands, in the units of the values.
    hot : (HOT,) int64
        Lags that the pointer may jump to; at least 1.
    window : (2,) int64
        The pointer may leave its path by so many points either way; bits needed to say where to.
    period : (1,) int64
        Points in a line (ring, scan line) where lines are stored one after the other; 0 where not.
    """

    form: np.ndarray
    depth: np.ndarray
    unit: np.ndarray
    per_unit: np.ndarray
    base: np.ndarray
    zero: np.ndarray
    origin: np.ndarray
    hot: np.ndarray
    window: np.ndarray
    period: np.ndarray


class Track(NamedTuple):
    """What is known of the points so far; rows below `HISTORY` belong to the segment before.

    Attributes
    ----------
    integers : (M, 3) int64
    values : (M, 3) float64
        From `Frame.origin`.
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
    motion : (8,) float64
        Last turn (cosine, sine), last step (x, y, z), smoothed turn (cosine, sine).
    pointer : (8,) int64
        Previous deviations from the path, as contexts.
    bits32, float32, bits64, float64 : (1,) int32, float32, int64, float64
        Two views each of the same bytes, to turn floats into integers and back.
    candidates : (CANDIDATES,) float64
        Predicted values, from the origin.
    predictions : (CANDIDATES,) int64
        The same as integers.
    """

    integers: np.ndarray
    values: np.ndarray
    radius: np.ndarray
    slope: np.ndarray
    lag: np.ndarray
    beside: np.ndarray
    length: np.ndarray
    motion: np.ndarray
    pointer: np.ndarray
    bits32: np.ndarray
    float32: np.ndarray
    bits64: np.ndarray
    float64: np.ndarray
    candidates: np.ndarray
    predictions: np.ndarray


class Models(NamedTuple):
    """Adaptive state: pointer decisions; tokens and costs of the first, second and third coordinate coded."""

    pointer: np.ndarray
    tokens: Tokens
    costs: np.ndarray


def fresh_track(segment: int) -> Track:
    """Make the state before the first point: one point at the origin."""
    rows = HISTORY + segment
    motion = np.zeros(8)
    motion[0] = motion[5] = 1
    bits32, bits64 = np.zeros(1, np.int32), np.zeros(1, np.int64)
    return Track(
        np.zeros((rows, 3), np.int64),
        np.zeros((rows, 3)),
        np.zeros(rows),
        np.zeros(rows),
        np.ones(rows, np.int64),
        np.ones(rows, np.int64),
        np.full((rows, 3), 12, np.int64),
        motion,
        np.zeros(8, np.int64),
        bits32,
        bits32.view(np.float32),
        bits64,
        bits64.view(np.float64),
        np.zeros(CANDIDATES),
        np.zeros(CANDIDATES, np.int64),
    )


def fresh_models() -> Models:
    """Make models that have seen nothing."""
    return Models(fresh_counters(64 + 64 * 256), *fresh_cheapest(3))


def keep_history(track: Track, count: int) -> None:
    """Move the last `HISTORY` of the points up to row `HISTORY + count` before the next segment."""
    for rows in (track.integers, track.values, track.radius, track.slope, track.lag, track.beside, track.length):
        rows[:HISTORY] = rows[count : count + HISTORY].copy()


@kernel
def clean(value):
    """Make a float64 fit for prediction: huge ones, infinities and NaN become zero."""
    return value if -_HUGE < value < _HUGE else 0.0


@kernel
def to_value(frame, track, column, integer):
    """Value of a coordinate's integer, from the origin, as float64; never NaN or huge."""
    form = frame.form[column]
    if form == STEPS:
        if integer < frame.zero[column]:
            integer += 1
        return clean(frame.base[column] + frame.unit[column] * np.float64(integer) - frame.origin[column])
    if form == FLOAT32:
        track.bits32[0] = np.int32(integer if integer >= 0 else -2147483648 - integer)
        return clean(np.float64(track.float32[0]) - frame.origin[column])
    track.bits64[0] = integer if integer >= 0 else np.int64(-(2**63)) - integer
    return clean(track.float64[0] - frame.origin[column])


@kernel
def to_integer(frame, track, column, value):
    """Integer nearest to a predicted value: the inverse of `to_value` but for rounding."""
    value = clean(value) + frame.origin[column]
    form = frame.form[column]
    if form == STEPS:
        steps = (value - frame.base[column]) * frame.per_unit[column]
        integer = np.int64(np.rint(min(max(steps, -4e18), 4e18)))
        return integer - 1 if integer < frame.zero[column] else integer
    if form == FLOAT32:
        track.float32[0] = np.float32(value)
        integer = np.int64(track.bits32[0])
        return integer if integer >= 0 else -2147483648 - integer
    track.float64[0] = value
    integer = track.bits64[0]
    return integer if integer >= 0 else np.int64(-(2**63)) - integer


@kernel
def _distance(track, i, x, y, z, radius, cosine, sine):
    """How ill row i predicts a point, as a product of the misses in range, direction and height."""
    near = track.radius[i]
    if near <= 0.0:
        near = 1e-3
    a = track.values[i, 0]
    b = track.values[i, 1]
    scale = radius / near
    across = abs((cosine * a - sine * b) * y - (sine * a + cosine * b) * x) / near
    return (0.02 + abs(radius - near)) * (0.002 + across) * (0.002 + abs(z - track.values[i, 2] * scale))


@kernel
def _search(frame, track, j, low, path, x, y, z):
    """Encoder: choose the pointer of row j; 0 = on its path, 1 to HOT = a hot lag, then the window."""
    radius = np.sqrt(x * x + y * y)
    cosine = track.motion[0]
    sine = track.motion[1]
    best = np.int64(0)
    least = _distance(track, path, x, y, z, radius, cosine, sine) * 0.12
    for h in range(HOT):
        i = j - frame.hot[h]
        if i >= low and i != path and (h == 0 or frame.hot[h] != frame.hot[h - 1]):
            distance = _distance(track, i, x, y, z, radius, cosine, sine)
            if distance < least:
                least = distance
                best = np.int64(1 + h)
    window = frame.window[0]
    for w in range(-window, window + 1):
        i = path + w
        if low <= i < j and w != 0:
            distance = _distance(track, i, x, y, z, radius, cosine, sine)
            if distance < least:
                least = distance
                best = 1 + HOT + window + w
    return best


@kernel
def _code_pointer(coder, frame, track, models, j, low, choice):
    """Code where row j points to; returns the row, in [low, j)."""
    seen = track.pointer[0] & 63
    path = min(max(j - track.lag[j - 1], low), j - 1)
    off = code_bit(coder, models.pointer, seen, _LIMIT, np.int64(choice > 0))
    track.pointer[0] = 2 * seen + off
    if off == 0:
        return path
    last = track.pointer[1]
    choice = code_tree(coder, models.pointer, 64 + 256 * last, frame.window[1], _LIMIT, choice)
    window = frame.window[0]
    if choice <= HOT:
        track.pointer[1] = choice
        row = j - frame.hot[max(choice - 1, 0)]
    else:
        deviation = choice - 1 - HOT - window
        track.pointer[1] = HOT + 1 + min(max(deviation, -20), 20) + 20
        row = path + deviation
    return min(max(row, low), j - 1)


@kernel
def _ratio(a, b):
    """a / b where that is a sane scale, else 1."""
    if b != 0.0:
        scale = a / b
        if 0.2 < scale < 5.0:
            return scale
    return 1.0


@kernel
def _predict_major(track, j, row, axis):
    """Candidates for the larger of x and y: nothing is known of the range yet."""
    candidates = track.candidates
    base = track.values[row, axis]
    turned = _turned(track, row, axis, 0)
    before = max(row - track.lag[row], 0)
    growth = _ratio(track.radius[j - 1], track.radius[max(j - 1 - track.lag[j - 1], 0)])
    candidates[0] = base
    candidates[1] = base + track.motion[2 + axis]
    candidates[2] = turned
    candidates[3] = 2.0 * base - track.values[before, axis]
    candidates[4] = turned * growth
    candidates[5] = 0.5 * (turned + turned * growth)


@kernel
def _predict_minor(track, row, axis, actual):
    """Candidates for the smaller of x and y: on the ray of the turned point, scaled by what the larger one was."""
    candidates = track.candidates
    base = track.values[row, axis]
    scale = _ratio(actual, _turned(track, row, 1 - axis, 0))
    fast = _turned(track, row, axis, 0) * scale
    slow = _turned(track, row, axis, 5) * _ratio(actual, _turned(track, row, 1 - axis, 5))
    candidates[0] = base
    candidates[1] = base + track.motion[2 + axis]
    candidates[2] = fast
    candidates[3] = base * scale
    candidates[4] = slow
    candidates[5] = 0.5 * (fast + slow)


@kernel
def _predict_height(track, row, radius):
    """Candidates for z: on the slope of the point pointed to."""
    candidates = track.candidates
    base = track.values[row, 2]
    scaled = base * _ratio(radius, track.radius[row])
    smooth = track.slope[row] * radius
    candidates[0] = base
    candidates[1] = base + track.motion[4]
    candidates[2] = scaled
    candidates[3] = 2.0 * base - track.values[max(row - track.lag[row], 0), 2]
    candidates[4] = smooth
    candidates[5] = 0.5 * (scaled + smooth)


@kernel
def _turned(track, row, axis, turn):
    """x or y of a row, turned by the turn (cosine, sine) at `turn` of `Track.motion`."""
    cosine = track.motion[turn]
    sine = track.motion[turn + 1]
    if axis == 0:
        return cosine * track.values[row, 0] - sine * track.values[row, 1]
    return sine * track.values[row, 0] + cosine * track.values[row, 1]


@kernel
def _code_point(coder, frame, track, models, j, low, row):
    """Code the coordinates of row j from those of the row pointed to."""
    values = track.values
    predictions = track.predictions
    axis = 0 if abs(_turned(track, row, 0, 0)) >= abs(_turned(track, row, 1, 0)) else 1
    radius = 0.0
    for place in range(3):
        if place == 0:
            _predict_major(track, j, row, axis)
        elif place == 1:
            axis = 1 - axis
            _predict_minor(track, row, axis, values[j, 1 - axis])
        else:
            axis = 2
            radius = np.sqrt(values[j, 0] * values[j, 0] + values[j, 1] * values[j, 1])
            _predict_height(track, row, radius)
        for k in range(CANDIDATES):
            predictions[k] = to_integer(frame, track, axis, track.candidates[k])
        near = track.length[row, place]
        before = track.length[j - 1, place]
        depth = frame.depth[axis]
        best = cheapest(models.costs, place)
        value = code_cheapest(
            coder, models.tokens, models.costs, place, depth, near, before, predictions, track.integers[j, axis]
        )
        track.integers[j, axis] = value
        track.length[j, place] = miss(value, predictions[best])
        values[j, axis] = to_value(frame, track, axis, value)
    track.radius[j] = radius
    track.beside[j] = _find_beside(frame, track, j, low)
    _move(track, j, row, values[j, 0], values[j, 1], values[j, 2], radius)


@kernel
def _move(track, j, row, x, y, z, radius):
    """Remember the turn, step and slope of the point just coded."""
    values = track.values
    motion = track.motion
    a = values[row, 0]
    b = values[row, 1]
    product = track.radius[row] * radius
    if product > 0.0:
        cosine = (a * x + b * y) / product
        sine = (a * y - b * x) / product
        if cosine > 0.99:
            motion[0] = cosine
            motion[1] = sine
            motion[5] += 0.125 * (cosine - motion[5])
            motion[6] += 0.125 * (sine - motion[6])
    motion[2] = x - a
    motion[3] = y - b
    motion[4] = z - values[row, 2]
    if radius > 0.0:
        slope = z / radius
        old = track.slope[row]
        track.slope[j] = old + 0.25 * (slope - old) if abs(slope - old) < 0.002 else slope


@kernel
def _closeness(track, i, j):
    """Cosine of the angle between the horizontal directions of two rows, times the radius of the second."""
    if track.radius[i] <= 0.0:
        return 0.0
    values = track.values
    return (values[i, 0] * values[j, 0] + values[i, 1] * values[j, 1]) / track.radius[i]


@kernel
def _find_beside(frame, track, j, low):
    """Lag of the point in the same direction one line back; of the point before, where that is in another line."""
    if track.lag[j] != 1:
        return np.int64(1)
    period = frame.period[0]
    if period == 0:
        return min(frame.hot[1], j - low)
    last = max(j - period // 2, low)
    row = min(j - track.beside[j - 1], last)
    best = _closeness(track, row, j)
    for step in (1, -1):
        for _ in range(_STRIDES):
            if not low <= row + step <= last:
                break
            closeness = _closeness(track, row + step, j)
            if closeness <= best:
                break
            best = closeness
            row += step
    return j - row


@kernel
def code_coordinates(coder, frame, track, models, count, low):
    """Code the coordinates of `count` points.

    Parameters
    ----------
    coder : Coder
    frame : Frame
    track : Track
        `integers` hold the points from row `HISTORY` on; they are filled when decoding.
    models : Models
    count : int64
        Points in this segment.
    low : int64
        First row that may be pointed to, 0 to `HISTORY` - 1.
    """
    encoding = coder.at[MODE] == 0
    integers = track.integers
    for j in range(HISTORY, HISTORY + count):
        choice = np.int64(0)
        if encoding:
            x = to_value(frame, track, 0, integers[j, 0])
            y = to_value(frame, track, 1, integers[j, 1])
            z = to_value(frame, track, 2, integers[j, 2])
            path = min(max(j - track.lag[j - 1], low), j - 1)
            choice = _search(frame, track, j, low, path, x, y, z)
        row = _code_pointer(coder, frame, track, models, j, low, choice)
        track.lag[j] = j - row
        _code_point(coder, frame, track, models, j, low, row)
