"""How fast a sensor may have gone at the end of a sweep, and the last firing that saw something. Encoder only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lizip.sensor.fit.motion.firing import NEAREST

FARTHER = 2.5
"""Within a turn a sensor stays nearer than this to where it is at the end of it, m."""


def _resting_velocity(points: np.ndarray) -> np.ndarray | None:
    """Velocity (m a firing) at the end of the sweep from no-returns, which all lie at the sensor; None if too few."""
    tail = points[-300:]
    near = (tail * tail).sum(axis=2) < (NEAREST + 0.1) ** 2
    firing, ring = np.nonzero(near)
    if len(np.unique(firing)) < 8:
        return None
    time = (firing - len(tail) + 1).astype(float)
    place = tail[firing, ring]
    weight = np.ones((len(time), 1))
    for _ in range(6):
        total = weight.sum()
        middle = (weight[:, 0] * time).sum() / total
        apart = (time - middle)[:, None]
        centre = (weight * place).sum(axis=0) / total
        velocity = (weight * apart * (place - centre)).sum(axis=0) / (weight * apart * apart).sum()
        off = np.sqrt(((place - centre - apart * velocity) ** 2).sum(axis=1, keepdims=True))
        weight = 1 / np.maximum(1, off / 3e-4) ** 2
    return velocity


def velocities(points: np.ndarray, forward: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Velocities (3,) to try, m a firing, of points (F, R, 3) about the last pose: as no-returns say, if there are any;
    else forwards."""
    resting = _resting_velocity(points)
    if resting is not None:
        yield [resting]
    yield [forward * (v * 46.08e-6) for v in range(-4, 34, 2)]


def last_seen(points: np.ndarray) -> int:
    """One more than the last firing with a point of (F, R, 3) so far off that the sensor was not there."""
    with np.errstate(invalid="ignore"):
        far = ((points * points).sum(axis=2) > FARTHER * FARTHER).any(axis=1)
    return len(far) - int(np.argmax(far[::-1])) if far.any() else len(far)
