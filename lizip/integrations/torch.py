"""Sweeps for training: a data set that torch's DataLoader takes, over a folder of .lizip files or a pack.

    sweeps = Sweeps("scene.lizips", fields=["x", "y", "z", "intensity"])
    for points in torch.utils.data.DataLoader(sweeps, batch_size=None, num_workers=2, shuffle=True):
        points                                                  # (N, 4) float32 tensor

Clouds have as many points as they have; for batches give a `collate_fn`, `list` keeps them apart. Sweeps of a pack
follow key frames: in any order each costs two decodes, in batches of those that lie together about one:

    torch.utils.data.DataLoader(sweeps, batch_sampler=sweeps.runs(shuffle=True), collate_fn=list, num_workers=2)
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

import lizip
from lizip import storage
from lizip.container import SUFFIX
from lizip.packs import SUFFIX as PACK_SUFFIX
from lizip.packs.layout import folder_of
from lizip.parallel import cores, in_order
from lizip.sequence import EVERY


class Sweeps:
    """A map-style data set: `len(sweeps)`, `sweeps[i]`; can be sent to workers.

    Parameters
    ----------
    place : path or URL
        A pack (.lizips), or a folder, whose .lizip files are taken in the order of their names.
    fields : sequence of str, optional
        Columns wanted; all otherwise.
    transform : callable, optional
        From a dict of columns, (N,) arrays, to what `sweeps[i]` gives; (N, k) float32 otherwise.
    threads : int
        Sweeps of a batch that are decoded at the same time, where the loader asks for batches; 0: as many as there are
        cores. Workers are processes: with them, 1 will do.
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        fields: Sequence[str] | None = None,
        transform: Callable[[dict[str, np.ndarray]], Any] | None = None,
        threads: int = 1,
    ):
        self.fields, self.transform, self.threads = fields, transform, threads
        self._pack = lizip.PackReader(place) if os.fspath(place).endswith(PACK_SUFFIX) else None
        if self._pack is not None:
            self.names = list(self._pack)
            return
        self.names = []
        for found in storage.files_below(place):
            if found.error is not None:
                raise found.error
            if found.path.endswith(SUFFIX):
                self.names.append(found.path)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Any:
        if self._pack is None:
            columns = lizip.read(self.names[index], fields=self.fields)
        else:
            columns = self._pack.read(index, fields=self.fields)
        return stacked(columns) if self.transform is None else self.transform(columns)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """All of a batch, in order: what a DataLoader with a `batch_size` asks for."""
        return list(in_order(self.__getitem__, indices, self.threads or cores()))

    def runs(self, size: int = EVERY, shuffle: bool = False) -> Runs:
        """Batches of at most so many sweeps that lie together in one folder: a key frame comes every ten."""
        return Runs(self.names, size, shuffle)


class Runs:
    """Batches for a DataLoader, as its `batch_sampler`.

    Parameters
    ----------
    names : sequence of str
        Of all sweeps.
    size : int
        Most sweeps of a batch.
    shuffle : bool
        Take the batches in another order each time, as `random` has it.
    """

    def __init__(self, names: Sequence[str], size: int, shuffle: bool):
        if size < 1:
            raise ValueError(f"batches of {size} sweeps: give a number from 1 on")
        folders = [list(places) for _, places in groupby(range(len(names)), lambda place: folder_of(names[place]))]
        self._batches = [each[k : k + size] for each in folders for k in range(0, len(each), size)]
        self._shuffle = shuffle

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(random.sample(self._batches, len(self)) if self._shuffle else self._batches)


def stacked(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Columns side by side, (N, k) float32."""
    return np.stack([column.astype(np.float32) for column in columns.values()], axis=1)
