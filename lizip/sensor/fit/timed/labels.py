"""Which laser fired each point, and in which block: the cheapest way through the order of the file. Encoder only.

In a block lasers come from the top down. At first elevations are known to some hundredths of a degree; what then tells
neighbouring lasers apart is how far azimuths go from point to point.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN, arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.timed.law import Law
from lizip.sensor.fit.timed.sensor import Sensor
from lizip.sensor.stages.euler_track import segment_of

_WORST = 1e9
_DEAREST = 12.0
_MOST_BLOCKS = 40
_FAR = 40.0
_BEFORE, _AGREED = 0.1 * TURN, 64
"""So far behind (rad) a point may be; and so many points in a row that agree show that there was a gap."""


class Rays(NamedTuple):
    """Points as the sensor sees them, each (M,) float64: azimuth (clockwise), elevation (rad), range (m)."""

    azimuth: np.ndarray
    elevation: np.ndarray
    range: np.ndarray


class Labels(NamedTuple):
    """Laser (from the bottom up) and block of each point, (M,) int64."""

    ring: np.ndarray
    block: np.ndarray


@kernel
def _view(times, turns, places, when, stored, azimuth, elevation, distance):
    """Fill rays (M,) of stored points (M, 3), with turns and places linear between knots, which is near enough."""
    k = np.int64(0)
    for i in range(when.size):
        k = segment_of(times, when[i], k)
        part = (when[i] - times[k]) / (times[k + 1] - times[k])
        d0 = stored[i, 0] - places[k, 0] - part * (places[k + 1, 0] - places[k, 0])
        d1 = stored[i, 1] - places[k, 1] - part * (places[k + 1, 1] - places[k, 1])
        d2 = stored[i, 2] - places[k, 2] - part * (places[k + 1, 2] - places[k, 2])
        x = 0.0
        y = 0.0
        z = 0.0
        for side in range(2):
            share = part if side == 1 else 1.0 - part
            turn = turns[k + side]
            x += share * (turn[0, 0] * d0 + turn[1, 0] * d1 + turn[2, 0] * d2)
            y += share * (turn[0, 1] * d0 + turn[1, 1] * d1 + turn[2, 1] * d2)
            z += share * (turn[0, 2] * d0 + turn[1, 2] * d1 + turn[2, 2] * d2)
        flat = np.sqrt(x * x + y * y)
        azimuth[i] = arctangent2(-y, x)
        elevation[i] = arctangent2(z, flat)
        distance[i] = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2)


def rays_of(law: Law, times: np.ndarray, stored: np.ndarray) -> Rays:
    """How the sensor sees stored points (M, 3) at times (M,)."""
    rays = Rays(*(np.empty(len(times)) for _ in range(3)))
    _view(law.times, law.turns, law.places, times, stored, *rays)
    return rays


@kernel
def _range_of_rings(elevation, e, tolerance):
    """First ring within `tolerance` of elevation e, and the one behind the last."""
    low = np.int64(0)
    while low < elevation.size and elevation[low] < e - tolerance:
        low += 1
    high = low
    while high < elevation.size and elevation[high] <= e + tolerance:
        high += 1
    return low, high


@kernel
def _cheapest(rays, tables, step, tolerance, near, cost, back, ring):
    """Find rings (M,) that agree best with elevations and with how azimuths go on; see `follow`.

    `cost` (2, R) and `back` (M, R) int8 are scratch; -2 there: no such ring, -1: a way begins.
    """
    azimuth, elevation, distance = rays
    rise, offset = tables
    count = azimuth.size
    for i in range(count):
        here = i & 1
        low, high = _range_of_rings(rise, elevation[i], tolerance)
        least = _WORST
        for c in range(rise.size):
            cost[here, c] = _WORST
            back[i, c] = -2
        if low == high:
            # nothing fits: the way goes on from here anew
            for c in range(rise.size):
                cost[here, c] = cost[1 - here, c] if i > 0 else 0.0
                back[i, c] = -3
            continue
        slack = near + 0.006 / max(distance[i], 1.0)
        turned = azimuth[i] - azimuth[i - 1] if i > 0 else 0.0
        turned -= TURN * np.rint(turned / TURN)
        for c in range(low, high):
            best = _DEAREST
            arg = np.int64(-1)
            for d in range(rise.size):
                if i == 0 or cost[1 - here, d] >= best:
                    continue
                x = turned - (offset[c] - offset[d])
                blocks = np.rint(x / step)
                blocks = min(max(blocks, 0.0 if c < d else 1.0), _MOST_BLOCKS)
                way = cost[1 - here, d] + min(abs(x - blocks * step) / slack, _DEAREST) + 0.5 * min(blocks, 8.0)
                if way < best or (arg < 0 and way < _WORST):
                    best = way
                    arg = np.int64(d)
            cost[here, c] = best + abs(elevation[i] - rise[c]) / (0.25 * tolerance)
            back[i, c] = arg
            least = min(least, cost[here, c])
        for c in range(low, high):
            cost[here, c] -= least
    at = np.int64(0)
    last = (count - 1) & 1
    for d in range(rise.size):
        if cost[last, d] < cost[last, at]:
            at = np.int64(d)
    for i in range(count - 1, -1, -1):
        if back[i, at] == -3:
            ring[i] = -1
            continue
        ring[i] = at
        if back[i, at] >= 0:
            at = np.int64(back[i, at])
        elif i > 0:
            # the way begins here: the cheapest of what was before is not kept, any will do
            for d in range(rise.size):
                if back[i - 1, d] > -2:
                    at = np.int64(d)


def follow(rays: Rays, sensor: Sensor, tolerance: float, near: float) -> np.ndarray:
    """Rings (M,) int64 of successive points, -1 where none is near.

    `tolerance` (rad) is how far elevations may be off, `near` how far steps of azimuths may.
    """
    rings = len(sensor.elevation)
    ring = np.empty(len(rays.range), np.int64)
    cost, back = np.zeros((2, rings)), np.empty((len(ring), rings), np.int8)
    tables = sensor.elevation, sensor.offset
    _cheapest(tuple(rays), tables, sensor.step, tolerance, near, cost, back, ring)
    return ring


@kernel
def _going_on(x, last, ahead, agreed, step):
    """The azimuth x, some turns further: it goes on from the `last`, or is a little before. Returns also the next last.

    A point whose ring is wrong must not drag the turn along: behind a gap, many points have to agree (`ahead`, and how
    many have `agreed`).
    """
    x -= TURN * np.floor((x - last + _BEFORE) / TURN)
    agreed = agreed + 1 if abs(x - ahead) < 60.0 * step else np.int64(0)
    if abs(x - last) < 60.0 * step or agreed > _AGREED:
        last = max(x, last)
    return x, last, x, agreed


@kernel
def _unwind(azimuth, ring, offset, step, phase, block):
    """Fill block (M,) of points with rings: azimuths that go on from turn to turn, in steps from `phase`."""
    last = ahead = 0.0
    agreed = np.int64(0)
    for i in range(azimuth.size):
        if ring[i] < 0:
            block[i] = -1
            continue
        x, last, ahead, agreed = _going_on(azimuth[i] - offset[ring[i]] - phase, last, ahead, agreed, step)
        block[i] = np.int64(np.rint(x / step))


def unwind(rays: Rays, ring: np.ndarray, sensor: Sensor, phase: float) -> np.ndarray:
    """Blocks (M,) int64 of points with rings, counted from that at azimuth `phase`; -1 of the others."""
    block = np.empty(len(ring), np.int64)
    _unwind(rays.azimuth, ring, sensor.offset, sensor.step, phase, block)
    return block


def phase_of(rays: Rays, ring: np.ndarray, sensor: Sensor) -> tuple[float, float]:
    """Azimuth of blocks modulo a step, rad, and how well points agree on it, 0 to 1."""
    good = np.flatnonzero(ring >= 0)
    angle = (rays.azimuth[good] - sensor.offset[ring[good]]) * (TURN / sensor.step)
    # where the sensor is not known to the centimetre, far points tell
    square = rays.range[good] ** 2
    weight = square / (square + _FAR * _FAR)
    whole = max(float(weight.sum()), 1e-9)
    sine, cosine = (np.sin(angle) * weight).sum() / whole, (np.cos(angle) * weight).sum() / whole
    return arctangent2(sine, cosine) / TURN * sensor.step, float(np.sqrt(sine * sine + cosine * cosine))


@kernel
def _nearest(rays, tables, step, phase, tolerance, start, order):
    """Fill order (M,) with 64 blocks + place: of the ring, and block, that a point is nearest to; -1: none is near."""
    azimuth, elevation, _ = rays
    rise, offset = tables
    last = ahead = start
    agreed = np.int64(0)
    rings = rise.size
    for i in range(azimuth.size):
        low, high = _range_of_rings(rise, elevation[i], tolerance)
        least = _WORST
        order[i] = -1
        for c in range(low, high):
            x = _going_on(azimuth[i] - offset[c] - phase, last, ahead, agreed, step)[0]
            block = np.rint(x / step)
            off = abs(x - block * step) + abs(elevation[i] - rise[c])
            if off < least and abs(x - block * step) < tolerance:
                least = off
                order[i] = np.int64(block) * rings + (rings - 1 - c)
                here = x
        if order[i] >= 0:
            _, last, ahead, agreed = _going_on(here, last, ahead, agreed, step)


def nearest(rays: Rays, sensor: Sensor, phase: float, tolerance: float) -> Labels:
    """Rings and blocks of all points by their rays alone, once those are known well; -1 where none is near.

    What breaks the order in which lasers fire has none.
    """
    order = np.empty(len(rays.range), np.int64)
    _nearest(tuple(rays), (sensor.elevation, sensor.offset), sensor.step, phase, tolerance, 0.0, order)
    good = np.flatnonzero(order >= 0)
    good = good[keep_ascending(order[good])]
    rings = len(sensor.elevation)
    labels = Labels(np.full(len(order), -1), np.full(len(order), -1))
    labels.block[good], place = np.divmod(order[good], rings)
    labels.ring[good] = rings - 1 - place
    return labels
