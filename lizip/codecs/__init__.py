"""The codecs: columns of a Cloud <-> sections of a .lizip file. Each tells its story on one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from lizip.cloud import Cloud, Columns, Schema
from lizip.container import Container, Section


@dataclass(frozen=True)
class Options:
    """How to encode. None of it is needed to decode.

    Attributes
    ----------
    level : {"fast", "default", "max"}
        Time against size.
    codec : str or None
        Use this codec instead of trying.
    model : str or None
        Name of the predictor; None takes the one that ships.
    backend : {"numba", "torch"}
        What evaluates the predictor; the bytes are the same.
    fields : int or None
        Force the number of fields of a .bin record.
    check : bool
        Decode what was encoded and compare.
    """

    level: str = "default"
    codec: str | None = None
    model: str | None = None
    backend: str = "numba"
    fields: int | None = None
    check: bool = True


class Codec(Protocol):
    """What a module (or folder) of this package offers, as a module-level object `CODEC`."""

    name: str
    """As shown to users: opaque, floats, sweep, survey."""
    number: int
    """As written to .lizip files; never reused."""

    def encode(self, cloud: Cloud, options: Options) -> Iterable[Section] | None:
        """Code all columns of the cloud into sections of kinds from `container.CODEC` on.

        None (soon: within a few ms) when the codec has nothing to say about such a cloud. Layout and regions of the
        cloud are not its business.
        """

    def decode(self, container: Container, schema: Schema, count: int) -> Iterator[Columns]:
        """Yield consecutive runs of points, in file order, `count` in all, every column in each.

        `count` comes from the file: check it against what the sections can hold before taking memory.
        Raises CorruptError, and nothing else, on whatever bytes it is given.
        """

    def describe(self, container: Container) -> dict[str, Any]:
        """What `lizip info` shows: sensor, model, bytes by stream (`{"streams": {name: bytes}}`). Reads small sections only."""
