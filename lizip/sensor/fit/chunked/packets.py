"""When packets of firings came: whole microseconds, found from how far their returns are off along the track.

Encoder only. Time and position are one where the speed is constant, so only what stands out of a running median counts
as a packet's own; the regular law is found from differences of neighbours.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.fit.chunked.knots import GRID, PHASE, fit_points, look_at_points
from lizip.sensor.fit.chunked.normals import Sums
from lizip.sensor.fit.chunked.observed import Law, Observed, packets_of, placed_of
from lizip.sensor.fit.chunked.point_sums import Placed

PERIOD = 663.5523
"""Mean microseconds from packet to packet."""

SURE = 0.12
"""Time errors with a deviation below this (us) are believed."""

_LEAST = 20
_PERIODS = np.arange(-4, 5) * 2e-4
_PHASES = 64
_ROUNDS = 8
_STEPS = (10.0, 5.0, 3.0)
_STRIDE = 3
"""Every third chunk is enough to time packets."""

_FARTHEST = 7
_BORDER = 0.25


@kernel
def _errors(residual, rate, use, sigma, packet, groups, stride, counts, errors, weights):
    """Sort the returns' time errors and their weights by packet; counts (P + 1,) become the packets' bounds."""
    for g in range(0, groups.size - 1, stride):
        for j in range(groups[g], groups[g + 1]):
            if use[j]:
                counts[packet[g] + 1] += 1
    for p in range(counts.size - 1):
        counts[p + 1] += counts[p]
    for g in range(0, groups.size - 1, stride):
        for j in range(groups[g], groups[g + 1]):
            if not use[j]:
                continue
            a = 0.0
            c = 1e-30
            for k in range(3):
                weight = 1.0 / (sigma[j, k] * sigma[j, k])
                a += weight * residual[j, k] * rate[j, k]
                c += weight * rate[j, k] * rate[j, k]
            place = counts[packet[g]]
            errors[place] = a / c
            weights[place] = np.sqrt(c)
            counts[packet[g]] += 1


@kernel
def _weighted_medians(ends, errors, weights, found, deviation):
    """Sort each packet's errors (Shell's way) and fill in their weighted medians and what these may be off."""
    begin = np.int64(0)
    for p in range(found.size):
        end = ends[p]
        gap = (end - begin) // 2
        while gap > 0:
            for i in range(begin + gap, end):
                error, weight = errors[i], weights[i]
                j = i
                while j >= begin + gap and errors[j - gap] > error:
                    errors[j], weights[j] = errors[j - gap], weights[j - gap]
                    j -= gap
                errors[j], weights[j] = error, weight
            gap //= 2
        total = 0.0
        square = 0.0
        for i in range(begin, end):
            total += weights[i]
            square += weights[i] * weights[i]
        passed = 0.0
        for i in range(begin, end):
            passed += weights[i]
            if passed >= 0.5 * total:
                found[p] = errors[i]
                break
        if end > begin:
            deviation[p] = 1.3 / max(np.sqrt(square), 1e-12)
        begin = end


def errors_of(seen: Observed, law: Law, sums: Sums, placed: Placed, stride: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Time errors (P,) of packets in us (weighted medians: a chunk may be off by many deviations) and their deviations.

    `sums` are of a look at the points, of every `stride`-th group.
    """
    count = len(law.packets)
    counts, errors, weights = np.zeros(count + 1, np.int64), np.zeros(len(placed.use)), np.zeros(len(placed.use))
    packet = packets_of(seen, law.groups)
    of_points = sums.residual, sums.rate, placed.use, placed.sigma
    _errors(*of_points, packet, law.groups.starts, stride, counts, errors, weights)
    found, deviation = np.zeros(count), np.full(count, 1e9)
    _weighted_medians(counts, errors, weights, found, deviation)
    return found, deviation


