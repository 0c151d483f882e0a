"""The encoder's choices for the `floats` codec, made on samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud
from lizip.codecs.floats.forms import find_nearly
from lizip.codecs.floats.lags import find_lags, find_period
from lizip.codecs.floats.numbers import ORDINAL, Numbers
from lizip.codecs.floats.odd import Odd
from lizip.codecs.floats.origin import find_origin
from lizip.codecs.floats.plan import Plan, Sight, seen
from lizip.codecs.floats.segments import Segments
from lizip.codecs.floats.track import HISTORY
from lizip.entropy.coder import open_encoder, spent_bits

_STILL = (0.0, 0.0, 0.0)
SMALL = 4096
"""Below so many points all columns share a stream, and nothing is tried out."""

_SPAN = 1 << 18
"""Points that are looked at, at most: what is found in the middle of a long file goes for all of it."""

_SAMPLE = 4096
_PROBES = 128
_MOST_LAGS = 8
"""Pairs of lags that are tried."""

_HELPERS = 4
"""Columns coded just before that may help the next."""

_BROAD = 32
"""Alphabets above this may be coded as numbers."""

_BLANK = 0.02
"""Blank points are nearer to the sensor than this share of the median distance."""

_FEW = 0.01
"""Blank points below this share are not worth a flag."""

_HANDICAP = 1.15
"""Numbers learn faster than symbols, so on a short sample they look better than they are."""

_WINDOWS = (0, 8, 40)


def find_plan(cloud: Cloud, level: str) -> tuple[Plan, list[np.ndarray]]:
    """Choose how to code a cloud of at least one point at a level: fast, default or max.

    Returns
    -------
    plan : Plan
    columns : list of (N,) arrays
        To be coded: those of the cloud, odd values replaced.
    """
    columns = list(cloud.columns.values())
    forms = [find_nearly(column) for column in columns]
    numbers = [form for form, _ in forms]
    odd = tuple(Odd.of(column, rows) for column, (_, rows) in zip(columns, forms, strict=True))
    columns = [each.smoothed(column) for each, column in zip(odd, columns, strict=True)]
    odd = odd if any(len(each.rows) for each in odd) else ()
    places = _coordinates(cloud, numbers)
    for place in places or ():
        form = seen(numbers[place])
        assert form is not None
        numbers[place] = form
    plan = Plan(tuple(numbers), None, (1, 1), (0,) * len(columns), cloud.count < SMALL, odd)
    if places:
        plan = _with_sight(plan, places, columns, level)
    else:
        plan = _with_lags(plan, [n.to_coded(c[:_SPAN]) for n, c in zip(numbers, columns, strict=True)])
    if cloud.count >= SMALL and level != "fast":
        plan = _with_helpers(plan, columns)
    return plan, columns


def _with_sight(plan: Plan, places: tuple[int, int, int], columns: Sequence[np.ndarray], level: str) -> Plan:
    """Choose how the coordinates see each other: on what a sample costs, when there is enough of it."""
    count = len(columns[0])
    begin = max(0, count - _SPAN) // 2
    xyz = _finite([columns[i][begin : begin + _SPAN] for i in places])
    sight = Sight(places, _STILL, _STILL, find_lags(xyz), _WINDOWS[1], find_period(*xyz[:2]))
    blank = _blank_radius(xyz)
    if count < SMALL:
        return replace(plan, sight=replace(sight, blank=blank))
    sights = [replace(sight, window=window) for window in _WINDOWS]
    if level != "fast" and all(plan.columns[i].form == ORDINAL for i in places):
        origin, drift = find_origin(xyz, sight.hot)
        xyz -= np.array(origin)[:, None] + np.array(drift)[:, None] * np.arange(xyz.shape[1])
        x, y, z = (np.array(origin) - begin * np.array(drift)).astype(np.float32).tolist()
        moved = replace(sight, origin=(x, y, z), drift=drift, hot=find_lags(xyz))
        sights += [replace(moved, window=window) for window in _WINDOWS]
        blank = max(blank, _blank_radius(xyz))
    if blank > 0:
        sights += [replace(candidate, blank=blank) for candidate in sights]
    start = (count - _SAMPLE) // 2
    sample = [plan.columns[i].to_coded(columns[i][start : start + _SAMPLE]) for i in places]

    def cost(sight: Sight) -> float:
        segments = Segments(replace(plan, sight=sight), _SAMPLE, start)
        for place, integers in zip(places, sample, strict=True):
            segments.put(place, integers)
        return _measure(segments, places)

    return replace(plan, sight=min(sights, key=cost))


def _blank_radius(xyz: np.ndarray) -> float:
    """Find below which distance from the sensor points are none; -1 when there are hardly any."""
    distance = np.sqrt((xyz * xyz).sum(0))
    solid = distance[distance > 0]
    radius = float(np.float32(_BLANK * np.median(solid))) if len(solid) else -1.0
    return radius if np.mean(distance <= radius) > _FEW else -1.0


def _with_helpers(plan: Plan, columns: Sequence[np.ndarray]) -> Plan:
    """Choose what helps each further column, and whether it is better a symbol or a number: on what a sample costs."""
    start = (len(columns[0]) - _SAMPLE) // 2
    segments = Segments(plan, _SAMPLE, start)
    coded: list[int] = []
    for group in plan.groups:
        for column in group:
            segments.put(column, plan.columns[column].to_coded(columns[column][start : start + _SAMPLE]))
        if len(group) == 1:
            plan = _with_helper(plan, segments, group[0], coded[-_HELPERS:])
        segments.reconsider(plan, group)
        _measure(segments, group)
        coded.extend(group)
    return plan


def _with_helper(plan: Plan, segments: Segments, column: int, earlier: Sequence[int]) -> Plan:
    """Choose for one column; the earlier ones are in `segments` already."""
    plans = [plan.with_given(column, given) for given in (0, *(1 + place for place in earlier))]
    if plan.columns[column].alphabet > _BROAD:
        smooth = replace(plan.columns[column], smooth=True)
        plans += [candidate.with_numbers(column, smooth) for candidate in plans]
    if len(plans) == 1:
        return plan

    def cost(candidate: Plan) -> float:
        segments.reconsider(candidate, (column,))
        handicap = _HANDICAP if candidate.columns[column].smooth else 1.0
        return handicap * _measure(segments, (column,))

    return min(plans, key=cost)


def _measure(segments: Segments, group: tuple[int, ...]) -> float:
    """Bits that a group of columns needs on the sample, cold."""
    coder = open_encoder()
    segments.code(group, coder, _SAMPLE)
    return spent_bits(coder)


def _finite(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Columns as (3, n) float64, with zeros for what is no number to reckon with."""
    with np.errstate(all="ignore"):
        points = np.array(columns, np.float64)
        points[~(np.abs(points) < 1e15)] = 0
    return points


