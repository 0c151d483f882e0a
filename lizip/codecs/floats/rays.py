"""What follows from earlier points for the next: turned, scaled and extrapolated coordinates, seen from the sensor.

Predictions are float64 with + - * / sqrt only, in a fixed order, so that every machine makes the same.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import inlined_kernel

_LAST, _SLOW, _BESIDE = 10, 12, 14
"""Places of the turns in `Track.motion`."""

_STRIDES = 32
"""Points that the search for the point beside may step on from where it was."""


@inlined_kernel
def _ratio(a, b):
    """a / b where that is a sane scale, else 1."""
    if b != 0.0:
        scale = a / b
        if 0.2 < scale < 5.0:
            return scale
    return 1.0


@inlined_kernel
def look_beside(frame, track, j, low):
    """Find how the direction and range went on where the same happened before; returns the growth of the range.

    Within a line that is the line beside; across lines it is the last step, from the pointer of the point before.
    """
    motion = track.motion
    if frame.period[0] > 0:
        ahead = min(max(j - track.beside[j - 1], low + 1), j - 1)
        behind = ahead - 1
    else:
        ahead = j - 1
        behind = max(ahead - track.lag[ahead], low)
    motion[7], motion[8] = _turn(track, behind, ahead, motion[0], motion[1])
    return _ratio(track.radius[ahead], track.radius[behind])


@inlined_kernel
def _turn(track, row, j, cosine, sine):
    """Cosine and sine of the horizontal turn from one row to another; those given where it is too much."""
    values = track.values
    product = track.radius[row] * track.radius[j]
    if product > 0.0:
        c = (values[row, 0] * values[j, 0] + values[row, 1] * values[j, 1]) / product
        if c > 0.99:
            return c, (values[row, 0] * values[j, 1] - values[row, 1] * values[j, 0]) / product
    return cosine, sine


@inlined_kernel
def predict_major(track, row, axis, growth):
    """Candidates for the larger of x and y: nothing is known of the range yet."""
    candidates = track.candidates
    base = track.values[row, axis]
    along = turned(track, row, axis, _LAST)
    before = max(row - track.lag[row], 0)
    candidates[0] = base
    candidates[1] = base + track.motion[2 + axis]
    candidates[2] = along
    candidates[3] = 2.0 * base - track.values[before, axis]
    candidates[4] = along * growth
    candidates[5] = 0.5 * (along + candidates[4])


@inlined_kernel
def predict_minor(frame, track, row, axis, actual):
    """Candidates for the smaller of x and y: on the ray of the turned point, scaled by what the larger one was."""
    candidates = track.candidates
    base = track.values[row, axis]
    fast = turned(track, row, axis, _LAST) * _ratio(actual, turned(track, row, 1 - axis, _LAST))
    slow = turned(track, row, axis, _SLOW) * _ratio(actual, turned(track, row, 1 - axis, _SLOW))
    candidates[0] = base
    if frame.period[0] > 0:
        candidates[1] = turned(track, row, axis, _BESIDE) * _ratio(actual, turned(track, row, 1 - axis, _BESIDE))
    else:
        candidates[1] = base + track.motion[2 + axis]
    candidates[2] = fast
    candidates[3] = base * _ratio(actual, track.values[row, 1 - axis])
    candidates[4] = slow
    candidates[5] = 0.5 * (fast + slow)


@inlined_kernel
def predict_height(track, row, radius):
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


@inlined_kernel
def major_axis(track, row):
    """Which of x and y will be larger: 0 or 1."""
    return 0 if abs(turned(track, row, 0, _LAST)) >= abs(turned(track, row, 1, _LAST)) else 1


@inlined_kernel
def turned(track, row, axis, turn):
    """x or y of a row, turned by the turn (cosine, sine) at `turn` of `Track.motion`."""
    cosine = track.motion[turn]
    sine = track.motion[turn + 1]
    if axis == 0:
        return cosine * track.values[row, 0] - sine * track.values[row, 1]
    return sine * track.values[row, 0] + cosine * track.values[row, 1]


@inlined_kernel
def remember(track, j, row, age, x, y, z, radius):
    """Remember the turn, step and slope of the point just coded."""
    values = track.values
    motion = track.motion
    track.solid[j] = 0
    track.age[j] = 0
    cosine, sine = motion[0], motion[1]
    if age == 0:
        cosine, sine = _turn(track, row, j, cosine, sine)
    motion[0] = cosine
    motion[1] = sine
    motion[5] += 0.125 * (cosine - motion[5])
    motion[6] += 0.125 * (sine - motion[6])
    motion[2] = x - values[row, 0]
    motion[3] = y - values[row, 1]
    motion[4] = z - values[row, 2]
    if radius > 0.0:
        slope = z / radius
        old = track.slope[row]
        track.slope[j] = old + 0.25 * (slope - old) if abs(slope - old) < 0.002 else slope


@inlined_kernel
def _closeness(track, i, j):
    """Cosine of the angle between the horizontal directions of two rows, times the radius of the second."""
    if track.radius[i] <= 0.0:
        return 0.0
    values = track.values
    return (values[i, 0] * values[j, 0] + values[i, 1] * values[j, 1]) / track.radius[i]


@inlined_kernel
def find_beside(frame, track, j, low):
    """Lag of the point in the same direction one line back; of the point before, where that is in another line."""
    period = frame.period[0]
    if period == 0:
        return np.int64(1) if track.lag[j] != 1 else min(frame.hot[1], j - low)
    last = max(j - period // 2, low)
    row = max(min(j - track.beside[j - 1], last), low)
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
