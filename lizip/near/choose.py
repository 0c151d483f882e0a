"""Which cloud within the bounds is the shortest to say, and how.

Where a solver explains the points, its model is made coarser (`lizip.sensor.fit.coarser`). Else the numbers are moved
to a lattice (`lizip.near.lattice`). Where neither is shorter than the cloud as it is, it stays as it is. Where the
order of the points is given up, what is in none comes as its sensor listed it, or in that of a tree
(`lizip.near.order`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lizip import codecs, contest, formats
from lizip.container import NEAR, RECIPE, Section, content_hash, write
from lizip.contest import Contest, Result
from lizip.errors import CorruptError, FormatError
from lizip.near.fields import Field, coordinates, intensities
from lizip.near.said import DROPPED, KEPT, Said

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns
    from lizip.codecs import Options

_MUCH = 0.97
"""Points come in another order where that takes at most so much of what the file's own takes."""

_ORDERED = ("image", "sweep")
"""Codecs that explain the order of the points."""

_SURE = 0.5
"""A coarser model that comes to so small a share of a quick zstd of the cloud as it was needs no rivals."""


class Choice(NamedTuple):
    """A way of saying a file, and the file that is said: the one given, or one that is near."""

    result: Result
    cloud: Cloud
    content: bytes | memoryview
    said: Said | None = None

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.result.layout) + sum(len(section.data) for section in self.result.sections)

    def pack(self, digest: bytes) -> bytes:
        """A .lizip file in one piece, from the hash of its content."""
        result, number = self.result, formats.by_name(self.cloud.format).number
        how = (result.codec.number, number, len(self.content), digest, self.cloud.count, result.layout)
        return write(self.sections(), *how)

    def sections(self) -> Iterator[Section]:
        """All sections; the bound first."""
        if self.said is not None:
            yield Section(NEAR, self.said.pack())
        yield from self.result.sections


class Bounds(NamedTuple):
    """What may be changed in a file and its pieces."""

    coordinates: Sequence[Field]
    intensities: Sequence[Field]

    @classmethod
    def of(cls, cloud: Cloud, options: Options) -> Bounds | None:
        """Bounds of a whole file; None where nothing is to be changed."""
        return cls(coordinates(cloud, options), intensities(cloud, options)) if options.near else None


def choose(
    data: memoryview, cloud: Cloud, options: Options, names: Sequence[str], bounds: Bounds | None, alone: bool = True
) -> Choice:
    """Find the shortest way to say a cloud, or one within the bounds.

    Parameters
    ----------
    data, cloud, options, names, alone
        See `lizip.contest.choose`.
    bounds : Bounds or None
        Of the whole file.

    Raises
    ------
    FormatError
        When no codec has anything to say.
    """
    if options.drop_order:
        return _in_any_order(data, cloud, options, names, bounds, alone)
    if bounds is None:
        return Choice(contest.choose(data, cloud, options, names, alone), cloud, data)
    best = min(_rivals(data, cloud, options, names, bounds, alone), key=lambda choice: choice.size)
    return best._replace(said=_said(cloud, best.cloud, bounds, options, data))


