"""Points that come in no order, of what is a scan all the same: sorted as a sensor would have listed them.

The order is then told on its own (`lizip.relations.order`), log2(N!) bits, and the codecs see a scan again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lizip.cloud import Cloud
from lizip.exact.trig import DEGREE
from lizip.relations.order import MOST_POINTS
from lizip.relations.polar import AZIMUTH, ELEVATION, Convention, to_polar
from lizip.sensor.fit.elevations import rings_by_elevation

_FEWEST = 4096
"""Fewer points are left as they are."""

_LAGS = 300
"""In a scan, some point so far back, at most, is near."""

_ANCHORS = 400
_NEARER = 4.0
"""Points come in no order where sorting brings the next one nearer by this factor than any of the lags."""

_BIN = 0.3 * DEGREE
"""Height of a row where rings are not told apart."""


def sorted_orders(cloud: Cloud) -> Iterator[np.ndarray]:
    """For a cloud in no order, orders worth a trial: which point of the file comes first, second, ...; (N,) int64."""
    xyz = _coordinates(cloud)
    if xyz is None or not _FEWEST <= cloud.count <= MOST_POINTS:
        return
    azimuth, elevation = np.empty(cloud.count), np.empty(cloud.count)
    to_polar(*xyz, AZIMUTH, Convention(positive=1), azimuth)
    to_polar(*xyz, ELEVATION, Convention(), elevation)
    by_rows = np.lexsort((azimuth, -np.floor(elevation / _BIN)))
    if not _disordered(xyz, by_rows):
        return
    rings = rings_by_elevation(np.ascontiguousarray(xyz.T).astype(np.float32))
    if rings is not None:
        yield np.lexsort((azimuth, rings))
    yield by_rows


def _coordinates(cloud: Cloud) -> np.ndarray | None:
    """The coordinates (3, N) float64, with zeros for what is none: by name, else the first three columns of floats."""
    names = {name.lower(): name for name in cloud.columns}
    chosen = [names[name] for name in "xyz"] if all(name in names for name in "xyz") else list(cloud.columns)[:3]
    if len(chosen) < 3 or any(cloud.columns[name].dtype.kind != "f" for name in chosen):
        return None
    with np.errstate(all="ignore"):
        xyz = np.array([cloud.columns[name] for name in chosen], np.float64)
        xyz[~(np.abs(xyz) < 1e6)] = 0
    return xyz


def _disordered(xyz: np.ndarray, order: np.ndarray) -> bool:
    """Whether no point within reach in the file is as near as the next one in another order."""
    count = xyz.shape[1]
    at = np.linspace(_LAGS, count - 1, _ANCHORS).astype(np.int64)
    there = xyz[:, order]
    after = np.median(np.abs(there[:, at] - there[:, at - 1]).sum(axis=0))
    before = min(np.median(np.abs(xyz[:, at] - xyz[:, at - lag]).sum(axis=0)) for lag in range(1, _LAGS))
    return before > _NEARER * after
