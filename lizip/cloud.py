"""The one structure that formats and codecs share: named columns of points and the opaque bytes around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

Found = TypeVar("Found")

Columns = Mapping[str, np.ndarray]
"""Column name -> (N,) array, in the order of the fields in the file."""

Schema = tuple[tuple[str, np.dtype], ...]
"""Name and little-endian dtype of every column, in the order of the fields in the file."""


@dataclass(frozen=True)
class Cloud:
    """A point cloud file taken apart without loss.

    Attributes
    ----------
    format : str
        Name of the format (`lizip.formats`) that took the file apart and can put it together again.
    layout : bytes
        The format's own compact description of what surrounds the numbers: enough, with `regions` and `columns`, to
        give back the file byte for byte. Its length is that of a sentence, not of the data.
    columns : Mapping[str, numpy.ndarray]
        Name -> (N,) array in file order. May be (strided) views of the input; never written to.
    regions : tuple of bytes or memoryview
        Opaque byte regions of the file (header, padding, odd tail), in file order. May be views of the input too.
    shape : (int, int), optional
        Rows and columns where the points are the cells of a raster, row by row.
    """

    format: str
    layout: bytes = b""
    columns: Columns = field(default_factory=dict)
    regions: tuple[bytes | memoryview, ...] = ()
    shape: tuple[int, int] | None = None
    _found: dict[Callable[[Cloud], Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, find: Callable[[Cloud], Found]) -> Found:
        """What `find` finds in this cloud: looked for when first asked, then the same for all, so never written to."""
        if find not in self._found:
            self._found[find] = find(self)
        found: Found = self._found[find]
        return found

    @property
    def count(self) -> int:
        """Number of points N."""
        return next((len(column) for column in self.columns.values()), 0)

    @property
    def coordinates(self) -> tuple[int, int, int] | None:
        """Places of the columns that are called x, y and z, of any case; None when they are not all there."""
        names = [name.lower() for name in self.columns]
        if not all(axis in names for axis in "xyz"):
            return None
        return names.index("x"), names.index("y"), names.index("z")

    @property
    def led(self) -> Cloud:
        """The same cloud with the columns x, y and z first, where they have names."""
        places = self.coordinates
        if places in (None, (0, 1, 2)):
            return self
        names = list(self.columns)
        first = [names[place] for place in places]
        return replace(self, columns={name: self.columns[name] for name in dict.fromkeys([*first, *names])})

    @property
    def schema(self) -> Schema:
        """Name and dtype of every column."""
        return tuple((name, column.dtype) for name, column in self.columns.items())
