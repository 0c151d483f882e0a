"""Whole numbers on a raster, as users hold range images: the planes are coded cell by cell by the sweep's grid coder.

A plane of up to 24 bits is a grid's ranges; one of up to 16 bits may be a grid's intensities, beside the ranges of the
first plane or alone; a plane that only says which cells of the first one are zero costs nothing. Rows that are shifted
against one another, as sensors with staggered beams make them, are put straight before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lizip.codecs import Options
from lizip.container import CODEC as FIRST_KIND
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Cloud, Columns, Schema

HEADER, GRID = FIRST_KIND, FIRST_KIND + 1
"""Section kinds: shape, shifts and what becomes of each plane; a grid, one section each."""

RANGES, LEVELS, ALONE, PRESENCE = range(4)
"""What a plane is: ranges of a grid of its own; the intensities of the first plane's grid; those of a grid whose ranges
are all 1; 1 where the first plane is not 0."""

_MOST_PLANES = 256
_NEAR = 20
"""See `encode_grid`; images do not say their unit. From 10 to 80 ticks of 1 and of 8 mm it is worth 0.2 %."""

_FARTHEST, _CAP, _STRAIGHT = 64, 32, 0.9
"""Columns by which a row may be shifted against the one above; the most that a cell counts (16 bits: a factor of 2 of
range); to what share of the differences a shift must come."""


class _Head(NamedTuple):
    """Shape of the raster, columns by which each row was moved, and form and step of each plane."""

    rows: int
    columns: int
    shifts: Sequence[int]
    planes: Sequence[tuple[int, int]]

    def pack(self) -> bytes:
        shifts = b"".join(map(pack_signed, self.shifts))
        head = pack_varints([self.rows, self.columns, len(self.shifts)]) + shifts + pack_varint(len(self.planes))
        return head + b"".join(pack_varints(plane) for plane in self.planes)

    @classmethod
    def unpack(cls, data: bytes) -> _Head:
        unpack = Unpacker(data)
        rows, columns, count = unpack.varint(), unpack.varint(), unpack.varint()
        if count not in (0, rows) or count > unpack.remaining:
            raise CorruptError("impossible shifts of an image's rows")
        shifts = [unpack.signed() for _ in range(count)]
        planes = [(unpack.varint(), unpack.varint()) for _ in range(min(unpack.varint(), _MOST_PLANES))]
        unpack.finish()
        if (planes[:1] and planes[0][0] != RANGES) or any(form > PRESENCE or not step for form, step in planes):
            raise CorruptError("impossible planes of an image")
        return cls(rows, columns, shifts, planes)


class Image:
    """The image codec."""

    name = "image"
    number = 4

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code the planes; None where there is no raster, or a number beyond 24 bits."""
        shape = cloud.shape
        if shape is None or shape[0] * shape[1] != cloud.count or not 0 < len(cloud.columns) <= _MOST_PLANES:
            return None
        if not _fits(cloud):
            return None
        planes = [column.reshape(shape) for column in cloud.columns.values()]
        plain = _lay_out(planes, [], options)
        if options.level == "fast":
            return plain
        shifts = _shifts(planes[0])
        straight = _lay_out(planes, shifts, options) if shifts else None
        return min(filter(None, (plain, straight)), key=_size_of, default=None)

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield the whole raster at once."""
        import numpy as np

        head = _Head.unpack(container.section(HEADER))
        if head.rows * head.columns != count or len(head.planes) != len(schema):
            raise CorruptError("an image has another shape than announced")
        moved: list[np.ndarray] = []
        for values, (_, step), (_, dtype) in zip(_decoded(container, head), head.planes, schema, strict=True):
            most = int(np.iinfo(dtype).max) if dtype.kind in "ui" else -1
            if step > most + 1 or int(values.max(initial=0)) * step > most:
                raise CorruptError("a number of an image is beyond its type")
            moved.append(_rolled(values.astype(dtype) * dtype.type(step), [-shift for shift in head.shifts]))
        yield {name: plane.reshape(-1) for (name, _), plane in zip(schema, moved, strict=True)}

    def describe(self, container: Container) -> dict[str, Any]:
        """Shape, and bytes of the grids."""
        head = _Head.unpack(container.section(HEADER))
        sizes = {f"grid {i}": entry.length for i, entry in enumerate(container.entries(GRID))}
        return {"rows": head.rows, "columns": head.columns, "streams": sizes}


CODEC = Image()


def _fits(cloud: Cloud) -> bool:
    """Whether all numbers are whole ones, of up to 24 bits without a sign."""
    from lizip.codecs.sweep.model import MAX_RANGE

    columns = cloud.columns.values()
    return all(c.dtype.kind in "ui" for c in columns) and all(c.min() >= 0 and c.max() <= MAX_RANGE for c in columns)


def _size_of(sections: Iterable[Section]) -> int:
    return sum(len(section.data) for section in sections)


def _lay_out(planes: Sequence[np.ndarray], shifts: Sequence[int], options: Options) -> list[Section] | None:
    """Code planes (H, W) whose rows are first moved by some columns; None where the grid coder does not take them."""
    import numpy as np

    from lizip.codecs.sweep.grid import takes
    from lizip.codecs.sweep.model import MAX_INTENSITY

    planes = [_rolled(plane.astype(np.int32), shifts) for plane in planes]
    steps = [max(1, int(np.gcd.reduce(plane, axis=None))) for plane in planes]
    grids = [_turned(plane // step) for plane, step in zip(planes, steps, strict=True)]
    first, others = grids[0], grids[1:]
    if not takes(first):
        return None
    forms, coded, paired = [RANGES], [], None
    for plane in others:
        if plane.max() <= 1 and np.array_equal(plane, first > 0):
            forms.append(PRESENCE)
        elif paired is None and plane.max() <= MAX_INTENSITY:
            paired = plane
            forms.append(LEVELS)
        else:
            form, stream = _shortest(plane, options)
            forms.append(form)
            coded.append(stream)
    everywhere = paired is not None and bool(paired[first == 0].any())
    coded.insert(0, _code(first, paired, everywhere, options))
    rows, columns = planes[0].shape
    head = _Head(rows, columns, shifts, list(zip(forms, steps, strict=True)))
    return [Section(HEADER, head.pack()), *(Section(GRID, stream) for stream in coded)]


def _shortest(plane: np.ndarray, options: Options) -> tuple[int, bytes]:
    """Code a plane (F, R) that has a grid of its own."""
    import numpy as np

    from lizip.codecs.sweep.grid import takes
    from lizip.codecs.sweep.model import MAX_INTENSITY

    rivals = []
    if plane.max() <= MAX_INTENSITY:
        rivals.append((ALONE, _code(np.ones_like(plane), plane, False, options)))
    if (not rivals or options.level != "fast") and takes(plane):
        rivals.append((RANGES, _code(plane, None, False, options)))
    return min(rivals or [(RANGES, b"")], key=lambda rival: len(rival[1]))


def _code(ranges: np.ndarray, levels: np.ndarray | None, everywhere: bool, options: Options) -> bytes:
    from lizip.codecs.sweep.grid import encode_grid
    from lizip.codecs.sweep.weights import DEFAULT_NET

    fast = options.level == "fast"
    how: dict[str, Any] = {"net": None if fast else options.model or DEFAULT_NET, "backend": options.backend}
    how["fast"] = fast
    return encode_grid(ranges, levels, everywhere=everywhere, near=_NEAR, **how).data


def _decoded(container: Container, head: _Head) -> Iterator[np.ndarray]:
    """Yield the planes (H, W), not moved back yet."""
    import numpy as np

    from lizip.codecs.sweep.grid import MAX_CELLS, decode_grid

    cells = head.rows * head.columns
    streams = container.sections(GRID)
    first = levels = None
    for form, _ in head.planes:
        if form in (RANGES, ALONE):
            stream = next(streams, None)
            if stream is None:
                raise CorruptError("an image has fewer grids than planes")
            ranges, found = decode_grid(stream, max_cells=min(cells, MAX_CELLS))
            if first is None:
                first, levels = ranges, found
            plane = found if form == ALONE else ranges
        elif first is None:
            raise CorruptError("an image has fewer grids than planes")
        else:
            plane = levels if form == LEVELS else (first > 0).astype(np.int32)
        if plane is None or plane.shape != _turned(np.empty((head.rows, head.columns), np.int8)).shape:
            raise CorruptError("a plane of an image has another shape than announced")
        yield _turned_back(plane, head)
    if next(streams, None) is not None:
        raise CorruptError("an image has more grids than planes")


def _is_upright(rows: int, columns: int) -> bool:
    """Whether rows of an image are a grid's rings: what a sensor sees at a time is a column."""
    from lizip.codecs.sweep.model import MAX_RINGS

    return rows <= MAX_RINGS or columns > MAX_RINGS


