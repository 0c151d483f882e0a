"""Where a sensor is by the planes of its firings: each is a half plane through the axis. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import multiply, principal_axes, solve_definite
from lizip.sensor.fit.motion.firing import Sensor
from lizip.sensor.fit.motion.heading import NEAREST, Fired, Guess

_PLANES, _FIRST, _FLAT, _WIDTH, _ASLANT = 96, 12, 0.02, 1e-3, 0.05
"""Planes that are looked at, at first and in all; how thick they may be, as a share of their width squared; how wide
they are; and how far from upright."""
_LEAST_FIRINGS, _LEAST_POINTS, _SAMPLE = 32, 12, 8000
"""Planes that there must be, points of each, and points that tell which way is up."""


def from_planes(fired: Fired, sensor: Sensor) -> Guess | None:
    """Axis and position by the planes of firings."""
    starts = np.flatnonzero(np.diff(fired.firing, prepend=-1))
    counts = np.diff(np.append(starts, len(fired.firing)))
    chosen = np.flatnonzero(counts >= _LEAST_POINTS)
    chosen = chosen[:: max(1, len(chosen) // _PLANES)]
    if len(chosen) < _LEAST_FIRINGS:
        return None
    # few planes tell whether there are any
    for some in (chosen[:: len(chosen) // _FIRST], chosen):
        normals, middles, times, sharp, thick = _planes(fired, starts[some], counts[some])
        if np.median(thick) > _FLAT or np.median(sharp) < _WIDTH:
            return None
    # planes that are well told by points that do not lie on one line
    weight = np.minimum(sharp / np.median(sharp), 1.0) ** 2
    weighted = normals * weight[:, None]
    values, vectors = principal_axes(multiply(weighted.T, weighted))
    axis = vectors[int(np.argmin(values))]
    if np.median(np.abs(multiply(normals, axis[:, None]))) > _ASLANT:
        return None
    rates = np.concatenate(
        [normals, normals * (times / 0.05)[:, None], 1e-3 * np.tile(axis, (len(normals), 1))], axis=1
    )
    right = (normals * middles).sum(axis=1)
    used = weight
    unknown = np.zeros(6)
    for _ in range(8):
        rows = rates[:, :6] * used[:, None]
        normal = multiply(rows.T, rows) + 1e-4 * np.eye(6)
        unknown = solve_definite(normal, multiply(rows.T, (right * used)[:, None])[:, 0])
        miss = np.abs(right - multiply(rates[:, :6], unknown[:, None])[:, 0])
        used = weight / (1.0 + (miss / (2 * np.median(miss) + 1e-3)) ** 2)
    place, velocity = unknown[:3], unknown[3:] / 0.05
    return _upwards(fired, Guess(axis, place, velocity), sensor)


def _planes(fired: Fired, starts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Normals (K, 3), middles (K, 3) and times (K,) of runs of points; how wide and how thick (K,) they are."""
    rows = []
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        points = fired.points[start : start + count]
        middle = points[count // 2]
        away = points - middle
        away /= (np.sqrt((away * away).sum(axis=1)) + 1.0)[:, None]
        values, vectors = principal_axes(multiply(away.T, away) / count)
        order = np.argsort(values)
        width = max(values[order[1]], 0.0)
        thick = values[order[0]] / (width + 1e-12)
        rows.append([*vectors[order[0]], *middle, fired.time[start], np.sqrt(width), thick])
    table = np.array(rows)
    return table[:, :3], table[:, 3:6], table[:, 6], table[:, 7], table[:, 8]


def _upwards(fired: Fired, guess: Guess, sensor: Sensor) -> Guess | None:
    """Turn the axis upwards and put the position where the elevations fit."""
    step = max(1, len(fired.points) // _SAMPLE)
    tangent = sensor.sin_elevation.astype(np.float64) / sensor.cos_elevation.astype(np.float64)
    tangent = tangent[fired.ring[::step]]
    away = fired.points[::step] - guess.place - guess.velocity * fired.time[::step, None]
    best = None
    for axis in (guess.axis, -guess.axis):
        height = multiply(away, axis[:, None])[:, 0]
        level = away - height[:, None] * axis
        rho = np.sqrt((level * level).sum(axis=1))
        far = rho > 2 * NEAREST
        if np.count_nonzero(far) < 64:
            continue
        rest = (height - rho * tangent)[far]
        rise = float(np.median(rest))
        spread = float(np.median(np.abs(rest - rise) / rho[far]))
        if best is None or spread < best[0]:
            best = (
                spread,
                Guess(axis, guess.place + rise * axis, guess.velocity - (guess.velocity * axis).sum() * axis),
            )
    return None if best is None else best[1]
