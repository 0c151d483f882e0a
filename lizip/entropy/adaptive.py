"""Adaptive models of binary decisions: counters, bit trees, logistic mixing, and the token of a signed integer.

Everything is integer arithmetic: the tables were made once with floats and are rounded far from any tie.

A counter is one int32: (probability of a one - 1/2) in 2**-22 << 8 | number of decisions seen, so zeros are fresh. It
moves by 1/(n + 1.6) of the error, so a fresh one learns at once and an old one forgets slowly (as in lpaq and paq8,
Mahoney 2005). The tables have their narrowest types: they compete with the counters for the first-level cache.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.coder import code, code_raw
from lizip.jit import kernel

HALF = 1 << 21
"""A probability of one half, which a counter does not count."""

_squash_domain = np.arange(-3072, 3072) / 256.0
SQUASH = np.clip(np.round(65536 / (1 + np.exp(-_squash_domain))), 24, 65536 - 24).astype(np.uint16)
"""Logistic function: entry 3072 + x is the 16-bit probability of a logit of x / 256."""

_centres = (np.arange(4096) + 0.5) / 4096
STRETCH = np.round(np.log(_centres / (1 - _centres)) * 256).astype(np.int16)
"""Its inverse: 12-bit probability -> logit in units of 1 / 256."""

RATE = np.array([int(65536 / (n + 1.6)) for n in range(256)], np.uint16)
"""Step of a counter that has seen n decisions, in 2**-16."""

QUARTER_OCTAVE = np.array([((x + 1) ** 4).bit_length() - 1 for x in range(4096)], np.int32)
"""floor(4 log2(x + 1)) for x < 4096."""

BIT_LENGTH = np.array([x.bit_length() for x in range(4096)], np.int32)


@kernel
def quarter_octave(x):
    """floor(4 log2(x + 1)) of 0 <= x < 2**18 (coarser above 4096, saturating): a class for magnitudes, 0 to 71."""
    if x < 4096:
        return np.int64(QUARTER_OCTAVE[max(x, 0)])
    return np.int64(QUARTER_OCTAVE[min(x >> 6, 4094)]) + 24


@kernel
def bit_length(x):
    """Bit length of 0 <= x < 2**63; of a negative number, that of its 64 bits: 64."""
    rest = np.uint64(x)
    length = np.int64(0)
    while rest >= np.uint64(4096):
        rest >>= np.uint64(12)
        length += 12
    return length + np.int64(BIT_LENGTH[rest])


def fresh_counters(size: int) -> np.ndarray:
    """Make `size` counters that have seen nothing, (size,) int32."""
    return np.zeros(size, np.int32)


@kernel
def code_bit(coder, counters, index, limit, bit):
    """Code one decision under one counter; `limit` (at most 255) is the count at which it stops slowing down."""
    counter = np.int64(counters[index])
    probability = (counter >> 8) + HALF
    seen = counter & 255
    bit = code(coder, min(max((probability << 2) | 2, 256), (1 << 24) - 256), bit)
    probability += (((bit << 22) - bit - probability) * np.int64(RATE[seen])) >> 16
    counters[index] = np.int32((probability - HALF) << 8 | min(seen + 1, limit))
    return bit


@kernel
def code_tree(coder, counters, base, depth, limit, value):
    """Code 0 <= value < 2**depth as `depth` decisions, most significant first.

    Uses the counters base + 1 to base + 2**depth - 1.
    """
    node = np.int64(1)
    for shift in range(depth - 1, -1, -1):
        node = 2 * node + code_bit(coder, counters, base + node, limit, (value >> shift) & 1)
    return node - (1 << depth)


INTEGER_NODES = 512
"""Counters that `code_integer` needs in each context."""


@kernel
def code_integer(coder, counters, base, limit, value):
    """Code any int64 above -2**62 in one context: zero, bit length, sign, two modelled mantissa bits, raw rest.

    Parameters
    ----------
    counters : (C,) int32
        Uses `INTEGER_NODES` of them from `base` on.
    value : int64
        |value| < 2**62; ignored when decoding.
    """
    magnitude = abs(value)
    length = code_tree(coder, counters, base, 6, limit, bit_length(magnitude))
    if length == 0:
        return np.int64(0)
    negative = code_bit(coder, counters, base + 64 + length, limit, np.int64(1) if value < 0 else np.int64(0))
    low = length - 1
    decoded = np.int64(1)
    node = np.int64(1)
    for _ in range(min(low, 2)):
        low -= 1
        bit = code_bit(coder, counters, base + 128 + length * 4 + node, limit, (magnitude >> low) & 1)
        node = 2 * node + bit
        decoded = 2 * decoded + bit
    while low > 0:
        bits = min(low, 32)
        low -= bits
        decoded = (decoded << bits) | code_raw(coder, magnitude >> low, bits)
    return -decoded if negative else decoded
