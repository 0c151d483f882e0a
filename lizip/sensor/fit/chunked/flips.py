"""Numbers of poses that became the float32 on the other side of a tie: what they say of the track. Encoder only.

A pose a billionth of a metre off makes one number in a hundred another float32, and with it a dozen points that share
it. Taken for errors of these points that is a hundred times what the pose is off by, and drowns what single points
tell. So points are aimed at with the flips that bring most of them right, and at the tie where a number is beyond it.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import Track, poses_at
from lizip.jit import kernel
from lizip.sensor.fit.chunked.knots import Groups
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.stages.fused import cast_poses, find_flips, moved_by


@kernel
def _aim(placed, starts, cast, other, flips, beyond, m, aim):
    """Fill aim (N, 3); returns how many points come out right with the flips."""
    right = 0
    for g in range(starts.size - 1):
        flipped = False
        for a in range(3):
            for k in range(4):
                flipped |= flips[g, a, k] != 0
        for j in range(starts[g], starts[g + 1]):
            x, y, z = placed.points[j, 0], placed.points[j, 1], placed.points[j, 2]
            same = 0
            for a in range(3):
                there, _ = moved_by(cast[g, a, 0], cast[g, a, 1], cast[g, a, 2], cast[g, a, 3], x, y, z)
                stored = placed.stored[j, a]
                aim[j, a] = stored
                if flipped:
                    found = there
                    for k in range(4):
                        m[k] = other[g, a, k] if flips[g, a, k] else cast[g, a, k]
                    there, _ = moved_by(m[0], m[1], m[2], m[3], x, y, z)
                    aim[j, a] += np.float64(found) - np.float64(there) + beyond[g, a, 3]
                    for k in range(3):
                        aim[j, a] += beyond[g, a, k] * placed.points[j, k]
                same += np.float32(stored) == there
            right += same == 3
    return right


def aimed_at(track: Track, placed: Placed, groups: Groups) -> tuple[Placed, float]:
    """Points to fit a track to next time, and which share of them the track gives to the bit already, with flips."""
    poses, group, some = poses_at(track, groups.times), groups.of, placed.use
    cast, other, near = cast_poses(poses.turns, poses.places)
    actual = placed.stored[some].astype(np.float32)
    flips = find_flips(placed.points[some], group[some], actual, (cast, other, near))
    numbers = np.concatenate([poses.turns, poses.places[:, :, None]], axis=2)
    beyond = np.where(flips, 0.5 * (cast.astype(np.float64) + other.astype(np.float64)) - numbers, 0.0)
    aim = np.empty_like(placed.stored)
    right = _aim(placed, groups.starts, cast, other, flips, beyond, np.zeros(4, np.float32), aim)
    return placed._replace(stored=aim), right / len(aim)
