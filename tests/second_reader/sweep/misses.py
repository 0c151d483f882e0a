"""From points predicted in the far frame to stored ones: what roundings missed (docs/format/sweep.md, stage 35)."""

from __future__ import annotations

import struct

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes
from second_reader.counters import Counters, bit, integer
from second_reader.mixer import Weights, mixed
from second_reader.sweep.returns import Returns

_MASK = 0x7FFFFFFF
TIES = 40


def _bits(x: float) -> int:
    return struct.unpack("<i", struct.pack("<f", x))[0]


def ordinal(x: float) -> int:
    """Place of the float32 nearest to a number among all float32."""
    bits = _bits(x)
    return bits if bits >= 0 else bits ^ _MASK


def value(place: int) -> float:
    """The float32 at a place."""
    place = min(max(place, -_MASK - 1), _MASK)
    return struct.unpack("<f", struct.pack("<i", place if place >= 0 else place ^ _MASK))[0]


def unit(x: float) -> float:
    """Spacing of float32 numbers, between those at 2**-103 and 2**127."""
    bits = min(max(_bits(x) & 0x7F800000, 0x0C000000), 0x7F000000)
    return struct.unpack("<f", struct.pack("<i", bits))[0] * 2.0**-23


def tie_class(x: float, error: float) -> int:
    """How far a number is from the nearest tie of float32, in expected errors."""
    distance = (0.5 * unit(x) - abs(struct.unpack("<f", struct.pack("<f", x))[0] - x)) / error
    if not 2.0**-10 < distance < 2.0**10:
        return TIES - 1 if distance >= 2.0**10 else 0
    return (struct.unpack("<q", struct.pack("<d", distance))[0] >> 51) - 2 * 1013


class Misses:
    """The models of what was missed."""

    def __init__(self, stream: Stream):
        self.stream = stream
        self.some, self.zero, self.units, self.same = Counters(), Counters(), Counters(), Counters()
        self.some_weights, self.zero_weights = Weights([0.55 / 4] * 4), Weights([0.55 / 3] * 3)
        self.rates, self.lively = [0, 0], [0] * 6
        self.found = self.nearest = 0
        self.tie = [0] * 6

    def is_same(self) -> bool:
        """Whether a further point without a return is where the first of its firing is."""
        return not bit(self.stream, self.same, 0, 255)

    def any(self) -> int:
        """Whether anything was missed of a point whose ties are known."""
        tie = self.tie
        order = sorted(range(6), key=tie.__getitem__)
        self.nearest = which = order[0]
        near, second = tie[order[0]], tie[order[1]]
        contexts = (
            near * 8 + min(second - near, 7),
            (near * 6 + which) * 5 + min((self.rates[1] >> 6).bit_length(), 9) // 2,
            near * 10 + min((self.rates[0] >> 6).bit_length(), 9),
            (min(tie[0], tie[1]) >> 1) * 20 + (tie[2] >> 1),
        )
        places = [k << 20 | context for k, context in enumerate(contexts)]
        sets = self.some_weights[near], self.some_weights[TIES + which]
        some = mixed(self.stream, self.some, places, sets, 250, 15)
        self.lively = [3 * each >> 2 for each in self.lively]
        self.rates[0] += ((some << 16) - self.rates[0]) >> 3
        self.rates[1] += ((some << 16) - self.rates[1]) >> 6
        self.found = 0
        return some

    def units_of(self, which: int, sigma: float, one: float, miss: float) -> int:
        """The integer of a rounding of so large units that moved its number by `miss`."""
        where = which * 48 + _class(sigma, one, miss)
        context = where * 4 + 2 * min(self.found, 1) + (self.nearest == which)
        lively = (self.lively[which] >> 3).bit_length()
        contexts = (
            context,
            (where * 2 + min(self.found, 1)) * 8 + lively,
            ((which * 3 + min(self.found, 2)) * TIES + self.tie[which]) * 2 + (context & 1),
        )
        places = [k << 20 | each for k, each in enumerate(contexts)]
        sets = self.zero_weights[which], self.zero_weights[6 + lively]
        if not mixed(self.stream, self.zero, places, sets, 250, 15):
            return 0
        self.found += 1
        self.lively[which] += 64
        negative = bit(self.stream, self.units, context, 250)
        size = max(integer(self.stream, self.units, 1000 + where, 250), 0) + 1
        return -size if bool(negative) != (miss > 0.0) else size


def _class(sigma: float, one: float, miss: float) -> int:
    level = 0
    if sigma < 0.5 * one:
        distance, bound = 0.5 * one - abs(miss), 0.125 * sigma
        while level < 11 and distance > bound:
            bound, level = bound * 2.0, level + 1
        return level
    bound = one
    while level < 35 and sigma > bound:
        bound, level = bound * 1.4142135623730951, level + 1
    return 12 + level


