"""What coding needs beside the program, predictors and sensor profiles: where they lie, which were asked for, and which
come with the file that is decoded."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import xxhash

from lizip.errors import CorruptError

_T = TypeVar("_T")

INDEX = "models.json"
"""File that says what a folder of models holds: kind, name, hash in streams, file, SHA-256 of the file."""


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


HASHES: dict[str, Callable[[bytes], bytes]] = {
    "predictor": lambda content: hashlib.blake2b(content, digest_size=8).digest(),
    "profile": lambda content: xxhash.xxh3_64_intdigest(content).to_bytes(8, "little"),
}
"""Kinds of resources, and the hash by which streams know one: of its numbers, as bytes."""


class Resource(NamedTuple):
    """A predictor or a sensor profile: "predictor" or "profile", its name, and the hash that streams hold, in hex."""

    kind: str
    name: str
    hash: str

    @classmethod
    def of(cls, kind: str, name: str, content: bytes) -> Resource:
        """The resource whose numbers these are; CorruptError when there is no such kind."""
        if kind not in HASHES:
            raise CorruptError(f"a file carries something of an unknown kind, {kind[:80]!r}")
        return cls(kind, name, HASHES[kind](content).hex())

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.hash})"


class Numbers(Protocol):
    """A resource that was read."""

    @property
    def content(self) -> bytes:
        """Its numbers, as bytes: the hash is theirs."""


_asked: ContextVar[dict[Resource, Numbers] | None] = ContextVar("asked", default=None)


@contextmanager
def noting() -> Iterator[dict[Resource, Numbers]]:
    """Collect what streams ask for that are decoded in this block, by this thread."""
    asked: dict[Resource, Numbers] = {}
    before = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(before)


def note(kind: str, name: str, digest: bytes, numbers: Numbers) -> None:
    """Say that a stream asks for this."""
    asked = _asked.get()
    if asked is not None:
        asked[Resource(kind, name, digest.hex())] = numbers


class Models:
    """Predictors and sensor profiles that a file or a pack carries; read when one is asked for.

    Parameters
    ----------
    find : callable
        From a resource to its numbers as bytes, or None; whose they are is checked here.
    outer : Models, optional
        What is around: a pack's.
    """

    def __init__(self, find: Callable[[Resource], bytes | None], outer: Models | None = None):
        self._find, self._outer = find, outer
        self._read: dict[Resource, object] = {}

    def get(self, asked: Resource, read: Callable[[str, bytes], _T]) -> _T | None:
        """The resource that was asked for, as `read` makes it of its name and numbers; None when it is not carried."""
        if asked not in self._read:
            content = self._find(asked)
            if content is None or Resource.of(asked.kind, asked.name, content) != asked:
                return self._outer.get(asked, read) if self._outer else None
            self._read[asked] = read(asked.name, content)
        return self._read[asked]  # type: ignore[return-value]


_at_hand: ContextVar[Models | None] = ContextVar("at_hand", default=None)


@contextmanager
def at_hand(models: Models | None) -> Iterator[None]:
    """What is decoded in this block, by this thread, finds there what is not installed."""
    before = _at_hand.set(models)
    try:
        yield
    finally:
        _at_hand.reset(before)


def each_at_hand(models: Models | None, steps: Iterator[_T]) -> Iterator[_T]:
    """The same for each step of a generator, and not for whoever takes them."""
    while True:
        with at_hand(models):
            try:
                step = next(steps)
            except StopIteration:
                return
        yield step


def carried(kind: str, name: str, digest: bytes, read: Callable[[str, bytes], _T]) -> _T | None:
    """What the file that is decoded carries of this name and hash; None when it does not. See `Models.get`."""
    models = _at_hand.get()
    return models.get(Resource(kind, name, digest.hex()), read) if models else None
