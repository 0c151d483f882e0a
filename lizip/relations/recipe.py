"""How the columns of a file come back from those that a codec codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lizip.cloud import Columns, Schema
from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of
from lizip.packing import Unpacker, pack_bytes, pack_varints
from lizip.relations.means import find_means, joined, split
from lizip.relations.motion import WHOLE, Motion, points_of, with_points
from lizip.relations.order import decode_order
from lizip.relations.polar import ELEVATION
from lizip.relations.rule import (
    COUNTED,
    EQUAL,
    KEPT,
    MEAN,
    NARROW,
    NARROWED,
    NUMBERS,
    PACKED,
    POLAR,
    SOURCES,
    SPLIT,
    Rule,
    applied,
    difference,
    packed,
    predicted,
)

FIRST = (0, 1, 2)
"""Where x, y and z stand nearly always."""

_LED = 7
"""Stands before three places instead of a kind."""


@dataclass(frozen=True)
class Recipe:
    """What becomes of the columns and of the order of points.

    Attributes
    ----------
    rules : tuple of Rule
        One a column, in file order.
    order : bytes
        Where points are coded sorted: of `encode_order`; else empty.
    motion : Motion or None
        Where the leading columns, float32 once the rules are followed, are coded as they were before a transform.
    leading : tuple of int
        Places of x, y and z, which are coded first wherever they stand in the file; the others follow in its order.
    """

    rules: tuple[Rule, ...]
    order: bytes = b""
    motion: Motion | None = None
    leading: tuple[int, int, int] = FIRST

    @property
    def trivial(self) -> bool:
        """Whether all columns stay as they are."""
        stays = not self.order and self.motion is None and self.leading == FIRST
        return stays and all(rule.kind == KEPT for rule in self.rules)

    @property
    def leading_rules(self) -> tuple[Rule, ...]:
        """What becomes of x, y and z."""
        return tuple(self.rules[place] for place in self.leading if place < len(self.rules))

    def pack(self) -> bytes:
        """Write for `unpack`."""
        rules = [pack_varints([rule.kind, len(rule.sources), *rule.sources, *rule.numbers]) for rule in self.rules]
        moved = b"" if self.motion is None else pack_bytes(self.motion.pack())
        led = b"" if self.leading == FIRST else pack_varints([_LED, *self.leading])
        return led + b"".join(rules) + (pack_bytes(self.order) + moved if self.order or moved else b"")

    @classmethod
    def unpack(cls, data: bytes, schema: Schema) -> Recipe:
        """Read what `pack` wrote for a file of this schema; raises CorruptError when it cannot be meant."""
        unpack = Unpacker(data)
        rules: list[Rule] = []
        leading = FIRST
        for _ in schema:
            kind = unpack.varint()
            if kind == _LED and not rules and leading == FIRST:
                leading = unpack.varint(), unpack.varint(), unpack.varint()
                kind = unpack.varint()
            count = unpack.varint()
            if kind not in SOURCES or count not in SOURCES[kind]:
                raise CorruptError("a column follows from others in an unknown way")
            sources = tuple(unpack.varint() for _ in range(count))
            numbers = tuple(unpack.varint() for _ in range(NUMBERS.get(kind, 0)))
            rules.append(Rule(kind, sources, numbers))
        order = unpack.bytes() if unpack.remaining else b""
        motion = Motion.unpack(unpack.bytes()) if unpack.remaining else None
        unpack.finish()
        recipe = cls(tuple(rules), order, motion, leading)
        recipe._check(schema)
        return recipe

    def _check(self, schema: Schema) -> None:
        counted = self.leading if self.motion is not None and self.motion.arithmetic == WHOLE else ()
        for place, (rule, (_, dtype)) in enumerate(zip(self.rules, schema, strict=True)):
            sane = all(source < len(schema) and self._goes_before(source, rule.kind) for source in rule.sources)
            if rule.kind == NARROW:
                sane = dtype in NARROWED or (place in counted and dtype in COUNTED)
            elif rule.kind == MEAN:
                sane = dtype == np.dtype("<f4") and 0 < rule.numbers[0] <= 1 << 20
            elif rule.kind in (SPLIT, PACKED):
                sane = sane and dtype.itemsize == 4
            elif rule.kind == EQUAL:
                sane = sane and schema[rule.sources[0]][1] == dtype
            elif rule.kind == POLAR:
                what, _, scale, rest = rule.numbers
                sane = sane and dtype.kind in "iuf" and what <= ELEVATION and 0 < scale <= 10**6 and rest <= 1
                sane = sane and not (dtype.kind == "f" and scale != 1) and dtype.itemsize >= 2
            if not sane:
                raise CorruptError("a column follows from others in an impossible way")
        if self.leading != FIRST and not self._may_lead(schema):
            raise CorruptError("columns that are no coordinates were coded first")
        coded = self.coded(schema)
        if self.motion is not None and not is_movable(coded, self.leading_rules):
            raise CorruptError("columns that are no coordinates were moved")
        wide = self.motion is not None and self.motion.wide
        if wide and any(schema[place][1] != NARROWED[0] for place in self.leading):
            raise CorruptError("columns that are no float64 were moved as such")
        names = [name for name, _ in coded]
        if not names or len(set(names)) < len(names):
            raise CorruptError("no column is left to be decoded, or two under one name")

    def _may_lead(self, schema: Schema) -> bool:
        """Whether x, y and z are three columns that are coded under their own names."""
        there = len(set(self.leading)) == 3 and max(self.leading) < len(schema)
        return there and all(rule.kind in (KEPT, NARROW, MEAN) for rule in self.leading_rules)

    def _goes_before(self, source: int, kind: int) -> bool:
        """Whether a column is there when others of a kind are made."""
        before = self.rules[source].kind if source < len(self.rules) else EQUAL
        return before < PACKED if kind < EQUAL else before < EQUAL

    def coded(self, schema: Schema) -> Schema:
        """Names and types of the columns that a codec codes."""
        out: list[tuple[str, np.dtype]] = []
        for rule, (name, dtype) in zip(self.rules, schema, strict=True):
            if rule.kind == KEPT:
                out.append((name, dtype))
            elif rule.kind == NARROW:
                out.append((name, np.dtype("<f4")))
            elif rule.kind == SPLIT:
                out.extend((f"{name}[{k}]", np.dtype("u1")) for k in range(4))
            elif rule.kind == MEAN:
                out.append((name, dtype))
            elif rule.rest:
                out.append((name, np.dtype(f"<i{dtype.itemsize}")))
        means = [name for rule, (name, _) in zip(self.rules, schema, strict=True) if rule.kind == MEAN]
        out.extend((f"{name}[points]", np.dtype("u1")) for name in means[:1])
        out.extend((f"{name}[part]", np.dtype("i1")) for name in means)
        out.extend((f"{name}[off]", np.dtype("<i4")) for name in means)
        types = dict(out)
        names = [name for name, _ in out]
        if len(types) < len(out):
            return tuple(out)
        return tuple((name, types[name]) for name in self._led(names, [name for name, _ in schema]))

    def _led(self, coded: list[str], names: list[str]) -> list[str]:
        """The names of the coded columns, x, y and z first, where they do not stand first among the file's."""
        if self.leading == FIRST:
            return coded
        led = [names[place] for place in self.leading]
        return led + [name for name in coded if name not in led]

    def reduce(
        self, columns: Columns, inner: np.ndarray | None = None, order: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """The columns to be coded, in the `order` (N,) that was encoded, if any; `columns` must follow the rules, and
        from points `inner` (N, 3) by the motion."""
        out: dict[str, np.ndarray] = {}
        names = list(columns)
        means = {name: rule.numbers[0] for rule, name in zip(self.rules, names, strict=True) if rule.kind == MEAN}
        reduced = reduced_means({name: columns[name] for name in means}, means) if means else {}
        for rule, (name, column) in zip(self.rules, columns.items(), strict=True):
            if rule.kind == KEPT:
                out[name] = column
            elif rule.kind == NARROW:
                with np.errstate(all="ignore"):
                    out[name] = column.astype("<f4")
            elif rule.kind == SPLIT:
                parts = bits_of(column).view("u1").reshape(-1, 4)
                out.update((f"{name}[{k}]", parts[:, k]) for k in range(4))
            elif rule.kind == MEAN:
                out[name] = reduced.pop(name)
            elif rule.rest:
                out[name] = difference(column, predicted(rule, [columns[names[k]] for k in rule.sources], column.dtype))
        out |= reduced
        out = {name: out[name] for name in self._led(list(out), names)}
        if self.motion is not None and inner is not None:
            out = with_points(out, inner)
        return out if order is None else {name: column[order] for name, column in out.items()}

    def restored(self, blocks: Iterable[Columns], schema: Schema) -> Iterator[dict[str, np.ndarray]]:
        """All columns of the file, from the points that were coded; all at once where they were sorted."""
        if not self.order and self.motion is None:
            yield from (self.restore(block, schema) for block in blocks)
            return
        coded = self.coded(schema)
        parts = list(blocks)
        whole = {name: np.concatenate([part[name] for part in parts]) for name, _ in coded}
        if self.order:
            ranks = decode_order(self.order, list(whole.values()))
            whole = {name: column[ranks] for name, column in whole.items()}
        if self.motion is not None:
            whole = with_points(whole, self.motion.apply(points_of(whole)))
        yield self.restore(whole, schema)

    def restore(self, coded: Columns, schema: Schema) -> dict[str, np.ndarray]:
        """All columns of the file from those that were coded."""
        made: dict[int, np.ndarray] = {}
        means = (name for rule, (name, _) in zip(self.rules, schema, strict=True) if rule.kind == MEAN)
        of_all = f"{next(means, None)}[points]"
        order = sorted(range(len(schema)), key=lambda i: self.rules[i].kind)
        for i in order:
            if self.rules[i].kind == MEAN:
                made[i] = mean_of(schema[i][0], coded, coded[of_all], self.rules[i].numbers[0])
            else:
                made[i] = self._made(i, coded, made, *schema[i])
        return {name: made[i] for i, (name, _) in enumerate(schema)}

    def _made(self, i: int, coded: Columns, made: Mapping[int, np.ndarray], name: str, dtype: np.dtype) -> np.ndarray:
        rule = self.rules[i]
        sources = [made[k] for k in rule.sources]
        if rule.kind == KEPT:
            return coded[name]
        if rule.kind == NARROW:
            with np.errstate(all="ignore"):
                return coded[name].astype(dtype)
        if rule.kind == SPLIT:
            return np.stack([coded[f"{name}[{k}]"] for k in range(4)], axis=1).view(dtype)[:, 0]
        if rule.kind == PACKED:
            return packed(sources, dtype)
        if rule.kind == EQUAL:
            return sources[0]
        expected = predicted(rule, sources, dtype)
        return applied(expected, coded[name]) if rule.rest else expected


def reduced_means(columns: Columns, decimals: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Columns that are means, and then how many points they are of, their parts, and what is off after that."""
    found = find_means(list(columns.values()))
    assert found is not None, "the rule was made for columns that are means"
    points, _ = found
    both = {name: split(column, points, decimals[name]) for name, column in columns.items()}
    made = {name: joined(*both[name], points, decimals[name]) for name in columns}
    near = {name: pair[0] for name, pair in both.items()}
    parts = {f"{name}[part]": pair[1] for name, pair in both.items()}
    off = {f"{name}[off]": difference(column, made[name]) for name, column in columns.items()}
    return near | {f"{next(iter(columns))}[points]": points} | parts | off


def mean_of(name: str, coded: Columns, points: np.ndarray, decimal: int) -> np.ndarray:
    """A column that `reduced_means` took apart."""
    return applied(joined(coded[name], coded[f"{name}[part]"], points, decimal), coded[f"{name}[off]"])


def is_movable(coded: Schema, leading: Sequence[Rule]) -> bool:
    """Whether x, y and z, of which these are the rules, are coded first, and as float32."""
    simple = all(rule.kind in (KEPT, NARROW) for rule in leading)
    return simple and len(coded) >= 3 and all(dtype == np.dtype("<f4") for _, dtype in coded[:3])
