"""Which returns share a pose, by dynamic programming over where chunks may begin. Encoder only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.chunked.knots import Groups
from lizip.sensor.stages.chunks import rule_end

_MOST_EARLY = 6
_REACH = 70
_FIRST = 8.0
"""What it costs that a sweep begins inside a chunk."""


class Misses(NamedTuple):
    """How returns miss their model when their pose is that of their own time.

    Attributes
    ----------
    times : (N,) float64
        Of the returns, us.
    use : (N,) bool
    residual, rate : (N, 3) float64
        See `lizip.sensor.fit.chunked.normals.Sums`.
    weight : (N, 3) float64
        One over what a residual may be.
    """

    times: np.ndarray
    use: np.ndarray
    residual: np.ndarray
    rate: np.ndarray
    weight: np.ndarray


class Search(NamedTuple):
    """How chunks are looked for.

    Attributes
    ----------
    rule, slot : float
        Microseconds.
    tick : float
        Residuals of the first axis are known up to multiples of this (m); 0: known.
    penalty : float
        Cost of an exception.
    beside : int
        Slots by which a pose's time may differ from that of the middle return.
    hopeless : float
        Starts that cost this much more than others nearby are not followed.
    """

    rule: float
    slot: float
    tick: float
    penalty: float
    beside: int
    hopeless: float


@kernel
def _cost(misses, tick, first, last, time, most):
    """Cost of giving returns first to last the pose of `time`; may stop at `most`."""
    cost = 0.0
    for j in range(first, last):
        if not misses.use[j]:
            continue
        late = time - misses.times[j]
        x = misses.residual[j, 0] - misses.rate[j, 0] * late
        if tick > 0.0:
            x -= tick * np.rint(x * (1.0 / tick))
        x *= misses.weight[j, 0]
        y = (misses.residual[j, 1] - misses.rate[j, 1] * late) * misses.weight[j, 1]
        z = (misses.residual[j, 2] - misses.rate[j, 2] * late) * misses.weight[j, 2]
        square = x * x + y * y + z * z
        cost += square / (1.0 + square)
        if cost >= most:
            break
    return cost


@kernel
def _search(misses, search, best, before, poses):
    """Fill best, before and poses (N + 1,): cost, start and pose time of the last chunk up to each return."""
    times = misses.times
    count = times.size
    for i in range(count):
        if best[i] >= 1e18:
            continue
        least = best[i]
        for k in range(i, min(count, i + _REACH)):
            least = min(least, best[k])
        if best[i] > least + search.hopeless:
            continue
        end = rule_end(times, i, search.rule)
        early = 0
        while end > i and early < _MOST_EARLY:
            middle = i + (end - i) // 2
            most = best[end] - best[i]
            base = 0.0 if early == 0 or i == 0 else search.penalty * (1.0 + 0.3 * early)
            least = most
            time = times[middle]
            for k in range(2 * search.beside + 1):
                aside = (k + 1) // 2 if k % 2 else -(k // 2)  # the likeliest first
                t = times[middle] + aside * search.slot
                cost = base + (search.penalty if i > 0 else 0.2) * abs(aside)
                if cost >= least:
                    break
                cost += _cost(misses, search.tick, i, end, t, least - cost)
                if cost < least:
                    least = cost
                    time = t
            if least < most:
                best[end] = best[i] + least
                before[end] = i
                poses[end] = time
            end -= 1
            while end > i and times[end] - times[end - 1] < 1.0:
                end -= 1
            early += 1
        if i == 0:
            end = 1
            while end < count and times[end] - times[0] < search.rule:
                if times[end] - times[end - 1] > 1.0 and best[end] > _FIRST:
                    best[end] = _FIRST
                    before[end] = 0
                    poses[end] = times[end // 2]
                end += 1


def find_chunks(misses: Misses, search: Search) -> Groups:
    """Find the chunks."""
    count = len(misses.times)
    best, before, poses = np.full(count + 1, 1e18), np.zeros(count + 1, np.int64), np.zeros(count + 1)
    best[0] = 0.0
    _search(misses, search, best, before, poses)
    starts, times, at = [count], [], count
    while at > 0:
        times.append(poses[at])
        at = int(before[at])
        starts.append(at)
    return Groups(np.array(starts[::-1]), np.array(times[::-1]))
