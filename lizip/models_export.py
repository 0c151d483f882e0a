"""Predictors and sensor profiles in a folder beside an archive, for a time when no lizip brings them any more."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lizip import storage
from lizip.codecs.sweep.weights import folders, load_weights
from lizip.errors import StorageError
from lizip.resources import INDEX, Resource, models_folder, own_folders
from lizip.sensor.stages.profile import read_profile
from lizip.storage import StrPath


class _File(NamedTuple):
    """A file to copy, under which name, and what it holds; None for a card."""

    source: Path
    name: str
    holds: Resource | None


def export(folder: StrPath) -> list[Resource]:
    """Copy all predictors and sensor profiles at hand, and their cards, into a folder that LIZIP_MODELS may name.

    Files that are there already with the same bytes stay.

    Returns
    -------
    list of Resource
        What was copied; `models.json` in the folder lists it.

    Raises
    ------
    StorageError
        When another file of such a name is there, or two at hand have one name, or the folder is a URL.
    ModelMissingError, OSError
    """
    if storage.is_url(folder):
        raise StorageError(f"{os.fsdecode(folder)}: give a local folder")
    files = list(_files())
    contents: dict[str, bytes] = {}
    for file in files:
        content = file.source.read_bytes()
        if contents.setdefault(file.name, content) != content:
            raise StorageError(f"{file.source}: another {file.name} is at hand; leave one out of LIZIP_MODELS")
    listed = {
        file.name: {
            **file.holds._asdict(),
            "file": file.name,
            "sha256": hashlib.sha256(contents[file.name]).hexdigest(),
        }
        for file in files
        if file.holds is not None
    }
    contents[INDEX] = (json.dumps(list(listed.values()), indent=2) + "\n").encode()
    target = Path(folder)
    storage.make_folder(target)
    for name, content in contents.items():
        _put(target / name, content)
    return [Resource(each["kind"], each["name"], each["hash"]) for each in listed.values()]


def _files() -> Iterator[_File]:
    for folder in folders():
        for path in sorted(folder.glob("*.npz")):
            yield _File(path, path.name, Resource("predictor", path.stem, load_weights(path).digest.hex()))
            if (card := path.with_suffix(".md")).is_file():
                yield _File(card, card.name, None)
    shipped = models_folder() / "sensors"
    for folder in (shipped, *own_folders()):
        for path in sorted(set(folder.glob("*.json")) - {folder / INDEX}):
            profile = read_profile(path)
            yield _File(path, path.name, Resource("profile", profile.name, profile.digest.hex()))
    yield _File(shipped / "README.md", "sensors.md", None)


def _put(path: Path, content: bytes) -> None:
    """Write a file, unless it is there."""
    if path.exists():
        if path.read_bytes() == content:
            return
        raise StorageError(f"{path}: another file of this name is there; export into another folder")
    with storage.publishing(str(path), force=False, confirm=True) as sink:
        sink.write(content)
