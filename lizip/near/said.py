"""What a .lizip file says of the original that it is near to: the section `NEAR`. Imports no numpy: `info` reads it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lizip.container import NEAR
from lizip.errors import CorruptError

if TYPE_CHECKING:
    from lizip.container import Container

_NUMBERS = struct.Struct("<4d16s")
STAYS, KEPT, DROPPED = range(3)
"""The order of the points was to stay; was given up and stayed; was given up and is another one."""


class Said(NamedTuple):
    """Bounds that were asked for, errors that were found, and which file they are about.

    Attributes
    ----------
    max_error, largest_error : float
        Of a coordinate, in the unit of the coordinates (metres mostly).
    intensity_error, largest_intensity_error : float
        Of an intensity, in stored numbers.
    digest : bytes
        XXH3-128 of the original, 16 bytes.
    order : int
        `STAYS`, or what became of the order of the points where it was given up.
    """

    max_error: float
    largest_error: float
    intensity_error: float
    largest_intensity_error: float
    digest: bytes
    order: int = STAYS

    @property
    def exact(self) -> bool:
        """Whether nothing was changed at all."""
        return self.largest_error == 0 and self.largest_intensity_error == 0 and self.order != DROPPED

    def pack(self) -> bytes:
        """Write the section."""
        return _NUMBERS.pack(*self[:5]) + (bytes([self.order]) if self.order else b"")

    @classmethod
    def unpack(cls, data: bytes) -> Said:
        """Read what `pack` wrote; raises CorruptError on numbers that say nothing."""
        order = data[_NUMBERS.size :]
        if len(data) < _NUMBERS.size or order not in (b"", bytes([KEPT]), bytes([DROPPED])):
            raise CorruptError("a bound of errors of impossible size")
        most, found, intensity, found_intensity, digest = _NUMBERS.unpack(data[: _NUMBERS.size])
        said = cls(most, found, intensity, found_intensity, digest, order[0] if order else STAYS)
        if not (0 <= said.largest_error <= said.max_error < float("inf")):
            raise CorruptError("impossible bound of errors")
        if not (0 <= said.largest_intensity_error <= said.intensity_error < float("inf")):
            raise CorruptError("impossible bound of errors")
        return said

    @classmethod
    def of(cls, container: Container) -> Said | None:
        """What a file says; None of one that is its original byte for byte because nothing else was asked for."""
        return cls.unpack(container.section(NEAR)) if container.entries(NEAR) else None

    @classmethod
    def together(cls, pieces: Sequence[Said], digest: bytes) -> Said:
        """What is to be said of a file of pieces, whose original has the hash `digest`."""
        most, found, intensity, found_intensity = map(max, zip(*(piece[:4] for piece in pieces), strict=True))
        return cls(most, found, intensity, found_intensity, digest, max(piece.order for piece in pieces))

    def described(self) -> dict[str, Any]:
        """For `lizip info`."""
        words: dict[str, Any] = {"original_hash": self.digest.hex()}
        if self.max_error:
            words |= {"max_error": self.max_error, "largest_error": self.largest_error}
        if self.intensity_error:
            words |= {"intensity_error": self.intensity_error, "largest_intensity_error": self.largest_intensity_error}
        if self.order:
            words |= {"order": "not that of the original" if self.order == DROPPED else "that of the original"}
        return {"exact": self.exact, **words}
