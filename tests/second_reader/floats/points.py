"""Coordinates, point by point: pointer, then the larger of x and y, the smaller one, z (docs/format/floats.md)."""

from __future__ import annotations

import math

from second_reader.ans import Stream
from second_reader.counters import Counters, bit, tree
from second_reader.floats.residual import WHOLE, Residuals, miss, onward
from second_reader.floats.track import BESIDE, HISTORY, LAST, SMOOTH, Track

_LIMIT = 250


def ratio(a: float, b: float) -> float:
    """a / b where that is a sane scale, else 1."""
    if b != 0.0 and 0.2 < a / b < 5.0:
        return a / b
    return 1.0


class Points:
    """The models of coordinates."""

    def __init__(self, track: Track):
        self.track, self.numbers = track, Residuals(6)
        self.pointers, self.blank = Counters(), Counters()

    def code(self, stream: Stream, start: int, count: int) -> None:
        """The points of a segment."""
        track, blanks = self.track, self.track.sight.blank >= 0.0
        track.begin(start)
        for j in range(HISTORY + start, HISTORY + start + count):
            path = min(max(j - track.lag[j - 1], track.low), j - 1)
            track.move()
            if blanks:
                track.blanks[0] += 1
                if self._is_blank(stream, j, path):
                    self._blank_point(stream, j, path)
                    track.beside[j] = self._beside(j)
                    continue
            row = self._pointer(stream, j, path)
            track.lag[j] = j - row
            self._point(stream, j, row)

    def _pointer(self, stream: Stream, j: int, path: int) -> int:
        track, sight = self.track, self.track.sight
        seen = track.seen & 63
        off = bit(stream, self.pointers, seen, _LIMIT)
        track.seen = 2 * seen + off
        if not off:
            return path
        depth = (2 * sight.window + 5).bit_length()
        choice = tree(stream, self.pointers, 64 + 256 * track.last_choice, depth, _LIMIT)
        if choice <= 4:
            track.last_choice = choice
            row = j - sight.hot[max(choice - 1, 0)]
        else:
            away = choice - 5 - sight.window
            track.last_choice = 25 + min(max(away, -20), 20)
            row = path + away
        return min(max(row, track.low), j - 1)

    def _is_blank(self, stream: Stream, j: int, path: int) -> int:
        age, low = self.track.age, self.track.low
        rows = (path, j - 1, min(path + 1, j - 1), max(path - 1, low), max(j - 2, low))
        context = sum((age[row] > 0) << (4 - k) for k, row in enumerate(rows))
        return bit(stream, self.blank, context, _LIMIT)

    def _blank_point(self, stream: Stream, j: int, path: int) -> None:
        track, integers = self.track, self.track.integers
        last = max(j - track.blanks[0], track.low)
        older = max(last - track.blanks[1], track.low)
        for k in range(3):
            near = integers[last][k]
            guesses = [near, onward(near, near, integers[older][k]), integers[path][k]]
            guesses += [integers[older][k], integers[j - 1][k], 0]
            best = self.numbers.best(3 + k)
            value = self.numbers.code(stream, 3 + k, track.axes[k].depth, WHOLE, (0, 0), guesses[best])
            integers[j][k] = value
            self.numbers.learn(3 + k, best, [abs(float(value) - float(guess)) + 1.0 for guess in guesses])
            track.length[j][k] = track.length[path][k]
        track.blanks = [0, j - last]
        track.lag[j] = j - path
        track.solid[j] = j - path + track.solid[path]
        track.age[j] = min(track.age[path] + 1, 16)
        track.slope[j] = track.slope[path]

    def _point(self, stream: Stream, j: int, pointed: int) -> None:
        track = self.track
        age, row = track.age[pointed], track.solid_row(pointed)
        growth = self._look_beside(j)
        self._age_turns(age)
        axis = 0 if abs(track.turned(row, 0, LAST)) >= abs(track.turned(row, 1, LAST)) else 1
        here = track.values[j]
        self._number(stream, j, row, 0, axis, self._major(row, axis, growth))
        self._number(stream, j, row, 1, 1 - axis, self._minor(row, 1 - axis, here[axis]))
        radius = math.sqrt(here[0] * here[0] + here[1] * here[1])
        self._number(stream, j, row, 2, 2, self._height(row, radius))
        track.radius[j] = radius
        track.beside[j] = self._beside(j)
        self._remember(j, row, age, radius)

    def _number(self, stream: Stream, j: int, row: int, place: int, axis: int, guesses: list[float]) -> None:
        track, form = self.track, self.track.axes[axis]
        best = self.numbers.best(place)
        guess = form.integer(guesses[best], track.origin[axis])
        around = track.length[row][place], track.length[j - 1][place]
        integer = self.numbers.code(stream, place, form.depth, form.grain(), around, guess)
        track.integers[j][axis] = integer
        track.length[j][place] = miss(integer, guess)
        track.values[j][axis] = value = form.value(integer, track.origin[axis])
        self.numbers.learn(place, best, [abs(value - each) + form.unit for each in guesses])

    def _look_beside(self, j: int) -> float:
        track = self.track
        if track.sight.period > 0:
            ahead = min(max(j - track.beside[j - 1], track.low + 1), j - 1)
            behind = ahead - 1
        else:
            ahead = j - 1
            behind = max(ahead - track.lag[ahead], track.low)
        track.turns[BESIDE] = track.turn_between(behind, ahead, track.turns[LAST])
        return ratio(track.radius[ahead], track.radius[behind])

    def _age_turns(self, age: int) -> None:
        for k, (cosine, sine) in enumerate(self.track.turns):
            c, s = cosine, sine
            for _ in range(min(age, 16)):
                c, s = c * cosine - s * sine, s * cosine + c * sine
            self.track.older[k] = c, s

    def _major(self, row: int, axis: int, growth: float) -> list[float]:
        track = self.track
        base, along = track.values[row][axis], track.turned(row, axis, LAST)
        before = track.values[max(row - track.lag[row], track.floor)][axis]
        guesses = [base, base + track.step[axis], along, 2.0 * base - before, along * growth]
        return [*guesses, 0.5 * (along + guesses[4])]

    def _minor(self, row: int, axis: int, actual: float) -> list[float]:
        track = self.track
        base = track.values[row][axis]
        fast, slow, beside = (
            track.turned(row, axis, turn) * ratio(actual, track.turned(row, 1 - axis, turn))
            for turn in (LAST, SMOOTH, BESIDE)
        )
        second = beside if track.sight.period > 0 else base + track.step[axis]
        return [base, second, fast, base * ratio(actual, track.values[row][1 - axis]), slow, 0.5 * (fast + slow)]

    def _height(self, row: int, radius: float) -> list[float]:
        track = self.track
        base = track.values[row][2]
        scaled, smooth = base * ratio(radius, track.radius[row]), track.slope[row] * radius
        before = track.values[max(row - track.lag[row], track.floor)][2]
        return [base, base + track.step[2], scaled, 2.0 * base - before, smooth, 0.5 * (scaled + smooth)]

    def _remember(self, j: int, row: int, age: int, radius: float) -> None:
        track, here, there = self.track, self.track.values[j], self.track.values[row]
        if age == 0:
            track.turns[LAST] = track.turn_between(row, j, track.turns[LAST])
        cosine, sine = track.turns[LAST]
        c, s = track.turns[SMOOTH]
        track.turns[SMOOTH] = c + 0.125 * (cosine - c), s + 0.125 * (sine - s)
        track.step = [a - b for a, b in zip(here, there, strict=True)]
        if radius > 0.0:
            slope, old = here[2] / radius, track.slope[row]
            track.slope[j] = old + 0.25 * (slope - old) if abs(slope - old) < 0.002 else slope

    def _closeness(self, i: int, j: int) -> float:
        track = self.track
        if track.radius[i] <= 0.0:
            return 0.0
        a, b = track.values[i], track.values[j]
        return (a[0] * b[0] + a[1] * b[1]) / track.radius[i]

    def _beside(self, j: int) -> int:
        track, low, period = self.track, self.track.low, self.track.sight.period
        if period == 0:
            return 1 if track.lag[j] != 1 else min(track.sight.hot[1], j - low)
        last = max(j - period // 2, low)
        row = max(min(j - track.beside[j - 1], last), low)
        best = self._closeness(row, j)
        for step in (1, -1):
            for _ in range(32):
                if not low <= row + step <= last:
                    break
                closeness = self._closeness(row + step, j)
                if closeness <= best:
                    break
                best = closeness
                row += step
        return j - row
