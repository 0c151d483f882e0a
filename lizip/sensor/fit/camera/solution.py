"""From pixels and lens to stages and a grid."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud
from lizip.sensor.fit.camera.lens import find_lens
from lizip.sensor.fit.camera.pixels import Pixels
from lizip.sensor.fit.further import add_further
from lizip.sensor.model import TITLES, About, Part, Solution, Stage, SweepModel
from lizip.sensor.returns import Returns
from lizip.sensor.stages.corrections import Corrections, find_corrections
from lizip.sensor.stages.doubles import Doubles
from lizip.sensor.stages.pinhole import MAX_LEVELS, Pinhole
from lizip.sensor.stages.places import Places

_POINTS_A_LEVEL = 4
_MOST_UNITS = 1 << 12
_MOST_EXCEPTIONS = 0.05
_TICK = 0.002
"""Metres that a level is taken for by the grid's coder, whose contexts are those of such ticks."""


def solution_of(
    cloud: Cloud, xyz: np.ndarray, pixels: Pixels, missing: np.ndarray, nothing: np.ndarray, doubles: Doubles | None
) -> Solution | None:
    """Write down a depth image.

    Parameters
    ----------
    cloud : Cloud
    xyz : (N, 3) float32
    pixels : Pixels
    missing : (N,) bool
        Points with the bits `nothing` (3,) uint32.
    doubles : Doubles or None
        What gives the coordinates of the file where they are float64.
    """
    depth = np.abs(xyz[pixels.place, pixels.forward])
    levels = np.unique(depth)
    if len(levels) > min(MAX_LEVELS, len(depth) // _POINTS_A_LEVEL):
        return None
    lens = find_lens(xyz, pixels, levels)
    whole = pixels.width * pixels.height == len(xyz) and bool(missing.any())
    camera = Pinhole(lens, levels, pixels.forward, pixels.backward, pixels.swapped, nothing if whole else None)
    ranges = np.zeros((pixels.height, pixels.width), np.int32)
    ranges[pixels.row, pixels.column] = 1 + np.searchsorted(levels, depth)
    returns = _run(cloud, ranges, camera)
    corrections, right = find_corrections(returns.rounded, np.ascontiguousarray(xyz[pixels.place]), 0, _MOST_UNITS)
    if not right.all():  # what no correction reaches leaves the image
        ranges[pixels.row[~right], pixels.column[~right]] = 0
        returns = _run(cloud, ranges, camera)
    place, corrections = pixels.place[right], corrections[right]
    listed = np.ones(len(xyz), bool)
    listed[place] = False
    listed &= ~missing
    if np.count_nonzero(listed) > _MOST_EXCEPTIONS * len(xyz):
        return None
    apart = None if whole else missing
    stages: list[Stage] = [
        camera,
        Corrections.of(returns, corrections),
        Places.of(xyz, np.flatnonzero(listed), apart, nothing),
    ]
    if doubles is not None:
        stages.append(doubles)
    returns.place = place
    grid = add_further(list(cloud.columns.values()), returns, _TICK, stages)
    notes = {
        "exceptions": int(np.count_nonzero(listed)),
        "corrected": int(np.count_nonzero(corrections.any(axis=1))),
    }
    model = SweepModel([Part(stages, cloud.count)])
    return Solution(model, [grid], About(TITLES.index("depth camera"), notes))


def _run(cloud: Cloud, ranges: np.ndarray, camera: Pinhole) -> Returns:
    returns = Returns(ranges, None, cloud.schema, cloud.count)
    camera.apply(returns)
    return returns
