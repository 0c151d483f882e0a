"""When packets of firings came: whole microseconds, found from how far their returns are off along the track.

Encoder only. Time and position are one where the speed is constant, so only what stands out of a running median counts
as a packet's own; the regular law is found from differences of neighbours.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel

PERIOD = 663.5523
"""Mean microseconds from packet to packet."""

SURE = 0.12
"""Time errors with a deviation below this (us) are believed."""

_LEAST = 20
_PERIODS = np.arange(-4, 5) * 2e-4
_PHASES = np.arange(0, 1, 1 / 64)
_FARTHEST = 7


@kernel
def _errors(residual, rate, use, sigma, packet, groups, counts, errors, weights):
    """Sort the returns' time errors and their weights by packet; counts (P + 1,) become the packets' bounds."""
    for g in range(groups.size - 1):
        for j in range(groups[g], groups[g + 1]):
            if use[j]:
                counts[packet[g] + 1] += 1
    for p in range(counts.size - 1):
        counts[p + 1] += counts[p]
    for g in range(groups.size - 1):
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


def packet_errors(
    residual: np.ndarray,
    rate: np.ndarray,
    use: np.ndarray,
    sigma: np.ndarray,
    packet: np.ndarray,
    starts: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Time errors (P,) of packets in us (weighted medians: a chunk may be off by many deviations) and their deviations.

    Parameters
    ----------
    residual, rate, sigma : (N, 3) float64
    use : (N,) bool
    packet : (G,) int64
        Packet of each group of returns, ascending.
    starts : (G + 1,) int64
        First return of each group.
    count : int
        Packets.
    """
    counts, errors, weights = np.zeros(count + 1, np.int64), np.zeros(len(use)), np.zeros(len(use))
    _errors(residual, rate, use, sigma, packet, starts, counts, errors, weights)
    found, deviation = np.zeros(count), np.full(count, 1e9)
    begin = 0
    for p in range(count):
        end = int(counts[p])
        if end > begin:
            order = np.argsort(errors[begin:end], kind="stable")
            weight = weights[begin:end][order]
            total = np.cumsum(weight)
            found[p] = errors[begin + order[min(np.searchsorted(total, total[-1] / 2), end - begin - 1)]]
            deviation[p] = 1.3 / max(np.sqrt((weight * weight).sum()), 1e-12)
        begin = end
    return found, deviation


def running_median(values: np.ndarray, good: np.ndarray, half: int = 12) -> np.ndarray:
    """Medians (P,) of the good values around each place."""
    known = np.flatnonzero(good)
    if not len(known):
        return np.zeros(len(values))
    at = np.clip(np.searchsorted(known, np.arange(len(values))), 0, len(known) - 1)
    return np.array([np.median(values[known[max(0, i - half) : i + half + 1]]) for i in at.tolist()])


def regular_law(times: np.ndarray, error: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """Packet times floor(period p + phase) (P,) that fit best to times (P,) with their errors."""
    places = np.arange(len(times))
    if np.count_nonzero(sure) < _LEAST:
        return np.floor(PERIOD * places)
    steps, good = np.diff(times + error), sure[1:] & sure[:-1]
    best = (np.inf, 0.0, 0.0)
    for period in (PERIOD + _PERIODS).tolist():
        for phase in _PHASES.tolist():
            off = np.abs(steps - np.diff(np.floor(period * places + phase)))[good]
            best = min(best, (float(np.minimum(off, 0.5).sum()), period, phase))
    return np.floor(best[1] * places + best[2])


def move_packets(times: np.ndarray, error: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, float]:
    """Packet times (P,) corrected by whole microseconds, and the clock's offset that all have in common."""
    good = deviation < SURE
    if np.count_nonzero(good) < _LEAST:
        return times, 0.0
    drift = running_median(error, good)
    times = times + np.where(good, np.rint(error - drift), 0)
    regular = PERIOD * np.arange(len(times))
    middle = np.median(times - regular)
    times = np.where(np.abs(times - regular - middle) > _FARTHEST, np.rint(regular + middle), times)
    return times, float(np.median(drift[good]))
