"""The far frame to the picometre: once poses predict the far float32 exactly, the stored ones pin the transform back.

Near the sensor the stored ULP is 2**-30 m and less, so the axes and the offset must be that good. Encoder only.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_definite
from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.sensor.fit.lattice.frame import Frame, turn

_FLOORS = (3e-8, 6e-9, 1.2e-9, 2.5e-10, 5e-11, 1e-11, 2e-12, 5e-13)
"""How good the transform is assumed to be, round after round, m."""
_STEPS = (5, 5, 5, 5, 3, 3, 1, 1)
"""In which of the firings points are looked at, round after round: each, every third, every fifth."""
_TIE = 0.12
"""Far coordinates nearer to a rounding tie than this, in ULPs, are not trusted."""


@kernel
def _normals(stored, sensor_points, poses, axes, offset, rounded, begin, step, floor, scratch, normal, right):
    """Normal equations (6, 6), (6,) of a turn and a shift of the transform back; returns the points that counted."""
    rotation, shift = poses
    far, units, misses, row = scratch
    for p in range(6):
        right[p] = 0.0
        for q in range(6):
            normal[p, q] = 0.0
    used = np.int64(0)
    for i in range(begin, stored.shape[0], step):
        for j in range(stored.shape[1]):
            trusted = True
            for p in range(3):
                x = shift[i, p] + offset[p]
                for q in range(3):
                    x += rotation[i, p, q] * sensor_points[i, j, q]
                near = np.float64(np.float32(x)) if rounded[p] else x
                trusted = trusted and abs(near - x) < (0.5 - _TIE) * unit32(x)
                far[p] = near - offset[p]
            if not trusted:
                continue
            for k in range(3):
                back = axes[0, k] * far[0] + axes[1, k] * far[1] + axes[2, k] * far[2]
                units[k] = unit32(back)
                misses[k] = stored[i, j, k] - back
                trusted = trusted and abs(misses[k]) < units[k] + 12.0 * floor
            if not trusted:
                continue
            used += 1
            for k in range(3):
                unit = units[k]
                miss = misses[k]
                if abs(miss) > 0.5 * unit + 6.0 * floor:
                    continue
                weight = 1.0 / (unit * unit / 12.0 + floor * floor)
                j0 = far[2] * axes[1, k] - far[1] * axes[2, k]
                j1 = far[0] * axes[2, k] - far[2] * axes[0, k]
                j2 = far[1] * axes[0, k] - far[0] * axes[1, k]
                for p in range(3):
                    row[p] = j0 if p == 0 else j1 if p == 1 else j2
                    row[3 + p] = -axes[p, k]
                for p in range(6):
                    right[p] += weight * row[p] * miss
                    for q in range(p + 1):
                        normal[p, q] += weight * row[p] * row[q]
    for p in range(6):
        for q in range(p):
            normal[q, p] = normal[p, q]
    return used


def polish_frame(
    frame: Frame,
    stored: np.ndarray,
    sensor_points: np.ndarray,
    poses: tuple[np.ndarray, np.ndarray],
    begin: int,
    rounds: int = len(_FLOORS),
) -> Frame:
    """Sharpen a far frame, rounded along the first two axes at least, by the points that its poses predict exactly.

    Points in the file and in the sensor frame are (F, R, 3) float64, m, poses (F, 3, 3), (F, 3) relative to the frame's
    offset. Firings count from `begin` on. `rounds` are the last rounds to do: all for a rough frame, few for a sharp
    one.
    """
    axes, offset = frame.axes.copy(), frame.offset.copy()
    rotation, shift = poses
    normal, right = np.empty((6, 6)), np.empty(6)
    scratch = np.empty(3), np.empty(3), np.empty(3), np.empty(6)
    for floor, step in list(zip(_FLOORS, _STEPS, strict=True))[-rounds:]:
        # the far float32 must not move with the offset: it is the poses that are relative to it
        moved = rotation, shift - (offset - frame.offset)
        used = _normals(
            stored, sensor_points, moved, axes, offset, frame.rounded, begin, step, floor, scratch, normal, right
        )
        if used < 100:
            break
        scale = 1 / np.sqrt(np.diag(normal))
        change = solve_definite(normal * scale[:, None] * scale + 1e-13 * np.eye(6), right * scale) * scale
        axes = turn(axes, change[:3])
        offset = offset + change[3:]
    return Frame(axes, offset, frame.rounded)
