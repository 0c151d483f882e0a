"""Which far ULPs explain a stored point: the encoder's choice before `FarCorrections.of`."""

from __future__ import annotations

import numpy as np

from lizip.exact.ulp import ordinal32, unit32, value32
from lizip.jit import kernel
from lizip.sensor.stages.far_frame import Far

_FAR_COST = 3
_STORED_COST = 4
"""Rough price of a far ULP and of a stored one, bits."""


@kernel
def _misses(x0, x1, x2, axes, origin, stored, i):
    """ULPs by which a far point, turned back, misses the stored one."""
    total = np.int64(0)
    for k in range(3):
        total += abs(stored[i, k] - ordinal32(origin[k] + axes[0, k] * x0 + axes[1, k] * x1 + axes[2, k] * x2))
    return total


@kernel
def _try_around(places, far, stored, i, noise0, noise1, chosen):
    """Search the neighbours of the places (3,) for the cheapest; `chosen` (3,) holds the start and gets the best."""
    _, axes, offset, _, _, origin, _ = far
    best = np.int64(1) << 60
    c0 = chosen[0]
    c1 = chosen[1]
    reach0 = 1 if unit32(value32(places[0])) < 8.0 * noise0 else 0
    reach1 = 1 if unit32(value32(places[1])) < 8.0 * noise1 else 0
    for k0 in range(-reach0, reach0 + 1):
        for k1 in range(-reach1, reach1 + 1):
            x0 = value32(c0 + k0) - offset[0]
            x1 = value32(c1 + k1) - offset[1]
            # the height that gives the stored z, and its neighbours
            height = (value32(stored[i, 2]) - origin[2] - axes[0, 2] * x0 - axes[1, 2] * x1) / axes[2, 2]
            middle = ordinal32(height + offset[2])
            far = _FAR_COST * (abs(c0 + k0 - places[0]) + abs(c1 + k1 - places[1]))
            for k2 in range(-3, 4):
                # the last two ask whether staying at the predicted height is good enough
                p2 = middle + k2 if k2 > -3 else places[2]
                cost = far + abs(p2 - places[2])
                cost += _STORED_COST * _misses(x0, x1, value32(p2) - offset[2], axes, origin, stored, i)
                if cost < best:
                    best = cost
                    chosen[0] = c0 + k0
                    chosen[1] = c1 + k1
                    chosen[2] = p2


def choose_lattice(far: Far, predicted: np.ndarray, stored: np.ndarray) -> tuple[np.ndarray, int]:
    """Choose the far ULPs (N, 3) int64 to code, given predicted points and stored places (N, 3).

    Returns them and the number of points that need no correction at all.
    """
    lattice = np.zeros(stored.shape, np.int64)
    return lattice, int(_choose(far, predicted, stored, np.zeros(3, np.int64), np.zeros(3, np.int64), lattice))


@kernel
def _choose(far, predicted, stored, places, chosen, lattice):
    _, axes, offset, rounded, _, origin, _ = far
    exact_points = np.int64(0)
    for i in range(predicted.shape[0]):
        x0 = predicted[i, 0]
        x1 = predicted[i, 1]
        x2 = predicted[i, 2]
        places[0] = ordinal32(x0 + offset[0])
        places[1] = ordinal32(x1 + offset[1])
        places[2] = ordinal32(x2 + offset[2])
        for k in range(3):
            lattice[i, k] = 0
        r0 = value32(places[0]) - offset[0] if rounded[0] == 1 else x0
        r1 = value32(places[1]) - offset[1] if rounded[1] == 1 else x1
        r2 = value32(places[2]) - offset[2] if rounded[2] == 1 else x2
        if _misses(r0, r1, r2, axes, origin, stored, i) == 0:
            exact_points += 1
            continue
        p0 = value32(stored[i, 0])
        p1 = value32(stored[i, 1])
        p2 = value32(stored[i, 2])
        if not (abs(p0) < 1e4 and abs(p1) < 1e4 and abs(p2) < 1e4):
            continue
        u0 = unit32(p0)
        u1 = unit32(p1)
        u2 = unit32(p2)
        p0 -= origin[0]
        p1 -= origin[1]
        p2 -= origin[2]
        noise0 = 0.3 * (abs(axes[0, 0]) * u0 + abs(axes[0, 1]) * u1 + abs(axes[0, 2]) * u2)
        noise1 = 0.3 * (abs(axes[1, 0]) * u0 + abs(axes[1, 1]) * u1 + abs(axes[1, 2]) * u2)
        chosen[0] = ordinal32(axes[0, 0] * p0 + axes[0, 1] * p1 + axes[0, 2] * p2 + offset[0])
        chosen[1] = ordinal32(axes[1, 0] * p0 + axes[1, 1] * p1 + axes[1, 2] * p2 + offset[1])
        # where the far unit is finer than what the stored rounding leaves, the prediction knows better
        if unit32(value32(places[0])) < 4.0 * noise0 and abs(chosen[0] - places[0]) < 4:
            chosen[0] = places[0]
        if unit32(value32(places[1])) < 4.0 * noise1 and abs(chosen[1] - places[1]) < 4:
            chosen[1] = places[1]
        chosen[2] = places[2]
        if rounded[0] == 1 and rounded[1] == 1 and rounded[2] == 1:
            _try_around(places, far, stored, i, noise0, noise1, chosen)
        for k in range(3):
            if rounded[k] == 1 and abs(chosen[k] - places[k]) < (np.int64(1) << 31):
                lattice[i, k] = chosen[k] - places[k]
    return exact_points
