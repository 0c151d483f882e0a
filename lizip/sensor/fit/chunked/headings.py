"""Azimuths of points about a sensor, and how far it had turned at each. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import TURN, arctangent2
from lizip.jit import kernel

_BLOCK, _BACK = 64, 0.1
_FAR = 20.0
"""Metres from which on a point tells the heading fully."""


@kernel
def azimuths_of(points, out):
    """Fill out (N,) with the azimuths (rad) of points (N, 3)."""
    for i in range(points.shape[0]):
        out[i] = arctangent2(points[i, 1], points[i, 0])


def headings(points: np.ndarray) -> np.ndarray:
    """Azimuths (N,) in radians of points (N, 3)."""
    out = np.empty(len(points))
    azimuths_of(points, out)
    return out


def block_headings(points: np.ndarray, block: int = _BLOCK, back: float = 0.5) -> np.ndarray:
    """Mean headings (M,) in radians of blocks of points (N, 3) about the sensor, unwrapped.

    They fall; from one to the next they rise by so much of a turn at most (`back`).
    """
    rho = np.sqrt(points[:, 0] ** 2 + points[:, 1] ** 2) + 1e-9
    count = len(points) // block
    flat = (
        (points[: count * block, :2] * np.minimum(1.0, _FAR / rho[: count * block, None]))
        .reshape(count, block, 2)
        .sum(axis=1)
    )
    heading = headings(np.concatenate([flat, np.zeros((count, 1))], axis=1))
    step = np.diff(heading)
    return heading + np.concatenate([[0.0], -np.cumsum(np.ceil(step / TURN - back)) * TURN])


def turns_of(points: np.ndarray) -> np.ndarray:
    """Part of a turn gone by at each of points (N, 3) about the sensor, 0 at the first."""
    heading = -block_headings(points, back=_BACK)
    middle = (np.arange(len(heading)) + 0.5) * _BLOCK
    i = np.arange(len(points))
    turn = np.interp(i, middle, heading)
    first, last = (heading[1] - heading[0]) / _BLOCK, (heading[-1] - heading[-2]) / _BLOCK
    turn = np.where(i < middle[0], heading[0] + first * (i - middle[0]), turn)
    turn = np.where(i > middle[-1], heading[-1] + last * (i - middle[-1]), turn)
    return (turn - turn[0]) / TURN
