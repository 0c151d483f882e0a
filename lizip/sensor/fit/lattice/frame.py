"""The far frame: where its axes point and where its origin is, to the last ULP, and the points put onto its grid.

x = axes @ p + offset takes a stored point to the map, where it was once rounded to float32. Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.linear import multiply, solve_definite
from lizip.exact.ulp import unit32
from lizip.jit import kernel
from lizip.sensor.fit.lattice.axes import Lattice, find_lattice
from lizip.sensor.fit.lattice.offsets import find_offset, wave_sums

_BLUR = 2e-8
"""How well the lattice search knows the axes, rad."""
_LEAST_SCORE = 0.08
"""Log likelihood a point below which an axis counts as not rounded."""
_LEAST_LEVEL = 100
"""Returns about as high as the sensor that tell whether heights are rounded."""
_Z_SPACINGS = tuple(2.0**-k for k in range(9, 26))


@dataclass
class Frame:
    """A far frame.

    Attributes
    ----------
    axes : (3, 3) float64
        Rows: the far frame's axes in the stored frame; a rotation.
    offset : (3,) float64
        Where the stored frame's origin is in the far frame, m (exact where `rounded`, arbitrary elsewhere).
    rounded : (3,) bool
        Axes along which the rounding was found.
    """

    axes: np.ndarray
    offset: np.ndarray
    rounded: np.ndarray


def ulp(x: np.ndarray) -> np.ndarray:
    """Spacing of the float32 numbers at |x|, as float64."""
    return np.spacing(np.abs(x).astype(np.float32)).astype(np.float64)


def turn(axes: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The rotation `axes` turned by a small rotation vector (its Cayley vector), orthonormal again."""
    g = np.array([[0, -vector[2], vector[1]], [vector[2], 0, -vector[0]], [-vector[1], vector[0], 0]])
    turned = axes + multiply((g + 0.5 * multiply(g, g)) / (1 + 0.25 * (vector * vector).sum()), axes)
    for _ in range(2):
        turned = multiply(1.5 * np.eye(3) - 0.5 * multiply(turned, turned.T), turned)
    return turned


@kernel
def _turn_points(points, axes, blur, turned, sigma):
    """Points (N, 3) along the axes, and what their float32 rounding and axes known to `blur` (rad) leave of noise."""
    for i in range(points.shape[0]):
        p0 = points[i, 0]
        p1 = points[i, 1]
        p2 = points[i, 2]
        u0 = unit32(p0) * unit32(p0)
        u1 = unit32(p1) * unit32(p1)
        u2 = unit32(p2) * unit32(p2)
        spread = blur * blur * (p0 * p0 + p1 * p1 + p2 * p2)
        for k in range(3):
            turned[i, k] = axes[k, 0] * p0 + axes[k, 1] * p1 + axes[k, 2] * p2
            square = axes[k, 0] * axes[k, 0] * u0 + axes[k, 1] * axes[k, 1] * u1 + axes[k, 2] * axes[k, 2] * u2
            sigma[i, k] = np.sqrt(square / 12.0 + spread)


