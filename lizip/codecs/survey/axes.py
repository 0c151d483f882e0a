"""X, Y and Z: the second axis given the first, the third given both, all given pulses, scan lines and neighbours.

Airborne scanners sweep: along a line, a point differs from the last by the rate of the sweep times the number of pulses
between them, and by what its height shifts it. So each axis is a fitted sum of such terms; the first one coded and the
last one coded also look at the neighbours found in the plane of two other axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.survey.axis_order import AXIS_ORDERS, AxisCoding
from lizip.codecs.survey.decisions import fresh_model, row
from lizip.codecs.survey.fit import COEFFICIENT_ONE, Effort, Look, fit_groups, keep, open_look, predict, seen, thinned
from lizip.codecs.survey.grid import FOUND, Grid, empty_grid, good_shift, insert, search
from lizip.codecs.survey.numbers import code_coefficients, code_parameters
from lizip.codecs.survey.scan_history import (
    KINDS,
    WIDTH,
    WIDTHS,
    Pulses,
    fresh_history,
    gather_first,
    gather_neighbours,
    gather_second,
    gather_third,
    pulses_passed,
    remember,
    update_rates,
)
from lizip.codecs.survey.tokens import code_number
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, fresh_counters, quarter_octave
from lizip.entropy.coder import FAULT, MODE, Coder, mark
from lizip.jit import inlined_kernel, kernel

BLOCK = 12500
CLASSES = 4
"""Fitted apart: same pulse, next pulse of one return, next pulse of several, after a gap."""

EXCLUDED = 30
"""The last points are no neighbours from another scan line."""

_SETS = 16
"""Weight sets of an axis."""


@inlined_kernel
def _token(x, scale):
    """A difference in units of 2**scale / 2, as -7 to 7."""
    return min(max((2 * x) >> scale, -7), 7) + 7


@inlined_kernel
def _code_axis(coder, model, history, axis, guess, top, kind, unmixed, value, opinion, other, hint):
    """Code one coordinate around its prediction, given two more opinions, and learn the size of the error."""
    errors, levels = history.errors, history.levels
    guess = min(max(guess, 0.0), np.float64(top))
    centre = np.int64(np.rint(guess))
    own = levels[axis, 4 + kind]
    fast = levels[axis, 0]
    slow = levels[axis, 1]
    expected = (3 * own + 2 * fast + slow) // 6
    scale = bit_length(expected >> 4)
    part = np.int64(np.floor((guess - np.float64(centre) + 0.5) * 6.0)) if scale < 3 else np.int64(0)
    prior = np.int64(0)
    if axis == 1:
        prior = 1 + _token(errors[0], bit_length(levels[0, 0] >> 4))
    elif axis == 2:
        prior = 1 + _token(errors[1], bit_length(levels[1, 0] >> 4))
        prior = prior * 16 + _token(errors[0], bit_length(levels[0, 0] >> 4))
    agreement = _token(np.int64(np.rint(opinion)) - centre, scale) * 16 + _token(
        np.int64(np.rint(other)) - centre, scale
    )
    coarse = min(scale, 15)
    table = axis * 3
    rows = (
        row(model, table, (quarter_octave(expected) * KINDS + kind) * 8 + part),
        row(model, table + 1, agreement * 16 + coarse),
        row(model, table + 2, (prior * 16 + hint) * 16 + coarse),
        np.int64(0),
        np.int64(0),
        np.int64(0),
    )
    weights = axis * _SETS + min(scale, 7) * 2 + (kind == 0)
    value = centre + code_number(coder, model, rows, weights, scale, unmixed, value - centre)
    if not 0 <= value <= top:
        coder.at[FAULT] = 1
        value = np.int64(0)
    error = value - centre
    errors[axis] = error
    size = min(abs(error), 1 << 40) << 4
    levels[axis, 0] += (min(size, 8 * fast + 512) - fast) >> 2
    levels[axis, 1] += (min(size, 8 * slow + 512) - slow) >> 6
    levels[axis, 4 + kind] += (min(size, 8 * own + 512) - own) >> 4
    return value


@inlined_kernel
def _expected(planes, tops, history, axis, before, step):
    """Where the sweep leads to, within the extent of the chunk."""
    place = np.float64(planes[axis, before]) + step * history.rates[axis]
    return np.int64(min(max(place, 0.0), np.float64(tops[axis])))


@inlined_kernel
def _closeness(distance):
    """Class of a squared distance, 0 to 14."""
    return min(quarter_octave(min(distance, 1 << 40)) >> 2, 14)


class Course(NamedTuple):
    """How a walk predicts.

    Attributes
    ----------
    near, across : Grid
        Where neighbours are looked for: of the first axis, of the last.
    shifts : (2,) int64
        Size of their cells as a power of two, -1: not used.
    widths : (3,) int64
        Features of each axis.
    centres : (2,) float64
        What brings the second and the third axis to 0 to 2.
    coefficients : (3, G * WIDTH) float64
        Of each group of points.
    unmixed : int
        See `AxisCoding`.
    """

    near: Grid
    across: Grid
    shifts: np.ndarray
    widths: np.ndarray
    centres: np.ndarray
    coefficients: np.ndarray
    unmixed: int


@kernel
def _walk(coder, model, history, pulses, course, planes, tops, look):
    """Go through the points: code them or, when `look` has room, only keep the features of some for the fit."""
    features, near, across, coefficients = history.features, course.near, course.across, course.coefficients
    centres = course.centres
    shift_near, shift_across = course.shifts[0], course.shifts[1]
    coding = look.groups.size == 0
    for i in range(planes.shape[1]):
        mark(coder, i)
        before = max(i - 1, 0)
        same, gap, step, rest = pulses_passed(history, pulses, i)
        kind = pulses.kinds[i]
        group = (i // BLOCK) * CLASSES + (0 if same else (3 if gap else (1 if kind == 0 else 2)))
        kind += 4 if same else (8 if gap else 0)
        if coding or thinned(look.seen, group, look.thin):
            lags = update_rates(history, gap)
            change, change_second = 0.0, 0.0
            for axis in range(3):
                base = np.float64(planes[axis, before]) if i else 0.0
                swept = base + step * history.rates[axis]
                found, distance = np.int64(-1), np.int64(0)
                if axis == 0:
                    if shift_near >= 0:
                        b = _expected(planes, tops, history, 1, before, step)
                        c = _expected(planes, tops, history, 2, before, step)
                        search(near, shift_near, planes[1], planes[2], b, c, i - EXCLUDED)
                        found, distance = near.found[0], near.distances[0]
                        gather_neighbours(features[0], WIDTHS[0], planes[0], near, base)
                    alike = np.float64(planes[0, history.last[kind & 3]]) if i else 0.0
                    gather_first(features[0], history, alike, base, step, same, lags)
                elif axis == 1:
                    gather_second(features[1], history, change, base * centres[0] - 1.0, step, rest, lags)
                else:
                    if shift_across >= 0:
                        search(across, shift_across, planes[0], planes[1], planes[0, i], planes[1, i], i)
                        found, distance = across.found[0], across.distances[0]
                        gather_neighbours(features[2], WIDTHS[2], planes[2], across, base)
                    place = base * centres[1] - 1.0
                    gather_third(features[2], history, change, change_second, place, step, rest, lags)
                if coding:
                    neighbour = np.float64(planes[axis, found]) if found >= 0 else base
                    hint = np.int64(step) & 7 if axis == 1 else (_closeness(distance) if found >= 0 else np.int64(15))
                    planes[axis, i] = _code_axis(
                        coder,
                        model,
                        history,
                        axis,
                        base + predict(coefficients[axis], group * WIDTH, features[axis], course.widths[axis]),
                        tops[axis],
                        kind,
                        course.unmixed,
                        planes[axis, i],
                        swept if axis == 1 else neighbour,
                        swept if axis == 2 else base,
                        hint,
                    )
                move = np.float64(planes[axis, i]) - base
                if axis == 0:
                    change = move
                elif axis == 1:
                    change_second = move
                if not coding:
                    keep(look, axis, features[axis], move)
            if not coding:
                look.groups[look.filled[0]] = group
                look.filled[0] += 1
        remember(history, pulses, i, same, gap, planes[0, i], planes[1, i], planes[2, i])
        if shift_near >= 0:
            insert(near, shift_near, planes[1, i], planes[2, i], i)
        if shift_across >= 0:
            insert(across, shift_across, planes[0, i], planes[1, i], i)


def code_axes(
    coder: Coder, planes: list[np.ndarray], tops: list[int], pulses: Pulses, coding: AxisCoding, effort: Effort
) -> None:
    """Code X, Y and Z, (N,) int64 planes, in place when decoding; `coding` and `effort` are the encoder's."""
    encoding = coder.at[MODE] == 0
    parameters = np.array([*coding, -1, -1], np.int64)
    groups = -(-len(planes[0]) // BLOCK) * CLASSES
    if encoding:
        first, second, third = (planes[axis] for axis in AXIS_ORDERS[coding.order].axes)
        if AXIS_ORDERS[coding.order].near:
            parameters[2] = good_shift(second, third)
        if AXIS_ORDERS[coding.order].across:
            parameters[3] = good_shift(first, second)
    code_parameters(coder, fresh_counters(INTEGER_NODES), parameters)
    order, unmixed, *_ = parameters
    shifts = parameters[2:]
    if not (0 <= order < len(AXIS_ORDERS) and 0 <= unmixed <= 1 and (shifts >= -1).all() and (shifts < 48).all()):
        coder.at[FAULT] = 1
        return
    axes = list(AXIS_ORDERS[order].axes)
    ordered = np.stack([planes[axis] for axis in axes])
    highest = np.array(tops, np.int64)[axes]
    fitted = [np.zeros((groups, width), np.int64) for width in _widths(shifts)]
    if encoding:
        _fit(coder, ordered, highest, pulses, shifts, fitted, effort)
    coefficients = np.zeros((3, groups, WIDTH))
    for axis, numbers in enumerate(fitted):
        width = numbers.shape[1]
        code_coefficients(coder, fresh_counters(2 * INTEGER_NODES), numbers.reshape(-1, CLASSES * width))
        coefficients[axis, :, :width] = numbers / COEFFICIENT_ONE
    _run(coder, ordered, highest, pulses, shifts, unmixed, coefficients.reshape(3, -1), open_look(0, 0, WIDTH, 3, 0))
    if not encoding:
        for axis, plane in zip(axes, ordered, strict=True):
            planes[axis][:] = plane


def _widths(shifts: np.ndarray) -> np.ndarray:
    """Features of each axis, (3,) int64, when neighbours are looked for or not (-1)."""
    widths = np.array(WIDTHS, np.int64)
    widths[[0, 2]] += FOUND * (shifts >= 0)
    return widths


def _run(
    coder: Coder,
    planes: np.ndarray,
    tops: np.ndarray,
    pulses: Pulses,
    shifts: np.ndarray,
    unmixed: int,
    coefficients: np.ndarray,
    look: Look,
) -> None:
    """One walk through the points with everything fresh."""
    model = fresh_model(3, 512, _SETS, 3)
    centres = 2.0 / np.maximum(tops[1:], 1)
    course = Course(empty_grid(), empty_grid(), shifts, _widths(shifts), centres, coefficients, unmixed)
    _walk(coder, model, fresh_history(planes.shape[1]), pulses, course, planes, tops, look)


def _fit(
    coder: Coder,
    planes: np.ndarray,
    tops: np.ndarray,
    pulses: Pulses,
    shifts: np.ndarray,
    fitted: list[np.ndarray],
    effort: Effort,
) -> None:
    """Walk once to see the features, then fit every axis."""
    look = open_look(planes.shape[1], len(fitted[0]), WIDTH, 3, effort.samples)
    _run(coder, planes, tops, pulses, shifts, 1, np.zeros((3, 1)), look)
    for axis, numbers in enumerate(fitted):
        fit_groups(*seen(look, axis), effort.passes, numbers)
