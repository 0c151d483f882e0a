"""Colours come from an image, so near points often share a pixel: who copies whom, then the channels of the rest."""

from __future__ import annotations

import numpy as np

from lizip.codecs.survey import numbers, symbols
from lizip.codecs.survey.numbers import Surroundings
from lizip.entropy.adaptive import INTEGER_NODES, fresh_counters
from lizip.entropy.coder import MODE, Coder
from lizip.errors import CorruptError

FRESH_COLOUR = 3
"""Match of a colour that is none of the three looked at."""


def sources(nearest: np.ndarray) -> np.ndarray:
    """Points whose colour may be copied: the nearest, the one before, the second nearest; (N, 3) int64."""
    before = np.maximum(np.arange(len(nearest)) - 1, 0)
    return np.stack([nearest[:, 0], before, nearest[:, 1]], axis=1)


def _matches(planes: list[np.ndarray], candidates: np.ndarray) -> np.ndarray:
    """First candidate with the same colour in all channels, or FRESH_COLOUR; (N,) int64."""
    matches = np.full(len(candidates), FRESH_COLOUR, np.int64)
    for k in range(FRESH_COLOUR - 1, -1, -1):
        equal = np.ones(len(candidates), bool)
        for plane in planes:
            equal &= plane == plane[candidates[:, k]]
        matches[equal] = k
    matches[0] = FRESH_COLOUR
    return matches


def code_colours(
    coder: Coder,
    planes: list[np.ndarray],
    tops: list[int],
    nearest: np.ndarray,
    gaps: np.ndarray,
    kinds: np.ndarray,
    others: tuple[np.ndarray, ...],
    level: str = "default",
) -> None:
    """Code channels, (N,) int64 each from 0 to its top, in place when decoding.

    Parameters
    ----------
    nearest, gaps : (N, 3) and (N,) int64
        Neighbours and squared distances, see `neighbours`.
    kinds : (N,) int64
        Kind of return.
    others : tuple of (N,) int64
        Columns that a channel may repeat: grey images, heights painted by colour.
    """
    count = len(kinds)
    known = _code_repeated(coder, planes, others)
    rest = [k for k in range(len(planes)) if not any(planes[k] is plane for plane in known)]
    if not rest:
        return
    candidates = sources(nearest)
    matches = _matches(planes, candidates) if coder.at[MODE] == 0 else np.zeros(count, np.int64)
    closeness = np.minimum(np.frexp(gaps.astype(np.float64))[1], 40)
    alike = (candidates[:, 0] == candidates[:, 1]) + 2 * (candidates[:, 1] == candidates[:, 2])
    hints = np.stack([closeness * 4 + alike, closeness * 4 + kinds], axis=1).astype(np.int64)
    symbols.code_column(coder, matches, FRESH_COLOUR, nearest, hints)
    if count:
        matches[0] = FRESH_COLOUR
    fresh = matches == FRESH_COLOUR
    classes = np.where(fresh, 0, -1)
    copied = candidates[np.arange(count), np.minimum(matches, FRESH_COLOUR - 1)]
    for k in rest:
        plane, top = planes[k], tops[k]
        columns = np.stack(known, axis=1).astype(np.float64) if known else np.zeros((count, 0))
        hints = np.zeros((count, 2), np.int64)
        for side, other in enumerate(known[-2:]):
            hints[:, side] = signed_size(other - other[nearest[:, 0]])
        keys = np.zeros(count, np.int64)
        for other in known:
            keys = keys * 65537 + other
        numbers.code_column(coder, plane, top, Surroundings(classes, copied, nearest, columns, hints, keys), level)
        known.append(plane)


def _code_repeated(coder: Coder, planes: list[np.ndarray], others: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """Code which channels are equal to another column; returns those channels, complete."""
    choices = np.full(len(planes), -1, np.int64)
    if coder.at[MODE] == 0:
        for k, plane in enumerate(planes):
            choices[k] = next((m for m, other in enumerate(others) if np.array_equal(plane, other)), -1)
    numbers.code_parameters(coder, fresh_counters(INTEGER_NODES), choices)
    complete = []
    for plane, choice in zip(planes, choices, strict=True):
        if not -1 <= choice < len(others):
            raise CorruptError("a colour repeats an unknown column")
        if choice >= 0:
            plane[:] = others[choice]
            complete.append(plane)
    return complete


def signed_size(differences: np.ndarray) -> np.ndarray:
    """Bit length and sign of integers, as 0 to 127."""
    sizes = np.frexp(np.abs(differences).astype(np.float64))[1]
    return np.where(differences < 0, 64 + sizes, sizes).astype(np.int64)
