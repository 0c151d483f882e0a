"""Intensities: which of sixteen runs of about equal weight, then the place in the run.

They are coded after the ranges, so that every cell's neighbour nearest in range is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.fast.vectors import eighth_octave
from lizip.entropy.rows import LANES, fresh_rows
from lizip.entropy.symbols import EVEN, code_bits, code_in_three, code_in_two
from lizip.jit import inlined_kernel, kernel

_RUNS = LANES
_DISTANCES = 20
_START = 3000
_NIBBLES = 17
"""Rows for what lies below eight bits, for each value of these: one for the upper four bits, then one for each."""

SYMBOLS = 4
"""At most, in a cell."""


class Runs(NamedTuple):
    """The values that occur, cut into runs.

    Attributes
    ----------
    run, place : (256,) int64
        Of each value.
    value : (16 * 256,) int64
        Of each place in each run.
    size, low : (16,) int64
        Values in a run; bits by which there are too many for a symbol.
    """

    run: np.ndarray
    place: np.ndarray
    value: np.ndarray
    size: np.ndarray
    low: np.ndarray


def runs_of(shares: np.ndarray) -> Runs:
    """Cut values into runs, given their shares (see `lizip.codecs.sweep.tree`); without any, the value 0 alone."""
    runs = Runs(*(np.zeros(size, np.int64) for size in (256, 256, _RUNS * 256, _RUNS, _RUNS)))
    if shares.any():
        _cut(shares, int((1 << np.maximum(shares - 1, 0))[shares > 0].sum()), runs)
    else:
        runs.size[0] = 1
    runs.low[:] = [(max(size - 1, 0) >> 4).bit_length() for size in runs.size.tolist()]
    return runs


@kernel
def _cut(shares, left, runs):
    """Fill all but the low bits; `left` is the sum of all weights, 2 ** (share - 1)."""
    now = np.int64(0)
    inside = np.int64(0)
    for value in range(shares.size):
        if shares[value] == 0:
            continue
        weight = np.int64(1) << max(np.int64(shares[value]) - 1, np.int64(0))
        open_runs = _RUNS - now
        full = runs.size[now] >= LANES or (2 * inside + weight) * open_runs > 2 * left
        if runs.size[now] and open_runs > 1 and full:
            left -= inside
            inside = np.int64(0)
            now += 1
        runs.run[value] = now
        runs.place[value] = runs.size[now]
        runs.value[now * 256 + runs.size[now]] = value
        runs.size[now] += 1
        inside += weight


class IntensityModel(NamedTuple):
    """What adapts. Ring r stands at r + 1; histories of cells with a return come first, then those without.

    Attributes
    ----------
    rows : fresh_rows
    fine : fresh_rows
        Rows of the bits below eight.
    weights : (2 * 32,) int64
    seen : (2 * 2 (R + 2),) int64
        The last two intensities of a ring, their upper eight bits.
    held : (2 (R + 2),) int64
        Its last two ranges.
    """

    rows: np.ndarray
    fine: np.ndarray
    weights: np.ndarray
    seen: np.ndarray
    held: np.ndarray


def fresh_intensities(rings: int, bits: int) -> IntensityModel:
    """Make the model of a grid in its first state."""
    rows = 2 * _RUNS * _RUNS + 2 * rings * (_DISTANCES + _RUNS) + 2 * _RUNS * (LANES + 1) + _RUNS * rings
    return IntensityModel(
        fresh_rows(rows),
        fresh_rows(256 * _NIBBLES + _NIBBLES if bits > 8 else 0),
        np.full(2 * 2 * _RUNS, EVEN, np.int64),
        np.full(4 * (rings + 2), 8, np.int64),
        np.full(2 * (rings + 2), _START, np.int64),
    )


@inlined_kernel
def _nearest(model, own, rings, value, left, second, up):
    """Intensity of the neighbour nearest in range; `left`, `second` and `up` are those of the last two and above."""
    held = model.held
    near, best = left, abs(value - np.int64(held[2 * own]))
    other = abs(value - np.int64(held[2 * own - 2])) + 8
    if other < best:
        near, best = up, other
    other = abs(value - np.int64(held[2 * own + 2])) + 6
    if other < best and own < rings:
        near, best = np.int64(model.seen[2 * own + 2]), other
    if abs(value - np.int64(held[2 * own + 1])) + 6 < best:
        near = second
    held[2 * own + 1] = held[2 * own]
    held[2 * own] = value
    return near


@inlined_kernel
def _code_place(coder, now, runs, rows, begin, run, same, ring, place):
    """Code a place in a run; `same` is that of the last intensity + 1 if it was in the same run, else 0.

    `begin` holds the first rows by `same` and by ring.
    """
    if runs.size[np.uintp(run)] <= 1:
        return np.int64(0), now
    low = np.int64(runs.low[np.uintp(run)])
    of_same = begin[0] + run * (LANES + 1) + min((same + (np.int64(1) << low) - 1) >> low, LANES)
    top, now = code_in_two(coder, now, rows, of_same, begin[1] + ring * _RUNS + run, place >> low)
    if low > 0:
        rest, now = code_bits(coder, now, place & ((np.int64(1) << low) - 1), low)
        top = top << low | rest
    return top, now


@inlined_kernel
def _code_fine(coder, now, rows, top, low, level):
    """Code the `low` bits, at most eight, below the upper eight; returns the whole intensity."""
    upper, lower = max(low - 4, 0), min(low, 4)
    value = np.int64(0)
    own, common = top * _NIBBLES, np.int64(256 * _NIBBLES)
    if upper > 0:
        value, now = code_in_two(coder, now, rows, own, common, (level >> lower) & ((np.int64(1) << upper) - 1))
    rest = level & ((np.int64(1) << lower) - 1)
    rest, now = code_in_two(coder, now, rows, own + 1 + value, common + 1 + value, rest)
    return top << low | (value & ((np.int64(1) << upper) - 1)) << lower | (rest & ((np.int64(1) << lower) - 1)), now


@kernel
def code_intensities(coder, now, ranges, intensity, first, last, form, runs, model):
    """Code the intensities (F, R) int32 of the firings `first` to `last` - 1, given their ranges.

    `form` is (bits, everywhere), see `lizip.codecs.sweep.grid.Form`. Returns what `now` becomes.
    """
    bits, everywhere = form
    rings = ranges.shape[1]
    low_bits = max(bits - 8, 0)
    of_distance = 2 * _RUNS * _RUNS
    of_near = of_distance + 2 * rings * _DISTANCES
    of_place = of_near + 2 * rings * _RUNS
    of_ring = of_place + 2 * _RUNS * (LANES + 1)
    for firing in range(first, last):
        for r in range(rings):
            value, own = np.int64(ranges[firing, r]), r + 1
            if value == 0 and not everywhere:
                continue
            kind = np.int64(value == 0)
            at = 2 * (kind * (rings + 2) + own)
            left, second = np.int64(model.seen[at]), np.int64(model.seen[at + 1])
            up = np.int64(model.seen[at - 2]) if r > 0 else left
            near, distance = up, np.int64(0)
            if value > 0:
                near = _nearest(model, own, rings, value, left, second, up)
                distance = min(eighth_octave(value >> 5) >> 2, np.int64(_DISTANCES - 1))
            level = np.int64(intensity[firing, r])
            top = level >> low_bits
            of_left = np.int64(runs.run[np.uintp(left)])
            places = (
                (kind * _RUNS + of_left) * _RUNS + np.int64(runs.run[np.uintp(second)]),
                of_distance + (kind * rings + r) * _DISTANCES + distance,
                of_near + (kind * rings + r) * _RUNS + np.int64(runs.run[np.uintp(near)]),
            )
            run = np.int64(runs.run[np.uintp(top)])
            run, now = code_in_three(coder, now, model.rows, places, model.weights, kind * _RUNS + of_left, run)
            same = 1 + np.int64(runs.place[np.uintp(left)]) if of_left == run else np.int64(0)
            begin = (of_place + kind * _RUNS * (LANES + 1), of_ring)
            place, now = _code_place(
                coder, now, runs, model.rows, begin, run, same, r, np.int64(runs.place[np.uintp(top)])
            )
            top = np.int64(runs.value[np.uintp(run * 256 + place)])
            model.seen[at + 1] = left
            model.seen[at] = top
            level = top
            if low_bits > 0:
                level, now = _code_fine(coder, now, model.fine, top, low_bits, np.int64(intensity[firing, r]))
            if coder.log.size == 0:
                intensity[firing, r] = np.int32(level)
    return now
