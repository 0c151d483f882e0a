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
    count : int
        Points of the file.
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
    count: int
    shared: float
    parts: list[Part]


def scene_of(decoder: Decoder, original: Decoder | Columns | None = None) -> Scene | None:
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
        xyz[measured == 0] = np.nan  # nothing returned, whatever the file has there
    numbers = _numbers(columns, xyz, measured, decoder.format.name == "las")
    numbers["bits"] = np.concatenate([piece.bits for piece in pieces])
    if (error := _joined([piece.error for piece in pieces])) is not None:
        numbers["error"] = error
    if original is not None and (before := coordinates(original, decoder)) is not None:
        numbers["change"] = np.linalg.norm(xyz - before[: len(xyz)], axis=1)
    known = _elevations(parts) if len(pieces) == 1 else None
    ring, row, elevations, is_grid = _image(xyz, ring, row, known, decoder.format.name == "las")
    shared = sum(piece.shared for piece in pieces)
    return Scene(xyz, numbers, ring, row, elevations, is_grid, decoder.header.count, shared, parts)


def coordinates(columns: Columns, decoder: Decoder) -> np.ndarray | None:
    """Points (N, 3) float64; None where there are no three such columns."""
    names = [next((name for name in columns if name.lower() == axis), None) for axis in "xyz"]
    if None in names or any(columns[name].dtype.kind not in "fiu" or columns[name].ndim > 1 for name in names):
        return None
    xyz = np.stack([columns[name].astype(np.float64) for name in names], axis=1)
    if decoder.format.name == "las":
        numbers = struct.unpack_from("<6d", decoder.regions()[0], _SCALES_AT)
        xyz = xyz * numbers[:3] + numbers[3:]
    xyz[~np.isfinite(xyz).all(axis=1)] = np.nan
    return xyz


def _numbers(columns: Columns, xyz: np.ndarray, measured: np.ndarray | None, is_las: bool) -> dict[str, np.ndarray]:
    numbers: dict[str, np.ndarray] = {}
    if not is_las:
        away = np.linalg.norm(xyz, axis=1)
        numbers["range"] = away if measured is None else np.where(np.isfinite(measured), measured, away)
    numbers["height"] = xyz[:, 2]
    light = next((name for name in columns if name.lower() in INTENSITIES), None)
    if light is not None and columns[light].dtype.kind in "fiu":
        numbers["intensity"] = columns[light].astype(np.float64)
    return numbers


def _joined(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    return None if any(array is None for array in arrays) else np.concatenate(arrays)


def _cells(pieces: Sequence[Spent]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Cells of the first piece that has some; several sweeps would lie over one another."""
    if pieces[0].ring is None:
        return None, None
    length = sum(len(piece.bits) for piece in pieces)
    ring, row = np.full(length, -1, np.int64), np.full(length, -1, np.int64)
    ring[: len(pieces[0].ring)], row[: len(pieces[0].row)] = pieces[0].ring, pieces[0].row
    return ring, row


def _elevations(parts: Sequence[Part]) -> np.ndarray | None:
    return _joined([part.elevations for part in parts]) if parts else None


def _image(
    xyz: np.ndarray, ring: np.ndarray | None, row: np.ndarray | None, elevations: np.ndarray | None, is_las: bool
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
    if is_las or there.sum() < 1000:
        return None, None, None, False
    low, high = np.percentile(angle[there], (0.5, 99.5))
    level = np.clip((high - angle) / max(high - low, 1e-9) * (_ROWS - 1), 0, _ROWS - 1)
    turn = (np.pi - np.arctan2(xyz[:, 1], xyz[:, 0])) / (2 * np.pi) * (_COLUMNS - 1)
    ring, row = (np.where(there, np.nan_to_num(each), -1).astype(np.int64) for each in (level, turn))
    return ring, row, None, False
