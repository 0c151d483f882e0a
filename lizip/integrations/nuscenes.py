"""nuscenes-devkit reads compressed sweeps: `LidarPointCloud` from `.pcd.bin.lizip`, and a hook for whole data sets.

    from lizip.integrations import nuscenes as lizip_nuscenes
    from nuscenes.nuscenes import NuScenes

    with lizip_nuscenes.enabled():
        nusc = NuScenes("v1.0-mini", "/data/nuscenes")      # its sweeps are *.pcd.bin.lizip, its tables as they were
        nusc.render_sample_data(token)

With the hook, a sweep whose `.pcd.bin` is not there is read from the `.pcd.bin.lizip` beside it; files that are there
are read as always. `scripts/compress_nuscenes.py` makes such a data set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

import lizip
from lizip.container import SUFFIX

if TYPE_CHECKING:
    from nuscenes.utils.data_classes import LidarPointCloud

FIELDS = 5
"""float32 fields of a record: x, y, z, intensity, ring."""


def read_sweep(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the records of a compressed sweep, (N, 5) float32.

    Raises
    ------
    FormatError, CorruptError
        When it is not a .lizip file, or a damaged one.
    """
    with lizip.open(path) as file:
        return np.frombuffer(file.read(), "<f4").reshape(-1, FIELDS)


def load(path: str | os.PathLike[str]) -> LidarPointCloud:
    """Make the devkit's `LidarPointCloud` of a `.pcd.bin.lizip` file: points (4, N), the ring left out as always."""
    from nuscenes.utils.data_classes import LidarPointCloud

    return LidarPointCloud(read_sweep(path)[:, : LidarPointCloud.nbr_dims()].T.copy())


@contextmanager
def enabled() -> Iterator[None]:
    """Let the devkit read compressed sweeps while the context lasts; contexts may be nested."""
    from nuscenes.utils.data_classes import LidarPointCloud

    original = LidarPointCloud.__dict__["from_file"]

    def from_file(cls: type[LidarPointCloud], file_name: str) -> LidarPointCloud:
        if file_name.endswith(SUFFIX):
            packed = file_name
        else:
            packed = file_name + SUFFIX
            if os.path.exists(file_name) or not os.path.exists(packed):
                return original.__get__(None, cls)(file_name)
        return cls(read_sweep(packed)[:, : cls.nbr_dims()].T.copy())

    LidarPointCloud.from_file = classmethod(from_file)
    try:
        yield
    finally:
        LidarPointCloud.from_file = original
