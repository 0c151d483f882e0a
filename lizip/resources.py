"""What coding needs beside the program, predictors and sensor profiles: where they lie, and which were asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple


def models_folder() -> Path:
    """Folder of predictors and sensor profiles: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    shipped = package / "models"
    return shipped if shipped.is_dir() else package.parent / "models"


def own_folders() -> list[Path]:
    """Where a user's own predictors and profiles are looked for: folders named by LIZIP_MODELS, the data folder."""
    configured = [Path(each) for each in os.environ.get("LIZIP_MODELS", "").split(os.pathsep) if each]
    return [*configured, user_folder()]


def user_folder() -> Path:
    """Where a user's own predictors live."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home())
    else:
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "lizip" / "predictors"


class Resource(NamedTuple):
    """A predictor or a sensor profile: "predictor" or "profile", its name, and the hash that streams hold, in hex."""

    kind: str
    name: str
    hash: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.hash})"


_asked: ContextVar[set[Resource] | None] = ContextVar("asked", default=None)


@contextmanager
def noting() -> Iterator[set[Resource]]:
    """Collect what streams ask for that are decoded in this block, by this thread."""
    asked: set[Resource] = set()
    before = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(before)


def note(kind: str, name: str, digest: bytes) -> None:
    """Say that a stream asks for this."""
    asked = _asked.get()
    if asked is not None:
        asked.add(Resource(kind, name, digest.hex()))
