"""Which pixel of a depth camera each point was, from nothing but the points in the order of their file.

Seen from the camera, pixels lie on a regular grid: the quotients of the coordinates sideways and the depth are
multiples of a step each, and from point to point one of them mostly stays while the other goes one step on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_WINDOWS, _WINDOW = 64, 64
"""Runs of points that are looked at first."""

_STILL = 0.01
"""A quotient stays when it moves by less than this share of the other's step."""

_ALIKE = 0.02
"""Steps agree within this share; pixels are whole within this."""

_LOOSE = 0.2
"""While a grid is being fitted, quotients count that are off by less than this share of its step."""

_USUAL = 0.6
"""Share of the neighbours in the file that must be neighbours in a row."""

_NEARLY_ALL = 0.98
_CROSSED = 1 << 16


class Pixels(NamedTuple):
    """Pixels of the points of a camera.

    Attributes
    ----------
    forward : int
        Axis of the file along which depth is measured.
    backward : bool
        Its coordinates are negative depths.
    swapped : bool
        The first of the other two axes goes with rows of the image.
    place : (M,) int64
        Ascending places of the points that are pixels; row by row.
    column, row : (M,) int64
    centre, focal : (float, float)
        Of columns and rows, pixels; the focal length is negative where the axis goes the other way.
    width, height : int
    """

    forward: int
    backward: bool
    swapped: bool
    place: np.ndarray
    column: np.ndarray
    row: np.ndarray
    centre: tuple[float, float]
    focal: tuple[float, float]
    width: int
    height: int


def find_pixels(xyz: np.ndarray, solid: np.ndarray) -> Pixels | None:
    """Find the pixels of points (N, 3) float32, of which `solid` (N,) bool are points at all; None when there are none.

    Clouds of other sensors are declined on some thousands of their points.
    """
    place = np.flatnonzero(solid)
    if len(place) < _WINDOW:
        return None
    starts = np.unique(np.linspace(0, len(place) - _WINDOW, _WINDOWS).astype(np.int64))
    sample = place[starts[:, None] + np.arange(_WINDOW)]
    for forward in (2, 0, 1):
        depth = xyz[sample, forward].astype(np.float64)
        backward = bool(np.median(depth) < 0)
        if np.mean((depth < 0) == backward) < _NEARLY_ALL or (depth == 0).any():
            continue
        sides = [axis for axis in range(3) if axis != forward]
        moves = [np.diff(xyz[sample, axis] / np.abs(depth), axis=1).ravel() for axis in sides]
        for swapped in (False, True):
            along, across = moves[::-1] if swapped else moves
            step = float(np.median(np.abs(along)))
            level = np.abs(across) < _STILL * step
            if step > 0 and np.mean(level & (np.abs(np.abs(along) - step) < _ALIKE * step)) >= _USUAL:
                order = sides[::-1] if swapped else sides
                return _laid_out(xyz, place, forward, backward, swapped, order, step)
    return None


