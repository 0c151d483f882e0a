"""A picture alone: points from above, and the range image, by range and by bits."""

from __future__ import annotations

import numpy as np

from lizip.report.colours import channel_of
from lizip.report.drawn import image_of, view_of
from lizip.report.scene import Scene

_GROUND = np.array([13, 17, 23], np.uint8)
_WIDTH, _MARGIN, _RING = 1600, 24, 3


def picture(scene: Scene, is_sweep: bool) -> np.ndarray | None:
    """An image (H, W, 3) uint8: two views from above beside each other, the range image below each other."""
    there = np.flatnonzero(np.isfinite(scene.xyz).all(axis=1))
    if not len(there):
        return None
    first = "range" if "range" in scene.numbers else "height"
    keys = [first, "bits" if "bits" in scene.numbers else "height"]
    colours = [channel_of(key, scene.numbers[key][there]).colours() for key in keys]
    side = (_WIDTH - 3 * _MARGIN) // 2
    above = [_above(scene.xyz[there], colour, side, is_sweep) for colour in colours]
    index = image_of(scene, there)
    rows = [_beside(above)]
    if index is not None:
        rows += [_framed(_image(index, colour)) for colour in colours]
    gap = np.broadcast_to(_GROUND, (_MARGIN, _WIDTH, 3))
    return np.concatenate([gap, *(part for row in rows for part in (row, gap))])


def _above(xyz: np.ndarray, colours: np.ndarray, side: int, is_sweep: bool) -> np.ndarray:
    """Points on a square, the higher ones over the lower."""
    view = view_of(xyz, is_sweep)
    scale = side / view.span.max()
    order = np.argsort(xyz[:, 2], kind="stable")
    across = np.floor(side / 2 + (xyz[order, 0] - view.centre[0]) * scale).astype(np.int64)
    down = np.floor(side / 2 - (xyz[order, 1] - view.centre[1]) * scale).astype(np.int64)
    square = np.broadcast_to(_GROUND, (side, side, 3)).copy()
    for right, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        inside = (across + right >= 0) & (across + right < side) & (down + below >= 0) & (down + below < side)
        square[down[inside] + below, across[inside] + right] = colours[order[inside]]
    return square


def _beside(squares: list[np.ndarray]) -> np.ndarray:
    row = np.broadcast_to(_GROUND, (len(squares[0]), _WIDTH, 3)).copy()
    for place, square in enumerate(squares):
        start = _MARGIN + place * (square.shape[1] + _MARGIN)
        row[:, start : start + square.shape[1]] = square
    return row


def _image(index: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The range image, as wide as there is room, each ring some pixels high."""
    width = _WIDTH - 2 * _MARGIN
    columns = np.arange(width) * index.shape[1] // width
    cells = np.concatenate([_GROUND[None], colours])[index[:, columns]]
    return np.repeat(cells, max(_RING, 96 // len(index)), axis=0)


def _framed(image: np.ndarray) -> np.ndarray:
    row = np.broadcast_to(_GROUND, (len(image), _WIDTH, 3)).copy()
    row[:, _MARGIN : _MARGIN + image.shape[1]] = image
    return row
