"""The vehicle behind the sensor: its pose, and normal equations of the sensor's poses carried over to it.

Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.trig import arcsine, arctangent2
from lizip.jit import kernel
from lizip.sensor.fit.motion.law_track import Normals

LEVER = (0.902, 0.005, 1.845)
"""Where the sensor sits in nuScenes' vehicles: forward, left, up, m."""


@dataclass
class Vehicle:
    """Poses (F, 6) of a vehicle: x, y, z (m), roll, pitch, yaw (rad); their normal equations (F, 6, 6), (F, 6)."""

    poses: np.ndarray
    matrix: np.ndarray
    vector: np.ndarray


@kernel
def _carry(rotation, shift, lever, matrix, vector, scratch, poses, out, right):
    """Fill `poses` (F, 6), `out` (F, 6, 6) = J' matrix J and `right` (F, 6) = J' vector; scratch (2, 6, 6).

    J takes changes of the vehicle's numbers to perturbations (d, w) of the sensor's pose.
    """
    jacobian = scratch[0]
    product = scratch[1]
    for i in range(shift.shape[0]):
        # sensor axes are right, forward, up; the vehicle's forward, left, up
        f0 = rotation[i, 0, 1]
        f1 = rotation[i, 1, 1]
        level = np.sqrt(f0 * f0 + f1 * f1)
        poses[i, 3] = arctangent2(-rotation[i, 2, 0], rotation[i, 2, 2])
        poses[i, 4] = arcsine(-rotation[i, 2, 1])
        poses[i, 5] = arctangent2(f1, f0)
        for p in range(6):
            for q in range(6):
                jacobian[p, q] = 1.0 if p == q and p < 3 else 0.0
        for p in range(3):
            product[0, p] = rotation[i, p, 1] * lever[0] - rotation[i, p, 0] * lever[1] + rotation[i, p, 2] * lever[2]
            poses[i, p] = shift[i, p] - product[0, p]
            jacobian[3 + p, 3] = rotation[i, p, 1]
        # roll turns about forward, pitch about the level axis to the left, yaw about up
        jacobian[3, 4] = -f1 / level
        jacobian[4, 4] = f0 / level
        jacobian[5, 5] = 1.0
        for k in range(3, 6):
            for p in range(3):
                a = (p + 1) % 3
                b = (p + 2) % 3
                jacobian[p, k] = jacobian[3 + a, k] * product[0, b] - jacobian[3 + b, k] * product[0, a]
        for p in range(6):
            for q in range(6):
                total = 0.0
                for r in range(6):
                    total += matrix[i, p, r] * jacobian[r, q]
                product[p, q] = total
        for p in range(6):
            total = 0.0
            for r in range(6):
                total += jacobian[r, p] * vector[i, r]
            right[i, p] = total
            for q in range(6):
                total = 0.0
                for r in range(6):
                    total += jacobian[r, p] * product[r, q]
                out[i, p, q] = total


def vehicle_behind(normals: Normals, lever: np.ndarray) -> Vehicle:
    """The vehicle whose sensor, at `lever` (3,), has the poses of some normal equations."""
    count = len(normals.shift)
    vehicle = Vehicle(np.empty((count, 6)), np.empty((count, 6, 6)), np.empty((count, 6)))
    _carry(*normals.numbers[:2], lever, *normals.numbers[2:], np.empty((2, 6, 6)), *vars(vehicle).values())
    vehicle.poses[:, 5] = np.unwrap(vehicle.poses[:, 5])
    return vehicle
