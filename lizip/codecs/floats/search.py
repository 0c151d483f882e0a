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
from lizip.context.lags import find_lags, find_period
from lizip.entropy.coder import LOG, RAW, open_encoder

_STILL = (0.0, 0.0, 0.0)
_NAMES = ("x", "y", "z")
_SMALL = 4096
"""Below so many points all columns share a stream, and nothing is tried out."""

_SAMPLE = 4096
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