def _turned(plane: np.ndarray) -> np.ndarray:
    """An image (H, W) as a grid (F, R)."""
    return plane.T if _is_upright(*plane.shape) else plane


def _turned_back(grid: np.ndarray, head: _Head) -> np.ndarray:
    return grid.T if _is_upright(head.rows, head.columns) else grid


def _rolled(plane: np.ndarray, shifts: Sequence[int]) -> np.ndarray:
    """Move each row of an image (H, W) round by some columns."""
    import numpy as np

    if not len(shifts) or not plane.size:
        return plane
    places = (
        np.arange(plane.shape[1])[None] - np.asarray([s % plane.shape[1] for s in shifts])[:, None]
    ) % plane.shape[1]
    return np.take_along_axis(plane, places, axis=1)


def _shifts(plane: np.ndarray) -> list[int]:
    """Columns by which the rows of an image (H, W) are best moved to be like those above; empty where none need be."""
    import numpy as np

    if min(plane.shape) < 2 or plane.shape[1] <= 2 * _FARTHEST:
        return []
    logs = np.rint(_CAP * np.log2(1.0 + plane)).astype(np.int16)
    reach = range(-_FARTHEST, _FARTHEST + 1)
    apart = np.stack([np.minimum(np.abs(logs[:-1] - np.roll(logs[1:], s, axis=1)), _CAP).sum(axis=1) for s in reach])
    best = np.argmin(apart, axis=0)
    still = np.take_along_axis(apart, best[None], axis=0)[0] >= _STRAIGHT * apart[_FARTHEST]
    steps = np.where(still, 0, best - _FARTHEST)
    return np.concatenate([[0], np.cumsum(steps)]).tolist() if steps.any() else []
