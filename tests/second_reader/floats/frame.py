"""Coordinates' whole numbers as values seen from the sensor, and back (docs/format/floats.md, Values)."""

from __future__ import annotations

import struct

from second_reader.floats.numbers import INTEGER, ORDINAL, Numbers
from second_reader.floats.residual import logarithm

_MASK32, _MASK64 = (1 << 31) - 1, (1 << 63) - 1


def clean(value: float) -> float:
    """Huge numbers, infinities and NaN are 0."""
    return value if -1e30 < value < 1e30 else 0.0


def bits32(value: float) -> int:
    """Bits of the float32 nearest to a number, as a signed integer."""
    return struct.unpack("<i", struct.pack("<f", value))[0]


class Axis:
    """One coordinate."""

    def __init__(self, numbers: Numbers):
        self.ordinal = numbers.form == ORDINAL
        self.wide = numbers.size == 8
        self.spare = numbers.exponent if self.ordinal else 0
        self.depth = 5 if self.ordinal else 4
        self.hole = bool(numbers.hole)
        self.zero = self.hole - numbers.offset if numbers.negative_zero else -(1 << 62)
        if self.ordinal:
            self.unit, self.base = (2.0**-50 if self.wide else 2.0**-22) * 2.0**self.spare, 0.0
        else:
            one = 1.0 if numbers.form == INTEGER else 1 / numbers.divisor
            self.unit, self.base = numbers.step * one, (numbers.offset - numbers.step * self.hole) * one
        self.per_unit = 1 / self.unit
        self._last32 = 0

    def value(self, integer: int, origin: float) -> float:
        """The value, from the sensor."""
        if not self.ordinal:
            if self.hole and integer == 0:
                return 0.0
            integer += integer < self.zero
            return clean(self.base + self.unit * float(integer) - origin)
        whole = integer << self.spare if integer >= 0 else ~(~integer << self.spare)
        if self.wide:
            bits = whole if whole >= 0 else whole ^ _MASK64
            return clean(struct.unpack("<d", struct.pack("<q", bits))[0] - origin)
        bits = whole if whole >= 0 else whole ^ _MASK32
        return clean(struct.unpack("<f", struct.pack("<I", bits & 0xFFFFFFFF))[0] - origin)

    def integer(self, value: float, origin: float) -> int:
        """The integer nearest to a value."""
        value = clean(value) + origin
        if not self.ordinal:
            integer = round(min(max((value - self.base) * self.per_unit, -4e18), 4e18))
            return integer - 1 if integer < self.zero else integer
        if self.wide:
            bits = struct.unpack("<q", struct.pack("<d", value))[0]
            whole = bits if bits >= 0 else bits ^ _MASK64
        else:
            self._last32 = bits = bits32(value)
            whole = bits if bits >= 0 else bits ^ _MASK32
        if self.spare == 0:
            return whole
        half = 1 << (self.spare - 1)
        return (whole + half) >> self.spare if whole >= 0 else ~((~whole + half) >> self.spare)

    def grain(self) -> int:
        """Logarithm of one step at the integer made last."""
        if self.ordinal and not self.wide:
            return ((self._last32 >> 23 & 255) + 1023 - 127 - 23 + self.spare) << 8
        return logarithm(self.unit)
