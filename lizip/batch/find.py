"""Which files are meant: names, folders, patterns and URLs, expanded in a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from functools import lru_cache
from typing import NamedTuple

from lizip import storage
from lizip.batch.manifest import is_manifest
from lizip.batch.outcome import portable
from lizip.compact import Compact, repeated
from lizip.errors import StorageError


class InputError(StorageError):
    """What was named cannot be meant like that."""


class Input(NamedTuple):
    """A file found, or something found that cannot be taken.

    Attributes
    ----------
    path : str
        Path or URL.
    place : str
        Where it lies below the folder that was named, with forward slashes; its name, if it was named itself.
    named : bool
        Whether it was named itself, rather than found in a folder or by a pattern.
    error : Exception or None
        Why it cannot be taken: a folder that cannot be read, a link that leads nowhere, a pipe, a store that
        does not answer.
    """

    path: str
    place: str
    named: bool = True
    error: Exception | None = None


def find(
    inputs: Iterable[str], recursive: bool = False, include: Sequence[str] = (), clean: bool = False
) -> Sequence[Input]:
    """Expand what the user named; every file once, in the order named and sorted inside; a few bytes each.

    Manifests and lizip's own temporaries that lie in folders are left out.

    Parameters
    ----------
    inputs : iterable of str
        Paths and URLs. A pattern (`*`, `?`, `[...]`, `**`) is expanded unless a file has that very name.
    recursive : bool
        Take the files of folders, and of the folders below them.
    include : sequence of str
        Of the files of folders only those whose name or place matches one of these patterns.
    clean : bool
        Remove from the folders what runs that were killed left there.

    Raises
    ------
    InputError
        For a folder when not recursive, and a pattern that matches nothing.
    """
    _real.cache_clear()
    found = Compact(_all(inputs, recursive, include, clean))
    if doubtful := repeated(identity(each.path) for each in found):
        return Compact(_once(found, doubtful))
    return found


def _all(inputs: Iterable[str], recursive: bool, include: Sequence[str], clean: bool) -> Iterator[Input]:
    """The files of all that was named; those that were named twice come twice."""
    for named in inputs:
        paths = _expand(named)
        for path in paths:
            yield from _inside(path, paths == [named], recursive, include, clean)


def _once(found: Iterable[Input], doubtful: set[int]) -> Iterator[Input]:
    """Leave out what has come before; only names whose hash is among the doubtful may have."""
    seen: set[str] = set()
    for each in found:
        name = identity(each.path)
        if hash(name) in doubtful:
            if name in seen:
                continue
            seen.add(name)
        yield each


def identity(path: str) -> str:
    """The same for every way to write a path; a link is not the file it leads to."""
    if storage.is_url(path):
        return path
    folder, name = os.path.split(path)
    return os.path.join(_real(folder), name)


@lru_cache(1024)
def _real(folder: str) -> str:
    return os.path.realpath(folder)


def _expand(path: str) -> list[str]:
    """The files a pattern stands for; the path itself when it is none."""
    if not any(sign in path for sign in "*?[") or storage.exists(path):
        return [path]
    matches = storage.matching(path)
    if not matches:
        raise InputError(f"{path}: no file matches")
    return matches


def _inside(path: str, named: bool, recursive: bool, include: Sequence[str], clean: bool) -> Iterator[Input]:
    """The files of a folder, or the file itself."""
    try:
        is_folder = storage.is_folder(path)
    except (OSError, StorageError) as error:  # a store that does not answer costs this input, not the others
        yield Input(path, path.rsplit("/", 1)[-1], named, portable(error))
        return
    if not is_folder:
        if named or not storage.is_temporary(os.path.basename(path)):
            yield Input(path, path.replace(os.sep, "/").rsplit("/", 1)[-1], named)
        return
    if not recursive:
        raise InputError(f"{path}: is a folder; give -r to take the files in it")
    for found in storage.files_below(path, clean):
        entry = Input(found.path, _below(found.path, path), False, found.error)
        if _wanted(entry, include):
            yield entry


def _wanted(entry: Input, include: Sequence[str]) -> bool:
    if isinstance(entry.error, OSError):  # a folder that cannot be read may hold anything
        return True
    if include and not any(_matches(entry.place, pattern) for pattern in include):
        return False
    return entry.error is not None or not is_manifest(entry.path)


def _below(path: str, folder: str) -> str:
    if storage.is_url(path):
        return path[len(folder.rstrip("/")) + 1 :]
    whole = os.path.join(folder, "")
    below = path[len(whole) :] if path.startswith(whole) else os.path.relpath(path, folder)
    return below.replace(os.sep, "/")


def _matches(place: str, pattern: str) -> bool:
    return fnmatch(place, pattern) or fnmatch(place.rsplit("/", 1)[-1], pattern)
