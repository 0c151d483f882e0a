"""Ranges: the residual against a blend of candidates, as sign and bin in units of its expected size, and raw bits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.fast.vectors import WIDTH, blend, eighth_octave, learn, push
from lizip.codecs.sweep.model import MAX_RANGE
from lizip.entropy.rows import LANES, fresh_rows
from lizip.entropy.symbols import EVEN, code_bits, code_in_three, code_in_two
from lizip.jit import inlined_kernel, kernel

_BITS = np.array([0, 0, 1, 1, 2, 3, 4], np.int64)
_BEGIN = np.array([0, 1, 2, 4, 6, 10, 18, 34], np.int64)
"""Bins of a magnitude in units of 2**k: 0, 1, 2-3, 4-5, 6-9, 10-17, 18-33, more; raw bits of each."""
_BIN = np.array([np.searchsorted(_BEGIN, units, "right") - 1 for units in range(64)], np.int64)
_BEYOND = len(_BIN) - 1
_ESCAPE = len(_BITS)
_BASE = 33

_CLASSES, _DIFFERENCES, _PAIRS, _UNITS = 64, 48, 256, 12
_OF_UP = _CLASSES
_OF_PAIR = _OF_UP + _DIFFERENCES
_OF_ESCAPE = _OF_PAIR + _PAIRS
_ROWS = _OF_ESCAPE + 2 * _UNITS
_WEIGHTS = 16
"""Sets of weights, by class."""

_START, _DOUBT = 3000, 25
"""A range and an error to begin with, in ticks; likewise a level: 64 eighths of an octave, in 1/16."""
_LEVEL = 512

_MOST = 2 * MAX_RANGE
"""A residual is never larger."""

SYMBOLS, RAW_WORDS = 2, 1
"""At most, in a cell."""


class RangeModel(NamedTuple):
    """What adapts; see `lizip.codecs.sweep.fast.vectors.blend` for held, errors and offsets. Ring r stands at r + 1.

    Attributes
    ----------
    rows : fresh_rows
    weights : (2 * 16,) int64
    held : (8 (R + 2),) int32
    past : (R + 2,) int64
        The last range before this firing.
    level : (R + 2,) int64
        Running mean of the eighth octaves of the residuals, in 1/16.
    errors : (8 (R + 2),) float32
    offsets : (8,) float32
    """

    rows: np.ndarray
    weights: np.ndarray
    held: np.ndarray
    past: np.ndarray
    level: np.ndarray
    errors: np.ndarray
    offsets: np.ndarray


def fresh_ranges(rings: int) -> RangeModel:
    """Make the model of a grid in its first state."""
    places = rings + 2
    return RangeModel(
        fresh_rows(_ROWS),
        np.full(2 * _WEIGHTS, EVEN, np.int64),
        np.full(WIDTH * places, _START, np.int32),
        np.full(places, _START, np.int64),
        np.full(places, _LEVEL, np.int64),
        np.full(WIDTH * places, _DOUBT, np.float32),
        np.zeros(WIDTH, np.float32),
    )


@inlined_kernel
def _sized(difference, unit):
    """Signed class, 0 to 15, of a difference in units of 2**unit."""
    minus = difference >> 63
    return 8 + ((min(max((eighth_octave(difference ^ minus) >> 2) - 2 * unit, -1), 6) + 1) ^ minus)


@inlined_kernel
def _code_magnitude(coder, now, model, unit, which, magnitude):
    """Code what a bin leaves open of a magnitude."""
    if which < _ESCAPE:
        begin = _BEGIN[np.uintp(which)] << unit
        low, now = code_bits(coder, now, magnitude - begin, _BITS[np.uintp(which)] + unit)
        return begin + low, now
    length = np.int64(0)
    while length < 28 and ((magnitude >> unit) - _BASE) >> (length + 1) > 0:
        length += 1
    row = _OF_ESCAPE + min(unit, _UNITS - 1) * 2
    short, now = code_in_two(coder, now, model.rows, row, row + 1, min(length, LANES - 1))
    if short == LANES - 1:
        more, now = code_bits(coder, now, length - short, np.int64(4))
        length = short + more
    else:
        length = short
    begin = ((np.int64(1) << length) + _BASE) << unit
    low, now = code_bits(coder, now, magnitude - begin, min(length + unit, 26))
    return min(begin + low, _MOST), now


@inlined_kernel
def _code_residual(coder, now, model, expected, up, last, residual):
    """Code a residual, given the class of its size and where the ring above and the last range are, from the centre."""
    unit = max((expected >> 2) - 1, 0)
    minus = up >> 63
    of_up = _OF_UP + _DIFFERENCES // 2 + (min(eighth_octave(up ^ minus) >> 2, _DIFFERENCES // 2 - 1) ^ minus)
    pair = _OF_PAIR + _sized(up, unit) * 16 + _sized(last, unit)
    minus = residual >> 63
    magnitude = residual ^ minus
    symbol = 8 + (_BIN[np.uintp(min(magnitude >> unit, _BEYOND))] ^ minus)
    places = (expected, of_up, pair)
    symbol, now = code_in_three(coder, now, model.rows, places, model.weights, min(expected >> 2, 15), symbol)
    minus = (symbol >> 3) - 1
    magnitude, now = _code_magnitude(coder, now, model, unit, (symbol ^ minus) & 7, magnitude)
    return magnitude, minus, now


@kernel
def code_ranges(coder, now, ranges, first, last, near, model):
    """Code the ranges (F, R) int32 of the firings `first` to `last` - 1 where they are not 0; returns the new `now`.

    Decoding, they are 1 before.
    """
    rings = ranges.shape[1]
    held, level = model.held, model.level
    decoding = coder.log.size == 0
    for firing in range(first, last):
        for r in range(rings):
            own = r + 1
            here = np.int64(held[own * WIDTH])
            if ranges[firing, r] > 0:
                over = own - 1 if r > 0 else own
                under = own + 1 if r < rings - 1 else own
                up = np.int64(held[over * WIDTH])
                moved = up - np.int64(model.past[over]) if r > 0 else np.int64(0)
                offset = blend(held, model.errors, model.offsets, own * WIDTH, over * WIDTH, moved, near)
                centre = max(here + np.int64(np.floor(np.float64(offset) + 0.5)), np.int64(1))
                mine = np.int64(level[own])
                doubt = 18 * mine + 8 * np.int64(level[over]) + 6 * np.int64(level[under])
                residual = np.int64(ranges[firing, r]) - centre
                magnitude, minus, now = _code_residual(
                    coder, now, model, min(doubt >> 10, _CLASSES - 1), up - centre, here - centre, residual
                )
                value = min(max(centre + (magnitude ^ minus), 1), MAX_RANGE)
                if decoding:
                    ranges[firing, r] = np.int32(value)
                push(held, own * WIDTH, value)
                learn(model.errors, model.offsets, own * WIDTH, value - here)
                level[own] = mine + ((((eighth_octave(magnitude) << 4) - mine) * 13) >> 6)
            model.past[own] = here
    return now