@kernel
def _medians(values, at, half, window, out):
    """Fill out (P,) with the medians of values (M,) from at[i] - half to at[i] + half; window (2 half + 1,) is room."""
    for i in range(at.size):
        first = max(at[i] - half, 0)
        last = min(at[i] + half + 1, values.size)
        count = last - first
        for j in range(count):
            value = values[first + j]
            k = j
            while k > 0 and window[k - 1] > value:
                window[k] = window[k - 1]
                k -= 1
            window[k] = value
        out[i] = 0.5 * (window[(count - 1) // 2] + window[count // 2])


def running_median(values: np.ndarray, good: np.ndarray, half: int = 12) -> np.ndarray:
    """Medians (P,) of the good values around each place."""
    known = np.flatnonzero(good)
    if not len(known):
        return np.zeros(len(values))
    at = np.clip(np.searchsorted(known, np.arange(len(values))), 0, len(known) - 1)
    out = np.empty(len(values))
    _medians(values[known], at, half, np.empty(2 * half + 1), out)
    return out


def _find_clock(times: np.ndarray, error: np.ndarray, sure: np.ndarray) -> tuple[float, float]:
    """Period and phase of the law floor(period p + phase) that fits best to times (P,) with their errors."""
    if np.count_nonzero(sure) < _LEAST:
        return PERIOD, 0.0
    places, steps, good = np.arange(len(times)), np.diff(times + error), sure[1:] & sure[:-1]
    periods, phases = PERIOD + _PERIODS, np.arange(_PHASES) / _PHASES
    laws = np.floor(periods[:, None, None] * places + phases[None, :, None]).reshape(-1, len(places))
    costs = np.minimum(np.abs(steps - np.diff(laws, axis=1))[:, good], 0.5).sum(axis=1)
    period, phase = divmod(int(np.argmin(costs)), _PHASES)
    return float(periods[period]), float(phases[phase])


def _common(error: np.ndarray, deviation: np.ndarray) -> float:
    """What all packets are off: the clocks' offset."""
    good = deviation < SURE
    return float(np.median(running_median(error, good)[good])) if np.count_nonzero(good) >= _LEAST else 0.0


def regular_times(law: Law) -> np.ndarray:
    """Times (P,) of packets by the regular law."""
    return np.floor(law.clock[0] * np.arange(len(law.packets)) + law.clock[1])


def move_packets(law: Law, error: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Packet times (P,) corrected by whole microseconds.

    One microsecond beside the regular law is believed only where that is about to round the other way: otherwise it is
    the track's error rather than a packet's.
    """
    good = deviation < SURE
    if np.count_nonzero(good) < _LEAST:
        return np.rint(law.packets)
    exact = law.clock[0] * np.arange(len(error)) + law.clock[1]
    regular = np.floor(exact)
    beside = np.rint(law.packets + error - running_median(error, good) - regular)
    beside -= np.rint(np.median(beside[good]))
    border = np.where(beside > 0, 1.0 - (exact - regular), exact - regular) < _BORDER
    believed = (np.abs(beside) > 1) & (np.abs(beside) <= _FARTHEST) | (np.abs(beside) == 1) & border
    return regular + np.where(good & believed, beside, 0.0)


def time_packets(seen: Observed, law: Law) -> Law:
    """Find the packets' times, in turn with the knots."""
    placed, packet = placed_of(seen, law), packets_of(seen, law.groups)
    inside = law.groups.times - law.packets[packet]
    sums, _ = look_at_points(law.track, placed, law.groups, stride=_STRIDE)
    error, deviation = errors_of(seen, law, sums, placed, _STRIDE)
    law = law._replace(clock=_find_clock(law.packets, error, deviation < SURE))
    times = move_packets(law, error, deviation)
    # the clocks' offset goes to the knots
    offset = _common(law.packets + error - times, deviation)
    law = law._replace(track=law.track._replace(times=law.track.times - offset))
    for turn in range(_ROUNDS):
        law = law._replace(packets=times, groups=law.groups._replace(times=times[packet] + inside))
        kind = GRID if turn else PHASE
        law = law._replace(track=fit_points(law.track, placed, law.groups, _STEPS, kind, stride=_STRIDE))
        sums, _ = look_at_points(law.track, placed, law.groups, stride=_STRIDE)
        times = move_packets(law, *errors_of(seen, law, sums, placed, _STRIDE))
        if (times == law.packets).all():
            break
    return law
