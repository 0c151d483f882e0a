"""Points in no order, or sorted by a user, of what is a scan all the same: as a sensor would have listed them.

The order is then told on its own (`lizip.relations.order`), and the codecs see a scan again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.trig import DEGREE
from lizip.relations.order import COLUMN, MOST_POINTS, Key, Keys, sort_by
from lizip.relations.polar import AZIMUTH, DISTANCE, ELEVATION, LEVEL, Convention, to_polar
from lizip.sensor.fit.azimuth_rings import on_decimal_lattice, rings_by_beams
from lizip.sensor.fit.elevations import rings_by_elevation
from lizip.sensor.fit.motion.any_order import MOST_SORTED, firing_order
from lizip.sensor.fit.motion.ring_after_ring import goes_round

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
_ALIKE, _FEWEST_ALIKE = 40_000, 200
"""Pairs that are drawn to find some that are alike in a key, and how few of these tell nothing."""
_MOST_BITS, _FREE = 4.0, 0.01
"""Bits a point to tell from a key's order the file's beyond which it is none; and what is as good as nothing."""


class Sorted(NamedTuple):
    """An order worth a trial: which point of the file comes first, second, ... (N,) int64; what the file may be sorted
    by, if by anything; and whether rings of a sensor follow one another, or its firings, not rows of any points."""

    order: np.ndarray
    ways: Sequence[Keys]
    by_sensor: bool


def sorted_orders(cloud: Cloud) -> Iterator[Sorted]:
    """Orders for a cloud in none, or in one that no sensor has."""
    xyz = _coordinates(cloud)
    if xyz is None or not _FEWEST <= cloud.count <= MOST_POINTS:
        return
    ways = find_keys(list(cloud.columns.values()))
    azimuth, elevation = np.empty(cloud.count), np.empty(cloud.count)
    to_polar(*xyz, AZIMUTH, Convention(positive=1), azimuth)
    to_polar(*xyz, ELEVATION, Convention(), elevation)
    by_rows = np.lexsort((azimuth, -np.floor(elevation / _BIN)))
    disordered = bool(ways) or _disordered(xyz, by_rows)
    points = np.ascontiguousarray(xyz.T)
    fired = firing_order(points, list(cloud.columns.values())[3:]) if disordered or goes_round(points) else None
    if fired is not None:
        yield Sorted(fired, ways, True)
    if not disordered:
        return
    points = points.astype(np.float32)
    rings = rings_by_beams(points) if on_decimal_lattice(points) else None
    rings = rings_by_elevation(points) if rings is None else rings
    if rings is not None:
        yield Sorted(np.lexsort((azimuth, rings)), ways, True)
    yield Sorted(by_rows, ways, False)


def firings_of_rings(cloud: Cloud) -> Sorted | None:
    """The order of a sensor's firings for a cloud that was sorted by rings and, inside of these, by something else."""
    xyz = _coordinates(cloud) if _FEWEST <= cloud.count <= MOST_SORTED else None
    if xyz is None:
        return None
    points, columns = np.ascontiguousarray(xyz.T), list(cloud.columns.values())
    if not goes_round(points):
        return None
    ways = find_keys(columns)
    fired = firing_order(points, columns[3:]) if len(ways) > 1 else None
    return None if fired is None else Sorted(fired, ways, True)


def is_disordered(cloud: Cloud, order: np.ndarray) -> bool:
    """Whether points within reach in the file are far from each other, where in another order near ones follow."""
    xyz = _coordinates(cloud)
    return xyz is not None and cloud.count >= _FEWEST and bool(_disordered(xyz, order))


def find_keys(columns: list[np.ndarray]) -> list[Keys]:
    """What points with these columns (N,), coordinates first, may be sorted by; nothing if by nothing."""
    count = len(columns[0])
    first, later = _pairs(count, _PAIRS)
    best, found = _MOST_BITS, None
    for key in _keys(columns):
        if not _rises(key, columns, first, later):
            continue
        away = sort_by((key,), columns) - np.arange(count)
        bits = float(np.log2(1.0 + 2.0 * np.abs(away)).mean())
        if bits < best:
            best, found = bits, key
        if best < _FREE:
            break
    if found is None:
        return []
    return [(found,), *((found, key) for key in _keys_among_alike(found, columns))]


def _keys_among_alike(key: Key, columns: list[np.ndarray]) -> Iterator[Key]:
    """What points may be sorted by that are alike in a key; one at most."""
    values = key.of(columns)
    first, later = _pairs(len(values), _ALIKE)
    alike = values[first] == values[later]
    first, later = first[alike][:_PAIRS], later[alike][:_PAIRS]
    if len(first) >= _FEWEST_ALIKE:
        told = (other for other in _keys(columns) if other[:2] != key[:2] and _rises(other, columns, first, later))
        yield from islice(told, 1)


def _pairs(count: int, some: int) -> tuple[np.ndarray, np.ndarray]:
    """Some points of as many, and others after them, (K,) int64 each."""
    draw = np.random.default_rng(1)
    first = draw.integers(0, count - 1, some)
    return first, first + 1 + (draw.random(some) * (count - 1 - first)).astype(np.int64)


def _rises(key: Key, columns: list[np.ndarray], first: np.ndarray, later: np.ndarray) -> bool:
    """Whether a key rises from points to later ones (K,)."""
    here, there = ([column[at] for column in columns] for at in (first, later))
    with np.errstate(invalid="ignore"):
        rise = key.of(there) - key.of(here)
    return bool(np.mean(rise >= 0) >= _RISING and np.mean(rise > 0) >= 0.5)


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
