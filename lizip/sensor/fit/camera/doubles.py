"""How float64 coordinates of a depth camera were computed, to the bit."""

from __future__ import annotations

import numpy as np

from lizip.sensor.fit.camera.lens import decimals_about, measured
from lizip.sensor.fit.camera.pixels import Pixels
from lizip.sensor.stages.doubles import FACTOR, Doubles
from lizip.sensor.stages.pinhole import UNITS, counts_of

_SAMPLE = 1024


def find_doubles(wide: np.ndarray, narrow: np.ndarray, pixels: Pixels) -> Doubles | None:
    """Find what gives points (N, 3) float64 from their float32; None unless all come out to the bit."""
    depth = np.abs(wide[pixels.place, pixels.forward])
    single = depth.astype(np.float32)
    exact = [unit for unit in range(len(UNITS) + 1) if (counts_of(unit, single)[1] == depth).all()]
    if not exact:
        return None
    step = max(1, len(depth) // _SAMPLE)
    rows = pixels.place[::step]
    few, tried = narrow[rows], wide[rows].view(np.int64)
    sides = [axis for axis in range(3) if axis != pixels.forward]
    lens = list(zip((pixels.column, pixels.row), pixels.centre, strict=True))
    numbers = []
    for axis, (pixel, centre) in zip(sides, lens[::-1] if pixels.swapped else lens, strict=True):
        numbers.append(list(decimals_about(*measured(pixel, wide[pixels.place, axis], depth, centre))))
    for law in range(FACTOR + 1):
        chosen = []
        for axis, candidates in zip(sides, numbers, strict=True):
            for centre, focal in candidates:
                stage = Doubles(law, exact[-1], pixels.forward, (centre, centre), (focal, focal))
                if (stage.widened(few).view(np.int64)[:, axis] == tried[:, axis]).all():
                    chosen.append((centre, focal))
                    break
        if len(chosen) == 2:
            stage = Doubles(law, exact[-1], pixels.forward, *zip(*chosen, strict=True))
            if np.array_equal(stage.widened(narrow).view(np.int64), wide.view(np.int64)):
                return stage
    return None
