"""pykitti on compressed data sets: `raw` and `odometry` in place of its own, where sweeps are *.bin.lizip."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pykitti

import lizip
from lizip.container import SUFFIX


class _Compressed:
    """What both data sets have in common; a sweep that is there plainly too is read as always."""

    frames: Any
    """As pykitti takes them: those asked for, or None."""

    _folder: tuple[str, str]
    """Attribute with the path of the data set, and the folder of the sweeps in it."""

    def _get_file_lists(self) -> None:
        super()._get_file_lists()  # type: ignore[misc]
        attribute, folder = self._folder
        found = glob.glob(os.path.join(glob.escape(getattr(self, attribute)), folder, "*.bin*"))
        plain = {path for path in found if path.endswith(".bin")}
        files = sorted(
            plain | {path for path in found if path.endswith(".bin" + SUFFIX) and path[: -len(SUFFIX)] not in plain}
        )
        self.velo_files = files if self.frames is None else pykitti.utils.subselect_files(files, self.frames)

    @property
    def velo(self) -> Iterator[np.ndarray]:
        """Sweeps one by one, see `get_velo`."""
        return (self.get_velo(index) for index in range(len(self.velo_files)))

    def get_velo(self, idx: int) -> np.ndarray:
        """x, y, z, reflectance (N, 4) float32 of the sweep of a frame."""
        path = self.velo_files[idx]
        if not path.endswith(SUFFIX):
            points: np.ndarray = super().get_velo(idx)  # type: ignore[misc]
            return points
        with lizip.open(path) as file:
            return np.frombuffer(file.read(), "<f4").reshape(-1, 4)


class raw(_Compressed, pykitti.raw):
    """A drive of the raw data."""

    _folder = "data_path", os.path.join("velodyne_points", "data")


class odometry(_Compressed, pykitti.odometry):
    """A sequence of the odometry benchmark."""

    _folder = "sequence_path", "velodyne"
