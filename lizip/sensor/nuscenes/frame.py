"""The far frame: where its axes point and where its origin is, to the last ULP, and the points put onto its grid.

x = axes @ p + offset takes a stored point to the map, where it was once rounded to float32. Encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.sensor.algebra import rotate
from lizip.sensor.nuscenes.lattice import Lattice, find_lattice
from lizip.sensor.nuscenes.offsets import find_offset

_BLUR = 2e-8
"""How well the lattice search knows the axes, rad."""
_LEAST_SCORE = 0.08
"""Log likelihood a point below which an axis counts as not rounded."""
_Z_SPACINGS = tuple(2.0**-k for k in range(9, 26))


@dataclass
class FarFrame:
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
    turned = axes + (g + 0.5 * g @ g) / (1 + 0.25 * vector @ vector) @ axes
    u, _, v = np.linalg.svd(turned)
    return u @ v


def snap(x: np.ndarray) -> np.ndarray:
    """Nearest float32, as float64."""
    return x.astype(np.float32).astype(np.float64)


def stored_noise(stored: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Noise that the stored float32 rounding leaves: its ULPs (M, 3), and its deviation along the axes (M, 3), m."""
    unit = ulp(stored)
    return unit, np.sqrt(rotate(unit**2, axes**2) / 12)


def _sharpen(stored, frame, noise, axes_used, blur) -> None:
    """Least squares for a turn of the axes and a shift of the offsets, in place, from points that sit on the grid.

    `blur` is how well the axes are known by now, rad: too far out, points may sit on the wrong grid line.
    """
    flat = rotate(stored, frame.axes)
    size = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    normal, right = np.zeros((6, 6)), np.zeros(6)
    for k in axes_used:
        x = flat[:, k] + frame.offset[k]
        unit = ulp(x)
        miss = snap(x) - x
        good = ((unit > 5 * noise[:, k] + 12 * blur * size) | (size < 4)) & (
            np.abs(miss) < 0.35 * np.maximum(unit, 3 * noise[:, k])
        )
        weight = 1 / np.maximum(noise[good, k], 2e-8)
        design = np.zeros((np.count_nonzero(good), 6))
        a, b = (k + 1) % 3, (k + 2) % 3
        # (w x v)_k = w_a v_b - w_b v_a
        design[:, a] = flat[good, b]
        design[:, b] = -flat[good, a]
        design[:, 3 + k] = 1.0
        design *= weight[:, None]
        normal += np.einsum("ij,ik->jk", design, design)
        right += np.einsum("ij,i->j", design, miss[good] * weight)
    normal[np.diag_indices(6)] += 1e-3
    step = np.linalg.solve(normal, right)
    frame.axes = turn(frame.axes, step[:3])
    frame.offset = frame.offset + step[3:]


def _z_from_plane(stored, frame) -> np.ndarray:
    """Third far coordinate (relative) given the first two exactly: only the stored z's own rounding is left in it."""
    axes = frame.axes
    flat = rotate(stored, axes)[:, :2]
    exact = snap(flat + frame.offset[:2]) - frame.offset[:2]
    return (stored[:, 2] - exact[:, 0] * axes[0, 2] - exact[:, 1] * axes[1, 2]) / axes[2, 2]


def find_far_frame(points: np.ndarray, hint: FarFrame | None = None) -> FarFrame | None:
    """Find the far frame of a sweep from its stored points (F, R, 3); None when no lattice shows.

    `hint` is the frame of a sweep from about the same place: it spares the search for the axes' signs and the offset.
    """
    lattice = find_lattice(points)
    if lattice is None:
        return None
    stored = points.reshape(-1, 3)
    frame = FarFrame(_as_before(lattice, hint), np.zeros(3), np.zeros(3, bool))
    spacing = lattice.spacing
    unit, noise = stored_noise(stored, frame.axes)
    size = np.sqrt(np.einsum("ij,ij->i", stored, stored))
    for attempt in range(2):
        blur = _BLUR * size if attempt == 0 else 0.0
        flat = rotate(stored, frame.axes)
        for k in (0, 1):
            if spacing[k] == 0:
                continue
            sigma = np.sqrt(noise[:, k] ** 2 + blur**2 + 1e-16)
            around = float(hint.offset[k]) if hint is not None and hint.rounded[k] else None
            known = float(frame.offset[k]) if attempt else None
            frame.offset[k], score = find_offset(flat[:, k], sigma, spacing[k], around=around, known=known)
            frame.rounded[k] = score > _LEAST_SCORE
        for doubt in (_BLUR, _BLUR / 4, _BLUR / 16)[attempt:]:
            _sharpen(stored, frame, noise, np.flatnonzero(frame.rounded[:2]), doubt)
    if frame.rounded[0] and frame.rounded[1]:
        _find_z(stored, frame, unit)
    return frame


def _as_before(lattice: Lattice, hint: FarFrame | None) -> np.ndarray:
    """The lattice's axes, turned by half if that brings them nearer to the hint's."""
    axes = lattice.axes
    if hint is not None and (axes[0] * hint.axes[0]).sum() < 0:
        axes = axes * np.array([[-1.0], [-1.0], [1.0]])
    return axes


def _find_z(stored, frame, unit) -> None:
    z = _z_from_plane(stored, frame)
    sigma = unit[:, 2] / np.sqrt(12) + 3e-9
    # returns about as high as the sensor: all in the same power of two; no-returns are all at one place
    near = np.flatnonzero((np.abs(z) < 0.5) & (np.abs(stored).max(axis=1) > 2))
    best = (0.0, 0.0, 0.0)
    for spacing in _Z_SPACINGS:
        usable = near[sigma[near] < 0.2 * spacing]
        if len(usable) < 200:
            continue
        usable = usable[:: max(1, len(usable) // 2000)]
        if np.abs(np.exp(2j * np.pi * z[usable] / spacing).mean()) > 0.5:
            best = max(best, (*find_offset(z, sigma, spacing, usable)[::-1], spacing))
            break
    if best[0] > _LEAST_SCORE:
        frame.offset[2], frame.rounded[2] = best[1], True
