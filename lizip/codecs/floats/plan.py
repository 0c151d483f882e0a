"""What the header of the `floats` codec says: how every column becomes integers, and which model codes it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

import numpy as np

from lizip.cloud import Schema
from lizip.codecs.floats.numbers import INTEGER, ORDINAL, Numbers
from lizip.codecs.floats.odd import Odd
from lizip.codecs.floats.track import FLOAT32, FLOAT64, HISTORY, HOT, STEPS, Frame
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_varint, pack_varints

MOST_WINDOW = 120
_NO_ZERO = -(1 << 62)
_DECIMALS = 9


@dataclass(frozen=True)
class Sight:
    """How the coordinates see each other.

    Attributes
    ----------
    columns : tuple of int
        Places of x, y, z among the columns.
    origin, drift : tuple of float
        Where the sensor stands at the first point and its step a point, in the units of the values (float32 precision).
    hot : tuple of int
        Lags that the pointer may jump to, `HOT` of them, the most useful first.
    window : int
        The pointer may leave its path by so many points.
    period : int
        Points in a line where lines are stored one after the other; 0 where not.
    blank : float
        Points nearer to the sensor than this are blank (float32 precision); negative where there are none.
    """

    columns: tuple[int, int, int]
    origin: tuple[float, float, float]
    drift: tuple[float, float, float]
    hot: tuple[int, ...]
    window: int
    period: int
    blank: float = -1.0

    def pack(self) -> bytes:
        """Write for `unpack`."""
        places = struct.pack("<7f", *self.origin, *self.drift, self.blank)
        return bytes(self.columns) + places + pack_varints((*self.hot, self.window, self.period))

    @classmethod
    def unpack(cls, unpack: Unpacker, columns: int) -> Sight:
        """Read what `pack` wrote for a cloud with so many columns."""
        x, y, z = places = unpack.take(3)
        origin = struct.unpack("<7f", unpack.take(28))
        hot = tuple(unpack.varint() for _ in range(HOT))
        window, period = unpack.varint(), unpack.varint()
        sane = max(places) < columns and len(set(places)) == 3 and all(abs(value) < 1e15 for value in origin)
        sane = sane and all(1 <= lag < HISTORY for lag in hot) and window <= MOST_WINDOW and period < HISTORY
        if not sane:
            raise CorruptError("coordinates with an impossible model")
        return cls((x, y, z), origin[:3], origin[3:6], hot, window, period, origin[6])


@dataclass(frozen=True)
class Plan:
    """Everything that is fixed for a whole file.

    Attributes
    ----------
    columns : tuple of Numbers
        In file order.
    sight : Sight or None
        The coordinates; None where there are none.
    lags : tuple of int
        Without coordinates: lags of the two neighbours that columns are predicted from.
    given : tuple of int
        For each column but the coordinates, 1 + place of an earlier column that helps to predict it; 0 for the range.
    odd : tuple of Odd
        For each column its values that `columns` does not say; empty where there are none at all.
    merged : bool
        One stream for all columns of a segment; otherwise one for the coordinates and one for each other column.
    """

    columns: tuple[Numbers, ...]
    sight: Sight | None
    lags: tuple[int, int]
    given: tuple[int, ...]
    merged: bool
    odd: tuple[Odd, ...] = ()

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Columns that are coded together, in the order of coding; constants need no coding."""
        first = self.sight.columns if self.sight else ()
        rest = (i for i, numbers in enumerate(self.columns) if i not in first and numbers.alphabet != 1)
        return ((first,) if first else ()) + tuple((i,) for i in rest)

    def with_given(self, column: int, given: int) -> Plan:
        """Return this plan with another helper for one column."""
        return replace(self, given=(*self.given[:column], given, *self.given[column + 1 :]))

    def with_numbers(self, column: int, numbers: Numbers) -> Plan:
        """Return this plan with another form of one column."""
        return replace(self, columns=(*self.columns[:column], numbers, *self.columns[column + 1 :]))

    def pack(self) -> bytes:
        """Write for `unpack`."""
        out = bytes([self.merged | (self.sight is not None) << 1 | bool(self.odd) << 2])
        out += self.sight.pack() if self.sight else pack_varints(self.lags)
        for numbers, given in zip(self.columns, self.given, strict=True):
            out += numbers.pack() + pack_varint(given)
        return out + b"".join(odd.pack() for odd in self.odd)

    @classmethod
    def unpack(cls, data: bytes, schema: Schema) -> Plan:
        """Read what `pack` wrote; CorruptError when it cannot have."""
        unpack = Unpacker(data)
        flags = unpack.take(1)[0]
        sight = Sight.unpack(unpack, len(schema)) if flags & 2 else None
        lags = (1, 1) if sight else (unpack.varint(), unpack.varint())
        columns, given = [], []
        for _, dtype in schema:
            columns.append(Numbers.unpack(unpack, dtype))
            given.append(unpack.varint())
        odd = tuple(Odd.unpack(unpack, dtype) for _, dtype in schema) if flags & 4 else ()
        unpack.finish()
        plan = cls(tuple(columns), sight, lags, tuple(given), bool(flags & 1), odd)
        coded: set[int] = set()
        for group in plan.groups:
            if len(group) == 1 and given[group[0]] > 0 and given[group[0]] - 1 not in coded:
                raise CorruptError("a column is predicted from one that is not known")
            coded.update(group)
        if sight and any(seen(columns[i]) != columns[i] for i in sight.columns):
            raise CorruptError("coordinates in a form that cannot be predicted")
        if flags >> 3 or not all(1 <= lag < HISTORY for lag in lags):
            raise CorruptError("impossible plan of the columns")
        return plan

    def frame(self) -> Frame:
        """Make the constants of the coordinates' kernel."""
        sight = self.sight
        assert sight is not None
        columns = [self.columns[i] for i in sight.columns]
        scales = [_scale(numbers) for numbers in columns]
        spare = [numbers.exponent if numbers.form == ORDINAL else 0 for numbers in columns]
        return Frame(
            form=np.array([scale[0] for scale in scales], np.int64),
            depth=np.array([4 if scale[0] == STEPS else 5 for scale in scales], np.int64),
            unit=np.array([scale[1] for scale in scales]),
            per_unit=np.array([1 / scale[1] for scale in scales]),
            base=np.array([scale[2] for scale in scales]),
            spare=np.array(spare, np.int64),
            zero=np.array([bool(n.hole) - n.offset if n.signed_zero else _NO_ZERO for n in columns], np.int64),
            hole=np.array([0 if n.hole else _NO_ZERO for n in columns], np.int64),
            origin=np.array(sight.origin, np.float64),
            drift=np.array(sight.drift, np.float64),
            hot=np.array(sight.hot, np.int64),
            window=np.array([sight.window, (2 * sight.window + HOT + 1).bit_length()], np.int64),
            period=np.array([sight.period], np.int64),
            blank=np.array([sight.blank]),
        )


def seen(numbers: Numbers) -> Numbers | None:
    """The form of a column in which the coordinates' kernel can turn integers into values; None when there is none."""
    if numbers.form != ORDINAL:
        return replace(numbers, values=())
    return replace(numbers, offset=0, step=1, top=-1, values=()) if numbers.size > 2 else None


def _scale(numbers: Numbers) -> tuple[int, float, float]:
    """Integer form, unit and base of a coordinate."""
    if numbers.form == ORDINAL:
        form, unit = (FLOAT32, 2.0**-22) if numbers.size == 4 else (FLOAT64, 2.0**-50)
        return form, unit * 2.0**numbers.exponent, 0.0
    unit = 1.0 if numbers.form == INTEGER else 1 / numbers.divisor
    return STEPS, numbers.step * unit, (numbers.offset - numbers.step * bool(numbers.hole)) * unit
