"""Argoverse 2's library reads compressed sweeps, from a path that stands for the file whether it is compressed or not.

    from lizip.integrations.av2 import CompressedPath

    Sweep.from_feather(CompressedPath("LOG/sensors/lidar/315967376859506000.feather"))
    AV2SensorDataLoader(CompressedPath("/data/av2/val"), labels_dir)    # its sweeps are *.feather.lizip

What `av2.utils.synchronization_database` lists by itself (which image goes with which sweep) are the plain files only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import lizip
from lizip.container import SUFFIX

if sys.platform == "win32":
    from pathlib import WindowsPath as _Path
else:
    from pathlib import PosixPath as _Path


class CompressedPath(_Path):
    """A path to a file that is there plainly, or as .lizip beside where it would be; all paths made of it are such.

    Examples
    --------
    >>> import lizip
    >>> from lizip.integrations.av2 import CompressedPath
    >>> packed = lizip.compress_file("scan.bin")
    >>> CompressedPath("scan.bin").rename("elsewhere.bin").exists()
    True
    >>> with CompressedPath("scan.bin").open("rb") as file:
    ...     len(file.read()) == CompressedPath("elsewhere.bin").stat().st_size
    True
    """

    @property
    def _packed(self) -> str:
        """What stands for it: the compressed file, or nothing where the plain one or neither is there."""
        packed = os.fspath(self) + SUFFIX
        return packed if not os.path.exists(self) and os.path.exists(packed) else ""

    def exists(self, **how: Any) -> bool:
        """Whether it is there, plainly or compressed."""
        return bool(self._packed) or super().exists(**how)

    def is_file(self, **how: Any) -> bool:
        """Whether it is a file, plain or compressed."""
        return bool(self._packed) or super().is_file(**how)

    def open(self, mode: str = "r", *rest: Any, **how: Any) -> Any:
        """As always; `mode` "rb" reads what the plain file would hold.

        Raises
        ------
        FormatError, CorruptError
            When the compressed file is none, or a damaged one.
        """
        return lizip.open(self._packed) if mode == "rb" and self._packed else super().open(mode, *rest, **how)

    def glob(self, pattern: str, **how: Any) -> Iterator[CompressedPath]:  # type: ignore[override]
        """Files by the names that they have when they are plain, and what else is there."""
        found = dict.fromkeys(super().glob(pattern, **how))
        packed = super().glob(pattern + SUFFIX, **how)
        return iter(found | dict.fromkeys(path.with_name(path.name.removesuffix(SUFFIX)) for path in packed))
