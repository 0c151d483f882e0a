"""Ranges and chunks from rays, the chunks loosely at first: a tight first pass is a trap. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import Track
from lizip.sensor.fit.chunked.chunks import Misses, Search, find_chunks
from lizip.sensor.fit.chunked.elevations import elevations_of
from lizip.sensor.fit.chunked.knots import blurred, fit_rays, look_at_rays
from lizip.sensor.fit.chunked.observed import Law, Observed, by_firing, own_times, rays_of, telling
from lizip.sensor.fit.chunked.packets import PERIOD
from lizip.sensor.fit.chunked.ray_sums import elevation_table

RULE = 55.5
"""A chunk ends where a return is this late (us) after its first."""

_NEAREST = 2.0
_THIRD = (0, 3)
_FIRST = ((3e-4, 1e-5), (2e-4, 5e-6), (2e-4, 5e-6), (2e-4, 5e-6))
_LATER = ((5e-5, 2e-6), (2e-5, 1e-6), (5e-6, 5e-7))
_LAST = ((1e-5, 1e-6), (5e-6, 5e-7), (3e-6, 3e-7))
"""Expected deviations of ranges (m) and angles (rad), step by step."""

_LOOSE = ((2e-4, 1e-5), (1e-4, 3e-6), (3e-5, 1e-6))
"""The same when chunks are looked for, pass by pass."""

_PENALTY, _HOPELESS = 1.5, 12.0


def find_ranges(seen: Observed, azimuth: np.ndarray, track: Track) -> tuple[Law, float]:
    """Find ranges and chunks, with packets at regular times; returns also by how much (m) ranges typically miss."""
    lasers = seen.lasers
    packets = PERIOD * np.arange(len(azimuth) // lasers.packet)
    table = elevation_table(elevations_of(lasers, seen.upside_down))
    firings, own = by_firing(seen, packets), own_times(seen, packets)
    use = telling(seen.known, seen.distance, seen.firing, _NEAREST)
    late = own - firings.times[seen.firing]
    by_time = rays_of(seen, azimuth, late, use)
    by_chunk = by_time._replace(late=np.zeros_like(late))
    groups = None
    for sigmas in blurred(_LOOSE, seen.noise):
        rays, steps, at = (by_time, _FIRST, firings) if groups is None else (by_chunk, _LATER, groups)
        track, _ = fit_rays(track, rays, at, None, table, lasers.tick, blurred(steps, seen.noise), _THIRD)
        sums = look_at_rays(track, by_time, firings, table, lasers.tick)
        allowed = sigmas[0] + seen.distance * sigmas[1]
        weight = np.stack([np.full_like(allowed, 1.0 / sigmas[0]), 1.0 / allowed, 1.0 / allowed], axis=1)
        misses = Misses(own, seen.known, sums.residual, sums.rate, weight)
        groups = find_chunks(misses, Search(RULE, lasers.slot_time, lasers.tick, _PENALTY, 0, _HOPELESS))
    assert groups is not None
    track, _ = fit_rays(track, by_chunk, groups, None, table, lasers.tick, blurred(_LAST, seen.noise))
    sums = look_at_rays(track, by_chunk, groups, table, lasers.tick)
    law = Law(azimuth, packets, np.maximum(sums.ticks, 0.0).astype(np.int64), groups, track, (PERIOD, 0.0))
    return law, float(np.median(np.abs(sums.residual[use, 0]))) if use.any() else 0.0