def turn_points(points: np.ndarray, axes: np.ndarray, blur: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Stored points (N, 3) along a far frame's axes and the deviation of their noise, (N, 3) each, m.

    The noise is what the stored float32 rounding leaves, and axes known no better than `blur`, rad.
    """
    turned, sigma = np.empty(points.shape), np.empty(points.shape)
    _turn_points(points, axes, blur, turned, sigma)
    return turned, sigma


@kernel
def _put_on_grid(axes, offset, rounded, places, points, sigma):
    """Finish `place_on_grid`: `points` and `sigma` hold what `_turn_points` says."""
    for i in range(points.shape[0]):
        on_grid = True
        for k in range(3):
            if k == 2 and rounded[0] and rounded[1] and on_grid:
                # given the first two exactly, only the stored z's own rounding is left in the third
                z = places[i, 2] - points[i, 0] * axes[0, 2] - points[i, 1] * axes[1, 2]
                points[i, 2] = z / axes[2, 2]
                sigma[i, 2] = unit32(places[i, 2]) / np.sqrt(12.0)
            if not rounded[k]:
                on_grid = False
                continue
            x = points[i, k] + offset[k]
            unit = unit32(x)
            rest = sigma[i, k] * sigma[i, k]
            if sigma[i, k] * 6.0 < unit:
                points[i, k] = np.float64(np.float32(x)) - offset[k]
                rest = 0.0
            else:
                on_grid = False
            sigma[i, k] = np.sqrt(rest + unit * unit / 12.0 + 1e-18)


def place_on_grid(stored: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and their deviations along a far frame's axes; on its grid where the stored rounding allows."""
    points, sigma = turn_points(stored, frame.axes)
    _put_on_grid(frame.axes, frame.offset, frame.rounded, stored, points, sigma)
    return points, sigma


@kernel
def _grid_normals(flat, noise, offset, used, blur, normal, right):
    """Normal equations (6, 6), (6,) of a turn of the axes and a shift of the offset, from points on the grid."""
    for p in range(6):
        right[p] = 0.0
        for q in range(6):
            normal[p, q] = 1e-3 if p == q else 0.0
    for i in range(flat.shape[0]):
        size = np.sqrt(flat[i, 0] * flat[i, 0] + flat[i, 1] * flat[i, 1] + flat[i, 2] * flat[i, 2])
        for k in range(3):
            if not used[k]:
                continue
            x = flat[i, k] + offset[k]
            unit = unit32(x)
            miss = np.float64(np.float32(x)) - x
            if unit < 5.0 * noise[i, k] + 12.0 * blur * size and size > 4.0:
                continue
            if abs(miss) > 0.35 * max(unit, 3.0 * noise[i, k]):
                continue
            weight = 1.0 / max(noise[i, k], 2e-8)
            weight *= weight
            # (w x v)_k = w_a v_b - w_b v_a
            a = (k + 1) % 3
            b = (k + 2) % 3
            va = flat[i, a]
            vb = flat[i, b]
            normal[a, a] += weight * vb * vb
            normal[b, b] += weight * va * va
            normal[a, b] -= weight * va * vb
            normal[b, a] -= weight * va * vb
            normal[3 + k, a] += weight * vb
            normal[3 + k, b] -= weight * va
            normal[3 + k, 3 + k] += weight
            right[a] += weight * vb * miss
            right[b] -= weight * va * miss
            right[3 + k] += weight * miss


def _sharpen(stored: np.ndarray, frame: Frame, used: np.ndarray, blur: float) -> None:
    """Least squares for a turn of the axes and a shift of the offsets, in place, from points that sit on the grid.

    `used` (3,) marks the axes that count, `blur` is how well the axes are known by now, rad: too far out, points may
    sit on the wrong grid line.
    """
    flat, noise = turn_points(stored, frame.axes)
    normal, right = np.empty((6, 6)), np.empty(6)
    _grid_normals(flat, noise, frame.offset, used, blur, normal, right)
    step = solve_definite(normal, right)
    frame.axes = turn(frame.axes, step[:3])
    frame.offset = frame.offset + step[3:]


def find_far_frame(
    points: np.ndarray, hint: Frame | None = None, up: np.ndarray | None = None, again: bool = False
) -> Frame | None:
    """Find the far frame of a sweep from stored points (F, R, 3), NaN where there are none; None when no lattice shows.

    `hint` is the frame of a sweep from about the same place: it spares the search for the axes' signs and the offset.
    With `up` (3,), about where its third axis points, finer lattices and those of few points are found too; `again`:
    without it none was.
    """
    expected = None if hint is None else Lattice(hint.axes, np.where(hint.rounded, ulp(hint.offset), 0.0)[:2])
    lattice = find_lattice(points, expected, up, again)
    if lattice is None:
        return None
    stored = points[~np.isnan(points[:, :, 0])]
    frame = Frame(_as_before(lattice, hint), np.zeros(3), np.zeros(3, bool))
    spacing = lattice.spacing
    for attempt in range(2):
        flat, sigma = turn_points(stored, frame.axes, _BLUR if attempt == 0 else 0.0)
        for k in (0, 1):
            if spacing[k] == 0:
                continue
            around = float(hint.offset[k]) if hint is not None and hint.rounded[k] else None
            known = float(frame.offset[k]) if attempt else None
            x, noise = np.ascontiguousarray(flat[:, k]), np.sqrt(sigma[:, k] ** 2 + 1e-16)
            frame.offset[k], score = find_offset(x, noise, spacing[k], around=around, known=known)
            frame.rounded[k] = score > _LEAST_SCORE
        for doubt in (_BLUR, _BLUR / 4, _BLUR / 16)[attempt:]:
            _sharpen(stored, frame, frame.rounded & [True, True, False], doubt)
    if frame.rounded[0] and frame.rounded[1]:
        _find_z(stored, frame, hint)
    return frame


def _as_before(lattice: Lattice, hint: Frame | None) -> np.ndarray:
    """The lattice's axes, turned by half if that brings them nearer to the hint's."""
    axes = lattice.axes
    if hint is not None and (axes[0] * hint.axes[0]).sum() < 0:
        axes = axes * np.array([[-1.0], [-1.0], [1.0]])
    return axes


def _find_z(stored: np.ndarray, frame: Frame, hint: Frame | None) -> None:
    points, sigma = place_on_grid(stored, frame)
    z, sigma = np.ascontiguousarray(points[:, 2]), sigma[:, 2] + 3e-9
    # returns about as high as the sensor: all in the same power of two; no-returns are all at one place
    near = np.flatnonzero((np.abs(z) < 0.5) & (np.abs(stored).max(axis=1) > 2))
    around = float(hint.offset[2]) if hint is not None and hint.rounded[2] else None
    for spacing in _Z_SPACINGS:
        usable = near[sigma[near] < 0.2 * spacing]
        if len(usable) < _LEAST_LEVEL:
            continue
        usable = usable[:: max(1, len(usable) // 2000)]
        cosine, sine = wave_sums(z[usable], 1.0 / spacing)
        if np.sqrt(cosine * cosine + sine * sine) > 0.5 * len(usable):
            offset, score = find_offset(z, sigma, spacing, usable, around)
            if score > _LEAST_SCORE:
                frame.offset[2], frame.rounded[2] = offset, True
            break
