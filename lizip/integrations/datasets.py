"""Hugging Face datasets: a column of sweeps, kept as .lizip files, given as columns of points.

    from lizip.integrations.datasets import Points
    dataset = Dataset.from_dict({"sweep": [points, ...]}, features=Features(sweep=Points()))
    dataset[0]["sweep"]["x"]
    load_dataset("parquet", data_files=...).cast_column("sweep", Points())      # of a column of .lizip files

`Points(decode=False)` gives the .lizip files themselves. Import this module before a data set with such a column is
loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from datasets.features.features import register_feature

import lizip
from lizip.container import is_lizip


@dataclass
class Points:
    """A feature of datasets.

    Parameters
    ----------
    decode : bool
        Give columns, a dict of (N,) arrays.
    level : {"fast", "default", "max"}
        Of what is put in as an array or as the bytes of another file; .lizip files stay as they are.
    """

    decode: bool = True
    level: str = "default"
    dtype: ClassVar[str] = "dict"
    pa_type: ClassVar[Any] = pa.large_binary()
    _type: str = field(default="LizipPoints", init=False, repr=False)

    def __call__(self) -> pa.DataType:
        """The type of the column."""
        return self.pa_type

    def encode_example(self, value: bytes | np.ndarray | list[Any]) -> bytes:
        """Compress what a user puts in."""
        if isinstance(value, bytes) and is_lizip(value):
            return value
        return lizip.compress(value if isinstance(value, bytes) else np.asarray(value, np.float32), level=self.level)

    def decode_example(self, value: bytes, token_per_repo_id: Any = None) -> dict[str, np.ndarray]:
        """Columns of a sweep."""
        if not self.decode:
            raise RuntimeError("decoding is off for this column; use Points(decode=True)")
        return lizip.read(value)

    def cast_storage(self, storage: pa.Array) -> pa.Array:
        """Take a column of bytes for one of these."""
        return storage.cast(self.pa_type)

    def embed_storage(self, storage: pa.Array, **how: Any) -> pa.Array:
        """Nothing lies outside of the column."""
        return storage


register_feature(Points, "LizipPoints")
