"""Points that were rounded so coarsely that no pose shows in them."""

from __future__ import annotations

import numpy as np

from lizip.sensor.fit.azimuth_rings import on_decimal_lattice

_DECIMALS = (1000, 100)
_SAMPLE, _LEAST_SHARE = 256, 0.97
_SPARE = np.uint32((1 << 12) - 1)
"""Low bits of a float32 that are zero where it was a float16, or nearly."""


def is_coarse(xyz: np.ndarray) -> bool:
    """Whether nearly all of a sample of points xyz (N, 3) float32 are whole millimetres or centimetres, or have no more
    digits than a float16."""
    sample = xyz[:: max(1, len(xyz) // _SAMPLE)]
    sample = np.ascontiguousarray(sample[(sample != 0).any(axis=1) & np.isfinite(sample).all(axis=1)])
    if not len(sample):
        return False
    if np.mean(sample.view(np.uint32) & _SPARE == 0) > _LEAST_SHARE:
        return True
    return any(on_decimal_lattice(sample, decimal) for decimal in _DECIMALS)
