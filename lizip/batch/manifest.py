"""A manifest: one JSON object a line for every file of a batch, with the hash of its content."""

from __future__ import annotations

import json
import os
from typing import Any

from lizip.batch.perform import Outcome
from lizip.errors import FormatError, StorageError

_FIRST = {"lizip_manifest": 1}


class ManifestWriter:
    """Writes a manifest line by line; a context manager.

    Parameters
    ----------
    path : str
        Local file. A manifest that stands there is replaced; anything else is not.

    Raises
    ------
    StorageError
        When something else stands there.
    """

    def __init__(self, path: str):
        if os.path.lexists(path) and os.path.getsize(path):
            try:
                read_manifest(path)
            except FormatError:
                raise StorageError(f"{path}: exists and is not a manifest; name another file") from None
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115
        self._write(_FIRST)

    def __enter__(self) -> ManifestWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Write the line of an outcome, at once."""
        self._write(outcome.record())

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def read_manifest(path: str) -> list[dict[str, Any]]:
    """Read the lines of a manifest (see `Outcome.record`); a last line cut short by a crash is left out.

    Raises
    ------
    FormatError
        When it is none.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        first, *records = map(json.loads, lines)
    except (ValueError, UnicodeDecodeError):
        raise FormatError(f"{path}: not a manifest") from None
    if first != _FIRST:
        raise FormatError(f"{path}: not a manifest")
    return records
