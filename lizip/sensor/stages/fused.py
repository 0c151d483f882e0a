"""A float32 matrix and shift applied to float32 points as a compiler contracts m0 x + m1 y + m2 z + t.

    X = fma(m2, z, fma(m0, x, m1 y)) + t

A pose is known to a small part of a float32's last place. Where one of its numbers is next to the tie between two
float32, which of them it became is not known from the pose: such flips are written, for all returns that share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import code_bit, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.jit import kernel
from lizip.packed import Packed, rest

if TYPE_CHECKING:
    from lizip.entropy.coder import Coder
    from lizip.sensor.returns import Returns

_CLASSES = 14
_LIMIT = 250
_NUMBERS = 4
"""Of an axis: three of the matrix and the shift."""

_CLOSE = 0.2
"""Numbers further from a tie than this, in units of the last place, never flip."""

_PRICE = 1.0
"""Coordinates that a flip must bring right more than it spoils."""


@kernel
def fused(a, b, c):
    """Fused a b + c of float32: one rounding, whatever the machine has.

    The product is exact in float64, its sum with c may be rounded. Where that leaves it on the tie between two float32,
    as far beyond the one as before the other, what was lost tells which is right (Knuth's two-sum gives it exactly).
    """
    product = np.float64(a) * np.float64(b)
    addend = np.float64(c)
    total = product + addend
    rounded = np.float32(total)
    back = total - product
    lost = (product - (total - back)) + (addend - back)
    away = total - np.float64(rounded)
    if lost != 0.0 and away != 0.0 and (lost > 0.0) == (away > 0.0):
        other = np.float32(total + away)
        if np.float64(other) == total + away:
            return other
    return rounded


@kernel
def moved_by(m0, m1, m2, t, x, y, z):
    """One coordinate of a point, and the sum before the last rounding."""
    turned = fused(m2, z, fused(m0, x, np.float32(m1 * y)))
    return turned + t, np.float64(turned) + np.float64(t)


@kernel
def transform(points, poses, group, out, whole):
    """Move points (N, 3) by the poses of their groups: stored coordinates, and the sums before the last rounding."""
    for i in range(points.shape[0]):
        for a in range(3):
            m = poses[group[i], a]
            out[i, a], whole[i, a] = moved_by(m[0], m[1], m[2], m[3], points[i, 0], points[i, 1], points[i, 2])


def cast_poses(turns: np.ndarray, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poses (G, 3, 4) as float32, the float32 on the other side of the tie, and how far that is (units of the last)."""
    exact = np.concatenate([turns, shifts[:, :, None]], axis=2)
    cast = exact.astype(np.float32)
    away = exact - cast.astype(np.float64)
    other = np.nextafter(cast, np.where(away > 0, np.float32(np.inf), np.float32(-np.inf)))
    near = 0.5 - np.abs(away) / np.spacing(np.abs(cast)).astype(np.float64)
    return cast, other, np.clip(near, 0.0, 0.5)


@kernel
def _code_flips(coder, counters, near, flips):
    """Code flips (G, 3, 4) uint8: whether there is one on an axis, then which."""
    for g in range(near.shape[0]):
        for a in range(3):
            nearest = 0.5
            wanted = np.int64(0)
            for k in range(near.shape[2]):
                nearest = min(nearest, near[g, a, k])
                wanted |= np.int64(flips[g, a, k])
            if nearest >= _CLOSE:
                continue
            context = np.int64(nearest * (2 * _CLASSES))
            before = np.int64(0)
            if g > 0:
                for k in range(near.shape[2]):
                    before |= np.int64(flips[g - 1, a, k])
            if not code_bit(coder, counters, (a * 2 + before) * _CLASSES + context, _LIMIT, wanted):
                continue
            for k in range(near.shape[2]):
                if near[g, a, k] < _CLOSE:
                    context = np.int64(near[g, a, k] * (2 * _CLASSES))
                    index = (6 + k) * _CLASSES + context
                    flips[g, a, k] = code_bit(coder, counters, index, _LIMIT, np.int64(flips[g, a, k]))


def _code(coder: Coder, near: np.ndarray, flips: np.ndarray) -> None:
    _code_flips(coder, fresh_counters((6 + _NUMBERS) * _CLASSES), near, flips)


@kernel
def _right(points, m, actual, first, last, axis):
    """How many returns come out right on an axis."""
    count = 0
    for i in range(first, last):
        moved, _ = moved_by(m[0], m[1], m[2], m[3], points[i, 0], points[i, 1], points[i, 2])
        count += moved == actual[i, axis]
    return count


@kernel
def _find_flips(points, group, actual, cast, other, near, flips, m):
    """Fill flips (G, 3, 4): of those near a tie, the ones under which most coordinates are right."""
    first = np.int64(0)
    while first < group.size:
        g = group[first]
        last = first
        while last < group.size and group[last] == g:
            last += 1
        for a in range(3):
            for k in range(4):
                m[k] = cast[g, a, k]
            most = np.float64(_right(points, m, actual, first, last, a))
            if most == last - first:
                continue
            best = 0
            for trial in range(1, 1 << 4):
                allowed = True
                price = 0.0
                for k in range(4):
                    flip = trial >> k & 1
                    allowed = allowed and (not flip or near[g, a, k] < _CLOSE)
                    price += _PRICE * flip
                    m[k] = other[g, a, k] if flip else cast[g, a, k]
                if allowed:
                    right = _right(points, m, actual, first, last, a) - price
                    if right > most:
                        most = right
                        best = trial
            for k in range(4):
                flips[g, a, k] = best >> k & 1
        first = last


def find_flips(
    points: np.ndarray, group: np.ndarray, actual: np.ndarray, poses: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """Flips (G, 3, 4) uint8 of poses (see `cast_poses`) under which points (N, 3) come nearest to the stored ones."""
    cast, other, near = poses
    flips = np.zeros(near.shape, np.uint8)
    _find_flips(points, group, actual, cast, other, near, flips, np.zeros(4, np.float32))
    return flips


@dataclass(frozen=True)
class Fused(Packed):
    """Points of the sensor's frame through the poses of their groups, in float32.

    Attributes
    ----------
    flips : bytes
        Numbers of poses that became the float32 on the other side of a tie, coded; empty: none.
    """

    flips: bytes = rest(default=b"")

    @classmethod
    def of(cls, returns: Returns, actual: np.ndarray) -> Fused:
        """Find the flips under which posed returns come nearest to the stored coordinates (M, 3) float32."""
        poses = cast_poses(returns.turns, returns.shifts)
        flips = find_flips(returns.points, returns.group, actual, poses)
        if not flips.any():
            return cls()
        return cls(encode_stream(_code, poses[2], flips))

    def apply(self, returns: Returns) -> None:
        """Move the points, which are float32 then and there."""
        returns.need("points", "turns", "shifts", "group")
        cast, other, near = cast_poses(returns.turns, returns.shifts)
        if self.flips:
            flips = np.zeros(near.shape, np.uint8)
            decode_stream(self.flips, _code, near, flips)
            cast = np.where(flips, other, cast)
        points = np.ascontiguousarray(returns.points, np.float32)
        out, whole = np.empty(points.shape, np.float32), np.empty(points.shape)
        transform(points, np.ascontiguousarray(cast), returns.group, out, whole)
        returns.rounded = returns.xyz = out
        returns.points = whole
        returns.fraction = (whole - out) / np.spacing(np.abs(out)).astype(np.float64)