def _in_any_order(
    data: memoryview, cloud: Cloud, options: Options, names: Sequence[str], bounds: Bounds | None, alone: bool
) -> Choice:
    """As `choose`, and the points may be in another order; whatever is chosen says whether they are."""
    from lizip.disorder import is_disordered
    from lizip.near.order import is_free, of_sensors, of_tree

    bounds = Bounds((), ()) if bounds is None else bounds
    strict = replace(options, drop_order=False)
    given = Choice(Result(codecs.load("opaque"), b"", ()), cloud, data)
    listed = [name for name in names if name in _ORDERED] if cloud.count else []

    def best_of(there: Choice, names: Sequence[str]) -> Choice | None:
        """The best of a cloud in some order."""
        with suppress(FormatError):
            best = min(_rivals(memoryview(there.content), there.cloud, strict, names, bounds, alone), key=_size)
            said = _said(there.cloud, best.cloud, bounds, strict, data)
            return best._replace(said=said._replace(order=KEPT if there is given else DROPPED))
        return None

    found: list[Choice] = []
    for name in listed:
        best = best_of(given, [name])
        if best is not None and best.size < _SURE * _quick(cloud):
            return best
        found += [] if best is None else [best]
    free = is_free(cloud)
    for order in of_sensors(cloud) if free and "sweep" in names else ():
        there = _reordered(given, order, strict, alone)
        best = None if there is None else best_of(there, ["sweep"])
        found += [] if best is None else [best]
        if best is not None and best.size < _SURE * _quick(cloud):
            return best
    moved = _on_lattices(cloud, bounds)
    tree = of_tree(moved) if free and "octree" in names else None
    if tree is not None:
        found += _in_tree(given, moved, tree, strict, bounds, alone)
    if not (found and tree is not None and is_disordered(cloud, tree)):
        rest = best_of(given, [name for name in names if name not in listed]) if len(listed) < len(names) else None
        found += [] if rest is None else [rest]
    if not found:
        raise FormatError(f"the codec {' or '.join(names)} has nothing to say about this {cloud.format} file")
    return min(found, key=lambda choice: choice.size * (_MUCH if choice.said and choice.said.order == KEPT else 1.0))


def _size(choice: Choice) -> int:
    return choice.size


def _reordered(given: Choice, order: np.ndarray, options: Options, alone: bool) -> Choice | None:
    """A file with its records in another order; None where they are not the same ones then."""
    from lizip.near.order import reordered, same_records

    there = _joined(given.cloud, reordered(given.cloud, order).columns, options, alone)
    return there if there is not None and same_records(given.cloud, there.cloud) else None


def _on_lattices(cloud: Cloud, bounds: Bounds) -> Cloud:
    """A cloud with its numbers moved to lattices within the bounds."""
    from lizip.near.lattice import rounded

    columns = dict(cloud.columns)
    for field in (*bounds.coordinates, *bounds.intensities):
        columns[field.name] = rounded(columns[field.name], field)
    return replace(cloud, columns=columns)


def _in_tree(
    given: Choice, moved: Cloud, order: np.ndarray, options: Options, bounds: Bounds, alone: bool
) -> Iterator[Choice]:
    """The points, moved within the bounds, in the order of a tree."""
    from lizip.near.order import reordered

    there = _reordered(given, order, options, alone)
    near = None if there is None else _joined(there.cloud, reordered(moved, order).columns, options, alone)
    if there is None or near is None or not _within(there.cloud, near.cloud, bounds):
        return
    with suppress(FormatError):
        result = _chosen(memoryview(near.content), near.cloud, options, ["octree"], alone)
        said = _said(there.cloud, near.cloud, bounds, options, memoryview(given.content))
        yield near._replace(result=result, said=said._replace(order=DROPPED))


def _rivals(
    data: memoryview, cloud: Cloud, options: Options, names: Sequence[str], bounds: Bounds, alone: bool
) -> Iterator[Choice]:
    """Ways worth comparing: coarser models; clouds on a lattice; the cloud as it is."""
    from lizip.near.lattice import rounded

    columns = dict(cloud.columns)
    for field in bounds.intensities:
        columns[field.name] = rounded(columns[field.name], field)
    dull = replace(cloud, columns=columns)
    modelled = _modelled(dull, options, bounds, alone) if "sweep" in names and bounds.coordinates else None
    if modelled is not None:
        choice = _checked(modelled, cloud, bounds)
        if choice is not None:
            yield choice
            if options.level != "max" and choice.size < _SURE * _quick(cloud):
                return
    for field in bounds.coordinates:
        columns[field.name] = rounded(columns[field.name], field)
    if any(columns[name] is not column for name, column in cloud.columns.items()):
        moved = _joined(cloud, columns, options, alone)
        if moved is not None and _within(cloud, moved.cloud, bounds):
            view = memoryview(moved.content)
            with suppress(FormatError):  # what one codec takes may be beyond it on a lattice
                yield moved._replace(result=_chosen(view, moved.cloud, options, names, alone))
    yield Choice(_chosen(data, cloud, options, names, alone), cloud, data)


