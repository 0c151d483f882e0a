"""What is to be seen of one file: its points with the numbers that colour them, and where each was measured."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.near.fields import INTENSITIES
from lizip.report.spent import Spent, spent

if TYPE_CHECKING:
    from lizip.cloud import Columns
    from lizip.decoder import Decoder
    from lizip.report.found import Part

MOST_POINTS = 4_000_000
"""Of a larger file the first pieces are looked at, up to about so many points."""

_SCALES_AT = 131
"""Where a LAS header has three scale factors and three offsets."""

_NEAR = 0.3
"""The nearest points of a sweep are this much nearer to its sensor than it is wide; a part of one is as well."""

_COLUMNS, _ROWS = 1440, 96
"""Of a range image by direction, where no grid was found."""


class Scene(NamedTuple):
    """The points (N,) that are looked at.

    Attributes
    ----------
    xyz : (N, 3) float64
        Metres, or the file's unit; NaN where a point is nowhere.
    numbers : dict of str to (N,) float64
        By what points are coloured: range, height, intensity, bits, error, change.
    ring, row : (N,) int64 or None
        Cells of the range image; rings from the highest elevation down; -1 outside of it.
    elevations : (R,) float64 or None
        Degrees of these rings.
    is_grid : bool
        Whether cells are the sensor's own, not made of directions.
    shared : float
        Bits that belong to no point.
    parts : list of Part
    """

    xyz: np.ndarray
    numbers: dict[str, np.ndarray]
    ring: np.ndarray | None
    row: np.ndarray | None
    elevations: np.ndarray | None
    is_grid: bool
    shared: float
    parts: list[Part]


def scene_of(decoder: Decoder, original: Columns | None = None) -> Scene | None:
    """Decode a file and look at it; None of one without points that have coordinates.

    `original`: columns of the file that a near-lossless one was made of.
    """
    pieces: list[Spent] = []
    points = 0
    for piece in spent(decoder):
        if pieces and list(piece.columns) != list(pieces[0].columns):  # other topics of a log
            break
        pieces.append(piece)
        points += len(piece.bits)
        if points >= MOST_POINTS:
            break
    if not pieces:
        return None
    columns = {name: np.concatenate([piece.columns[name] for piece in pieces]) for name in pieces[0].columns}
    xyz = coordinates(columns, decoder)
    if xyz is None:
        return None
    parts = [part for piece in pieces for part in piece.parts]
    ring, row = _cells(pieces)
    measured = _joined([piece.range for piece in pieces])
    if measured is not None:
        nothing = measured == 0  # nothing returned, whatever the file has there
        xyz[nothing] = measured[nothing] = np.nan
    around = decoder.format.name != "las" and is_around(xyz)
    numbers = _numbers(columns, xyz, measured, around)
    numbers["bits"] = np.concatenate([piece.bits for piece in pieces])
    if (error := _joined([piece.error for piece in pieces])) is not None:
        numbers["error"] = error
    if original is not None and (before := coordinates(original, decoder)) is not None:
        numbers["change"] = np.linalg.norm(xyz - before[: len(xyz)], axis=1)
    known = _elevations(parts) if len(pieces) == 1 else None
    ring, row, elevations, is_grid = _image(xyz, ring, row, known, around)
    shared = sum(piece.shared for piece in pieces)
    return Scene(xyz, numbers, ring, row, elevations, is_grid, shared, parts)


def coordinates(columns: Columns, decoder: Decoder) -> np.ndarray | None:
    """Points (N, 3) float64; None where there are no three such columns."""
    names = [name for axis in "xyz" for name in columns if name.lower() == axis]
    if len(names) != 3 or any(columns[name].dtype.kind not in "fiu" or columns[name].ndim > 1 for name in names):
        return None
    xyz = np.stack([columns[name].astype(np.float64) for name in names], axis=1)
    if decoder.format.name == "las":
        numbers = struct.unpack_from("<6d", decoder.regions()[0], _SCALES_AT)
        xyz = xyz * numbers[:3] + numbers[3:]
    xyz[~np.isfinite(xyz).all(axis=1)] = np.nan
    return xyz


def is_around(xyz: np.ndarray) -> bool:
    """Whether points (N, 3) are seen from the origin, as in a sensor's or a vehicle's frame, not somewhere on a map."""
    there = xyz[np.isfinite(xyz).all(axis=1), :2]
    if not len(there):
        return False
    low, high = np.percentile(there, (0.5, 99.5), axis=0)
    nearest = np.percentile(np.linalg.norm(there, axis=1), 1)
    return bool(nearest < _NEAR * np.linalg.norm(high - low))


def _numbers(columns: Columns, xyz: np.ndarray, measured: np.ndarray | None, around: bool) -> dict[str, np.ndarray]:
    numbers: dict[str, np.ndarray] = {}
    if measured is not None:
        away = np.linalg.norm(xyz, axis=1) if around else np.nan
        numbers["range"] = np.where(np.isfinite(measured), measured, away)
    elif around:
        numbers["range"] = np.linalg.norm(xyz, axis=1)
    numbers["height"] = xyz[:, 2]
    light = next((name for name in columns if name.lower() in INTENSITIES), None)
    if light is not None and columns[light].dtype.kind in "fiu":
        numbers["intensity"] = columns[light].astype(np.float64)
    return numbers


def _joined(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    there = [array for array in arrays if array is not None]
    return np.concatenate(there) if len(there) == len(arrays) else None


def _cells(pieces: Sequence[Spent]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Cells of the first piece that has some; several sweeps would lie over one another."""
    ring, row = pieces[0].ring, pieces[0].row
    if ring is None or row is None:
        return None, None
    beyond = np.full(sum(len(piece.bits) for piece in pieces) - len(ring), -1, np.int64)
    return np.concatenate([ring, beyond]), np.concatenate([row, beyond])


def _elevations(parts: Sequence[Part]) -> np.ndarray | None:
    return _joined([part.elevations for part in parts]) if parts else None


def _image(
    xyz: np.ndarray, ring: np.ndarray | None, row: np.ndarray | None, elevations: np.ndarray | None, around: bool
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None, bool]:
    """Cells of the range image, top ring first; by direction where there is no grid, none of an airborne survey."""
    flat = np.hypot(xyz[:, 0], xyz[:, 1])
    angle = np.degrees(np.arctan2(xyz[:, 2], flat))
    if ring is not None and (ring >= 0).any():
        inside = (ring >= 0) & np.isfinite(angle)
        count = int(ring.max()) + 1
        sums = np.bincount(ring[inside], angle[inside], minlength=count)
        means = sums / np.maximum(np.bincount(ring[inside], minlength=count), 1)
        down = len(means) > 1 and np.corrcoef(np.arange(count), means)[0, 1] > 0
        if down:
            ring = np.where(ring < 0, -1, count - 1 - ring)
            elevations = None if elevations is None else elevations[::-1]
        known = elevations if elevations is not None and len(elevations) == count else None
        return ring, row, known, True
    there = np.isfinite(angle) & (flat > 0)
    if not around or there.sum() < 1000:
        return None, None, None, False
    low, high = np.percentile(angle[there], (0.5, 99.5))
    level = np.clip((high - angle) / max(high - low, 1e-9) * (_ROWS - 1), 0, _ROWS - 1)
    turn = (np.pi - np.arctan2(xyz[:, 1], xyz[:, 0])) / (2 * np.pi) * (_COLUMNS - 1)
    ring, row = (np.where(there, np.nan_to_num(each), -1).astype(np.int64) for each in (level, turn))
    return ring, row, None, False
