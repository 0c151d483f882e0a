"""fsspec opens .lizip files like the files they were made of: `compression="lizip"`, or "infer" by the suffix.

from lizip.integrations.fsspec import register
register()
fsspec.open("s3://bucket/scan.bin.lizip", compression="infer")
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import lizip
from lizip.container import SUFFIX


def register() -> None:
    """Make the compression known to fsspec in this process; several times do no harm."""
    from fsspec.compression import register_compression

    register_compression("lizip", opened, SUFFIX[1:], force=True)


def opened(file: BinaryIO, mode: str = "rb", **options: Any) -> BinaryIO:
    """Wrap a file: what is read is decompressed, what is written is compressed when the wrapper is closed.

    Parameters
    ----------
    file : BinaryIO
        Holds or gets the .lizip file.
    mode : str
        To read unless there is a "w" in it.
    **options
        Those of `lizip.compress`.
    """
    return _Compressing(file, options) if "w" in mode else lizip.open(file)


class _Compressing(io.BytesIO):
    """Collects a file; it can be compressed only as a whole."""

    def __init__(self, file: BinaryIO, options: dict[str, Any]):
        super().__init__()
        self._file, self._options = file, options

    def close(self) -> None:
        if not self.closed:
            self._file.write(lizip.compress(self.getvalue(), **self._options))
        super().close()