def _chosen(data: memoryview, cloud: Cloud, options: Options, names: Sequence[str], alone: bool) -> Result:
    result = contest.choose(data, cloud, options, names, alone)
    return result._replace(sections=tuple(result.sections))


def _quick(cloud: Cloud) -> int:
    from lizip.codecs import opaque

    return opaque.CODEC.sampled_size(cloud)


def _modelled(cloud: Cloud, options: Options, bounds: Bounds, alone: bool) -> Choice | None:
    """The cloud of a coarser sensor model; None where no solver explains the points."""
    from lizip.codecs.sweep import CODEC
    from lizip.codecs.sweep.sections import lay_out
    from lizip.relations import Recipe
    from lizip.relations.rule import Rule
    from lizip.sensor.fit.coarser import coarser

    led = cloud.led
    solution = CODEC.solve(led, options) if cloud.count else None
    near = None if solution is None else coarser(solution, led.schema, options.max_error)
    if near is None:
        return None
    try:
        columns = near.model.rebuild([(grid.ranges, grid.intensity) for grid in near.grids], led.schema)
    except CorruptError:  # a stage that does not go with coarser ranges
        return None
    choice = _joined(cloud, {name: columns[name] for name in cloud.columns}, options, alone)
    if choice is None:
        return None
    around = Contest(memoryview(choice.content), choice.cloud, options, alone)
    recipe = Recipe((Rule(),) * len(led.columns), leading=cloud.coordinates or (0, 1, 2))
    said = () if recipe.trivial else (Section(RECIPE, recipe.pack()),)
    return choice._replace(result=Result(CODEC, around.layout, (*around.around, *said, *lay_out(near, options))))


def _checked(choice: Choice, cloud: Cloud, bounds: Bounds) -> Choice | None:
    return choice if _within(cloud, choice.cloud, bounds) else None


def _joined(cloud: Cloud, columns: Columns, options: Options, alone: bool) -> Choice | None:
    """A file with other numbers, not coded yet; None where its format cannot write them."""
    format = formats.by_name(cloud.format)
    moved: Cloud | None = replace(cloud, columns=columns)
    try:
        content = b"".join(format.join(cloud.layout, tuple(map(bytes, cloud.regions)), [columns]))
        if not format.rowwise(cloud.layout):  # numbers that were printed or packed are what is read again
            moved = format.again(memoryview(content), cloud, options.fields)
    except (CorruptError, FormatError):
        return None
    return None if moved is None else Choice(Result(codecs.load("opaque"), b"", ()), moved, content)


def _within(cloud: Cloud, moved: Cloud, bounds: Bounds) -> bool:
    """Whether a cloud keeps to the bounds; one of which only zeros have another sign is neither near nor exact."""
    from lizip.near.measure import largest_error, same_otherwise

    fields = [*bounds.coordinates, *bounds.intensities]
    if not same_otherwise(cloud, moved, fields):
        return False
    error = largest_error(cloud, moved, fields)
    return error is not None and (error > 0 or same_otherwise(cloud, moved, ()))


def _said(cloud: Cloud, moved: Cloud, bounds: Bounds, options: Options, data: memoryview) -> Said:
    """State bounds and errors; whatever was chosen is measured here once more."""
    from lizip.near.measure import largest_error

    position = largest_error(cloud, moved, bounds.coordinates)
    intensity = largest_error(cloud, moved, bounds.intensities)
    if position is None or intensity is None:
        raise AssertionError("a cloud that was to be near is not")
    # as decimals, an error of exactly the bound may come out a digit above it
    position, intensity = min(position, options.max_error), min(intensity, options.intensity_error)
    return Said(options.max_error, position, options.intensity_error, intensity, content_hash(data))
