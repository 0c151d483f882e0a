"""Columns that follow from where points were measured (docs/format/sweep.md, stage 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, bit, integer
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import DEGREE, sincos, sincos_single

if TYPE_CHECKING:
    from second_reader.sweep.fields import Cells

TURN = 36000


def kinds(returns: Returns) -> np.ndarray:
    """Kind of each return."""
    kind = np.zeros(len(returns.ring), np.int64)
    if returns.nth is None:
        return kind
    nth, before = returns.nth.tolist(), {}
    for i in sorted(range(len(kind)), key=lambda i: nth[i]):
        cell = int(returns.row[i]), int(returns.ring[i])
        if cell in before:
            first = before[cell]
            farther = returns.ticks[i] > returns.ticks[first]
            if nth[first] == 0:
                kind[first] = 1 if farther else 2
            kind[i] = 3 if farther else 4
        before[cell] = i
    return kind


def entries(cells: Cells, form: int, length: int, kind: np.dtype) -> np.ndarray:
    """Bits that a table's entries are counted from."""
    unsigned = np.dtype(f"<u{kind.itemsize}")
    demand(form <= 6, "a table is counted from nothing known")
    if form == 0:
        return np.zeros(length + 1, unsigned)
    if form < 3:
        values = np.arange(length)[:: 1 if form == 1 else -1]
    else:
        demand(cells.returns is not None and length == cells.rings, "a table is counted from nothing known")
        law = cells.returns.driver
        values = {
            3: lambda: cells.returns.places,
            4: lambda: law.elevations,
            5: lambda: _sines(law.elevations, law),
            6: lambda: law.elevations / DEGREE,
        }[form]()
    return np.append(values, 0).astype(kind).view(unsigned)


def _sines(elevations: np.ndarray, law) -> np.ndarray:
    return sincos(elevations)[0] if law.angle in (4, 5, 6, 7, 12) else sincos_single(wide(f32(elevations)), law.sine)[0]


def ranges(head: Bytes, ticks: np.ndarray, kind: np.dtype) -> np.ndarray:
    """A column that follows from ticks."""
    form = head.varint()
    if form == 2:
        return (ticks * head.varint()).astype(f"<u{kind.itemsize}").view(kind)
    step = head.numbers("d")[0]
    return (f32(ticks) * np.float32(step) if form else f32(ticks * step)).astype(kind)


def azimuths(head: Bytes, cells: Cells, kind: np.dtype) -> np.ndarray:
    """A column that follows from azimuths."""
    of_firing, law, unit, shift = *head.varints(3), head.signed()
    returns = cells.returns
    azimuth = (returns.azimuths[cells.firing] if of_firing else cells.azimuth) + shift
    azimuth = azimuth % TURN
    if law == 3:
        expected = azimuth.astype(kind)
    else:
        if law == 0:
            turn = np.float32(6.2831855)
            angle = f32(azimuth / 100.0 * DEGREE) + returns.driver.offsets[cells.ring]
            angle = np.where(angle < 0, angle + turn, np.where(angle >= turn, angle - turn, angle))
        elif law == 1:
            angle = f32(0.01 * azimuth * DEGREE)
        else:
            angle = f32(wide(np.float32(0.01) * f32(azimuth)) * DEGREE)
        expected = (f32(wide(angle) * (1.0, 180 / np.pi, 18000 / np.pi)[unit]) if unit else angle).astype(kind)
    left = ans.decode(head.rest(), _near, cells.firing.tolist())
    return _from_numbers(_numbers(expected) + np.array(left, np.int64), kind)


def _near(stream: Stream, firing: list[int]) -> list[int]:
    counters, value, off, out = Counters(), 0, 0, []
    for i, each in enumerate(firing):
        new = i == 0 or each != firing[i - 1]
        value = 0 if new else value
        off = bit(stream, counters, 2 * new + off, 250)
        if off:
            value += integer(stream, counters, 4 + new, 250)
        out.append(value)
    return out


def _numbers(column: np.ndarray) -> np.ndarray:
    """Ordinals of floats, or integers themselves."""
    if column.dtype.kind != "f":
        return column.astype(np.int64)
    bits = np.ascontiguousarray(column).view(f"<i{column.itemsize}").astype(np.int64)
    return np.where(bits < 0, bits ^ ((1 << (8 * column.itemsize - 1)) - 1), bits)


def _from_numbers(numbers: np.ndarray, kind: np.dtype) -> np.ndarray:
    if kind.kind != "f":
        return numbers.astype(f"<i{kind.itemsize}").view(kind)
    bits = np.where(numbers < 0, numbers ^ ((1 << (8 * kind.itemsize - 1)) - 1), numbers)
    return bits.astype(f"<i{kind.itemsize}").view(kind)


