"""Which files are meant: names, folders, patterns and URLs, expanded in a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from lizip import storage
from lizip.errors import StorageError


@dataclass(frozen=True)
class Input:
    """A file found.

    Attributes
    ----------
    path : str
        Path or URL.
    place : str
        Where it lies below the folder that was named, with forward slashes; its name, if it was named itself.
    """

    path: str
    place: str


def find(inputs: Iterable[str], recursive: bool = False, include: Sequence[str] = ()) -> list[Input]:
    """Expand what the user named; every file once, in the order named and sorted inside.

    Parameters
    ----------
    inputs : iterable of str
        Paths and URLs. A pattern (`*`, `?`, `[...]`, `**`) is expanded unless a file has that very name.
    recursive : bool
        Take the files of folders, and of the folders below them.
    include : sequence of str
        Of the files of folders only those whose name or place matches one of these patterns.

    Raises
    ------
    StorageError
        For a folder when not recursive, and a pattern that matches nothing.
    """
    found: dict[str, Input] = {}
    for named in inputs:
        for path in _expand(named):
            for entry in _inside(path, recursive, include):
                found.setdefault(entry.path, entry)
    return list(found.values())


def _expand(path: str) -> list[str]:
    """The files a pattern stands for; the path itself when it is none."""
    if not any(sign in path for sign in "*?[") or storage.exists(path):
        return [path]
    matches = storage.matching(path)
    if not matches:
        raise StorageError(f"{path}: no file matches")
    return matches


def _inside(path: str, recursive: bool, include: Sequence[str]) -> list[Input]:
    """The files of a folder, or the file itself."""
    if not storage.is_folder(path):
        return [Input(path, path.replace(os.sep, "/").rsplit("/", 1)[-1])]
    if not recursive:
        raise StorageError(f"{path}: is a folder; give -r to take the files in it")
    entries = [Input(file, _below(file, path)) for file in storage.files_below(path)]
    return [entry for entry in entries if not include or any(_matches(entry.place, pattern) for pattern in include)]


def _below(path: str, folder: str) -> str:
    if storage.is_url(path):
        return path[len(folder.rstrip("/")) + 1 :]
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _matches(place: str, pattern: str) -> bool:
    return fnmatch(place, pattern) or fnmatch(place.rsplit("/", 1)[-1], pattern)
