"""Which firing of a sweep is the first of a packet: what was cut off in front need not be whole packets. Encoder only.

Packets come at whole microseconds, so that by regular times all firings of a packet are off alike, by up to half a
microsecond along the track, and those of the next one by something else. And the last firing of a packet does not know
the next azimuth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.sensor.fit.chunked.knots import look_at_points
from lizip.sensor.fit.chunked.observed import Law, Observed, placed_of
from lizip.sensor.fit.chunked.packets import SURE, errors_of

_LEAST = 60
"""Pairs of firings that must be told apart."""

_LARGEST = 1.0
"""Microseconds beyond which a step is no rounding's."""

_CLEARLY = 3.0
"""So many times the steps between packets are those within, where packets begin as they should."""


def find_phase(seen: Observed, law: Law) -> tuple[Observed, Law]:
    """Number firings and packets anew when the first packet lacks some; `law` has regular times."""
    steps = _steps(seen, law)
    if steps is None or steps[0] > _CLEARLY * steps[1:].max():
        return seen, law
    best = float(steps[1:].mean()), seen, law
    for phase in range(1, seen.lasers.packet):
        tried = _begin_before(seen, law, phase)
        steps = _steps(*tried)
        if steps is not None and steps[1:].mean() < best[0]:
            best = float(steps[1:].mean()), *tried
            if steps[0] > _CLEARLY * steps[1:].max():
                break
    return best[1], best[2]


def _steps(seen: Observed, law: Law) -> np.ndarray | None:
    """By how much (us) time errors change from firing to firing, mean by place in the packet; None when few tell."""
    placed, lasers = placed_of(seen, law), seen.lasers
    sums, _ = look_at_points(law.track, placed, law.groups)
    # firing by firing
    alone = seen._replace(lasers=replace(lasers, packet=1))
    error, deviation = errors_of(alone, law._replace(packets=np.zeros(len(law.azimuth))), sums, placed)
    told = (deviation[1:] < SURE) & (deviation[:-1] < SURE)
    place = np.arange(1, len(error))[told] % lasers.packet
    count = np.bincount(place, minlength=lasers.packet)
    if count.sum() < _LEAST or not count.all():
        return None
    return np.bincount(place, np.minimum(np.abs(np.diff(error)), _LARGEST)[told], lasers.packet) / count


def _begin_before(seen: Observed, law: Law, phase: int) -> tuple[Observed, Law]:
    """The same when `phase` firings of the first packet are missing."""
    lasers, azimuth = seen.lasers, law.azimuth
    missing = -(len(azimuth) + phase) % lasers.packet
    step = max(1, round(float(azimuth[-1] - azimuth[0]) / (len(azimuth) - 1)))
    before, after = azimuth[0] + step * np.arange(-phase, 0), azimuth[-1] + step * np.arange(1, missing + 1)
    azimuth = np.concatenate([before, azimuth, after])
    packets = law.packets[0] - phase * lasers.firing_time + law.clock[0] * np.arange(len(azimuth) // lasers.packet)
    return seen._replace(firing=seen.firing + phase), law._replace(azimuth=azimuth, packets=packets)
