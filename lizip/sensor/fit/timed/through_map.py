"""The float32 coordinates of a map that points went through on their way to the vehicle's frame. Encoder only.

Where the vehicle is some ten metres from the map's origin, near points lie on the lattice of these coordinates, as
those of nuScenes do. Its axes are the ones about which the track's angles are taken, and points on it tell the track
better than what was stored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.exact.linear import multiply
from lizip.sensor.fit.lattice.frame import Frame, find_far_frame, place_on_grid
from lizip.sensor.fit.timed.adjust import Free, coordinate_step
from lizip.sensor.fit.timed.law import FIXED, Law
from lizip.sensor.fit.timed.observed import Observed

_FLOORS = 1e-6, 1e-6, 3e-7
"""Noise, m, of the points in the fits: what heights, whose lattice is not looked for, have."""
_WIDE = 100.0


def find_map(seen: Observed, law: Law, which: np.ndarray) -> tuple[Frame, Law] | None:
    """The map's frame, and the law in its axes, fitted again to some points (indices); None where no lattice shows.

    In points that were left in a map there is none that is coarser than their own rounding.
    """
    if not law.in_own_frame:
        return None
    grid = np.full((seen.blocks, len(seen.sensor.elevation), 3), np.nan)
    grid[seen.block, seen.ring] = seen.stored
    frame = find_far_frame(grid, up=law.far[2])
    if frame is None or not frame.rounded.any():
        return None
    points, _ = place_on_grid(seen.stored, frame)
    aimed = replace(seen, stored=multiply(points, frame.axes))
    sample = aimed.sample(which, np.zeros(seen.blocks, np.int64))
    law = law._replace(far=frame.axes)
    for floor in _FLOORS:
        law = coordinate_step(law, sample, Free(inner=True), floor, np.zeros(FIXED), _WIDE).law
    return frame, law
