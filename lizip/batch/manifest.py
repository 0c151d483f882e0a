"""A manifest: one JSON object a line for every file of a batch, with the hash of its content."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from lizip import storage
from lizip.batch.outcome import Outcome
from lizip.compact import Compact
from lizip.errors import FormatError, StorageError

_VERSION = 1
_BEGINS = b'{"lizip_manifest": '

_NEVER = (".bin", ".las", ".laz", ".pcd", ".ply", ".npy", ".lizip")
"""Suffixes of what is certainly none; looking into a hundred thousand sweeps would take a while."""


class ManifestWriter:
    """Writes a manifest line by line; a context manager.

    Parameters
    ----------
    path : str
        Local file. A manifest that stands there is replaced; anything else is not.
    verb : {"compress", "decompress"}
        What is done to the files.

    Raises
    ------
    StorageError
        When something else stands there.
    """

    def __init__(self, path: str, verb: str = "compress"):
        self._path = path
        if os.path.lexists(path) and os.path.getsize(path):
            try:
                read_manifest(path)
            except FormatError:
                raise StorageError(f"{path}: exists and is not a manifest; name another file") from None
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115
        self._write({"lizip_manifest": _VERSION, "verb": verb})

    def __enter__(self) -> ManifestWriter:
        return self

    def __exit__(self, *error: object) -> None:
        with storage.naming(self._path):
            self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Write the line of an outcome, at once."""
        self._write(outcome.record())

    def _write(self, record: dict[str, Any]) -> None:
        with storage.naming(self._path):
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()


def read_manifest(path: str) -> Sequence[dict[str, Any]]:
    """Read the lines of a manifest (see `Outcome.record`), each with the `verb` of its batch; a few bytes each.

    A last line cut short by a crash is left out.

    Raises
    ------
    FormatError
        When it is none.
    """
    try:
        return Compact(_records(path))
    except (ValueError, TypeError, KeyError):
        raise FormatError(f"{path}: not a manifest") from None


def _records(path: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        lines = (json.loads(line) for line in file if line.endswith("\n"))
        first: dict[str, Any] = next(lines, {})
        if first["lizip_manifest"] != _VERSION:
            raise FormatError(f"{path}: a manifest of another version")
        verb = first["verb"]
        yield from ({"verb": verb, **record} for record in lines)


def is_manifest(path: str) -> bool:
    """Whether a file found in a folder is a manifest; one that cannot be read is not."""
    if storage.is_url(path) or path.endswith(_NEVER):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_BEGINS)) == _BEGINS
    except OSError:
        return False
