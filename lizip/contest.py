"""Which way of saying a file is the shortest: its points by one of the codecs, or the file as it stands.

A rival runs only where the best result so far is within its reach; what strong coders would come to is estimated from
samples. So nothing comes out larger than the file under zstd or LZMA, and LZMA does not run where a codec has won.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import TYPE_CHECKING, NamedTuple

from lizip import codecs, defects
from lizip.codecs import Options, arrangements, opaque
from lizip.container import AROUND, RECIPE, REGIONS, WHOLE, Section, size_of
from lizip.errors import FormatError
from lizip.orders import Orders
from lizip.packing import pack_varints
from lizip.won import Won, as_before

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud
    from lizip.codecs import Codec
    from lizip.relations import Recipe
    from lizip.undone import Undone

ONE_PASS = 1 << 26
"""Above so many bytes the first codec that fits codes the file, section by section, in bounded memory."""

_REACH = {"image": 0.0, "sweep": 0.0, "survey": 0.0, "octree": 0.0, "floats": 0.15, "opaque": 0.4}
"""The smallest share of a quick zstd that a codec is known to reach on real files (KITTI both times, with some room):
where another codec came below, trying it is a waste of time."""

_SURE = {"image": 0.7, "sweep": 0.15, "survey": 0.27}
"""A codec that comes to so small a share of a sample's zstd has explained the points: nothing else is tried."""

_MANY = 1 << 14
"""Results below so many bytes are soon rivalled."""

_MARGIN = 0.85
"""How far a sample's word on the size of the opaque codec's result is trusted."""

_POOR = 3
"""Bytes a point that are more than a model of a sensor takes where it holds."""

_SURELY = 1.5
"""Bytes a point up to which a model of a sensor holds everywhere."""


class Result(NamedTuple):
    """A way of saying a file."""

    codec: Codec
    layout: bytes
    """Coded, as it stands in the container."""
    sections: Iterable[Section]


def choose(data: memoryview, cloud: Cloud, options: Options, names: Sequence[str], alone: bool = True) -> Result:
    """Find the shortest way.

    Parameters
    ----------
    data : memoryview
        The whole file.
    cloud : Cloud
        The same, taken apart.
    options : Options
        `max` gives every rival its chance, `fast` is content with anything below a quick zstd.
    names : sequence of str
        The codecs to try, in this order. One name alone is an order, not a proposal.
    alone : bool
        Whether `data` is a file that can be taken apart again, not a piece of one.

    Raises
    ------
    FormatError
        When no codec has anything to say.
    """
    if not cloud.count:
        return Result(opaque.CODEC, b"", _whole(data, options.level))
    from lizip.relations import alternatives, narrowed

    contest = Contest(data, cloud, options, alone)
    base = narrowed(cloud)
    if "sweep" in names and len(data) <= ONE_PASS:
        base = contest.undo(base)
    plain: list[Result | None] = []
    for name in names:
        if contest.beaten(name):
            continue
        sole = len(data) > ONE_PASS or len(names) == 1
        codec = codecs.load(name)
        apart = False
        if name == "sweep" and not sole:
            with defects.passed_over(f"another order of {cloud.count} points was not found"):
                apart = contest.orders.attempt_apart(codec, base)
        if not apart:
            contest.attempt(codec, base, sole)
        plain.append(contest.best)
        if contest.best is not None and as_before(contest.won, options.state):
            return contest.best
        if name == "sweep" and contest.poor:
            contest.orders.attempt_turned(codec, base)
            if contest.poor and base.motion is None:
                contest.attempt_undone(codec, base, sole)
        if name == "sweep" and not sole:
            attempt = contest.orders.attempt_sorted if contest.poor else contest.orders.attempt_fired
            with defects.passed_over(f"another order of {cloud.count} points was not found"):
                attempt(codec, base)
        if sole and contest.best is not None:
            return contest.best
    if len(names) > 1 and len(data) <= ONE_PASS:
        rivals = [name for name in names if name != opaque.CODEC.name]
        if not all(map(contest.beaten, rivals)):
            for recipe, name in product(alternatives(cloud, base), rivals):
                if not contest.beaten(name):
                    contest.attempt(codecs.load(name), recipe)
        if "floats" in names and contest.unexplained:
            with defects.passed_over(f"another order of {cloud.count} points was not found"):
                contest.orders.attempt_sorted(codecs.load("floats"), base)
        if alone:
            contest.attempt_whole()
    if contest.best is None:
        raise FormatError(f"the codec {' or '.join(names)} has nothing to say about this {cloud.format} file")
    if options.state is not None and any(contest.best is each for each in plain):
        options.state.put("contest", contest.won)
    return contest.best


