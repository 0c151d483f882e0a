"""Which laser and which firing each return is of. Encoder only.

The order of the lasers decides: a firing ends where the next laser is not a later one. The azimuth, trusted only as far
as the sensor's position is known, counts the firings between two that were seen, and splits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, TURN
from lizip.jit import kernel
from lizip.sensor.fit.chunked.elevations import elevations_of
from lizip.sensor.fit.chunked.headings import headings
from lizip.sensor.stages.slots import Lasers

STEP = 0.199066 * DEGREE
"""Radians a firing at ten turns a second."""

_NEAREST = 1.0
BACK = 0.1
"""From firing to firing the azimuth grows, over gaps too, or falls by less than so much (turns)."""


class Firings(NamedTuple):
    """Returns told apart.

    Attributes
    ----------
    laser, firing : (N,) int64
        Firings count from 0; those of returns that are not `known` are the ones before.
    known : (N,) bool
        Whether laser and firing are believed.
    distance : (N,) float64
        Metres from the sensor.
    heading : (F,) float64
        Azimuth (rad) of the head at each firing: what a laser without offset would point to.
    seen : (F,) bool
        Firings that have returns.
    """

    laser: np.ndarray
    firing: np.ndarray
    known: np.ndarray
    distance: np.ndarray
    heading: np.ndarray
    seen: np.ndarray


def rest_angles(lasers: Lasers, upside_down: bool, step: float = STEP) -> np.ndarray:
    """How far (rad) a laser points beside the head's azimuth at the start of its firing, (L,), by firing order."""
    offset = lasers.offset * DEGREE
    gone = lasers.slot * (step * lasers.slot_time / lasers.firing_time)
    return (offset if upside_down else -offset) - gone


@kernel
def _nearest_lasers(points, table, order, laser, away, distance):
    """Fill laser (N,), by how much (rad) a point is away from its elevation, and its distance."""
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        rho = np.sqrt(x * x + y * y)
        distance[i] = np.sqrt(rho * rho + z * z) + 1e-9
        sine = z / distance[i]
        low = np.int64(0)
        high = np.int64(order.size - 1)
        while low < high:  # table: sines halfway between neighbours
            middle = (low + high) >> 1
            if sine > table[middle, 0]:
                low = middle + 1
            else:
                high = middle
        laser[i] = order[low]
        away[i] = (sine - table[low, 1]) / table[low, 2]


@kernel
def _group(azimuth, laser, distance, good, step, sure, firing):
    """Number the firings (-1: unknown); `sure` is how well (m) the sensor's position is known."""
    count = azimuth.size
    f = np.int64(0)
    started = False
    before = 0.0
    before_weight = 1.0
    j = np.int64(0)
    while j < count:
        if not good[j]:
            j += 1
            continue
        k = j
        last = np.int64(-1)
        total = 0.0
        weight = 0.0
        while k < count:
            if good[k]:
                if laser[k] <= last:
                    break
                d = azimuth[k] - azimuth[j]
                d -= TURN * np.rint(d / TURN)
                allowed = 0.7 * step + sure / distance[k]
                allowed += sure / np.sqrt(weight / (k - j)) if weight > 0.0 else sure / distance[j]
                if last >= 0 and d - (total / weight if weight > 0.0 else 0.0) > allowed:
                    break
                last = laser[k]
                square = distance[k] * distance[k]
                total += square * d
                weight += square
            k += 1
        mean = azimuth[j] + total / weight
        if started:
            d = mean - before
            d -= TURN * np.floor(d / TURN + BACK)
            steps = np.int64(np.rint(d / step))
            error = (sure / np.sqrt(weight / (k - j)) + sure / np.sqrt(before_weight)) / step
            if steps < 1 or (steps == 2 and d / step < 1.5 + min(0.45, error)):
                if d < 0.2 * step and error < 0.3 and k - j <= 2:  # a laser misread
                    j = k
                    continue
                steps = np.int64(1)
            f += steps
        started = True
        for i in range(j, k):
            if good[i]:
                firing[i] = f
        before = mean
        before_weight = weight / (k - j)
        j = k
    return f + 1


@kernel
def _means(points, laser, distance, rest, firing, sums):
    """Add up directions (F, 2) of the head, weighted by distance."""
    for i in range(firing.size):
        if firing[i] >= 0:
            rho = np.sqrt(points[i, 0] * points[i, 0] + points[i, 1] * points[i, 1]) + 1e-9
            x, y = points[i, 0] / rho, points[i, 1] / rho
            c, s = rest[laser[i], 0], rest[laser[i], 1]
            sums[firing[i], 0] += distance[i] * (x * c + y * s)
            sums[firing[i], 1] += distance[i] * (y * c - x * s)


@kernel
def _fill(firing, known):
    last = np.int64(0)
    for i in range(firing.size):
        known[i] = firing[i] >= 0
        if known[i]:
            last = firing[i]
        firing[i] = last


def _told_lasers(points: np.ndarray, lasers: Lasers, upside_down: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Laser, distance from its elevation (rad) and range (m) of points (N, 3) about the sensor."""
    elevation = elevations_of(lasers, upside_down)
    order = np.argsort(elevation)
    sine, cosine = np.sin(elevation[order]), np.cos(elevation[order])
    table = np.stack([np.append((sine[1:] + sine[:-1]) / 2, 2.0), sine, cosine], axis=1)
    laser, away, distance = np.empty(len(points), np.int64), np.empty(len(points)), np.empty(len(points))
    _nearest_lasers(points, table, order, laser, away, distance)
    return laser, away, distance


def away_from_lasers(points: np.ndarray, lasers: Lasers, upside_down: bool) -> np.ndarray:
    """How far (rad) points (N, 3) about the sensor are from the nearest laser's elevation."""
    return _told_lasers(points, lasers, upside_down)[1]


def find_firings(points: np.ndarray, lasers: Lasers, upside_down: bool, sure: float, cap: float) -> Firings:
    """Tell lasers and firings of points (N, 3) float64 about the sensor, in its axes.

    The sensor's position is known to `sure` m; a point may be `cap` degrees from a laser's elevation.
    """
    count = len(points)
    laser, away, distance = _told_lasers(points, lasers, upside_down)
    rest = rest_angles(lasers, upside_down)
    azimuth = rest[laser] - headings(points)
    firing = np.full(count, -1, np.int64)
    good = (np.abs(away) < cap * DEGREE) & (distance > _NEAREST)
    firings = int(_group(azimuth, laser, distance, good, STEP, sure, firing))
    sums, known = np.zeros((firings, 3)), np.zeros(count, np.bool_)
    _means(points, laser, distance, np.stack([np.cos(rest), np.sin(rest)], axis=1), firing, sums)
    _fill(firing, known)
    return Firings(laser, firing, known, distance, headings(sums), (sums != 0.0).any(axis=1))