class _Point:
    """One point on its way: predicted in the far frame, expected errors."""

    def __init__(self, misses: Misses, far, predicted: list[float], distance: float):
        self.misses, self.far, self.x = misses, far, list(predicted)
        self.error = [far.sigma[k] + far.sigma[3 + k] * distance for k in range(3)]
        self.stored = [0] * 3

    def expect(self) -> None:
        """The stored places if nothing was missed, and how near each rounding came to its tie."""
        far, x, axes, error, tie = self.far, self.x, self.far.axes, self.error, self.misses.tie
        p, spread = [0.0] * 3, [0.0] * 3
        for k in range(3):
            number, left = x[k], error[k]
            tie[k] = TIES - 1
            if far.rounded[k]:
                number += far.offset[k]
                tie[k] = tie_class(number, error[k])
                number, left = value(ordinal(number)) - far.offset[k], 0.0
            for axis in range(3):
                p[axis] += axes[k][axis] * number
                spread[axis] += left * abs(axes[k][axis])
        p = [each + origin for each, origin in zip(p, far.origin, strict=True)]
        one = unit(p[2])
        if far.rounded[2] and unit(x[2] + far.offset[2]) < one:
            tie[2] = TIES - 1
            spread[2] += error[2]
        settled = far.blur * one + 1e-10
        for axis in range(3):
            tie[3 + axis] = tie_class(p[axis], spread[axis] + settled)
            self.stored[axis] = ordinal(p[axis])

    def _far(self, k: int) -> None:
        exact = self.x[k] + self.far.offset[k]
        place = ordinal(exact)
        place += self.misses.units_of(k, self.error[k], unit(exact), value(place) - exact)
        self.x[k] = value(place) - self.far.offset[k]

    def _store(self, k: int, error: float, p: float) -> float:
        place = ordinal(p)
        place += self.misses.units_of(3 + k, error, unit(p), value(place) - p)
        self.stored[k] = place
        return value(place) - p

    def _height(self, finest: bool) -> bool:
        far, x = self.far, self.x
        if not far.rounded[2]:
            return False
        tells = unit(x[2] + far.offset[2]) >= unit(self._stored_at(2))
        if finest and tells:
            self._far(2)
            return True
        x[2] = value(ordinal(x[2] + far.offset[2])) - far.offset[2]
        return False

    def _stored_at(self, axis: int) -> float:
        far, x = self.far, self.x
        return far.origin[axis] + far.axes[0][axis] * x[0] + far.axes[1][axis] * x[1] + far.axes[2][axis] * x[2]

    def correct(self) -> None:
        """Something was missed: the far coordinates, then the stored ones."""
        far, axes, error = self.far, self.far.axes, self.error
        for k in range(2):
            if far.rounded[k]:
                self._far(k)
        open0, open1 = (0.0 if far.rounded[k] else error[k] for k in range(2))
        known = self._height(open0 + open1 == 0.0)
        p0, p1, p2 = map(self._stored_at, range(3))
        up0, up1 = axes[2][0] / axes[2][2], axes[2][1] / axes[2][2]
        if open0 > 0.0 and open1 > 0.0:
            change = up0 * self._store(0, open0 * abs(axes[0][0]) + open1 * abs(axes[1][0]), p0)
            change += up1 * self._store(1, open0 * abs(axes[0][1]) + open1 * abs(axes[1][1]), p1)
            self._store(2, error[2], p2 - change)
            return
        one = unit(p2)
        spread = far.blur * one if known else error[2] + open0 * abs(axes[0][2]) + open1 * abs(axes[1][2])
        change = self._store(2, spread, p2)
        fine = known or bool(open0 + open1 == 0.0 and far.rounded[2] and error[2] < 0.5 * one)
        if not fine or abs(change) >= 2.0 * one:
            p0, p1 = p0 + up0 * change, p1 + up1 * change
        settled = max(far.blur, 0.0 if fine else 0.05) * one + 1e-10
        if open0 + open1 == 0.0:
            self._store(0, settled, p0)
            self._store(1, settled, p1)
            return
        k = 1 if far.rounded[0] else 0
        slides = axes[k][0] - up0 * axes[k][2], axes[k][1] - up1 * axes[k][2]
        first = 0 if abs(slides[0]) > abs(slides[1]) else 1
        ratio, p = slides[1 - first] / slides[first], (p0, p1)
        change = ratio * self._store(first, settled + open0 + open1, p[first])
        self._store(1 - first, settled + 0.4 * abs(ratio) * unit(p[first]), p[1 - first] + change)


def far_corrections(head: Bytes, returns: Returns) -> None:
    """Stage 35."""
    some = np.ones(len(returns.points), bool) if returns.blank is None else ~returns.blank
    given = returns.points[some].tolist(), returns.ticks[some].tolist(), returns.firing[some].tolist()
    tick = float(returns.beams.tick)

    def code(stream: Stream) -> list[list[int]]:
        misses, last, first, places = Misses(stream), -1, [], []
        for predicted, ticks, firing in zip(*given, strict=True):
            distance = ticks * tick
            if distance == 0.0 and firing == last and misses.is_same():
                places.append(first)
                continue
            point = _Point(misses, returns.far, predicted, distance)
            point.expect()
            if misses.any():
                point.correct()
            places.append(point.stored)
            if distance == 0.0 and firing != last:
                last, first = firing, point.stored
        return places

    places = np.array(ans.decode(head.rest(), code), np.int64).reshape(-1, 3)
    xyz = np.empty((len(some), 3), np.uint32)
    if returns.nothing is not None and returns.blank is not None:
        xyz[:] = returns.nothing
    xyz[some] = np.where(places < 0, places ^ _MASK, places).astype(np.int32).view(np.uint32)
    returns.xyz = xyz.view(np.float32)
