"""x y + z rounded once, as fused multiply-adds of float64 give it, by plain sums and products.

No machine's own instruction is asked for: the decoder must give the same bits where there is none.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

_SPLIT = 134217729.0
"""2**27 + 1."""


@kernel
def two_sum(a, b):
    """Sum of two numbers and what its rounding left out, exactly."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@kernel
def two_product(a, b):
    """Product of two numbers below 2**900 and what its rounding left out, exactly."""
    product = a * b
    far = _SPLIT * a
    high = far - (far - a)
    low = a - high
    away = _SPLIT * b
    upper = away - (away - b)
    lower = b - upper
    return product, ((high * upper - product) + high * lower + low * upper) + low * lower


@kernel
def fused(x, y, z):
    """x y + z, rounded once (Boldo and Melquiond 2008: what is left over is rounded to odd)."""
    product, below = two_product(x, y)
    total, left = two_sum(z, product)
    rest, last = two_sum(left, below)
    bits = np.float64(rest).view(np.int64)
    if last != 0.0 and bits & 1 == 0:
        # one place towards what was left out
        bits += 1 if (last > 0.0) == (rest > 0.0) else -1
        rest = np.int64(bits).view(np.float64)
    return total + rest
