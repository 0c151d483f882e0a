"""What a rival is given and what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from lizip.cloud import Cloud
from lizip.errors import FormatError
from lizip.formats import split


@dataclass(frozen=True)
class Subject:
    """A file to compress: its bytes, and its columns for the rivals that want them."""

    data: bytes

    @cached_property
    def cloud(self) -> Cloud:
        """The file taken apart."""
        return split(self.data)

    @cached_property
    def points(self) -> np.ndarray:
        """Coordinates (N, 3) in the file's own float type; FormatError when there are none."""
        columns = self.cloud.columns
        if not all(name in columns and columns[name].dtype.kind == "f" for name in "xyz"):
            raise FormatError("no float columns x, y, z")
        return np.stack([columns[name] for name in "xyz"], axis=1)

    @cached_property
    def is_las(self) -> bool:
        """Whether the file is LAS."""
        return self.data[:4] == b"LASF"

    @cached_property
    def step(self) -> float:
        """1e-3 m when every coordinate is a whole number of millimetres (KITTI), else 1e-5 m."""
        millimetres = np.rint(self.points.astype(np.float64) * 1000)
        return 1e-3 if np.array_equal((millimetres / 1000).astype(self.points.dtype), self.points) else 1e-5

    def column(self, *names: str) -> np.ndarray | None:
        """The first column that has one of these names; None when there is none."""
        return next((self.cloud.columns[name] for name in names if name in self.cloud.columns), None)


@dataclass(frozen=True)
class Rival:
    """A way to compress a point cloud.

    Attributes
    ----------
    name : str
        As shown in tables.
    encode : Callable[[Subject], bytes]
        Compress. Raises FormatError when the subject is not for this rival.
    decode : Callable[[bytes, Subject], object]
        Decompress: to the bytes of the file where `loses` is empty, else to what the rival gives back. The subject may
        only tell what a caller would know anyway (the layout around the numbers).
    loses : str
        What does not come back; "" for lossless.
    needs : str
        Package to install; "" when there is nothing to install.
    warms_up : bool
        Whether its first call compiles, so that it says nothing about speed.
    error : Callable[[object, Subject], float]
        Largest error of a coordinate (m) of what `decode` gave; NaN where the order is lost and nobody can say.
    """

    name: str
    encode: Callable[[Subject], bytes]
    decode: Callable[[bytes, Subject], object]
    loses: str = ""
    needs: str = ""
    warms_up: bool = False
    error: Callable[[object, Subject], float] = field(default=lambda decoded, subject: float("nan"))

    @property
    def missing(self) -> str:
        """What to type to get it; "" when it is there."""
        modules = {"laspy[lazrs]": ("laspy", "lazrs"), "": ()}.get(self.needs, (self.needs,))
        return "" if all(map(find_spec, modules)) else f"pip install '{self.needs}'"
