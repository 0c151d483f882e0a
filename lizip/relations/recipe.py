"""How the columns of a file come back from those that a codec codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lizip.cloud import Columns, Schema
from lizip.errors import CorruptError
from lizip.exact.ulp import bits_of, from_ordinals, to_ordinals
from lizip.packing import Unpacker, pack_bytes, pack_varints
from lizip.relations.means import find_means, joined, split
from lizip.relations.motion import Motion, points_of, with_points
from lizip.relations.order import decode_order
from lizip.relations.polar import ELEVATION, Convention, to_cartesian, to_polar

KEPT, NARROW, SPLIT, PACKED, POLAR, EQUAL, MEAN = range(7)
"""What becomes of a column: coded as it is; as the float32 it holds; byte by byte; made of others' bits; computed from
others, what differs is coded; left out, being another under a second name; a
mean of multiples of a step, coded as such."""

NARROWED = (np.dtype("<f8"), np.dtype("<f2"))
"""Types that a column coded as float32 may have: codecs know coordinates as that."""

MOST_COLUMNS = 1 << 12

_SOURCES = {KEPT: (0,), NARROW: (0,), SPLIT: (0,), PACKED: (3, 4), POLAR: (3,), EQUAL: (1,), MEAN: (0,)}

_NUMBERS = {POLAR: 4, MEAN: 1}


@dataclass(frozen=True)
class Rule:
    """What becomes of one column.

    Attributes
    ----------
    kind : int
        `KEPT` and following.
    sources : tuple of int
        Places of the columns it follows from.
    numbers : tuple of int
        POLAR: what is computed, the packed `Convention`, the scale (integers are so many a unit), and 1 where something
        is left to be coded. MEAN: units of which values were multiples.
    """

    kind: int = KEPT
    sources: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def rest(self) -> bool:
        """Whether a computed column leaves something to be coded."""
        return self.kind == POLAR and bool(self.numbers[3])


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
        Where the first three columns, float32 once the rules are followed, are coded as they were before a transform.
    """

    rules: tuple[Rule, ...]
    order: bytes = b""
    motion: Motion | None = None

    @property
    def trivial(self) -> bool:
        """Whether all columns stay as they are."""
        return not self.order and self.motion is None and all(rule.kind == KEPT for rule in self.rules)

    def pack(self) -> bytes:
        """Write for `unpack`."""
        rules = [pack_varints([rule.kind, len(rule.sources), *rule.sources, *rule.numbers]) for rule in self.rules]
        moved = b"" if self.motion is None else pack_bytes(self.motion.pack())
        return b"".join(rules) + (pack_bytes(self.order) + moved if self.order or moved else b"")

    @classmethod
    def unpack(cls, data: bytes, schema: Schema) -> Recipe:
        """Read what `pack` wrote for a file of this schema; raises CorruptError when it cannot be meant."""
        unpack = Unpacker(data)
        rules = []
        for _ in schema:
            kind, count = unpack.varint(), unpack.varint()
            if kind not in _SOURCES or count not in _SOURCES[kind]:
                raise CorruptError("a column follows from others in an unknown way")
            sources = tuple(unpack.varint() for _ in range(count))
            numbers = tuple(unpack.varint() for _ in range(_NUMBERS.get(kind, 0)))
            rules.append(Rule(kind, sources, numbers))
        order = unpack.bytes() if unpack.remaining else b""
        motion = Motion.unpack(unpack.bytes()) if unpack.remaining else None
        unpack.finish()
        recipe = cls(tuple(rules), order, motion)
        recipe._check(schema)
        return recipe

    def _check(self, schema: Schema) -> None:
        for rule, (_, dtype) in zip(self.rules, schema, strict=True):
            sane = all(source < len(schema) and self._goes_before(source, rule.kind) for source in rule.sources)
            if rule.kind == NARROW:
                sane = dtype in NARROWED
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
        coded = self.coded(schema)
        if self.motion is not None and not is_movable(coded, self.rules):
            raise CorruptError("columns that are no coordinates were moved")
        if self.motion is not None and self.motion.wide and any(dtype != NARROWED[0] for _, dtype in schema[:3]):
            raise CorruptError("columns that are no float64 were moved as such")
        names = [name for name, _ in coded]
        if not names or len(set(names)) < len(names):
            raise CorruptError("no column is left to be decoded, or two under one name")

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
        return tuple(out)

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


def is_movable(coded: Schema, rules: Sequence[Rule]) -> bool:
    """Whether the first three columns of a file are coded first, and as float32."""
    simple = all(rule.kind in (KEPT, NARROW) for rule in rules[:3])
    return simple and len(coded) >= 3 and all(dtype == np.dtype("<f4") for _, dtype in coded[:3])


def packed(sources: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Numbers of 4 bytes made of the lowest bytes of others, the first uppermost: r, g, b, or alpha before them."""
    bits = np.zeros(len(sources[0]), np.uint32)
    for source in sources:
        bits = (bits << np.uint32(8)) | (source.astype(np.int64) & 255).astype(np.uint32)
    return bits.view(dtype)


def predicted(rule: Rule, sources: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """What a computed column would be, in its type."""
    what, convention, scale, _ = rule.numbers
    out = np.empty(len(sources[0]))
    with np.errstate(all="ignore"):
        inputs = [source.astype(np.float64) for source in sources]
    convert = to_cartesian if what < 3 else to_polar
    with np.errstate(all="ignore"):
        convert(*inputs, what, Convention.unpack(convention), out)
        if dtype.kind == "f":
            return out.astype(dtype)
        limits = np.iinfo(dtype)
        most = float(min(limits.max, 1 << 53))
        return np.clip(np.rint(out * float(scale)), float(max(limits.min, -(1 << 53))), most).astype(dtype)


def difference(column: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """What is left of a column, in units of the last place, as integers of its size (they may wrap around)."""
    return (_counted(column) - _counted(expected)).astype(f"<i{column.dtype.itemsize}")


def applied(expected: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Undo `difference`."""
    counted = (_counted(expected) + rest.astype(np.int64)).astype(f"<i{expected.dtype.itemsize}")
    if expected.dtype.kind == "f":
        return from_ordinals(counted.astype(np.int64), expected.dtype)
    return counted.view(expected.dtype)


def _counted(column: np.ndarray) -> np.ndarray:
    return to_ordinals(column) if column.dtype.kind == "f" else bits_of(column).astype(np.int64)
