"""Reading a .lizip file in part: as a file object of the original bytes, or as columns of some of the points."""

from __future__ import annotations

import io
import os
import struct
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from lizip.errors import CorruptError, FormatError

if TYPE_CHECKING:
    import numpy as np

    from lizip.decoder import Decoder

_IN_MEMORY = 1 << 27
"""Decoded bytes kept in memory; more go to a temporary file."""

_ROUNDING = 1e-3
"""Stored units by which a bound that was computed as scale * integer + offset may have missed the integer."""


class DecodedFile(io.RawIOBase):
    """The original bytes of a .lizip file, decoded as far as they were asked for.

    Parameters
    ----------
    decoder : Decoder
        The file taken apart.
    file : BinaryIO, optional
        Closed together with this one.
    name : str
        What the file is known as.
    """

    mode = "rb"

    def __init__(self, decoder: Decoder, file: BinaryIO | None = None, name: str = ""):
        self.name = name
        self._length = decoder.header.length
        self._pieces: Iterator[bytes] = decoder.pieces()
        self._file = file
        self._decoded = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._known = 0
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """Number of a real file with the whole content, at the position of this one; it is decoded for that."""
        self._decode(self._length)
        number = self._decoded.fileno()
        self._decoded.flush()
        os.lseek(number, self._position, os.SEEK_SET)
        return number

    def tell(self) -> int:
        """Position in the original file."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is decoded before it is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Decode up to the end of the buffer, or of the file, and fill it."""
        wanted = min(len(buffer), max(0, self._length - self._position))
        self._decode(self._position + wanted)
        self._decoded.seek(self._position)
        data = self._decoded.read(wanted)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _decode(self, stop: int) -> None:
        """Have at least `stop` bytes; at the end of the file also the check of the hash."""
        if stop >= self._length:
            stop = self._length + 1
        self._decoded.seek(self._known)
        while self._known < stop and (piece := next(self._pieces, None)) is not None:
            self._decoded.write(piece)
            self._known += len(piece)

    def close(self) -> None:
        """Forget everything."""
        if not self.closed:
            self._decoded.close()
            if self._file is not None:
                self._file.close()
        super().close()


def read_columns(
    decoder: Decoder, fields: Sequence[str] | None, points: slice, bounds: Sequence[float] | None = None
) -> dict[str, np.ndarray]:
    """Columns `fields` (all when None) of the points in a slice and within bounds; see `lizip.read`.

    Raises FormatError when there is no such field, or bounds are given and there are no coordinates.
    """
    import numpy as np

    schema = decoder.schema()
    known = [name for name, _ in schema]
    wanted = known if fields is None else list(fields)
    if not known and decoder.format.name == "log":
        raise FormatError("a log of several kinds of points, or of none; lizip.messages reads one topic's")
    if missing := [name for name in wanted if name not in known]:
        raise FormatError(f"no field {missing[0]!r}; there are {', '.join(known) or 'none'}")
    axes = _axes(known) if bounds is not None else ()
    box = _stored(decoder, bounds) if bounds is not None else None
    chosen = range(decoder.header.count)[points]
    start, stop = (min(chosen[0], chosen[-1]), max(chosen[0], chosen[-1]) + 1) if chosen else (0, 0)
    needed = {*wanted, *axes}
    parts: dict[str, list[np.ndarray]] = {name: [np.empty(0, dtype)] for name, dtype in schema if name in needed}
    for block in decoder.part(tuple(parts), start, stop, box if chosen.step == 1 else None):
        for name, kept in parts.items():
            kept.append(block[name])
    columns = {name: np.concatenate(kept)[:: chosen.step] for name, kept in parts.items()}
    if box is None:
        return {name: columns[name] for name in wanted}
    inside = np.ones(len(columns[axes[0]]), bool)
    for axis, low, high in zip(axes, box[:3], box[3:], strict=True):
        inside &= (columns[axis] >= low) & (columns[axis] <= high)
    return {name: columns[name][inside] for name in wanted}


def _axes(known: Sequence[str]) -> tuple[str, ...]:
    """Names of the coordinates."""
    for axes in (("X", "Y", "Z"), ("x", "y", "z")):
        if set(axes) <= set(known):
            return axes
    raise FormatError("no coordinates to compare the bounds with")


def _stored(decoder: Decoder, bounds: Sequence[float]) -> tuple[float, ...]:
    """Bounds in stored numbers: .las keeps (coordinate - offset) / scale, and both in its header, from byte 131 on."""
    if len(bounds) != 6:
        raise ValueError("bounds are six numbers: least x, y, z, then most x, y, z")
    if decoder.format.name != "las":
        return tuple(bounds)
    header = b"".join(decoder.regions())
    if len(header) < 131 + 48:
        raise CorruptError("the .las header is too short")
    numbers = struct.unpack_from("<6d", header, 131)
    scale, offset = numbers[:3] * 2, numbers[3:] * 2
    ends = [(bound - offset[k]) / scale[k] if scale[k] else bound for k, bound in enumerate(bounds)]
    pairs = [sorted((ends[k], ends[k + 3])) for k in range(3)]
    return (*(low - _ROUNDING for low, _ in pairs), *(high + _ROUNDING for _, high in pairs))
