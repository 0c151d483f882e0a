"""Points in no order, or sorted by a user, of what is a scan all the same: as a sensor would have listed them.

The order is then told on its own (`lizip.relations.order`), and the codecs see a scan again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.trig import DEGREE
from lizip.relations.order import COLUMN, MOST_POINTS, Key
from lizip.relations.polar import AZIMUTH, DISTANCE, ELEVATION, LEVEL, Convention, to_polar
from lizip.sensor.fit.azimuth_rings import on_decimal_lattice, rings_by_beams
from lizip.sensor.fit.elevations import rings_by_elevation
from lizip.sensor.fit.motion.any_order import firing_order

_FEWEST = 4096
"""Fewer points are left as they are."""

_LAGS = 300
"""In a scan, some point so far back, at most, is near."""

_ANCHORS = 400
_NEARER = 4.0
"""Points come in no order where sorting brings the next one nearer by this factor than any of the lags."""

_BIN = 0.3 * DEGREE
"""Height of a row where rings are not told apart."""

_PAIRS, _RISING = 1000, 0.98
"""Pairs of points that are looked at, and how many of them rise in a sorted file."""
_MOST_BITS, _FREE = 4.0, 0.01
"""Bits a point to tell from a key's order the file's beyond which it is none; and what is as good as nothing."""


class Sorted(NamedTuple):
    """An order worth a trial: which point of the file comes first, second, ... (N,) int64; what the file is sorted by,
    if by anything; and whether rings of a sensor follow one another, not rows of any points."""

    order: np.ndarray
    key: Key | None
    by_rings: bool


def sorted_orders(cloud: Cloud) -> Iterator[Sorted]:
    """Orders for a cloud in none, or in one that no sensor has."""
    xyz = _coordinates(cloud)
    if xyz is None or not _FEWEST <= cloud.count <= MOST_POINTS:
        return
    key = find_key(list(cloud.columns.values()))
    azimuth, elevation = np.empty(cloud.count), np.empty(cloud.count)
    to_polar(*xyz, AZIMUTH, Convention(positive=1), azimuth)
    to_polar(*xyz, ELEVATION, Convention(), elevation)
    by_rows = np.lexsort((azimuth, -np.floor(elevation / _BIN)))
    if key is None and not _disordered(xyz, by_rows):
        return
    fired = firing_order(np.ascontiguousarray(xyz.T), list(cloud.columns.values())[3:])
    if fired is not None:
        yield Sorted(fired, key, True)
    points = np.ascontiguousarray(xyz.T).astype(np.float32)
    rings = rings_by_beams(points) if on_decimal_lattice(points) else None
    rings = rings_by_elevation(points) if rings is None else rings
    if rings is not None:
        yield Sorted(np.lexsort((azimuth, rings)), key, True)
    yield Sorted(by_rows, key, False)


def is_disordered(cloud: Cloud, order: np.ndarray) -> bool:
    """Whether points within reach in the file are far from each other, where in another order near ones follow."""
    xyz = _coordinates(cloud)
    return xyz is not None and cloud.count >= _FEWEST and bool(_disordered(xyz, order))


def find_key(columns: list[np.ndarray]) -> Key | None:
    """What points with these columns (N,), coordinates first, are sorted by; None if by nothing."""
    count = len(columns[0])
    draw = np.random.default_rng(1)
    first = draw.integers(0, count - 1, _PAIRS)
    later = first + 1 + (draw.random(_PAIRS) * (count - 1 - first)).astype(np.int64)
    here, there = ([column[at] for column in columns] for at in (first, later))
    best, found = _MOST_BITS, None
    for key in _keys(columns):
        with np.errstate(invalid="ignore"):
            rise = key.of(there) - key.of(here)
        if np.mean(rise >= 0) < _RISING or np.mean(rise > 0) < 0.5:
            continue
        away = np.argsort(key.of(columns), kind="stable") - np.arange(count)
        bits = float(np.log2(1.0 + 2.0 * np.abs(away)).mean())
        if bits < best:
            best, found = bits, key
        if best < _FREE:
            break
    return found


def _keys(columns: list[np.ndarray]) -> Iterator[Key]:
    """What users sort by."""
    for place, falling in product(range(len(columns)), (0, 1)):
        yield Key(COLUMN, place, falling)
    if len(columns) < 3 or any(column.dtype.kind not in "iuf" for column in columns[:3]):
        return
    for what, falling, single in product((DISTANCE, LEVEL, ELEVATION), (0, 1), (0, 1)):
        yield Key(what, Convention(single=single).pack(), falling)
    for swapped, positive, falling in product((0, 1), repeat=3):
        yield Key(AZIMUTH, Convention(swapped=swapped, positive=positive).pack(), falling)


def _coordinates(cloud: Cloud) -> np.ndarray | None:
    """The coordinates (3, N) float64, with zeros for what is none: by name, else the first three columns of floats."""
    columns = list(cloud.columns.values())
    chosen = [columns[place] for place in cloud.coordinates or range(min(3, len(columns)))]
    if len(chosen) < 3 or any(column.dtype.kind != "f" for column in chosen):
        return None
    with np.errstate(all="ignore"):
        xyz = np.array(chosen, np.float64)
        xyz[~(np.abs(xyz) < 1e6)] = 0
    return xyz


def _disordered(xyz: np.ndarray, order: np.ndarray) -> bool:
    """Whether no point within reach in the file is as near as the next one in another order."""
    count = xyz.shape[1]
    at = np.linspace(_LAGS, count - 1, _ANCHORS).astype(np.int64)
    there = xyz[:, order]
    after = np.median(np.abs(there[:, at] - there[:, at - 1]).sum(axis=0))
    before = min(np.median(np.abs(xyz[:, at] - xyz[:, at - lag]).sum(axis=0)) for lag in range(1, _LAGS))
    return bool(before > _NEARER * after)
