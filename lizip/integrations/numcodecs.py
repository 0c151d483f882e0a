"""A numcodecs codec, for zarr (format 2), kerchunk and others: `compressor=Lizip()`; found by its entry point too."""

from __future__ import annotations

from typing import Any

from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_ndarray, ndarray_copy

import lizip


class Lizip(Codec):
    """Compresses chunks as arrays: (N, k) with the fields of a point in a row, or columns.

    Parameters
    ----------
    level : {"fast", "default", "max"}
    """

    codec_id = "lizip"

    def __init__(self, level: str = "default"):
        self.level = level

    def encode(self, buf: Any) -> bytes:
        """Compress an array, or bytes."""
        return lizip.compress(ensure_ndarray(buf), level=self.level)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Give the array back, in `out` when there is one."""
        return ndarray_copy(lizip.decompress(ensure_bytes(buf)), out)
