"""Depth images of a room as public drivers turn them into organised clouds: a seed decides every byte."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.simulator.draws import Draws

DRIVERS = ("counts first", "depth first", "ray first", "quotient", "double")
"""Ways to compute a point; see `lizip.sensor.stages.pinhole`."""

_BASELINE = 0.075
_STEPS = 8.0
"""Of a disparity, a pixel."""


class DepthImage(NamedTuple):
    """What a depth camera saw.

    Attributes
    ----------
    counts : (H, W) int64
        Depths in units, 0 = none.
    centre, focal : float
        Of columns, pixels; rows have their own centre, H / 2.
    """

    counts: np.ndarray
    centre: float
    focal: float

    def points(self, driver: str, unit: int = 1000, rows: bool = True) -> np.ndarray:
        """Points (H * W, 3) float32, x right, y down, z forward; NaN without a depth; by columns if not `rows`."""
        height, width = self.counts.shape
        centres = np.float64(self.centre), height / 2 - 0.5
        row, column = (each.ravel() for each in np.indices((height, width)))
        counts = self.counts.ravel()
        single = counts.astype(np.float32)
        depth = single * np.float32(1 / unit) if driver == "counts first" else (counts / unit).astype(np.float32)
        out = np.empty((counts.size, 3), np.float32)
        for axis, pixel in enumerate((column, row)):
            away = pixel.astype(np.float32) - np.float32(centres[axis])
            if driver == "counts first":
                out[:, axis] = away * single * np.float32(1 / (unit * self.focal))
            elif driver == "depth first":
                out[:, axis] = away * depth * np.float32(1 / self.focal)
            elif driver == "ray first":
                out[:, axis] = away * np.float32(1 / self.focal) * depth
            elif driver == "quotient":
                out[:, axis] = away * depth / np.float32(self.focal)
            else:
                out[:, axis] = (pixel - centres[axis]) * (counts / unit) / self.focal
        out[:, 2] = depth
        out[counts == 0] = np.nan
        return out if rows else out.reshape(height, width, 3).swapaxes(0, 1).reshape(-1, 3)


def depth_image(
    seed: int, *, width: int = 160, height: int = 120, unit: int = 1000, missing: float = 0.05, raw: bool = False
) -> DepthImage:
    """Look into a room with some spheres, through a camera that measures disparities in eighths of a pixel.

    Parameters
    ----------
    seed : int
    width, height : int
        Of the image, pixels.
    unit : int
        Units of depth a metre.
    missing : float
        Share of pixels without a depth, besides a strip at the left edge and the rims of things.
    raw : bool
        Depths as a time of flight camera has them: every unit occurs.
    """
    draw = Draws(seed, "depth image")
    focal = float(np.round(draw.uniform(0.7, 1.1) * width, int(draw.uniform(0, 7))))
    centre = float(np.round(width / 2 - 0.5 + draw.normal() * 0.01 * width, int(draw.uniform(0, 7))))
    row, column = np.indices((height, width))
    x, y = (column - centre) / focal, (row - height / 2 + 0.5) / focal
    with np.errstate(divide="ignore"):
        depth = np.minimum(3.8, np.where(y > 0, 1.1 / y, np.inf))
        depth = np.minimum(depth, np.where(x < 0, -1.7 / x, np.inf))
    for _ in range(8):
        ball = np.array([draw.uniform(-1.2, 1.2), draw.uniform(-0.6, 0.9), draw.uniform(1, 3.2)])
        a, b = x * x + y * y + 1, x * ball[0] + y * ball[1] + ball[2]
        inside = b * b - a * (ball @ ball - draw.uniform(0.08, 0.4) ** 2)
        near = np.where(inside > 0, (b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)
        depth = np.where((near > 0.3) & (near < depth), near, depth)
    noise = draw.normal(size=(height, width))
    disparity = focal * _BASELINE / depth + noise * 0.08
    if not raw:
        disparity = np.rint(disparity * _STEPS) / _STEPS
    counts = np.rint(focal * _BASELINE / np.maximum(disparity, 0.05) * unit).astype(np.int64)
    rims = np.abs(np.diff(depth, axis=1, prepend=depth[:, :1])) > 0.2
    counts[rims | (draw.uniform(size=(height, width)) < missing)] = 0
    counts[:, : width // 40] = 0
    return DepthImage(counts, centre, focal)
