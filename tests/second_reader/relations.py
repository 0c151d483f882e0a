"""Columns that follow from others, and the order of points (docs/format/relations.md)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, Damaged, demand
from second_reader.counters import Counters, bit, integer
from second_reader.floats.numbers import floats_at
from second_reader.layout import Fields
from second_reader.polar import computed
from second_reader.sweep.arithmetic import f32, wide

KEPT, NARROW, SPLIT, PACKED, POLAR, EQUAL, MEAN = range(7)
F4, U1, I1, I4 = (np.dtype(code) for code in ("<f4", "u1", "i1", "<i4"))


def ordinals(column: np.ndarray) -> np.ndarray:
    """Places of numbers among all of their type."""
    bits = np.ascontiguousarray(column).view(f"<i{column.dtype.itemsize}").astype(np.int64)
    if column.dtype.kind != "f":
        return bits
    return np.where(bits < 0, bits ^ np.int64((1 << (8 * column.dtype.itemsize - 1)) - 1), bits)


def _moved_on(column: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """A column, so many places further."""
    whole = (ordinals(column) + rest.astype(np.int64)).astype(f"<i{column.dtype.itemsize}")
    return floats_at(whole.astype(np.int64), column.dtype) if column.dtype.kind == "f" else whole.view(column.dtype)


class Recipe:
    """What becomes of the columns of a file."""

    def __init__(self, data: bytes, fields: Fields):
        head = Bytes(data)
        self.fields, self.rules, self.leading = fields, [], []
        for _ in fields:
            kind = head.varint()
            if kind == 7 and not self.rules:
                self.leading = head.varints(3)
                kind = head.varint()
            sources = head.varints(head.varint())
            self.rules.append((kind, sources, head.varints({POLAR: 4, MEAN: 1}.get(kind, 0))))
        self.order = head.string() if head.left else b""
        self.motion = head.string() if head.left else b""
        head.end()
        self.means = [name for (name, _), rule in zip(fields, self.rules, strict=True) if rule[0] == MEAN]

    def coded(self) -> Fields:
        """The columns that the codec codes."""
        out: Fields = []
        for (name, kind), (rule, _, numbers) in zip(self.fields, self.rules, strict=True):
            if rule in (KEPT, NARROW, MEAN):
                out.append((name, F4 if rule == NARROW else kind))
            elif rule == SPLIT:
                out += [(f"{name}[{k}]", U1) for k in range(4)]
            elif rule == POLAR and numbers[3]:
                out.append((name, np.dtype(f"<i{kind.itemsize}")))
        led = [self.fields[place][0] for place in self.leading]
        out.sort(key=lambda each: led.index(each[0]) if each[0] in led else len(led))
        out += [(f"{name}[points]", U1) for name in self.means[:1]]
        return out + [(f"{n}[part]", I1) for n in self.means] + [(f"{n}[off]", I4) for n in self.means]

    def restored(self, columns: list[np.ndarray]) -> list[np.ndarray]:
        """The columns of the file."""
        if self.order:
            ranks = _order(self.order, columns)
            columns = [column[ranks] for column in columns]
        if self.motion:
            columns = [*moved(self.motion, np.stack(columns[:3], axis=1)).T, *columns[3:]]
        coded = {name: column for (name, _), column in zip(self.coded(), columns, strict=True)}
        made: dict[int, np.ndarray] = {}
        for i in sorted(range(len(self.fields)), key=lambda i: self.rules[i][0]):
            made[i] = self._column(i, coded, made)
        return [made[i] for i in range(len(self.fields))]

    def _column(self, i: int, coded: dict[str, np.ndarray], made: dict[int, np.ndarray]) -> np.ndarray:
        (name, kind), (rule, places, numbers) = self.fields[i], self.rules[i]
        sources = [made[k] for k in places]
        if rule in (KEPT, NARROW):
            return coded[name].astype(kind)
        if rule == SPLIT:
            return np.stack([coded[f"{name}[{k}]"] for k in range(4)], axis=1).view(kind).ravel()
        if rule == PACKED:
            bits = np.zeros(len(sources[0]), np.uint32)
            for source in sources:
                bits = bits << np.uint32(8) | (source.astype(np.int64) & 255).astype(np.uint32)
            return bits.view(kind)
        if rule == EQUAL:
            return sources[0]
        if rule == MEAN:
            return self._mean(name, coded, float(numbers[0]))
        demand(rule == POLAR, "a column follows from others in an unknown way")
        what, convention, scale, rest = numbers
        out = computed([source.astype(np.float64) for source in sources], what, convention)
        if kind.kind == "f":
            expected = out.astype(kind)
        else:
            limits = np.iinfo(kind)
            low, high = float(max(limits.min, -(1 << 53))), float(min(limits.max, 1 << 53))
            expected = np.clip(np.rint(out * float(scale)), low, high).astype(kind)
        return _moved_on(expected, coded[name]) if rest else expected

    def _mean(self, name: str, coded: dict[str, np.ndarray], decimal: float) -> np.ndarray:
        counts = wide(np.maximum(coded[f"{self.means[0]}[points]"], 1))
        with np.errstate(all="ignore"):
            whole = np.rint(wide(coded[name]) * decimal) * counts + coded[f"{name}[part]"]
            return _moved_on(f32(whole / (counts * decimal)), coded[f"{name}[off]"])


class _Left:
    """Which of so many points are left: how many below each node of a binary tree."""

    def __init__(self, count: int):
        self.leaves = 1 << max(count - 1, 1).bit_length()
        self.tree = [0] * self.leaves + [1] * count + [0] * (self.leaves - count)
        for node in range(self.leaves - 1, 0, -1):
            self.tree[node] = self.tree[2 * node] + self.tree[2 * node + 1]

    def at(self, number: int) -> int:
        """The one before which so many others are left."""

        def right(one: int, other: int) -> int:
            nonlocal number
            if number >= one:
                number -= one
                return 1
            return 0

        return self.taken(right)

    def taken(self, right) -> int:
        """A point, from the root down; `right` says where to go, given how many are left on either side."""
        node = 1
        self.tree[1] -= 1
        while node < self.leaves:
            node = 2 * node + right(self.tree[2 * node], self.tree[2 * node + 1])
            self.tree[node] -= 1
        return node - self.leaves


def _order(data: bytes, columns: list[np.ndarray]) -> np.ndarray:
    head, count = Bytes(data), len(columns[0])
    form = head.varint()
    if form in (0, 2):
        return np.array(ans.decode(head.rest(), _following if form else _ranks, count), np.int64)
    keys = [_key(columns, *head.varints(3)) for _ in range(2 if form == 3 else 1)]
    sort = np.arange(count)
    for key in reversed(keys):
        sort = sort[np.argsort(key[sort], kind="stable")]
    return sort[np.array(ans.decode(head.rest(), _departures, count), np.int64)]


def _key(columns: list[np.ndarray], what: int, detail: int, falling: int) -> np.ndarray:
    key = columns[detail] if what == 0 else computed([wide(each) for each in columns[:3]], what, detail)
    key = key.astype(np.float64)
    return -key if falling else key


def _ranks(stream: Stream, count: int) -> list[int]:
    left = _Left(count)

    def right(one: int, other: int) -> int:
        if one == 0 or other == 0:
            return int(one == 0)
        if one == other:
            return stream.raw(1)
        return stream.bit(min(max((other << 24) // (one + other), 1), (1 << 24) - 1))

    return [left.taken(right) for _ in range(count)]


def _departures(stream: Stream, count: int) -> list[int]:
    left, counters, skipped, places = _Left(count), Counters(), 0, []
    for _ in range(count):
        skipped = integer(stream, counters, int(skipped > 0), 250)
        places.append(left.at(skipped))
    return places


def _following(stream: Stream, count: int) -> list[int]:
    left, counters, places = _Left(count), Counters(), []
    number = step = further = 0
    for k in range(count):
        further = integer(stream, counters, int(further == 0), 250)
        step += further
        number = min(max(number + step, 0), count - k - 1)
        places.append(left.at(number))
    return places


DOUBLE, FORWARD, BACKWARD, FUSED, FUSED_BACKWARD, FUSED_FROM_SHIFT, PAIRS, DOUBLE_TURN, FROM_SHIFT = range(9)
WIDE, WIDE_FUSED, WHOLE = 9, 10, 11


def moved(data: bytes, inner: np.ndarray) -> np.ndarray:
    """Points that were moved after they had been rounded."""
    head = Bytes(data)
    how = head.u8()
    doubles = how in (DOUBLE, DOUBLE_TURN, WIDE, WIDE_FUSED, WHOLE)
    matrix = np.array(head.numbers("12d" if doubles else "12f")).reshape(3, 4)
    inner = _widened(inner) if how in (WIDE, WIDE_FUSED) else inner
    expected = inner.copy()
    for k in range(3):
        value = _row(matrix[k], wide(inner).T, how)
        expected[:, k] = np.where(value == value, value.astype(inner.dtype), inner[:, k])
    if not head.left:
        return expected
    places = ans.decode(head.rest(), _places, ordinals(inner).tolist(), ordinals(expected).tolist())
    return floats_at(np.array(places, np.int64), inner.dtype)


def _row(row: np.ndarray, points: np.ndarray, how: int) -> np.ndarray:
    (m0, m1, m2, m3), (x, y, z) = row, points

    def single(values: np.ndarray) -> np.ndarray:
        return wide(f32(values))

    a, b, c = m0 * x, m1 * y, m2 * z
    if how == WIDE_FUSED:
        return _fused(m2, z, _fused(m1, y, a)) + m3
    if how in (DOUBLE, WIDE):
        return ((a + b) + c) + m3
    if how == WHOLE:
        return np.rint(((a + b) + c) + m3)
    if how == DOUBLE_TURN:
        return single((a + b) + c) + m3
    if how == FUSED:
        return single(single(single(a) + b) + c) + m3
    if how == FUSED_BACKWARD:
        return single(single(c + m3) + b) + a
    if how == FUSED_FROM_SHIFT:
        return single(single(a + m3) + b) + c
    a, b, c = single(a), single(b), single(c)
    if how == FORWARD:
        return single(single(a + b) + c) + m3
    if how == BACKWARD:
        return a + single(b + single(c + m3))
    if how == PAIRS:
        return single(a + b) + single(c + m3)
    if how == FROM_SHIFT:
        return single(single(m3 + a) + b) + c
    raise Damaged("points were moved in an unknown way")


def _widened(points: np.ndarray) -> np.ndarray:
    """Points as float64: NaN become quiet."""
    out, odd = wide(points), np.isnan(points)
    bits = points.view(np.uint32)[odd].astype(np.uint64)
    out.view(np.uint64)[odd] = (bits >> 31 << 63) | (0x7FF8 << 48) | ((bits & 0x7FFFFF) << 29)
    return out


def _fused(m: float, values: np.ndarray, more: np.ndarray) -> np.ndarray:
    """m values + more, rounded once."""

    def one(a: float, b: float) -> float:
        sane = np.isfinite(a) and np.isfinite(b)
        return float(Fraction(m) * Fraction(a) + Fraction(b)) if sane else m * a + b

    return np.array([one(float(a), float(b)) for a, b in zip(values, more, strict=True)])


def _places(stream: Stream, inner: list[list[int]], expected: list[list[int]]) -> list[list[int]]:
    counters, places, last, before = Counters(), [], 0, 0
    for kept, point in zip(inner, expected, strict=True):
        before, last = last, bit(stream, counters, 2 * before + last, 250)
        if not last:
            places.append(point)
            continue
        if bit(stream, counters, 4, 250):
            places.append(kept)
            continue
        found, stored = 0, []
        for k in range(3):
            off = 0
            if bit(stream, counters, 5 + 3 * k + min(found, 2), 250):
                off = integer(stream, counters, 1 + k, 250)
                found += 1
            stored.append(point[k] + off)
        places.append(stored)
    return places
