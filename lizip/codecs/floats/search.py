"""The encoder's choices for the `floats` codec, made on samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.codecs.floats.numbers import ORDINAL, Numbers, find_numbers
from lizip.codecs.floats.origin import find_origin
from lizip.codecs.floats.plan import Plan, Sight, seen
from lizip.codecs.floats.segments import DECISIONS, RAW_BITS, Segments
from lizip.context.rays import HISTORY, HOT
from lizip.entropy.coder import LOG, RAW, open_encoder

_STILL = (0.0, 0.0, 0.0)
_NAMES = ("x", "y", "z")
_SMALL = 4096
"""Below so many points all columns share a stream, and nothing is tried out."""

_SAMPLE = 4096
_PROBES = 64
_WINDOWS = (0, 8, 40)


def find_plan(cloud: Cloud, level: str) -> Plan:
    """Choose how to code a cloud.

    Parameters
    ----------
    cloud : Cloud
        With at least one point.
    level : {"fast", "default", "max"}
    """
    columns = list(cloud.columns.values())
    numbers = [find_numbers(column) for column in columns]
    places = _coordinates(cloud, numbers)
    merged = cloud.count < _SMALL or len(columns) > 200
    if places is None:
        return Plan(tuple(numbers), None, (1, 1), (0,) * len(columns), merged)
    for place in places:
        numbers[place] = seen(numbers[place])
    xyz = _finite([columns[i] for i in places])
    sight = Sight(places, _STILL, _STILL, find_lags(xyz), 8, find_period(*xyz[:2]))
    plan = Plan(tuple(numbers), sight, (1, 1), (0,) * len(columns), merged)
    if cloud.count < _SMALL:
        return plan
    sights = [replace(sight, window=window) for window in _WINDOWS]
    if level != "fast" and all(numbers[i].form == ORDINAL for i in places):
        origin, drift = find_origin(xyz, sight.hot)
        hot = find_lags(xyz - np.array(origin)[:, None])
        sights += [replace(sight, origin=origin, drift=drift, hot=hot, window=window) for window in _WINDOWS]
    start = (cloud.count - _SAMPLE) // 2
    sample = [numbers[i].to_coded(columns[i][start : start + _SAMPLE]) for i in places]
    plans = [replace(plan, sight=candidate) for candidate in sights]
    return min(plans, key=lambda candidate: cost(candidate, places, sample, start))


def _finite(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Columns as (3, N) float64, with zeros for what is no number to reckon with."""
    with np.errstate(all="ignore"):
        points = np.array(columns, np.float64)
        points[~(np.abs(points) < 1e15)] = 0
    return points


def cost(plan: Plan, group: tuple[int, ...], sample: Sequence[np.ndarray], first: int) -> float:
    """Bits that a plan needs for a group of columns on a run of points from point `first` on, cold."""
    count = len(sample[0])
    segments = Segments(plan, count, first)
    for column, integers in zip(group, sample, strict=True):
        segments.put(column, integers)
    coder = open_encoder(count * DECISIONS["coordinates"], count * len(group) * RAW_BITS)
    segments.code(group, coder, count)
    log = coder.log[: coder.at[LOG]]
    one = (log >> 1) * 2.0**-24
    return float(-np.log2(np.where(log & 1, one, 1 - one)).sum()) + 32 * float(coder.at[RAW])


def _coordinates(cloud: Cloud, numbers: Sequence[Numbers]) -> tuple[int, int, int] | None:
    """Find x, y and z: by name, else the first three columns if they are floats."""
    names = [name.lower() for name in cloud.columns]
    if all(name in names for name in _NAMES):
        places = tuple(names.index(name) for name in _NAMES)
    elif len(names) >= 3 and all(dtype.kind == "f" for _, dtype in cloud.schema[:3]):
        places = (0, 1, 2)
    else:
        return None
    return places if all(seen(numbers[i]) for i in places) else None


def find_lags(xyz: np.ndarray) -> tuple[int, ...]:
    """Find the lags at which the best predictors of a point stand most often.

    Parameters
    ----------
    xyz : (3, N) float64

    Returns
    -------
    tuple of int
        `HOT` lags, the most frequent first.
    """
    count = len(xyz[0])
    reach = min(HISTORY - 1, count // 2)
    if reach < 2:
        return (1,) * HOT
    at = np.linspace(reach, count - 1, _PROBES).astype(np.int64)
    x, y, z = (column[at[:, None] - np.arange(1, reach + 1)] for column in xyz)
    x0, y0, z0 = (column[at][:, None] for column in xyz)
    radius, radius0 = np.sqrt(x * x + y * y) + 1e-3, np.sqrt(x0 * x0 + y0 * y0)
    across = np.abs(x * y0 - y * x0) / radius
    misses = (0.02 + np.abs(radius - radius0)) * (0.002 + across) * (0.002 + np.abs(z0 - z * radius0 / radius))
    lags, counts = np.unique(np.argmin(misses, 1) + 1, return_counts=True)
    hot = lags[np.argsort(-counts, kind="stable")][: HOT - 1].tolist()
    hot += [1] * (1 not in hot)
    return tuple((hot + [hot[-1]] * HOT)[:HOT])


def find_period(x: np.ndarray, y: np.ndarray) -> int:
    """Find how many points a line has, where the azimuth runs on within a line and jumps back between lines.

    Returns
    -------
    int
        0 when there are no such lines.
    """
    azimuth = np.arctan2(y.astype(np.float32), x.astype(np.float32))
    turn = np.diff(azimuth)
    jumps = np.flatnonzero(np.abs(turn) > 0.5)
    if len(jumps) < 3 or len(jumps) > len(x) // 64:
        return 0
    period = int(np.median(np.diff(jumps)))
    return period if 32 <= period < HISTORY else 0
