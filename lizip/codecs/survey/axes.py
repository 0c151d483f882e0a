"""X, Y and Z: the second axis given the first, the third given both, all given pulses, scan lines and neighbours.

Airborne scanners sweep: along a line, a point differs from the last by the rate of the sweep times the number of pulses
between them, and by what its height shifts it. So each axis is a fitted sum of such terms; the first one coded and the
last one coded also look at the neighbours found in the plane of two other axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.survey.fit import COEFFICIENT_ONE, fit_blocks, predict
from lizip.codecs.survey.grid import empty_grid, good_shift, insert, search
from lizip.codecs.survey.numbers import MIXED, code_coefficients, code_parameters
from lizip.codecs.survey.tokens import code_number, fresh_model, row
from lizip.codecs.survey.trail import (
    KINDS,
    WIDTH,
    WIDTHS,
    Pulses,
    fresh_trail,
    gather_first,
    gather_second,
    gather_third,
    pulses_passed,
    remember,
    update_rates,
)
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, fresh_counters, quarter_octave
from lizip.entropy.coder import FAULT, MODE, Coder, finish_encoder, open_encoder
from lizip.jit import kernel

BLOCK = 12500
CLASSES = 4
"""Fitted apart: same pulse, next pulse of one return, next pulse of several, after a gap."""

EXCLUDED = 30
"""The last points are no neighbours from another scan line."""


@kernel
def _token(x, scale):
    """A difference in units of 2**scale / 2, as -7 to 7."""
    return min(max((2 * x) >> scale, -7), 7) + 7


@kernel
def _code_axis(coder, model, trail, axis, i, guess, top, kind, mixed, value, hint):
    """Code one coordinate around its prediction and learn the size of the error."""
    errors, levels, guesses = trail.errors, trail.levels, trail.guesses
    guess = min(max(guess, 0.0), np.float64(top))
    centre = np.int64(np.rint(guess))
    own = levels[axis, 4 + kind]
    fast = levels[axis, 0]
    slow = levels[axis, 1]
    expected = (3 * own + 2 * fast + slow) // 6
    scale = bit_length(expected >> 4)
    part = np.int64(np.floor((guess - np.float64(centre) + 0.5) * 6.0)) if scale < 3 else np.int64(0)
    first = _token(np.int64(np.rint(guesses[0])) - centre, scale)
    second = _token(np.int64(np.rint(guesses[1])) - centre, scale)
    prior = np.int64(0)
    if axis == 1:
        prior = 1 + _token(errors[0, i], bit_length(levels[0, 0] >> 4))
    elif axis == 2:
        prior = 1 + _token(errors[1, i], bit_length(levels[1, 0] >> 4))
        prior = prior * 16 + _token(errors[0, i], bit_length(levels[0, 0] >> 4))
    coarse = min(scale, 15)
    rows = (
        row(model, 0, (quarter_octave(expected) * KINDS + kind) * 8 + part),
        row(model, 1, (first * 16 + second) * 16 + coarse),
        row(model, 2, (prior * 16 + hint) * 16 + coarse),
    )
    value = centre + code_number(coder, model, rows, min(scale, 7) * 2 + (kind == 0), scale, mixed, value - centre)
    if not 0 <= value <= top:
        coder.at[FAULT] = 1
        value = np.int64(0)
    error = value - centre
    errors[axis, i] = error
    size = min(abs(error), 1 << 40) << 4
    levels[axis, 0] += (min(size, 8 * fast + 512) - fast) >> 2
    levels[axis, 1] += (min(size, 8 * slow + 512) - slow) >> 6
    levels[axis, 4 + kind] += (min(size, 8 * own + 512) - own) >> 4
    return value


@kernel
def _walk(coder, models, trail, pulses, near, across, shifts, centres, coefficients, planes, tops, kept, kept_class):
    """Go through the points: code them, or (when `kept` has room) only keep their features for the fit."""
    first_axis, second_axis, third_axis = planes
    features = trail.features
    coding = kept.shape[1] == 0
    known = 0
    for i in range(first_axis.size):
        same, gap, step, rest = pulses_passed(trail, pulses, known, i)
        lags = update_rates(trail, known, gap and not same)
        kind = pulses.kinds[i] + (4 if same else (8 if gap else 0))
        fit_class = 0 if same else (3 if gap else (1 if pulses.kinds[i] == 0 else 2))
        at = ((i // BLOCK) * CLASSES + fit_class) * WIDTH
        last = trail.last[pulses.kinds[i]]
        if i:
            before = i - 1
            a, b, c = first_axis[before], second_axis[before], third_axis[before]
            expected_b = min(max(np.float64(b) + step * trail.rates[1], 0.0), np.float64(tops[1]))
            expected_c = min(max(np.float64(c) + step * trail.rates[2], 0.0), np.float64(tops[2]))
            if shifts[0] >= 0:
                search(
                    near, shifts[0], second_axis, third_axis, np.int64(expected_b), np.int64(expected_c), i - EXCLUDED
                )
            gather_first(features[0], trail, first_axis, near, last, i, step, same, lags)
        else:
            a = b = c = np.int64(0)
        if coding:
            base = np.float64(a)
            found = near.found[0] if i else np.int64(-1)
            trail.guesses[0] = np.float64(first_axis[found]) if found >= 0 else base
            trail.guesses[1] = base
            guess = base + predict(coefficients[0], at, features[0], WIDTHS[0])
            first_axis[i] = _code_axis(
                coder, models[0], trail, 0, i, guess, tops[0], kind, shifts[2], first_axis[i], 1 if found >= 0 else 0
            )
        change = np.float64(first_axis[i] - a)
        gather_second(features[1], trail, change, np.float64(b) * centres[0] - 1.0, step, rest, lags)
        if coding:
            base = np.float64(b)
            trail.guesses[0] = base + step * trail.rates[1]
            trail.guesses[1] = base
            guess = base + predict(coefficients[1], at, features[1], WIDTHS[1])
            second_axis[i] = _code_axis(
                coder, models[1], trail, 1, i, guess, tops[1], kind, shifts[2], second_axis[i], np.int64(step) & 7
            )
        change_second = np.float64(second_axis[i] - b)
        if i:
            if shifts[1] >= 0:
                search(across, shifts[1], first_axis, second_axis, first_axis[i], second_axis[i], i)
            place = np.float64(c) * centres[1] - 1.0
            gather_third(features[2], trail, third_axis, across, i, change, change_second, place, step, rest, lags)
        if coding:
            base = np.float64(c)
            found = across.found[0] if i else np.int64(-1)
            trail.guesses[0] = np.float64(third_axis[found]) if found >= 0 else base
            trail.guesses[1] = base + step * trail.rates[2]
            guess = base + predict(coefficients[2], at, features[2], WIDTHS[2])
            hint = min(quarter_octave(min(across.distances[0], 1 << 40)) >> 2, 15) if found >= 0 else np.int64(15)
            third_axis[i] = _code_axis(
                coder, models[2], trail, 2, i, guess, tops[2], kind, shifts[2], third_axis[i], hint
            )
        else:
            kept_class[i] = fit_class
            for axis in range(3):
                for k in range(WIDTH):
                    kept[axis, i, k] = features[axis, k]
        remember(trail, pulses, i, first_axis[i], second_axis[i], third_axis[i])
        known += 1 - same
        if shifts[0] >= 0:
            insert(near, shifts[0], second_axis[i], third_axis[i], i)
        if shifts[1] >= 0:
            insert(across, shifts[1], first_axis[i], second_axis[i], i)


class Plan(NamedTuple):
    """How the axes of a chunk are coded.

    Attributes
    ----------
    order : tuple of int
        The axes, 0 to 2, in order of coding.
    near : bool
        Look for neighbours of the first axis in the plane of the others, where the point is expected.
    across : bool
        Look for neighbours of the last axis in the plane of the others.
    thorough : bool
        Spend more time on the fit and on the last bits.
    """

    order: tuple[int, int, int]
    near: bool
    across: bool
    thorough: bool


PLANS = (
    Plan((2, 0, 1), False, False, False),
    Plan((0, 1, 2), False, True, True),
    Plan((2, 0, 1), True, False, True),
    Plan((0, 1, 2), True, True, True),
)
"""Scans in order, clouds in no order; and the same with more effort, for little."""

_SAMPLE = 6000


def choose_plan(planes: list[np.ndarray], tops: list[int], pulses: Pulses, level: str) -> int:
    """Try the plans on a part of the chunk; returns the index of the best."""
    start = max(0, (len(planes[0]) - _SAMPLE) // 2)
    part = slice(start, start + _SAMPLE)
    sizes = []
    for plan in range(len(PLANS) if level == "max" else 2):
        coder = open_encoder(90 * 3 * _SAMPLE, 64 * 3 * _SAMPLE)
        sample = [plane[part].copy() for plane in planes]
        code_axes(coder, sample, tops, Pulses(*(column[part] for column in pulses)), plan)
        sizes.append(len(finish_encoder(coder)))
    return int(np.argmin(sizes))


def code_axes(coder: Coder, planes: list[np.ndarray], tops: list[int], pulses: Pulses, plan: int | None = None) -> None:
    """Code X, Y and Z, (N,) int64 planes, in place when decoding; `plan` (index of `PLANS`) is for the encoder."""
    count = len(planes[0])
    parameters = np.array([0, -1, -1, 0], np.int64)
    blocks = -(-count // BLOCK)
    fitted = [np.zeros((blocks, CLASSES, width), np.int64) for width in WIDTHS]
    tops = np.array(tops, np.int64)
    if coder.at[MODE] == 0:
        order = list(PLANS[plan].order)
        parameters[0] = plan
        parameters[3] = MIXED[PLANS[plan].thorough]
        first, second, third = (planes[axis] for axis in order)
        if PLANS[plan].near:
            parameters[1] = good_shift(second, third)
        if PLANS[plan].across:
            parameters[2] = good_shift(first, second)
        _fit(
            coder, (first, second, third), tops[order], pulses, parameters[1:], fitted, 3 if PLANS[plan].thorough else 2
        )
    code_parameters(coder, fresh_counters(INTEGER_NODES), parameters)
    if not (0 <= parameters[0] < len(PLANS) and (parameters[1:] >= -1).all() and (parameters[1:] < 48).all()):
        coder.at[FAULT] = 1
        return
    coefficients = np.zeros((3, blocks * CLASSES, WIDTH))
    for axis, numbers in enumerate(fitted):
        code_coefficients(coder, fresh_counters(2 * INTEGER_NODES), numbers.reshape(blocks, -1))
        coefficients[axis, :, : WIDTHS[axis]] = numbers.reshape(blocks * CLASSES, -1) / COEFFICIENT_ONE
    order = list(PLANS[parameters[0]].order)
    nothing = np.empty((3, 0, WIDTH)), np.empty(0, np.int64)
    ordered = tuple(planes[axis] for axis in order)
    _run(coder, ordered, tops[order], pulses, parameters[1:], coefficients.reshape(3, -1), *nothing)


def _run(coder, planes, tops, pulses, shifts, coefficients, kept, kept_class):
    """One walk through the points with everything fresh."""
    models = tuple(fresh_model(3, 1024, 16) for _ in range(3))
    centres = 2.0 / np.maximum(tops[1:], 1)
    trail = fresh_trail(len(planes[0]))
    grids = empty_grid(), empty_grid()
    _walk(coder, models, trail, pulses, *grids, shifts, centres, coefficients, planes, tops, kept, kept_class)


def _fit(coder, planes, tops, pulses, shifts, fitted, passes):
    """Walk once to see the features, then fit every axis."""
    count = len(planes[0])
    kept, kept_class = np.empty((3, count, WIDTH)), np.empty(count, np.int64)
    _run(coder, planes, tops, pulses, shifts, np.zeros((3, 1)), kept, kept_class)
    for axis, plane in enumerate(planes):
        fit_blocks(
            kept[axis], np.diff(plane, prepend=0).astype(np.float64), kept_class, CLASSES, BLOCK, passes, fitted[axis]
        )
