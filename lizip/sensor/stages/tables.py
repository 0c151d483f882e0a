"""Columns of which each value follows from the ring of a point, from its firing, from its kind, range or azimuth."""

from __future__ import annotations

import lzma
from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.single import sines_and_cosines
from lizip.exact.trig import DEGREE, sincos
from lizip.exact.ulp import from_ordinals, to_ordinals
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_signed, pack_varint, pack_varints
from lizip.sensor.stages.driver_arithmetic import DOUBLE_ANGLES, FINE_ANGLES, single_hundredths
from lizip.sensor.stages.measured import KINDS, TURN_UNITS, Cells

BY_RING, BY_FIRING, BY_KIND = range(3)
"""What a table is of."""

FORMS = 7
"""What a table's entries are counted from: nothing; 0, 1, ...; the same from the end; places in a firing; elevations of
lasers in float32 radians; their sines; degrees."""

TICKS, SINGLE_TICKS, WHOLE_TICKS = range(3)
"""Ranges: ticks times a step of the range in double, in float32, ticks times a whole number."""

SUMMED, TABLED, SINGLE_TABLED, WHOLE = range(4)
"""Angle of a whole number of 0.01 degrees: the laser's offset added in float32 radians, as drivers' tables hold it
(see `lizip.sensor.stages.driver_arithmetic`), the number itself."""

UNITS = (1.0, 180 / np.pi, 18000 / np.pi)
"""Radians, degrees, 0.01 degrees."""

_TURN = np.float32(6.2831855)
_LIMIT = 250
_WINDOW = 1 << 24
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": _WINDOW}]


def index_of(cells: Cells, which: int) -> tuple[np.ndarray, int]:
    """Entry (N,) of each point in a table by ring, firing or kind; how many there are besides that of index -1."""
    if which == BY_RING:
        return cells.ring, cells.rings
    return (cells.firing, cells.firings) if which == BY_FIRING else (cells.kind, KINDS)


def counted_from(cells: Cells, form: int, count: int, dtype: np.dtype) -> np.ndarray | None:
    """Bits (`count` + 1,) that entries of a type are counted from; None where this form says nothing."""
    if form == 0:
        return np.zeros(count + 1, f"<u{dtype.itemsize}")
    if form < 3:
        values = np.arange(count)[:: 1 if form == 1 else -1]
    elif cells.driver is None or cells.places is None or count != cells.rings:
        return None
    elif form == 3:
        values = cells.places
    elif dtype.kind != "f":
        return None
    else:
        values = _elevations(cells, form)
    return np.append(values, 0).astype(dtype).view(f"<u{dtype.itemsize}")


def _elevations(cells: Cells, form: int) -> np.ndarray:
    """Elevations (R,) of lasers, see `FORMS`."""
    assert cells.driver is not None
    law, printed = cells.driver.law, cells.driver.elevations
    radians = printed.numbers / 25600.0 * DEGREE if law.angle in FINE_ANGLES else printed.radians()
    if form == 4:
        return radians
    if form == 6:
        return radians / DEGREE
    if law.angle in (*DOUBLE_ANGLES, *FINE_ANGLES):
        return np.array([sincos(float(angle))[0] for angle in radians])
    return sines_and_cosines(radians.astype(np.float32), law.sine)[0]