class Contest:
    """The smallest result so far, and whether another codec has a chance against it.

    Parameters
    ----------
    data : memoryview
        The whole file.
    cloud : Cloud
        The same, taken apart.
    options : Options
    stands : bool
        Whether the file as it stands is a rival.
    """

    def __init__(self, data: memoryview, cloud: Cloud, options: Options, stands: bool = True):
        self._stands = stands
        self._data, self.cloud, self.options = data, cloud, options
        self._quick = self._sampled = 0
        self._size = 0
        self.best: Result | None = None
        self._inner: np.ndarray | None = None
        self.orders = Orders(self)
        self.layout = opaque.encode_bytes(cloud.layout, options.level)
        self.around = tuple(_regions(cloud, options.level))
        self._fixed = size_of(self.around, len(data), self.layout)

    @property
    def won(self) -> Won | None:
        """The best so far, for the next file."""
        return None if self.best is None else Won(self.best.codec.name, self._size / len(self._data))

    def undo(self, recipe: Recipe) -> Recipe:
        """Take points that were moved after a rounding as they were before."""
        from lizip.undone import undo

        with defects.passed_over(f"whether {self.cloud.count} points were moved was not found"):
            undone = undo(self.cloud, recipe)
            return recipe if undone is None else self._take(undone)
        return recipe

    def _take(self, undone: Undone) -> Recipe:
        self._inner = undone.inner
        return undone.recipe

    def reduced(self, recipe: Recipe, order: np.ndarray | None = None) -> Cloud:
        """What a codec codes: the columns that a recipe leaves, in an order."""
        return replace(self.cloud, columns=recipe.reduce(self.cloud.columns, self._inner, order))

    def encoded(self, codec: Codec, recipe: Recipe, order: np.ndarray | None = None) -> Iterable[Section] | None:
        """What a codec says of the columns that a recipe leaves, and the recipe itself; bytes are taken as they are."""
        if recipe.trivial or codec is opaque.CODEC:
            return codec.encode(self.cloud, self.options)
        sections = codec.encode(self.reduced(recipe, order), self.options)
        return None if sections is None else chain((Section(RECIPE, recipe.pack()),), sections)

    def attempt(self, codec: Codec, recipe: Recipe, sole: bool = False, order: np.ndarray | None = None) -> None:
        """Let a codec try, the sole one or one of several; one that fails ends no compression."""
        with defects.passed_over(f"the codec {codec.name} failed on a cloud of {self.cloud.count} points"):
            arranged = codec is opaque.CODEC and self._stands and not sole
            sections = self._arranged() if arranged else self.encoded(codec, recipe, order)
            if sections is not None:
                self.enter(Result(codec, self.layout, self.around + tuple(sections)))

    @property
    def poor(self) -> bool:
        """Whether nothing yet has said the points as shortly as a sensor's model does."""
        return self.best is None or self._size - self._fixed > _POOR * self.cloud.count

    @property
    def surely_said(self) -> bool:
        """Whether points are said so shortly that their order in the file must be wrong where they were in another."""
        return self.best is not None and self._size - self._fixed < _SURELY * self.cloud.count

    @property
    def unexplained(self) -> bool:
        """Whether no codec that knows sensors has said the points."""
        return self.best is None or self.best.codec.name in ("floats", opaque.CODEC.name)

    def attempt_undone(self, codec: Codec, recipe: Recipe, sole: bool = False) -> None:
        """Let points on other axes, or multiplied by a number, try once more, as they were before."""
        from lizip.undone import undo_rarer

        with defects.passed_over(f"whether {self.cloud.count} points were moved was not found"):
            for undone in undo_rarer(self.cloud, recipe):
                self.attempt(codec, self._take(undone), sole)
                if not self.poor:
                    break

    def _arranged(self) -> Iterable[Section] | None:
        """What the opaque codec says; only what is not the file again, where this holds the records as they are."""
        around = sum(map(len, self.cloud.regions))
        if arrangements.record_size(self.cloud.schema) * self.cloud.count + around != len(self._data):
            return opaque.CODEC.encode(self.cloud, self.options)
        return opaque.CODEC.rearranged(self.cloud, self.options)

    def attempt_whole(self) -> None:
        """Let the file as it stands try."""
        from lizip.yardstick import bytes_beaten

        if self.best is None or not bytes_beaten(self._data, self._size, self.options.level):
            layout = self.layout if self.options.fields is not None else b""
            self.enter(Result(opaque.CODEC, layout, tuple(_whole(self._data, self.options.level))))

    def enter(self, result: Result) -> None:
        """Keep a result when it is smaller than the best."""
        own = tuple(each for each in result.sections if each.kind != AROUND)  # that is for the sweeps to come
        size = size_of(own, len(self._data), result.layout)
        if self.best is None or size < self._size:
            self.best, self._size = result, size

    def beaten(self, name: str) -> bool:
        """Whether a codec can be left out, because it will hardly come below the best."""
        if self.best is None or self.options.level == "max":
            return False
        size = self._size - self._fixed
        sure = _SURE.get(self.best.codec.name)
        if sure and size > _MANY:
            self._sampled = self._sampled or opaque.CODEC.sampled_size(self.cloud)
            if size <= sure * self._sampled:
                return True
        self._quick = self._quick or opaque.CODEC.quick_size(self.cloud)
        if self.options.level == "fast":
            return size <= self._quick
        if size <= _REACH[name] * self._quick:
            return True
        return name == "opaque" and size <= _MARGIN * opaque.CODEC.gain(self.cloud) * self._quick


def _whole(data: memoryview, level: str) -> Iterator[Section]:
    """Code the file as it stands, in pieces."""
    for start in range(0, max(len(data), 1), opaque.PIECE):
        yield Section(WHOLE, opaque.encode_bytes(data[start : start + opaque.PIECE], level))


def _regions(cloud: Cloud, level: str) -> Iterator[Section]:
    """Code number, lengths and bytes of the regions, in pieces."""
    if cloud.regions:
        lengths = pack_varints([len(cloud.regions), *map(len, cloud.regions)])
        body = memoryview(lengths + b"".join(cloud.regions))
        for start in range(0, len(body), opaque.PIECE):
            yield Section(REGIONS, opaque.encode_bytes(body[start : start + opaque.PIECE], level))
