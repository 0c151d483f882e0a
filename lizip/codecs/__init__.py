"""The codecs: columns of a Cloud <-> sections of a .lizip file. Each tells its story on one page.

They are loaded when asked for, and a module that holds a codec object imports neither numpy nor numba before it has to
code something: `lizip info` answers at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from lizip import extras
from lizip.errors import FormatError, UnsupportedVersionError

if TYPE_CHECKING:
    from lizip.cloud import Cloud, Columns, Schema
    from lizip.codecs.sweep.past import Past
    from lizip.codecs.sweep.sections import Around
    from lizip.container import Container, Section
    from lizip.sensor.state import SensorState

LEVELS = ("fast", "default", "max")
BACKENDS = ("numba", "torch")


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
    state : SensorState or None
        What the sweeps before left behind, to start the fit of a sensor from, and where this one leaves it: faster in a
        log, but the bytes then depend on what was coded before.
    max_error : float
        How far each coordinate may be from the original, in the unit of the coordinates; 0: it comes back exactly.
    intensity_error : float
        Likewise each intensity, in stored numbers.
    drop_order : bool
        Points may come back in another order.
    embed : bool
        Put the predictor and sensor profiles that decoding asks for into the file.
    past : Past or None
        What the last key frame left, for a sweep that may follow it; see `lizip.sequence`.
    leads : bool
        Whether others shall follow this sweep even if it follows one itself.
    around : Around or None
        What stands around a sensor, for a key frame that may carry it.
    """

    level: str = "default"
    codec: str | None = None
    model: str | None = None
    backend: str = "numba"
    fields: int | None = None
    check: bool = True
    state: SensorState | None = None
    max_error: float = 0.0
    intensity_error: float = 0.0
    past: Past | None = None
    leads: bool = False
    around: Around | None = None
    drop_order: bool = False
    embed: bool = False

    @property
    def near(self) -> bool:
        """Whether anything may come back changed."""
        return self.max_error > 0 or self.intensity_error > 0 or self.drop_order

    def __post_init__(self) -> None:
        for name in ("max_error", "intensity_error"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} {getattr(self, name)!r}: give a number from 0 up")
        if self.level not in LEVELS:
            raise ValueError(f"level {self.level!r}: choose one of {', '.join(LEVELS)}")
        if self.backend not in BACKENDS:
            raise ValueError(f"backend {self.backend!r}: choose one of {', '.join(BACKENDS)}")
        if self.codec is not None and self.codec not in NAMES:
            raise ValueError(f"codec {self.codec!r}: choose one of {', '.join(NAMES)}")
        if self.backend == "torch":
            extras.check("torch", "train", "the backend torch was asked for")


class Codec(Protocol):
    """What a module (or folder) of this package offers, as a module-level object `CODEC`.

    A codec that can decode a part of the points without the rest may also have a method
    `decode_part(container, schema, count, fields, start, stop, box)`, which yields only the named columns of the points
    `start` to `stop`, as `decode` yields all; it may leave out points outside of the box (least x, y, z, most x, y, z,
    in stored numbers) if there is one.
    """

    name: str
    """As shown to users: opaque, floats, sweep, survey, image, octree."""
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
        """What `lizip info` shows: sensor, model, bytes by stream (`{"streams": {name: bytes}}`).

        Reads small sections only, and imports neither numpy nor numba.
        """


NAMES = ("opaque", "floats", "sweep", "survey", "image", "octree")
"""Names of the codecs; the position is the number written to files."""

PROMISING_FIRST = ("image", "sweep", "survey", "octree", "floats", "opaque")
"""The order in which an encoder tries them."""


def load(codec: str | int) -> Codec:
    """Return a codec by its name or by the number that files call it.

    Raises
    ------
    FormatError
        When no codec has that name.
    UnsupportedVersionError
        When this lizip has no codec of that number.
    """
    if isinstance(codec, int):
        if not 0 <= codec < len(NAMES):
            raise UnsupportedVersionError(f"codec number {codec} needs a newer lizip")
        codec = NAMES[codec]
    elif codec not in NAMES:
        raise FormatError(f"unknown codec {codec!r}; known are {', '.join(NAMES)}")
    return import_module(f"lizip.codecs.{codec}").CODEC
