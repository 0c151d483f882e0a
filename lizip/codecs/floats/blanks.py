"""Points that are none: a firing that came back empty, stored as zeros, NaN, or the sensor's own place.

They keep their place in the path of the pointer, so that rings stay in step, but nothing is predicted from them but
other blanks: a pointer to one is followed back to the last real point of its ring.
"""

from __future__ import annotations

import numpy as np

from lizip.codecs.floats.cheapest import CANDIDATES, cheapest, code_predicted, learn_distances, onward
from lizip.entropy.adaptive import code_bit
from lizip.jit import inlined_kernel

_LIMIT = 250
_WHOLE = np.int64(1023 << 8)
"""log2 of one, as costs measure it."""

_MOST_TURNS = 16
BANK = 3
"""Of the coordinates' banks, the first that belongs to blanks."""


@inlined_kernel
def is_blank(frame, track, x, y, z):
    """Encoder: whether a point, seen from the sensor, lies at the sensor or at the zero of the coordinates."""
    limit = frame.blank[0] * frame.blank[0]
    a, b, c = x + track.origin[0], y + track.origin[1], z + track.origin[2]
    return x * x + y * y + z * z <= limit or a * a + b * b + c * c <= 1e-6 * limit


@inlined_kernel
def code_blank(coder, counters, track, j, low, path, blank):
    """Code whether row j is blank, given its neighbours in this firing and the one before; returns 0 or 1."""
    after = track.age[min(path + 1, j - 1)] > 0
    context = 16 * np.int64(track.age[path] > 0) + 8 * np.int64(track.age[j - 1] > 0) + 4 * np.int64(after)
    context += 2 * np.int64(track.age[max(path - 1, low)] > 0) + np.int64(track.age[max(j - 2, low)] > 0)
    return code_bit(coder, counters, context, _LIMIT, blank)


@inlined_kernel
def solid_row(track, row, low):
    """Follow a pointer back to the last point of its ring that is not blank."""
    return max(row - track.solid[row], low)


@inlined_kernel
def turn_on(track, age):
    """Turn the turns in `Track.motion` by `age` steps more, for a point that is so much older."""
    motion = track.motion
    for k in range(3):
        place = 0 if k == 0 else (5 if k == 1 else 7)
        cosine, sine = motion[place], motion[place + 1]
        c, s = cosine, sine
        for _ in range(min(age, _MOST_TURNS)):
            c, s = c * cosine - s * sine, s * cosine + c * sine
        motion[10 + 2 * k] = c
        motion[11 + 2 * k] = s


@inlined_kernel
def code_blank_point(coder, frame, track, models, j, low, path):
    """Code the coordinates of a blank from those of the blanks before it; keeps what its ring was doing."""
    integers = track.integers
    last = max(j - track.blanks[0], low)
    older = max(last - track.blanks[1], low)
    guesses = track.guesses
    for k in range(3):
        near = integers[last, k]
        guesses[0] = near
        guesses[1] = onward(near, near, integers[older, k])
        guesses[2] = integers[path, k]
        guesses[3] = integers[older, k]
        guesses[4] = integers[j - 1, k]
        guesses[5] = np.int64(0)
        best = cheapest(models, BANK + k)
        value = code_predicted(
            coder, models, BANK + k, frame.depth[k], _WHOLE, np.int64(0), np.int64(0), guesses[best], integers[j, k]
        )
        integers[j, k] = value
        for i in range(CANDIDATES):
            models.distance[i] = abs(np.float64(value) - np.float64(guesses[i])) + 1.0
        learn_distances(models, BANK + k, best)
        track.values[j, k] = 0.0
        track.length[j, k] = track.length[path, k]
    track.blanks[1] = j - last
    track.blanks[0] = 0
    track.lag[j] = j - path
    track.solid[j] = j - path + track.solid[path]
    track.age[j] = min(track.age[path] + 1, _MOST_TURNS)
    track.radius[j] = 0.0
    track.slope[j] = track.slope[path]
