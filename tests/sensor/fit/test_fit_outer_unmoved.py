"""Sweeps that were moved after their driver had rounded them are solved as they were, in whichever arithmetic."""

import numpy as np
import pytest

import lizip
from lizip.codecs import Options
from lizip.codecs.sweep import CODEC
from lizip.formats import split
from lizip.relations import motion
from lizip.sensor.fit.outer.unmoved import with_moves_undone
from lizip.sensor.stages.moved import Moved
from lizip.simulator import os_sensor, turning
from lizip.simulator.motion import rotation

MOUNT = np.column_stack([rotation(0.3, 0.02, -0.03), [1.2, -0.3, 1.73]])
YAW = np.column_stack([rotation(0.3, 0.0, 0.0), [1.2, -0.3, 1.73]])


def ouster(**options):
    beams = os_sensor.Beams.draw(13, 64).printed()
    return np.frombuffer(os_sensor.sweep(13, 64, 512, beams=beams, **options).data, "<f4").reshape(-1, 4)


def pandar():
    records = turning.sweep(24, turning.MODELS["pandar64"], span=0.3).records.reshape(-1, 4)
    return records[(records[:, :3] != 0).any(axis=1)]


def velodyne():
    records = turning.sweep(21, turning.MODELS["vlp16"], advance="whole").records.reshape(-1, 4)
    return records[(records[:, :3] != 0).any(axis=1)]


def moved(points, matrix, arithmetic):
    out = points.copy()
    there = (points[:, :3] != 0).any(axis=1)
    if arithmetic not in (motion.DOUBLE, motion.DOUBLE_TURN):
        matrix = matrix.astype(np.float32).astype(np.float64)
    out[there, :3] = motion.moved(points[there, :3], matrix, arithmetic)
    return out


def bits(points):
    coded = lizip.compress(points)
    assert lizip.decompress(coded).tobytes() == points.tobytes()
    return 8 * len(coded) / len(points)


@pytest.mark.parametrize(
    ("make", "matrix", "arithmetic"),
    [
        (ouster, MOUNT, motion.DOUBLE),
        (ouster, YAW, motion.DOUBLE),
        (ouster, MOUNT, motion.FORWARD),
        (velodyne, MOUNT, motion.DOUBLE),
        (pandar, MOUNT, motion.BACKWARD),
        (pandar, MOUNT, motion.FUSED_BACKWARD),
    ],
)
def test_a_moved_sweep_takes_hardly_more_than_before(make, matrix, arithmetic):
    points = make()
    assert bits(moved(points, matrix, arithmetic)) < bits(points) + 0.35


def test_zeros_that_stay_cost_nothing():
    points = ouster(drop_missing=False)
    assert (points[:, :3] == 0).all(axis=1).mean() > 0.05
    assert bits(moved(points, MOUNT, motion.DOUBLE)) < bits(points) + 0.3


def test_what_was_not_moved_is_left():
    cloud = split(memoryview(ouster().tobytes()))
    solution = CODEC.solve(cloud, Options())
    again = with_moves_undone(solution, cloud, lambda each: pytest.fail("solved again"))
    assert not any(isinstance(stage, Moved) for part in again.model.parts for stage in part.stages)