def _laid_out(
    xyz: np.ndarray, place: np.ndarray, forward: int, backward: bool, swapped: bool, sides: list[int], step: float
) -> Pixels | None:
    """Pixels of all points, when they are one camera's."""
    depth = -xyz[place, forward].astype(np.float64) if backward else xyz[place, forward].astype(np.float64)
    good = depth > 0
    place, depth = place[good], depth[good]
    tried = [_scale(xyz[place, axis] / depth, step) for axis in sides]
    found = [each for each in tried if each is not None]
    if len(found) < len(tried):
        return None
    whole = np.ones(len(place), bool)
    pixels, steps, starts = [], [], []
    for (width, start), axis in zip(found, sides, strict=True):
        counted = (xyz[place, axis] / depth - start) / width
        pixel = np.rint(counted)
        whole &= np.abs(counted - pixel) < _ALIKE
        pixels.append(pixel.astype(np.int64))
        steps.append(width)
        starts.append(start)
    if whole.mean() < _NEARLY_ALL:
        return None
    place, pixels = place[whole], [pixel[whole] for pixel in pixels]
    for k, pixel in enumerate(pixels):
        if _falls(pixel):
            pixels[k], steps[k] = -pixel, -steps[k]
    column, row = pixels
    width, shift = _row_length(place, column, row, len(xyz))
    if width:
        height = len(xyz) // width
        kept = (place == row * width + column + shift) & (place % width == (column + shift) % width)
        left, top = -(shift % width), -(shift // width)
    else:
        kept = _in_order(row * (1 + int(np.ptp(column))) + column)
        left, top = int(column[kept].min()), int(row[kept].min())
        width, height = (1 + int(np.ptp(each[kept])) for each in (column, row))
    if np.mean(kept) < _NEARLY_ALL:
        return None
    centre = -starts[0] / steps[0] - left, -starts[1] / steps[1] - top
    place, column, row = place[kept], column[kept] - left, row[kept] - top
    return Pixels(forward, backward, swapped, place, column, row, centre, (1 / steps[0], 1 / steps[1]), width, height)


def _scale(quotient: np.ndarray, step: float) -> tuple[float, float] | None:
    """Step and start of the regular grid on which quotients (M,) lie, about `step` apart; None when there is none."""
    ordered = np.sort(quotient[:: max(1, len(quotient) // _CROSSED)])
    gaps = np.sort(np.diff(ordered))
    gaps = gaps[gaps > _STILL * step]
    if not len(gaps):
        return None
    width = _densest(gaps, _STILL * gaps)
    start = _densest(ordered[len(ordered) // 4 : -len(ordered) // 4], _STILL * width)
    reach = 8 * width
    while True:
        near = ordered[np.abs(ordered - start) <= reach] - start
        pixel = np.rint(near / width)
        fits = np.abs(near - pixel * width) < _LOOSE * width
        if not fits.any() or np.ptp(pixel[fits]) == 0:
            return None
        width, offset = (float(value) for value in np.polyfit(pixel[fits], near[fits], 1))
        start += offset
        if not width > 0:
            return None
        if len(near) == len(ordered):
            return width, start
        reach *= 3


def _densest(ordered: np.ndarray, span: np.ndarray | float) -> float:
    """The middle of where ascending values (M,) are densest, within spans as wide as told."""
    last = np.searchsorted(ordered, ordered + span, side="right")
    first = int(np.argmax(last - np.arange(len(ordered))))
    return float(ordered[(first + last[first] - 1) // 2])


def _falls(pixel: np.ndarray) -> bool:
    """Whether pixels mostly go down from point to point, where they go one step."""
    steps = np.diff(pixel)
    return bool(np.count_nonzero(steps == -1) > np.count_nonzero(steps == 1))


def _in_order(key: np.ndarray) -> np.ndarray:
    """Which of the pixels (M,), counted row by row, are in ascending order; a single one out of it is left out."""
    before, after = np.concatenate([[-1], key[:-1]]), np.concatenate([key[1:], [key.max() + 1]])
    kept = ~((before < after) & ((key <= before) | (key >= after)))
    kept[kept] = key[kept] > np.maximum.accumulate(np.concatenate([[key.min() - 1], key[kept][:-1]]))
    return kept


def _row_length(place: np.ndarray, column: np.ndarray, row: np.ndarray, count: int) -> tuple[int, int]:
    """Points in a row of an image all of whose pixels are in the file, and the place of pixel (0, 0); 0 if not."""
    next_row = np.flatnonzero(np.diff(row) == 1)
    if not len(next_row):
        return 0, 0
    width = int(np.median(np.diff(place)[next_row] - np.diff(column)[next_row]))
    if width < 2 or count % width:
        return 0, 0
    shifts = place - row * width - column
    shift = int(np.median(shifts))
    return (width, shift) if np.mean(shifts == shift) >= _NEARLY_ALL else (0, 0)
