"""A cloud as it was before a transform, where its points lay on a lattice of whole millimetres (or the like) then."""

from __future__ import annotations

import numpy as np

from lizip.relations.motion import Motion
from lizip.sensor.fit.azimuth_rings import on_decimal_lattice
from lizip.sensor.fit.outer.arithmetic import find_transform
from lizip.sensor.fit.outer.lattice import Lattice, find_lattice, find_origin
from lizip.sensor.fit.outer.upright import stand_upright

_LEAST_POINTS = 512
_FARTHEST = 1e4
_OFF, _LEAST_SHARE = 0.2, 0.65
"""So many points are within this share of a step of a whole one."""
_DECIMALS = (1000, 100)


def undo_motion(xyz: np.ndarray) -> tuple[np.ndarray, Motion] | None:
    """Find points (N, 3) float32 whose transform points xyz (N, 3) float32 are; None when they are on no lattice, or on
    one along their own axes that goes through 0."""
    if len(xyz) < _LEAST_POINTS or any(on_decimal_lattice(xyz, decimal) for decimal in _DECIMALS):
        return None
    lattice = find_lattice(xyz)
    if lattice is None:
        return None
    # what is repeated is no return
    varied = np.append(True, (xyz[1:] != xyz[:-1]).any(axis=1))
    placed = stand_upright(lattice, xyz[varied])
    if lattice.at_rest and not placed.share:
        return None
    decimal = float(placed.decimal or 10 ** np.rint(-np.log10(lattice.unit)))
    whole, near = _on_lattice(placed.lattice, xyz)
    if near.mean() < _LEAST_SHARE:
        return None
    lattice = find_origin(placed.lattice, xyz[near & varied], decimal)
    whole, near = _on_lattice(lattice, xyz)
    inner = xyz.copy()
    inner[near] = ((np.rint(whole[near]) + 0.0) / decimal).astype(np.float32)
    found = find_transform(inner[near], xyz[near])
    return inner, Motion.of(inner, xyz, found.matrix, found.arithmetic)


def _on_lattice(lattice: Lattice, xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps (N, 3), not rounded, of points (N, 3), and which points (N,) are on the lattice."""
    with np.errstate(invalid="ignore", over="ignore"):
        whole = lattice.whole(xyz.astype(np.float64))
        near = (np.abs(whole - np.rint(whole)) < _OFF).all(axis=1) & (np.abs(xyz) < _FARTHEST).all(axis=1)
    return whole, near
