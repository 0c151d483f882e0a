"""Colours come from an image, so near points often share a pixel: who copies whom, then the channels of the rest."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey import numbers, symbols
from lizip.codecs.survey.numbers import Surroundings, size_and_sign
from lizip.entropy.adaptive import INTEGER_NODES, bit_length, fresh_counters
from lizip.entropy.coder import MODE, Coder
from lizip.errors import CorruptError
from lizip.jit import inlined_kernel, kernel

FRESH_COLOUR = 3
"""Match of a colour that is none of the three looked at: of the nearest point, the one before, the second nearest."""


@inlined_kernel
def _source(nearest, i, match):
    """Point whose colour is copied."""
    return max(i - 1, 0) if match == 1 else nearest[i, match >> 1]


@kernel
def _match_all(planes, nearest, gaps, kinds, matches, hints):
    """First source with the same colour in all channels (where there are planes), and the contexts of that choice."""
    for i in range(matches.size):
        closeness = min(bit_length(gaps[i]), 40)
        first, before, second = _source(nearest, i, 0), _source(nearest, i, 1), _source(nearest, i, 2)
        hints[i, 0] = closeness * 4 + (first == before) + 2 * (before == second)
        hints[i, 1] = closeness * 4 + kinds[i]
        if planes.shape[0]:
            matches[i] = FRESH_COLOUR
            for match in range(FRESH_COLOUR - 1, -1, -1):
                j = _source(nearest, i, match)
                equal = i > 0
                for k in range(planes.shape[0]):
                    equal = equal and planes[k, i] == planes[k, j]
                if equal:
                    matches[i] = match


@kernel
def _follow(nearest, matches, classes, copied):
    """Turn matches into classes (0, or -1 for copies) and points to copy."""
    for i in range(matches.size):
        fresh = i == 0 or matches[i] >= FRESH_COLOUR
        classes[i] = 0 if fresh else -1
        copied[i] = 0 if fresh else _source(nearest, i, matches[i])


@kernel
def _relate(channel, nearest, keys, hints):
    """Add a channel to what is known of each colour: to its key, and how far it is from that of the nearest point."""
    for i in range(channel.size):
        keys[i] = (keys[i] & 0x7FFFFFFF) * 65537 + channel[i]
        hints[i, 1] = hints[i, 0]
        hints[i, 0] = size_and_sign(channel[i] - channel[nearest[i, 0]])


def code_colours(
    coder: Coder,
    planes: list[np.ndarray],
    tops: list[int],
    nearest: np.ndarray,
    gaps: np.ndarray,
    kinds: np.ndarray,
    others: tuple[np.ndarray, ...],
    inputs: int,
    level: str = "default",
) -> None:
    """Code channels, (N,) int64 each from 0 to its top, in place when decoding.

    Parameters
    ----------
    nearest, gaps : (N, 4) and (N,) int64
        Neighbours and squared distances, see `neighbours`.
    kinds : (N,) int64
        Kind of return.
    others : tuple of (N,) int64
        Columns that a channel may repeat: grey images, heights painted by colour.
    """
    count = len(kinds)
    known = _code_repeated(coder, planes, tops, others)
    rest = [k for k in range(len(planes)) if not any(planes[k] is plane for plane in known)]
    if not rest:
        return
    matches, hints = np.zeros(count, np.int64), np.zeros((count, 2), np.int64)
    shown = np.stack(planes) if coder.at[MODE] == 0 else np.zeros((0, count), np.int64)
    _match_all(shown, nearest, gaps, kinds, matches, hints)
    symbols.code_column(coder, matches, FRESH_COLOUR, nearest, hints, inputs)
    classes, copied = np.empty(count, np.int64), np.empty(count, np.int64)
    _follow(nearest, matches, classes, copied)
    keys, hints = np.zeros(count, np.int64), np.zeros((count, 2), np.int64)
    columns = np.empty((len(planes), count))
    for m, plane in enumerate(known):
        columns[m] = plane
        _relate(plane, nearest, keys, hints)
    for m, k in enumerate(rest, len(known)):
        around = Surroundings(classes, copied, nearest, columns[:m], hints, keys)
        numbers.code_column(coder, planes[k], tops[k], around, inputs, level)
        columns[m] = planes[k]
        _relate(planes[k], nearest, keys, hints)


def _code_repeated(
    coder: Coder, planes: list[np.ndarray], tops: list[int], others: tuple[np.ndarray, ...]
) -> list[np.ndarray]:
    """Code which channels are equal to another column; returns those channels, complete."""
    choices = np.full(len(planes), -1, np.int64)
    if coder.at[MODE] == 0:
        for k, plane in enumerate(planes):
            choices[k] = next((m for m, other in enumerate(others) if np.array_equal(plane, other)), -1)
    numbers.code_parameters(coder, fresh_counters(INTEGER_NODES), choices)
    complete = []
    for plane, top, choice in zip(planes, tops, choices, strict=True):
        if not -1 <= choice < len(others):
            raise CorruptError("a colour repeats an unknown column")
        if choice >= 0:
            if int(others[choice].max(initial=0)) > top:
                raise CorruptError("a colour repeats a column of larger numbers")
            plane[:] = others[choice]
            complete.append(plane)
    return complete
