"""Any column of numbers: predicted by a fitted sum of earlier values and of what other columns did.

Earlier values are those of the last points and of reference points (the nearest neighbour in space, the last return of
the same kind); the other columns are those already decoded, for all points of the chunk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.survey.decisions import fresh_model, row, scramble
from lizip.codecs.survey.fit import COEFFICIENT_ONE, EFFORTS, fit_groups, keep, open_look, predict, seen, thinned
from lizip.codecs.survey.tokens import code_number
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, code_integer, fresh_counters, quarter_octave
from lizip.entropy.coder import FAULT, MODE, Coder, code_raw, mark
from lizip.jit import inlined_kernel, kernel

LAGS = 4
BLOCK = 12500
CLASSES = 4

_CAP = 1 << 40
"""Errors above this are all the same."""

_RECENT = 1 << 14
"""Keys whose last value is remembered."""


class Surroundings(NamedTuple):
    """What is known of a chunk when a column of it is coded.

    Attributes
    ----------
    classes : (N,) int64
        Kind of return, 0 to CLASSES - 1; -1 for points whose value is a copy.
    copied : (N,) int64
        Earlier point whose value this one has, where the class is -1.
    references : (N, R) int64
        Earlier points of the chunk to look at, each below its own index (0 for the first).
    known : (M, N) float64
        Other columns, already decoded.
    hints : (N, 2) int64
        Keys of further contexts.
    keys : (N,) int64
        What decided exactly the same value before: the last value of the same key is one more opinion.
    """

    classes: np.ndarray
    copied: np.ndarray
    references: np.ndarray
    known: np.ndarray
    hints: np.ndarray
    keys: np.ndarray

    def part(self, part: slice) -> Surroundings:
        """Those of some points alone."""
        known = np.ascontiguousarray(self.known[:, part])
        return Surroundings(*(known if array is self.known else array[part] for array in self))


@inlined_kernel
def _gather(values, around, i, features):
    """Features of point i; returns the value they are relative to."""
    if i == 0:
        features[:] = 0.0
        return np.int64(0)
    base = values[i - 1]
    k = 0
    for lag in range(2, LAGS + 1):
        features[k] = np.float64(values[max(i - lag, 0)] - base)
        k += 1
    references = around.references
    for r in range(references.shape[1]):
        features[k] = np.float64(values[references[i, r]] - base)
        k += 1
    known = around.known
    for m in range(known.shape[0]):
        here = known[m, i]
        features[k] = here - known[m, i - 1]
        k += 1
        if references.shape[1]:
            features[k] = here - known[m, references[i, 0]]
            k += 1
    features[k] = 1.0
    return base


@kernel
def _look(values, around, features, look):
    """Keep the features of some points for the fit."""
    for i in range(values.size):
        c = around.classes[i]
        group = (i // BLOCK) * CLASSES + c
        if c >= 0 and thinned(look.seen, group, look.thin):
            base = _gather(values, around, i, features)
            keep(look, 0, features, np.float64(values[i] - base))
            look.groups[look.filled[0]] = group
            look.filled[0] += 1


def feature_count(around: Surroundings) -> int:
    """Width of the feature vector."""
    references, known = around.references.shape[1], around.known.shape[0]
    return _padded(LAGS + references + known * (1 + min(references, 1)))


def _padded(width: int) -> int:
    """A multiple of four; the rest are zeros."""
    return -(-width // 4) * 4


@kernel
def code_coefficients(coder, counters, coefficients):
    """Code fitted coefficients (blocks, classes * K), each given the one of the block before."""
    for b in range(coefficients.shape[0]):
        for k in range(coefficients.shape[1]):
            before = coefficients[b - 1, k] if b else np.int64(0)
            value = before + code_integer(
                coder, counters, 0 if b == 0 else INTEGER_NODES, 255, coefficients[b, k] - before
            )
            if abs(value) >= 1 << 28:
                coder.at[FAULT] = 1
                value = np.int64(0)
            coefficients[b, k] = value


@kernel
def code_parameters(coder, counters, parameters):
    """Code a few integers that the encoder chose."""
    for k in range(parameters.size):
        parameters[k] = code_integer(coder, counters, 0, 255, parameters[k])


@kernel
def code_flat(coder, values, top):
    """Code integers of which nothing can be said but that they are from 0 to `top` < 2**58."""
    bits = bit_length(top)
    for i in range(values.size):
        mark(coder, i)
        high = code_raw(coder, values[i] >> 32, max(bits - 32, 0))
        values[i] = high << 32 | code_raw(coder, values[i] & 0xFFFFFFFF, min(bits, 32))
        if values[i] > top:
            coder.at[FAULT] = 1
            values[i] = 0


@inlined_kernel
def size_and_sign(difference):
    """Bit length and sign of an integer, as 0 to 127."""
    size = bit_length(abs(difference))
    return 64 + size if difference < 0 else size


@inlined_kernel
def _token(x, scale):
    """A difference as 0 to 63: exact up to 15 eighths of the scale (or ones, where that is less), then by octaves."""
    size = abs(x) >> max(scale - 3, 0)
    if size > 15:
        size = min(11 + bit_length(size), 31)
    return 32 + size if x >= 0 else 32 - size


@kernel
def _code_all(coder, model, coefficients, around, features, errors, recent, unmixed, values, top):
    classes, copied, references, hints = around.classes, around.copied, around.references, around.hints
    slow = np.int64(64)
    fast = np.int64(64)
    widest = references.shape[1]
    for i in range(values.size):
        mark(coder, i)
        c = classes[i]
        if c < 0:
            values[i] = values[copied[i]]
            errors[i] = 0
            continue
        base = _gather(values, around, i, features)
        guess = np.float64(base) + predict(
            coefficients, ((i // BLOCK) * CLASSES + c) * features.size, features, features.size
        )
        guess = min(max(guess, 0.0), np.float64(top))
        centre = np.int64(np.rint(guess))
        place = scramble(around.keys[i]) & (recent.size - 1)
        recalled = np.int64(recent[place])
        last = values[i - 1] if i else np.int64(0)
        near = values[references[i, 0]] if widest > 0 and i else last
        near_error = errors[references[i, 0]] if widest > 0 else errors[max(i - 1, 0)]
        errors_there = min(abs(near_error), _CAP)
        other = min(abs(errors[references[i, 1]]), _CAP) if widest > 1 else errors_there
        expected = (2 * slow + fast + 8 * (errors_there + other)) >> 2
        scale = max(bit_length(expected >> 4), 0)
        level = quarter_octave(expected)
        rows = (
            row(model, 0, level * 4 + c),
            row(model, 1, _token(last - centre, scale) * 64 + _token(near - centre, scale)),
            row(model, 2, hints[i, 0] * 32 + scale),
            row(model, 3, (hints[i, 1] * 32 + scale) * 64 + _token(recalled - centre, scale)),
            row(model, 4, (centre >> max(bit_length(top) - 11, 0)) * 16 + min(scale, 15)),
            np.int64(0),
        )
        value = centre + code_number(coder, model, rows, min(scale, 15), scale, unmixed, values[i] - centre)
        if not 0 <= value <= top:
            coder.at[FAULT] = 1
            value = np.int64(0)
        values[i] = value
        recent[place] = value
        error = value - centre
        errors[i] = error
        size = min(abs(error), 64 * (slow + 64), _CAP) << 4
        fast += (size - fast) >> 2
        slow += (size - slow) >> 5


def code_column(
    coder: Coder, values: np.ndarray, top: int, around: Surroundings, inputs: int, level: str = "default"
) -> None:
    """Code (N,) int64 values from 0 to `top`, in place when decoding."""
    width = feature_count(around)
    groups = -(-len(values) // BLOCK) * CLASSES
    fitted = np.zeros((groups, width), np.int64)
    if coder.at[MODE] == 0:
        look = open_look(len(values), groups, width, 1, EFFORTS[level].samples)
        _look(values, around, np.zeros(width), look)
        fit_groups(*seen(look, 0), EFFORTS[level].passes, fitted)
    unmixed = np.array([level != "max"], np.int64)
    code_parameters(coder, fresh_counters(INTEGER_NODES), unmixed)
    code_coefficients(coder, fresh_counters(2 * INTEGER_NODES), fitted.reshape(-1, CLASSES * width))
    coefficients = fitted.ravel() / COEFFICIENT_ONE
    model = fresh_model(min(inputs, 5), 1024, 16)
    _code_all(
        coder,
        model,
        coefficients,
        around,
        np.zeros(width),
        np.zeros(len(values), np.int64),
        np.zeros(_RECENT, np.int64),
        unmixed[0],
        values,
        top,
    )