class _Scale:
    """Numbers of a column as values, less an origin."""

    def __init__(self, kind: np.dtype, origin: int):
        self.kind, self.origin = kind, origin

    def _float(self, number: int) -> float:
        return float(_from_numbers(np.array([number], np.int64), self.kind)[0])

    def value(self, number: int) -> float:
        """What a number stands for."""
        if self.kind.kind != "f":
            return float(number - self.origin)
        return self._float(number) - (self._float(self.origin) if self.kind.itemsize == 8 else 0.0)

    def nearest(self, value: float) -> int:
        """The number of a value."""
        if not abs(value) < 1e15:
            value = 0.0
        if self.kind.kind != "f":
            return self.origin + int(np.rint(value))
        whole = value + self._float(self.origin) if self.kind.itemsize == 8 else value
        return int(_numbers(np.array([whole]).astype(self.kind))[0])

    def unit(self, number: int, value: float) -> float:
        """Distance to the next number."""
        if self.kind.kind != "f":
            return 1.0
        if self.kind.itemsize == 8:
            return abs(self._float(number + 1) - self._float(number))
        exponent = min(max(int(np.float32(value).view(np.int32)) & 0x7F800000, 0x0C000000), 0x7F000000)
        return float(np.int32(exponent).view(np.float32)) * 2.0**-23


def sums(head: Bytes, cells: Cells, kind: np.dtype) -> np.ndarray:
    """A column that is a number of the firing and one of the ring added."""
    period, classes, origin = *head.varints(2), head.signed()
    numbers = _firing_numbers(cells)
    values = ans.decode(head.rest(), _sums, cells, numbers, period, classes, _Scale(kind, origin))
    return _from_numbers(np.array(values, np.int64), kind)


def _firing_numbers(cells: Cells) -> list[int]:
    fired = None if cells.returns is None else cells.returns.azimuths
    if fired is None or len(fired) != cells.firings or cells.firings < 2:
        return list(range(cells.firings))
    steps = [(int(step) + 18000) % TURN - 18000 for step in np.diff(fired)]
    usual = sorted(steps)[len(steps) // 2]
    if not usual:
        return list(range(cells.firings))
    sign, size, numbers = (1 if usual > 0 else -1), abs(usual), [0]
    for step in steps:
        numbers.append(numbers[-1] + max((2 * step * sign + size) // (2 * size), 1))
    return numbers


def _sums(stream: Stream, cells: Cells, numbers: list[int], period: int, classes: int, scale: _Scale) -> list[int]:
    counters, own, out = Counters(), {}, []
    steps = [[0.0, 0.0] for _ in range(period)]
    time = spread = before = start = usual = 0.0
    current, place, ahead = -1, 0, 0
    for b, ring in zip(cells.firing.tolist(), cells.ring.tolist(), strict=True):
        new = b >= 0 and b != current
        if new:
            if ahead == 1 and start > 0:
                step = steps[place]
                share = min(step[1] / start, 1.0)
                step[0] += share * (time - before)
                step[1] -= share * step[1] * max(1.0 - spread / start, 0.0)
            ahead = numbers[b] - numbers[current] if current >= 0 else 0
            for k in range(min(max(ahead, 0), 64)):
                time += steps[(numbers[b] - k) % period][0]
                spread += steps[(numbers[b] - k) % period][1]
            place, current, before, start = numbers[b] % period, b, time, spread
        key = (ring if ring >= 0 else cells.rings), (numbers[current] % classes if current >= 0 else 0)
        mine = own.get(key)
        expected = time + (mine[0] if mine else usual)
        number = scale.nearest(expected)
        nearest = scale.value(number)
        context = 0
        if mine:
            unit = scale.unit(number, nearest)
            sure = 4.0 * (0.5 - abs(expected - nearest) / unit) / (np.sqrt(spread + mine[1]) / unit + 0.01)
            sure = int(min(max(sure, 0.0), 15.0))
            context = 1 + sure + (16 + place if new else 0)
        if bit(stream, counters, context, 250):
            number += integer(stream, counters, 1000 + (1 + new if mine else 0), 250)
        out.append(number)
        value = scale.value(number)
        unit = scale.unit(number, value)
        if not (abs(value) < 1e15 and unit < 1e15):
            continue
        noise, error = max(1.0 / 11 * unit * unit, 1e-200), value - expected
        if not mine:
            mine = own[key] = [value - time, noise + spread]
        elif abs(error) > unit + 5.0 * np.sqrt(spread + mine[1]):
            if new:
                time, spread, start = value - mine[0], noise + mine[1], 0.0
                steps[place][0] += time - before
                steps[place][1] = 2.0 * spread
            else:
                mine[0], mine[1] = value - time, noise + spread
        else:
            total = spread + mine[1] + noise
            time += spread / total * error
            mine[0] += mine[1] / total * error
            spread -= spread * spread / total
            mine[1] -= mine[1] * mine[1] / total
        usual = mine[0]
    return out