class Range(NamedTuple):
    """How a column follows from ticks.

    Attributes
    ----------
    form : int
        See `TICKS` and following.
    step : float
        Metres a tick, or the whole number.
    """

    form: int
    step: float

    def values(self, ticks: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Column of ticks (N,)."""
        if self.form == WHOLE_TICKS:
            return (ticks * int(self.step)).astype(f"<u{dtype.itemsize}").view(dtype)
        if self.form == SINGLE_TICKS:
            return (ticks.astype(np.float32) * np.float32(self.step)).astype(dtype)
        return (ticks * self.step).astype(np.float32).astype(dtype)

    def pack(self) -> bytes:
        """Write for `unpack`."""
        step = pack_varint(int(self.step)) if self.form == WHOLE_TICKS else np.array([self.step], "<f8").tobytes()
        return pack_varint(self.form) + step

    @classmethod
    def unpack(cls, unpacker: Unpacker) -> Range:
        """Read what `pack` wrote; raises CorruptError."""
        form = unpacker.varint()
        if form > WHOLE_TICKS:
            raise CorruptError("a column follows from ranges in an unknown way")
        step = float(min(unpacker.varint(), 1 << 20)) if form == WHOLE_TICKS else float(unpacker.array("<f8", 1)[0])
        if not 0 <= step <= 1 << 20:
            raise CorruptError("a column follows from ranges in an impossible way")
        return cls(form, step)


class Angle(NamedTuple):
    """How a column follows from azimuths.

    Attributes
    ----------
    of_firing : int
        1 where the azimuth of the firing counts, 0: of the point.
    law, unit : int
        See `SUMMED` and following, `UNITS`.
    shift : int
        0.01 degrees to be added.
    """

    of_firing: int
    law: int
    unit: int
    shift: int

    def values(self, cells: Cells, dtype: np.dtype, which: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Column of the points `which`; where there is no azimuth, any."""
        if cells.azimuth is None or cells.fired is None or cells.driver is None:
            raise CorruptError("a column follows from azimuths that nobody knows")
        azimuth = (cells.fired[cells.firing] if self.of_firing else cells.azimuth)[which]
        azimuth = (azimuth + self.shift) % TURN_UNITS
        if self.law == WHOLE:
            return azimuth.astype(dtype)
        angle = np.empty(len(azimuth))
        if self.law == SUMMED:
            summed = (azimuth / 100.0 * DEGREE).astype(np.float32) + _offsets(cells)[cells.ring[which]]
            summed = np.where(summed < 0, summed + _TURN, np.where(summed >= _TURN, summed - _TURN, summed))
            angle = summed.astype(np.float64)
        elif self.law == TABLED:
            angle = 0.01 * azimuth * DEGREE
        else:
            _fill_single(azimuth, angle)
        single = angle.astype(np.float32)
        return single.astype(dtype) if self.unit == 0 else (single * UNITS[self.unit]).astype(np.float32).astype(dtype)

    def pack(self) -> bytes:
        """Write for `unpack`."""
        return pack_varints([self.of_firing, self.law, self.unit]) + pack_signed(self.shift)

    @classmethod
    def unpack(cls, unpacker: Unpacker) -> Angle:
        """Read what `pack` wrote; raises CorruptError."""
        of_firing, law, unit, shift = unpacker.varint(), unpacker.varint(), unpacker.varint(), unpacker.signed()
        if of_firing > 1 or law > WHOLE or unit >= len(UNITS) or abs(shift) > TURN_UNITS:
            raise CorruptError("a column follows from azimuths in an unknown way")
        return cls(of_firing, law, unit, shift)


@kernel
def _fill_single(azimuth, angle):
    for i in range(azimuth.size):
        angle[i] = np.float64(single_hundredths(azimuth[i]))


def _offsets(cells: Cells) -> np.ndarray:
    """Offsets (R,) float32 of lasers in radians."""
    assert cells.driver is not None
    if cells.driver.law.angle in FINE_ANGLES:
        return (cells.driver.offsets.numbers / 25600.0 * DEGREE).astype(np.float32)
    return cells.driver.offsets.radians().astype(np.float32)


@kernel
def _code_near(coder, counters, firing, rest):
    """Code what is left of each value (N,): as of the point before if that was fired with it, else nothing."""
    before = np.int64(0)
    off = np.int64(0)
    for i in range(rest.size):
        new = np.int64(i == 0 or firing[i] != firing[i - 1])
        guess = np.int64(0) if new else before
        off = code_bit(coder, counters, 2 * new + off, _LIMIT, np.int64(rest[i] != guess))
        if off:
            guess += code_integer(coder, counters, 4 + new * INTEGER_NODES, _LIMIT, rest[i] - guess)
        before = min(max(guess, -(np.int64(1) << 40)), np.int64(1) << 40)
        rest[i] = before


def encode_near(column: np.ndarray, expected: np.ndarray, cells: Cells) -> bytes:
    """Write a column (N,) given what it is expected to be, in units of the last place."""
    rest = _counted(column) - _counted(expected)
    return encode_stream(_code_near, fresh_counters(4 + 2 * INTEGER_NODES), cells.firing, rest)


def decode_near(stream: bytes, expected: np.ndarray, cells: Cells) -> np.ndarray:
    """Read what `encode_near` wrote; raises CorruptError."""
    rest = np.zeros(len(expected), np.int64)
    decode_stream(stream, _code_near, fresh_counters(4 + 2 * INTEGER_NODES), cells.firing, rest)
    counted = _counted(expected) + rest
    if expected.dtype.kind == "f":
        size = 8 * expected.dtype.itemsize - 1
        return from_ordinals(np.clip(counted, -(1 << size), (1 << size) - 1), expected.dtype)
    return counted.astype(expected.dtype)


def _counted(column: np.ndarray) -> np.ndarray:
    return to_ordinals(column) if column.dtype.kind == "f" else column.astype(np.int64)


def pack_planes(bits: np.ndarray) -> bytes:
    """Compress the bytes of differences, all lowest bytes first."""
    planes = np.diff(bits, prepend=bits.dtype.type(0)).view(np.uint8).reshape(-1, bits.dtype.itemsize).T
    # a window no larger than the data: to set up the largest takes longer than to fill a small one
    filters = [{**_FILTERS[0], "dict_size": min(max(planes.size, 1 << 12), _WINDOW)}]
    return lzma.compress(planes.tobytes(), lzma.FORMAT_RAW, filters=filters)


def unpack_planes(coded: bytes, count: int, dtype: np.dtype) -> np.ndarray:
    """Undo `pack_planes`; never more than `count` numbers."""
    length = count * dtype.itemsize
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        data = decompressor.decompress(coded, length + 1)
    except lzma.LZMAError as error:
        raise CorruptError(f"a column is damaged: {error}") from None
    if len(data) != length or not decompressor.eof or decompressor.unused_data:
        raise CorruptError("a column has not the length announced")
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, count)
    return np.cumsum(np.ascontiguousarray(planes.T).view(dtype)[:, 0], dtype=dtype)
