"""Which columns follow from others: cheap evidence from a sample, then every point where a rule must hold for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.ulp import bits_of
from lizip.relations.means import find_means
from lizip.relations.polar import ANGLE, AZIMUTH, DISTANCE, ELEVATION, LEVEL, SINE, ZENITH, Convention, X, Y, Z
from lizip.relations.recipe import FIRST, Recipe
from lizip.relations.rule import (
    EQUAL,
    KEPT,
    MEAN,
    NARROW,
    NARROWED,
    PACKED,
    POLAR,
    SPLIT,
    Rule,
    difference,
    packed,
    predicted,
)

_PIECE = 1 << 16
_SAMPLE = 1024
_FEWEST = 64
"""Fewer points prove nothing."""

_NEAR = 1e-3
"""Computed columns are off by this share, or by this angle in radians, at most."""

_USUAL = 0.9
"""Share of the points that must be near."""

_EXACT = 1 << 16
"""Largest usual difference, in units of the last place."""

_COLOURS = (("r", "g", "b"), ("red", "green", "blue"))
_SCALES = (1, 100, 250, 256, 500, 1000)
"""Units in a metre of integer distances."""


def narrowed(cloud: Cloud) -> Recipe:
    """What holds whatever codec follows: floats of other sizes that are float32, equal columns, packed colours."""
    rules = [Rule() for _ in cloud.columns]
    if cloud.format == "las" or not cloud.count:  # its codec knows what LAS fields mean, by name and type
        return Recipe(tuple(rules))
    columns = list(cloud.columns.values())
    for i, column in enumerate(columns):
        if column.dtype in NARROWED and _all(_is_narrow, column):
            rules[i] = Rule(NARROW)
    for i, sources in _packed(cloud):
        rules[i] = Rule(PACKED, sources)
    own = cloud.coordinates or FIRST
    for i, j in _equal(columns):
        if i not in own and rules[i].kind < PACKED and rules[j].kind < EQUAL:
            rules[i] = Rule(EQUAL, (j,))
    used = {source for rule in rules for source in rule.sources}
    fits = all(rules[k].kind < PACKED for rule in rules if rule.kind == PACKED for k in rule.sources)
    return Recipe(tuple(rules) if fits or not used else tuple(Rule() for _ in rules), leading=own)


def alternatives(cloud: Cloud, base: Recipe) -> Iterator[Recipe]:
    """Recipes worth a trial: coordinates computed from angles and distance, or these from them; split colours."""
    places = cloud.coordinates
    if places and cloud.count >= _FEWEST:
        polar = _Polar(list(cloud.columns.values()), places)
        rest = [i for i, rule in enumerate(base.rules) if i not in places and rule.kind < SPLIT]
        for rules in (polar.cartesian(rest), polar.polar(rest)):
            if rules:
                leading = FIRST if any(place in rules for place in places) else base.leading
                yield Recipe(tuple(rules.get(i, rule) for i, rule in enumerate(base.rules)), leading=leading)
    plain = all(rule.kind == KEPT for rule in base.rules) and not any("[" in name for name in cloud.columns)
    means = find_means(list(cloud.columns.values())) if plain and cloud.count >= _FEWEST else None
    if means is not None:
        of_means = tuple(Rule(MEAN, (), (decimal,)) if decimal else Rule() for decimal in means[1])
        yield Recipe(of_means, leading=base.leading)
    names = [name.lower() for name in cloud.columns]
    split = [
        i
        for i, (name, (_, dtype)) in enumerate(zip(names, cloud.schema, strict=True))
        if name in ("rgb", "rgba") and dtype.itemsize == 4 and base.rules[i].kind < NARROW
    ]
    if split:
        apart = tuple(Rule(SPLIT) if i in split else rule for i, rule in enumerate(base.rules))
        yield Recipe(apart, leading=base.leading)


def _all(holds: Callable[..., bool], *columns: np.ndarray) -> bool:
    """Whether something holds for all pieces of columns."""
    return all(
        holds(*(column[start : start + _PIECE] for column in columns)) for start in range(0, len(columns[0]), _PIECE)
    )


def _is_narrow(piece: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return np.array_equal(bits_of(piece.astype("<f4").astype(piece.dtype)), bits_of(piece))


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(bits_of(a), bits_of(b))


def _equal(columns: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Places of columns that equal an earlier one which varies."""
    seen: dict[bytes, int] = {}
    for i, column in enumerate(columns):
        sample = bits_of(column[:: max(1, len(column) // _SAMPLE)])
        if (sample == sample[0]).all():
            continue
        key = column.dtype.str.encode() + sample.tobytes()
        j = seen.setdefault(key, i)
        if j != i and _all(_same, columns[j], column):
            yield i, j


def _packed(cloud: Cloud) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Places of packed colours and of the columns whose bytes they hold."""
    names = [name.lower() for name in cloud.columns]
    columns = list(cloud.columns.values())
    for colours in _COLOURS:
        if not all(name in names for name in colours):
            continue
        rgb = tuple(names.index(name) for name in colours)
        alpha = [names.index(name) for name in ("a", "alpha") if name in names]
        for i, name in enumerate(names):
            if name not in ("rgb", "rgba") or columns[i].dtype.itemsize != 4:
                continue
            for sources in (rgb, *((a, *rgb) for a in alpha)):
                if _all(_is_packed, columns[i], *(columns[k] for k in sources)):
                    yield i, sources
                    break


def _is_packed(piece: np.ndarray, *sources: np.ndarray) -> bool:
    if any(source.dtype.kind == "f" and not (np.abs(source) < 1e6).all() for source in sources):
        return False
    return _same(packed(list(sources), piece.dtype), piece)


class _Polar:
    """Distances and angles among the columns of a cloud.

    Parameters
    ----------
    columns : sequence of (N,) array
    places : tuple of int
        Of x, y, z.
    """

    def __init__(self, columns: Sequence[np.ndarray], places: tuple[int, int, int]):
        self.columns = columns
        self.places = places
        step = max(1, len(columns[0]) // _SAMPLE)
        with np.errstate(all="ignore"):
            sample = [column[::step].astype(np.float64) for column in columns]
            x, y, z = (sample[i] for i in places)
            level = np.sqrt(x * x + y * y)
            kept = (level > 0.1) & (level < 1e5) & (np.abs(z) < 1e5)
        self.sample = [column[kept] for column in sample]
        self.rows = np.flatnonzero(kept) * step
        self.x, self.y, self.z = (self.sample[i] for i in places)
        self.level = level[kept]
        self.distance = np.sqrt(self.level**2 + self.z**2)
        self.fits = len(self.level) >= _FEWEST

    def cartesian(self, rest: Sequence[int]) -> dict[int, Rule]:
        """Rules of x, y and z where angles and distance stand beside them."""
        distances = [i for i in rest if self._scale(i, self.distance) == 1 and self.columns[i].dtype.kind == "f"]
        elevations, azimuths = self._elevations(rest), self._azimuths(rest)
        if not (distances and elevations and azimuths):
            return {}
        (elevation, kind, e_degrees), (azimuth, convention) = elevations[0], azimuths[0]
        if e_degrees is not None and e_degrees != convention.degrees:
            return {}
        sources = azimuth, elevation, distances[0]
        convention = convention._replace(elevation=kind, positive=0)
        rules = {}
        for what, place in zip((X, Y, Z), self.places, strict=True):
            if rule := self._best(place, sources, what, convention, range(3)):
                rules[place] = rule
        return rules if len(rules) == 3 else {}

    def polar(self, rest: Sequence[int]) -> dict[int, Rule]:
        """Rules of distances and angles beside x, y and z."""
        rules = {}
        for i in rest:
            for what, values in ((DISTANCE, self.distance), (LEVEL, self.level)):
                scale = self._scale(i, values)
                if scale and i not in rules and (rule := self._best(i, self.places, what, Convention(), (0, 1), scale)):
                    rules[i] = rule
        for i, kind, degrees in self._elevations(rest):
            convention = Convention(degrees=degrees or 0, elevation=kind)
            if rule := self._best(i, self.places, ELEVATION, convention, (0, 1)):
                rules.setdefault(i, rule)
        for i, convention in self._azimuths(rest):
            if rule := self._best(i, self.places, AZIMUTH, convention, (0, 1)):
                rules.setdefault(i, rule)
        return rules

    def _scale(self, i: int, values: np.ndarray) -> int:
        """Units in a metre of a column that measures such lengths; 0 where it does not."""
        if not self.fits or self.columns[i].dtype.itemsize < 2:
            return 0
        for scale in _SCALES if self.columns[i].dtype.kind != "f" else (1,):
            if self._near(self.sample[i] - values * scale, values * scale):
                return scale
        return 0

    def _near(self, error: np.ndarray, size: np.ndarray | float = 1.0) -> bool:
        with np.errstate(all="ignore"):
            return self.fits and bool(np.mean(np.abs(error) <= _NEAR * size) >= _USUAL)

    def _elevations(self, rest: Sequence[int]) -> list[tuple[int, int, int | None]]:
        """Place, kind and unit (None for sines) of columns that tell elevations."""
        if not self.fits:
            return []
        sine, cosine = self.z / self.distance, self.level / self.distance
        found: list[tuple[int, int, int | None]] = []
        for i in self._floats(rest):
            if self._near(self.sample[i] - sine) and np.ptp(sine) > 0.05:
                with np.errstate(all="ignore"):
                    exact = np.median(np.abs(self.sample[i] - sine)) < np.median(np.abs(np.sin(self.sample[i]) - sine))
                if exact:
                    found.append((i, SINE, None))
                    continue
            for degrees in (0, 1):
                with np.errstate(all="ignore"):
                    angle = np.radians(self.sample[i]) if degrees else self.sample[i]
                    if self._near(np.sin(angle) - sine) and self._near(np.cos(angle) - cosine):
                        found.append((i, ANGLE, degrees))
                    elif self._near(np.cos(angle) - sine) and self._near(np.sin(angle) - cosine):
                        found.append((i, ZENITH, degrees))
        return found

    def _azimuths(self, rest: Sequence[int]) -> list[tuple[int, Convention]]:
        """Place and convention of columns that tell azimuths."""
        if not self.fits:
            return []
        x, y = self.x / self.level, self.y / self.level
        found = []
        for i, degrees in product(self._floats(rest), (0, 1)):
            with np.errstate(all="ignore"):
                angle = np.radians(self.sample[i]) if degrees else self.sample[i]
                cosine, sine = np.cos(angle), np.sin(angle)
            for swapped, against_x, against_y in product((0, 1), repeat=3):
                u, v = (sine, cosine) if swapped else (cosine, sine)
                if self._near(x + u if against_x else x - u) and self._near(y + v if against_y else y - v):
                    positive = int(np.nanmax(angle) > 3.2)
                    found.append((i, Convention(degrees, swapped, against_x, against_y, 0, 0, positive)))
                    break
        return found

    def _floats(self, rest: Sequence[int]) -> list[int]:
        return [i for i in rest if self.columns[i].dtype.kind == "f" and self.columns[i].dtype.itemsize >= 4]

    def _best(
        self,
        place: int,
        sources: tuple[int, int, int],
        what: int,
        convention: Convention,
        arithmetics: Sequence[int],
        scale: int = 1,
    ) -> Rule | None:
        """The rule under whose arithmetic a column differs least from what is computed; None when by too much."""
        column = self.columns[place][self.rows]
        inputs = [self.columns[i][self.rows] for i in sources]
        best, least = None, np.inf
        for single in arithmetics:
            rule = Rule(POLAR, sources, (what, convention._replace(single=single).pack(), scale, 1))
            rest = np.abs(difference(column, predicted(rule, inputs, column.dtype)).astype(np.float64))
            cost = float(np.log2(1 + rest).mean())
            if cost < least and np.mean(rest < _EXACT) >= _USUAL:
                best, least = rule, cost
        if best is not None and least == 0 and self._follows(place, best):
            return replace(best, numbers=(*best.numbers[:3], 0))
        return best

    def _follows(self, place: int, rule: Rule) -> bool:
        """Whether nothing at all is left of a column."""

        def nothing(piece: np.ndarray, *inputs: np.ndarray) -> bool:
            return not difference(piece, predicted(rule, list(inputs), piece.dtype)).any()

        return _all(nothing, self.columns[place], *(self.columns[i] for i in rule.sources))
