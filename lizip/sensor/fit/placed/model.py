"""What a laser beside the axis shows of a point, in double, and how that depends on what the laser was given.

With azimuth a - turn, range D = k tick + further and sines s, c of the azimuth, S, C of the elevation:

    level = D C - up S,    x0 = level s - aside c,    y0 = level c + aside s
    near_x = (further_x - further) (25.04 - |x0|) / 22.64,    near_y = (further_y - further) (25.04 - |y0|) / 23.11
    x = x0 + near_x C s,    y = y0 + near_y C c,    z = (D + near_y) S + up C
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.linear import factor, substitute
from lizip.exact.trig import arctangent2, sincos
from lizip.jit import kernel
from lizip.sensor.stages.driver_places import FAR, NEAR_X, NEAR_Y

LASER = 7
ELEVATION, TURN, UP, ASIDE, FURTHER, MORE_X, MORE_Y = range(LASER)
"""Numbers of a laser: radians, radians, then m; the last two are what is added near by beyond `FURTHER`."""

_REACH = LASER
_ANGLE = LASER + 1
COLUMNS = LASER + 2
"""Of the derivatives: those numbers (`TURN` and `FURTHER` stay 0 there), range and angle."""

_NEWTON = 4
_FARTHEST, _STEEPEST = 2.0, 1.4
"""No laser sits or is corrected farther (m), or looks steeper (rad)."""
_OPEN = 0.4
"""Share of what a fit leaves open by which a number is moved."""


class Scratch(NamedTuple):
    """Memory of a fit, made once: a point and its derivatives, normal equations, one row of them."""

    model: np.ndarray
    rows: np.ndarray
    matrix: np.ndarray
    right: np.ndarray
    row: np.ndarray


def make_scratch() -> Scratch:
    """Make it."""
    return Scratch(np.zeros(3), np.zeros((3, COLUMNS)), np.zeros((LASER, LASER)), np.zeros(LASER), np.zeros(LASER))


@kernel
def place_point(laser, reach, angle, point, rows):
    """Fill point (3,) and its derivatives rows (3, COLUMNS) at a range (m) and an angle (rad) of the laser itself."""
    rise, fall = sincos(laser[ELEVATION])
    sine, cosine = sincos(angle)
    up = laser[UP]
    aside = laser[ASIDE]
    level = reach * fall - up * rise
    x = level * sine - aside * cosine
    y = level * cosine + aside * sine
    side_x = 1.0 if x >= 0.0 else -1.0
    side_y = 1.0 if y >= 0.0 else -1.0
    share_x = (FAR - abs(x)) / (FAR - NEAR_X)
    share_y = (FAR - abs(y)) / (FAR - NEAR_Y)
    near_x = laser[MORE_X] * share_x
    near_y = laser[MORE_Y] * share_y
    point[0] = x + near_x * fall * sine
    point[1] = y + near_y * fall * cosine
    point[2] = (reach + near_y) * rise + up * fall
    lean_x = -laser[MORE_X] * side_x / (FAR - NEAR_X)
    lean_y = -laser[MORE_Y] * side_y / (FAR - NEAR_Y)
    rows[:] = 0.0
    for number in (ELEVATION, UP, ASIDE, _REACH, _ANGLE):
        if number == ASIDE:
            dx, dy = -cosine, sine
        elif number == _ANGLE:
            dx, dy = y, -x
        else:
            by = -reach * rise - up * fall if number == ELEVATION else -rise if number == UP else fall
            dx, dy = by * sine, by * cosine
        rows[0, number] = dx + lean_x * dx * fall * sine
        rows[1, number] = dy + lean_y * dy * fall * cosine
        rows[2, number] = lean_y * dy * rise
    rows[0, ELEVATION] -= near_x * rise * sine
    rows[1, ELEVATION] -= near_y * rise * cosine
    rows[2, ELEVATION] += (reach + near_y) * fall - up * rise
    rows[0, _ANGLE] += near_x * fall * cosine
    rows[1, _ANGLE] -= near_y * fall * sine
    rows[2, UP] += fall
    rows[2, _REACH] += rise
    rows[0, MORE_X] = share_x * fall * sine
    rows[1, MORE_Y] = share_y * fall * cosine
    rows[2, MORE_Y] = share_y * rise


@kernel
def see_point(laser, point, model, rows):
    """Range and angle at which the laser sees a point (3,) in the plane; model and rows are those of `place_point`."""
    flat = np.sqrt(point[0] * point[0] + point[1] * point[1])
    rise, fall = sincos(laser[ELEVATION])
    aside = laser[ASIDE]
    level = np.sqrt(max(flat * flat - aside * aside, 1e-6))
    angle = arctangent2(point[0], point[1]) + arctangent2(aside, level)
    reach = (level + laser[UP] * rise) / fall
    for _ in range(_NEWTON):
        place_point(laser, reach, angle, model, rows)
        a, b, c, d = rows[0, _REACH], rows[0, _ANGLE], rows[1, _REACH], rows[1, _ANGLE]
        det = a * d - b * c
        if abs(det) < 1e-12:
            break
        off_x = point[0] - model[0]
        off_y = point[1] - model[1]
        reach += (off_x * d - off_y * b) / det
        angle += (off_y * a - off_x * c) / det
        if abs(off_x) + abs(off_y) < 1e-11 * flat:
            break
    place_point(laser, reach, angle, model, rows)
    return reach, angle


@kernel
def see_points(scratch, laser, points, reach, angle):
    """Fill range and angle (K,) of points (K, 3)."""
    for i in range(points.shape[0]):
        reach[i], angle[i] = see_point(laser, points[i], scratch.model, scratch.rows)


@kernel
def fit_heights(scratch, laser, points, aside, passes):
    """Improve a laser so that heights follow from where points (K, 3) lie in the plane, any range and angle allowed.

    How far it sits aside is fitted only with `aside`. Returns the root of the mean square of what is left (m).
    """
    model, rows, matrix, right, row = scratch
    total = 0.0
    for _ in range(passes):
        matrix[:] = 0.0
        right[:] = 0.0
        row[:] = 0.0
        total = 0.0
        for i in range(points.shape[0]):
            see_point(laser, points[i], model, rows)
            a, b, c, d = rows[0, _REACH], rows[0, _ANGLE], rows[1, _REACH], rows[1, _ANGLE]
            det = a * d - b * c
            if abs(det) < 1e-12:
                continue
            by_x = (rows[2, _REACH] * d - rows[2, _ANGLE] * c) / det
            by_y = (rows[2, _ANGLE] * a - rows[2, _REACH] * b) / det
            miss = points[i, 2] - model[2]
            total += miss * miss
            for k in range(LASER):
                row[k] = rows[2, k] - by_x * rows[0, k] - by_y * rows[1, k]
            if not aside:
                row[ASIDE] = 0.0
            _add(matrix, right, row, miss)
        for k in range(LASER):
            matrix[k, k] += 1e-9 * points.shape[0] * (1e-2 if k == ASIDE else 1e-4)
        _step(laser, matrix, right)
    return np.sqrt(total / max(points.shape[0], 1))


@kernel
def _step(laser, matrix, right):
    factor(matrix)
    substitute(matrix, right)
    for k in range(LASER):
        laser[k] += right[k]
    laser[ELEVATION] = min(max(laser[ELEVATION], -_STEEPEST), _STEEPEST)
    for k in (UP, ASIDE, MORE_X, MORE_Y):
        laser[k] = min(max(laser[k], -_FARTHEST), _FARTHEST)


@kernel
def _add(matrix, right, row, miss):
    for p in range(row.size):
        right[p] += row[p] * miss
        for q in range(p + 1):
            matrix[p, q] += row[p] * row[q]


@kernel
def fit_lattice(scratch, laser, points, reach, angles, held, passes):
    """Improve all numbers of a laser whose points (K, 3) have ranges (K,), m, without `FURTHER`, and azimuths (K,).

    Numbers that are `held` (LASER,) bool stay. Residuals count in parts of the range; returns their root mean square.
    """
    model, rows, matrix, right, row = scratch
    total = 0.0
    for _ in range(passes):
        matrix[:] = 0.0
        right[:] = 0.0
        row[:] = 0.0
        total = 0.0
        for i in range(points.shape[0]):
            away = reach[i] + laser[FURTHER]
            place_point(laser, away, angles[i] - laser[TURN], model, rows)
            weight = 1.0 / max(abs(away), 0.1)
            for axis in range(3):
                rows[axis, TURN] = -rows[axis, _ANGLE]
                rows[axis, FURTHER] = rows[axis, _REACH]
                for k in range(LASER):
                    row[k] = 0.0 if held[k] else rows[axis, k] * weight
                miss = (points[i, axis] - model[axis]) * weight
                total += miss * miss
                _add(matrix, right, row, miss)
        for k in range(LASER):
            matrix[k, k] += 1e-15 * matrix[k, k] + 1e-18
        _step(laser, matrix, right)
    return np.sqrt(total / max(3 * points.shape[0], 1))


def moves_together(scratch: Scratch, held: np.ndarray, left: float, steps: np.ndarray) -> np.ndarray:
    """How words (2 + PLACES,) move together when one is moved and the others follow, as the last fit says.

    Each is moved by a step (2 + PLACES,), or by a share of what the fit leaves open.
    """
    moves = []
    for k in np.flatnonzero(~held):
        column = np.zeros(LASER)
        column[k] = 1.0
        substitute(scratch.matrix, column)
        open_ = _OPEN * left * np.sqrt(column[k])
        column[held] = 0.0
        column *= max(open_, steps[k]) / column[k]
        column[TURN] *= -1
        column[[MORE_X, MORE_Y]] += column[FURTHER]
        moves.append(column)
    return np.array(moves)
