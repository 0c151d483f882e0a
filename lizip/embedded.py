"""Predictors and sensor profiles inside of the file or pack that needs them, so that it can be decoded without others.

A section, or a shared record of a pack, holds the kind, name and numbers of each; hashes are computed from the numbers,
so what is carried under a wrong name is found by nobody. Nothing else of a file depends on it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import BinaryIO

from lizip.codecs import opaque
from lizip.container import MODELS, MOST_MODELS, Container, Section, add, without
from lizip.errors import CorruptError, FormatError
from lizip.packing import Unpacker, pack_bytes
from lizip.resources import Models, Numbers, Resource

LONGEST_NAME = 64
"""Characters of the name of a resource."""


def pack_models(contents: Mapping[Resource, bytes]) -> bytes:
    """Write numbers of resources; FormatError when they are too many for a reader."""
    return _packed(tuple(sorted(contents.items())))


@lru_cache(8)
def _packed(contents: tuple[tuple[Resource, bytes], ...]) -> bytes:
    rows = ((each.kind.encode(), each.name.encode(), content) for each, content in contents)
    body = b"".join(pack_bytes(field) for row in rows for field in row)
    if len(body) > MOST_MODELS:
        raise FormatError(f"predictors and sensor profiles of {len(body)} bytes are too many to go into a file")
    return opaque.encode_bytes(body)


def unpack_models(data: bytes) -> dict[Resource, bytes]:
    """Read what `pack_models` wrote; raises CorruptError."""
    unpacker = Unpacker(opaque.decode_bytes(data, MOST_MODELS))
    found: dict[Resource, bytes] = {}
    while unpacker.remaining:
        kind, name = unpacker.bytes().decode("utf-8", "replace"), unpacker.bytes().decode("utf-8", "replace")
        if len(name) > LONGEST_NAME:
            raise CorruptError("a file carries something with an impossible name")
        content = unpacker.bytes()
        found[Resource.of(kind, name, content)] = content
    return found


class _Carried:
    """What a file carries, read once it is asked for."""

    def __init__(self, container: Container):
        self._container = container

    @cached_property
    def contents(self) -> dict[Resource, bytes]:
        data = self._container.section(MODELS)
        return unpack_models(data) if data else {}


def carried_by(container: Container) -> Models | None:
    """What a file carries, and what is around it."""
    if not container.entries(MODELS):
        return container.models
    carried = _Carried(container)
    return Models(lambda asked: carried.contents.get(asked), container.models)


def listed(container: Container) -> list[Resource]:
    """What a file carries; CorruptError when that is damaged."""
    return sorted(_Carried(container).contents)


def embed(file: BinaryIO, needed: Mapping[Resource, Numbers]) -> None:
    """Put what decoding a .lizip file asked for into it, unless it carries that already.

    Parameters
    ----------
    file : BinaryIO
        Readable and writable.
    needed : mapping of Resource to Numbers
        As `noting` collects it.

    Raises
    ------
    CorruptError
        When what was written does not read back.
    """
    before = Container(file)
    if before.entries(MODELS) or not needed:
        return
    contents = {each: numbers.content for each, numbers in needed.items()}
    add(file, Section(MODELS, pack_models(contents)))
    after = Container(file)
    if _Carried(after).contents != contents or len(after.header.entries) != len(before.header.entries) + 1:
        raise CorruptError("predictors and sensor profiles do not read back: the disk or the memory may be at fault")


def taken_out(packed: bytes) -> tuple[bytes, dict[Resource, bytes]]:
    """A .lizip file without what it carries, and that."""
    container = Container(io.BytesIO(packed))
    if not container.entries(MODELS):
        return packed, {}
    return without(container, MODELS), _Carried(container).contents
