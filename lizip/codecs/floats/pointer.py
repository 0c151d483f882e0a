"""Coordinates of points in any order: each is predicted from an earlier point, turned and scaled onto its own ray.

The earlier point is named by a pointer, which as a rule steps on with the points: in a sweep stored firing by firing
it stays in the same ring of the firing before, in one stored ring by ring it is the point before, in an aircraft's
raster the neighbour in the last line. Seen from the sensor the point has then turned by what the last point turned (the
azimuth step of a firing). The larger of x and y is coded first; the other follows from the direction, z from the slope.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.floats.blanks import code_blank, code_blank_point, is_blank, solid_row, turn_on
from lizip.codecs.floats.cheapest import (
    CANDIDATES,
    Cheapest,
    cheapest,
    code_predicted,
    fresh_cheapest,
    learn_distances,
    miss,
)
from lizip.codecs.floats.rays import (
    find_beside,
    look_beside,
    major_axis,
    predict_height,
    predict_major,
    predict_minor,
    remember,
)
from lizip.codecs.floats.track import HISTORY, HOT, grain_of, move_origin, to_integer, to_value
from lizip.entropy.adaptive import code_bit, code_tree, fresh_counters
from lizip.entropy.coder import MODE, mark
from lizip.jit import inlined_kernel, kernel

_LIMIT = 250


class Models(NamedTuple):
    """Adaptive state: pointer decisions; blank or not; numbers of the coordinates in coding order, and of blanks."""

    pointer: np.ndarray
    blank: np.ndarray
    coordinates: Cheapest


def fresh_models() -> Models:
    """Make models that have seen nothing."""
    return Models(fresh_counters(64 + 64 * 256), fresh_counters(32), fresh_cheapest(6))


@inlined_kernel
def _distance(track, i, low, x, y, z, radius, cosine, sine):
    """How ill row i predicts a point, as a product of the misses in range, direction and height."""
    i = solid_row(track, i, low)
    near = track.radius[i]
    if near <= 0.0:
        near = 1e-3
    a = track.values[i, 0]
    b = track.values[i, 1]
    scale = radius / near
    across = abs((cosine * a - sine * b) * y - (sine * a + cosine * b) * x) / near
    return (0.02 + abs(radius - near)) * (0.002 + across) * (0.002 + abs(z - track.values[i, 2] * scale))


@inlined_kernel
def _search(frame, track, j, low, path, x, y, z):
    """Encoder: choose the pointer of row j; 0 = on its path, 1 to HOT = a hot lag, then the window."""
    radius = np.sqrt(x * x + y * y)
    cosine = track.motion[0]
    sine = track.motion[1]
    best = np.int64(0)
    least = _distance(track, path, low, x, y, z, radius, cosine, sine) * 0.12
    for h in range(HOT):
        i = j - frame.hot[h]
        if i >= low and i != path and (h == 0 or frame.hot[h] != frame.hot[h - 1]):
            distance = _distance(track, i, low, x, y, z, radius, cosine, sine)
            if distance < least:
                least = distance
                best = np.int64(1 + h)
    window = frame.window[0]
    for w in range(-window, window + 1):
        i = path + w
        if low <= i < j and w != 0:
            distance = _distance(track, i, low, x, y, z, radius, cosine, sine)
            if distance < least:
                least = distance
                best = 1 + HOT + window + w
    return best


@inlined_kernel
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


@inlined_kernel
def _code_point(coder, frame, track, every, j, low, pointed):
    """Code the coordinates of row j from those of the row pointed to."""
    values = track.values
    age = track.age[pointed]
    row = solid_row(track, pointed, low)
    growth = look_beside(frame, track, j, low)
    turn_on(track, age)
    axis = major_axis(track, row)
    radius = 0.0
    for place in range(3):
        if place == 0:
            predict_major(track, row, axis, growth)
        elif place == 1:
            axis = 1 - axis
            predict_minor(frame, track, row, axis, values[j, 1 - axis])
        else:
            axis = 2
            radius = np.sqrt(values[j, 0] * values[j, 0] + values[j, 1] * values[j, 1])
            predict_height(track, row, radius)
        models = every.coordinates
        best = cheapest(models, place)
        predicted = to_integer(frame, track, axis, track.candidates[best])
        grain = grain_of(frame, track, axis)
        near = track.length[row, place]
        before = track.length[j - 1, place]
        integer = track.integers[j, axis]
        integer = code_predicted(coder, models, place, frame.depth[axis], grain, near, before, predicted, integer)
        track.integers[j, axis] = integer
        track.length[j, place] = miss(integer, predicted)
        value = to_value(frame, track, axis, integer)
        values[j, axis] = value
        for k in range(CANDIDATES):
            models.distance[k] = abs(value - track.candidates[k]) + frame.unit[axis]
        learn_distances(models, place, best)
    track.radius[j] = radius
    track.beside[j] = find_beside(frame, track, j, low)
    remember(track, j, row, age, values[j, 0], values[j, 1], values[j, 2], radius)


@kernel
def code_coordinates(coder, frame, track, models, count, low):
    """Code the coordinates of the `count` points of a segment.

    `track.integers` holds the points from row `HISTORY` on; they are filled when decoding. `low` is the first row that
    may be pointed to, 0 to `HISTORY` - 1.
    """
    encoding = coder.at[MODE] == 0
    integers = track.integers
    blanks = frame.blank[0] >= 0.0
    for j in range(HISTORY, HISTORY + count):
        mark(coder, j - HISTORY)
        choice = np.int64(0)
        blank = np.int64(0)
        path = min(max(j - track.lag[j - 1], low), j - 1)
        move_origin(frame, track)
        if encoding:
            x = to_value(frame, track, 0, integers[j, 0])
            y = to_value(frame, track, 1, integers[j, 1])
            z = to_value(frame, track, 2, integers[j, 2])
            blank = np.int64(blanks and is_blank(frame, track, x, y, z))
            if not blank:
                choice = _search(frame, track, j, low, path, x, y, z)
        if blanks:
            track.blanks[0] += 1
            if code_blank(coder, models.blank, track, j, low, path, blank):
                code_blank_point(coder, frame, track, models.coordinates, j, low, path)
                track.beside[j] = find_beside(frame, track, j, low)
                continue
        row = _code_pointer(coder, frame, track, models, j, low, choice)
        track.lag[j] = j - row
        _code_point(coder, frame, track, models, j, low, row)