def _with_lags(plan: Plan, columns: Sequence[np.ndarray]) -> Plan:
    """Choose which earlier points columns of integers without coordinates are predicted from."""
    count = len(columns[0])
    reach = min(HISTORY - 1, count // 2)
    if reach < 2:
        return plan
    misses = np.stack([_misses(column, reach) for column in columns])
    together = np.argsort(misses.sum(axis=0), kind="stable")[:2] + 1
    lags = [(int(together[0]), int(together[1]))]
    if count >= SMALL:
        for best in np.argmin(misses, axis=1) + 1:
            lags += [(int(best), 1), (int(best), min(2 * int(best), HISTORY - 1))]
    lags = list(dict.fromkeys(lags))[:_MOST_LAGS]
    start = (count - _SAMPLE) // 2

    def cost(pair: tuple[int, int]) -> float:
        candidate = replace(plan, lags=pair)
        segments = Segments(candidate, _SAMPLE, start)
        for column, integers in enumerate(columns):
            if (column,) in candidate.groups:
                segments.put(column, integers[start : start + _SAMPLE])
        return sum(_measure(segments, group) for group in candidate.groups)

    return replace(plan, lags=lags[0] if len(lags) == 1 else min(lags, key=cost))


def _misses(column: np.ndarray, reach: int) -> np.ndarray:
    """How much a column differs from itself 1 to `reach` points before, (reach,) bits."""
    misses = np.zeros(reach)
    for j in np.linspace(reach, len(column) - 1, _PROBES).astype(np.int64):
        before = column[j - reach : j][::-1].astype(np.float64)
        misses += np.log2(1 + np.abs(before - np.float64(column[j])))
    return misses


def _coordinates(cloud: Cloud, numbers: Sequence[Numbers]) -> tuple[int, int, int] | None:
    """Find x, y and z: by name, else the first three columns if they are floats."""
    places = cloud.coordinates
    if places is None and len(numbers) >= 3 and all(dtype.kind == "f" for _, dtype in cloud.schema[:3]):
        places = 0, 1, 2
    return places if places and all(seen(numbers[i]) for i in places) else None
