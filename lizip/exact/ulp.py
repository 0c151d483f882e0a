"""Floats counted: the place of a float among all floats of its type, back again, and the unit in the last place.

Two ways of counting, which differ in -0.0 alone:

- **ordinals**: every bit pattern has its own, infinities and NaN too. 0.0 is 0, -0.0 is -1, smaller ones go down from
  there. One to one, so whatever is stored comes back.
- **steps**: both zeros are 0, and going n steps means n values further on the number line. For differences of finite
  numbers; a -0.0 must be written down elsewhere.

Each for arrays (float16, float32 or float64 by their type) and as kernels for one float32. Integers only:
nothing here depends on how a processor rounds or treats tiny numbers.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_LOW32 = np.int64(0x7FFFFFFF)
"""Bits of a float32 but for its sign."""

_MANTISSA = {2: 10, 4: 23, 8: 52}
_BIAS = {2: 15, 4: 127, 8: 1023}
"""Of the float type by its bytes."""


def bits_of(values: np.ndarray) -> np.ndarray:
    """Bits of numbers of any type as signed integers of the same size."""
    return np.ascontiguousarray(values).view(f"<i{values.dtype.itemsize}")


def to_ordinals(values: np.ndarray) -> np.ndarray:
    """Ordinals (int64) of floats: every bit pattern has its own, -0.0 is -1."""
    bits = bits_of(values).astype(np.int64)
    return np.where(bits < 0, bits ^ _sign_less(values.dtype), bits)


def from_ordinals(ordinals: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats of a type at ordinals (int64), which must fit it; undoes `to_ordinals`."""
    dtype = np.dtype(dtype)
    bits = np.where(ordinals < 0, ordinals ^ _sign_less(dtype), ordinals)
    return bits.astype(f"<i{dtype.itemsize}").view(dtype)


def to_steps(values: np.ndarray) -> np.ndarray:
    """Steps (int64) from zero to floats; both zeros are 0."""
    bits = bits_of(values).astype(np.int64)
    return np.where(bits < 0, -(bits & _sign_less(values.dtype)), bits)


def from_steps(steps: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats of a type so many steps (int64) from zero; never beyond the largest finite one, never -0.0."""
    dtype = np.dtype(dtype)
    largest = int(np.array(np.finfo(dtype).max).view(f"<i{dtype.itemsize}"))
    bits = np.minimum(np.abs(steps), largest)
    return np.where(steps < 0, bits | ~_sign_less(dtype), bits).astype(f"<i{dtype.itemsize}").view(dtype)


def spacing(values: np.ndarray) -> np.ndarray:
    """Distance (float64) from the magnitude of floats to the next larger one; infinities and NaN as the largest."""
    size = values.dtype.itemsize
    exponent = (bits_of(values).astype(np.int64) & _sign_less(values.dtype)) >> _MANTISSA[size]
    exponent = np.clip(exponent, 1, 2 * _BIAS[size])
    return np.ldexp(1.0, (exponent - (_BIAS[size] + _MANTISSA[size])).astype(np.int32))


def _sign_less(dtype: np.dtype) -> np.int64:
    """All bits of a type but for the sign."""
    return np.int64((1 << (8 * dtype.itemsize - 1)) - 1)


@kernel
def ordinal32(x):
    """Ordinal of float32(x), as `to_ordinals`."""
    bits = np.int64(np.float32(x).view(np.int32))
    return bits if bits >= 0 else bits ^ _LOW32


@kernel
def value32(ordinal):
    """The float32 at an ordinal, as float64; beyond all bit patterns, the last."""
    place = min(max(np.int64(ordinal), -_LOW32 - 1), _LOW32)
    bits = place if place >= 0 else place ^ _LOW32
    return np.float64(np.int32(bits).view(np.float32))


@kernel
def step32(bits):
    """Steps from zero to the float32 with these bits (a signed integer), as `to_steps`."""
    bits = np.int64(bits)
    return -(bits & _LOW32) if bits < 0 else bits


@kernel
def unit32(x):
    """Spacing of the float32 numbers at x, as float64; held between those at 2**-103 and 2**127."""
    bits = np.float32(x).view(np.int32) & np.int32(0x7F800000)
    return np.float64(np.int32(min(max(bits, np.int32(0x0C000000)), np.int32(0x7F000000))).view(np.float32)) * 2.0**-23
