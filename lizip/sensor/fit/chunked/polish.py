"""Chunks, packets and knots bit for bit: residuals against the float32 chain are zero where that is right."""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import Track
from lizip.sensor.fit.chunked.chunks import Misses, Search, find_chunks
from lizip.sensor.fit.chunked.coarse_track import coarse_track
from lizip.sensor.fit.chunked.flips import aimed_at
from lizip.sensor.fit.chunked.knots import FREE, GRID, PHASE, Groups, fit_points, look_at_points
from lizip.sensor.fit.chunked.observed import (
    Law,
    Observed,
    by_firing,
    own_times,
    packets_of,
    placed_of,
    to_sensor,
)
from lizip.sensor.fit.chunked.packets import SURE, errors_of, move_packets, regular_times, running_median
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.fit.chunked.ranges import RULE
from lizip.sensor.stages.packets import FRACTIONS

_PENALTY = 2.5
_FEW, _NONE = 20.0, 40.0
"""Costs from which on chunks' starts are hopeless: while times of packets are guesses, and when one start counts."""

_TWICE = 2
_ALLOWED = 1e-6
"""Metres that a coordinate may be off when chunks are looked for."""

_THIRD, _EIGHTH = 3, 8
"""Every third chunk is enough where not all is tried bit for bit, and every eighth to tell whether digits are few."""

_ROUGH, _SHARP = (10.0, 5.0, 3.0, 2.0), (2.0, 1.5)
_BEGIN, _POLISH = (4.0, 1.0), (1.0, 1.0, 0.5, 0.5)
_GOOD = 0.9
"""Share of the points that must be exact if packets come at whole microseconds, and the track is of this kind."""

_CERTAIN = 0.05
"""Deviation (us) of a time error that makes a packet's fraction believed."""

_FURTHEST = 2.0


def settle(seen: Observed, law: Law) -> Law:
    """Find the chunks anew with the times of the packets, ranges once more, and packets that are not whole."""
    # a chunk that begins a slot late looks like a packet that came late and the other way round: chunks are likelier
    law = _rechunk(seen, _retime(seen, law, regular_times(law)), _FEW)
    law = _refit(seen, law, GRID, exact=False)
    law = _range_again(seen, law)
    law = _refit(seen, law, FREE, exact=True)
    law = _part_packets(seen, law)
    law = _rechunk(seen, law, _NONE)
    return _refit(seen, law, FREE, exact=True)


def settle_rounded(seen: Observed, law: Law) -> Law:
    """The same of rounded points, which tell neither the packets' times nor what single float32 were."""
    for _ in range(_TWICE):
        law = _rechunk(seen, law, _NONE)
        law = _refit(seen, law, PHASE, exact=False)
        law = _range_again(seen, law)
    return law


def _rechunk(seen: Observed, law: Law, hopeless: float) -> Law:
    """Find the chunks with poses of the returns' own times."""
    placed, firings = placed_of(seen, law), by_firing(seen, law.packets)
    own = own_times(seen, law.packets)
    late = own - firings.times[seen.firing]
    sums, _ = look_at_points(law.track, placed._replace(late=late), firings)
    weight = 1.0 / np.maximum(_ALLOWED, 2.0 * placed.sigma)
    misses = Misses(own, seen.known, sums.residual, sums.rate, weight)
    return law._replace(groups=find_chunks(misses, Search(RULE, seen.lasers.slot_time, 0.0, _PENALTY, 1, hopeless)))


def _refit(seen: Observed, law: Law, times: int, exact: bool) -> Law:
    """Fit the track to points."""
    placed, stride = placed_of(seen, law), 1 if exact else _THIRD
    track = fit_points(law.track, placed, law.groups, _ROUGH, times, stride=_THIRD)
    track = fit_points(track, placed, law.groups, _SHARP, times, exact=exact, stride=stride)
    return law._replace(track=track)


def _range_again(seen: Observed, law: Law) -> Law:
    """Round the ranges with better poses."""
    points = placed_of(seen, law).points.astype(np.float64)
    inward = to_sensor(seen.stored, law.groups, law.track, np.zeros(len(points)))
    length = np.maximum(np.sqrt((points * points).sum(axis=1)), 1e-9)
    ticks = np.rint((inward * points).sum(axis=1) / length / seen.lasers.tick)
    return law._replace(ticks=np.maximum(ticks, 0).astype(np.int64))


def _retime(seen: Observed, law: Law, packets: np.ndarray) -> Law:
    """Give the packets other times; poses keep their place in their packets."""
    packet = packets_of(seen, law.groups)
    groups = law.groups._replace(times=law.groups.times + (packets - law.packets)[packet])
    return law._replace(packets=packets, groups=groups)


def _part_packets(seen: Observed, law: Law) -> Law:
    """Correct packets by whole microseconds, and single ones that stand out by parts of one."""
    placed = placed_of(seen, law)
    sums, _ = look_at_points(law.track, placed, law.groups)
    error, deviation = errors_of(seen, law, sums, placed)
    whole = move_packets(law, error, deviation)
    error = error - (whole - law.packets)
    error = error - running_median(error, deviation < SURE)
    odd = (np.abs(error) > np.maximum(0.1, 8 * deviation)) & (deviation < _CERTAIN) & (np.abs(error) < 0.6)
    fractions = np.where(odd, np.rint(error * FRACTIONS) / FRACTIONS, 0.0)
    return _retime(seen, law, whole + fractions)


def _sharpen(track: Track, placed: Placed, groups: Groups) -> tuple[float, Track]:
    """The track under which most points are exact, and their share."""
    track = fit_points(track, placed, groups, _BEGIN, FREE, exact=True)
    aimed, share = aimed_at(track, placed, groups)
    best = share, track
    for scale in _POLISH:
        track = fit_points(track, aimed, groups, (scale,), FREE, exact=True)
        aimed, share = aimed_at(track, placed, groups)
        best = max(best, (share, track), key=lambda each: each[0])
    return best


def _trimmed(track: Track, times: np.ndarray) -> Track:
    """A track without the knots that no pose at some times (G,) depends on."""
    first = int(np.clip(np.searchsorted(track.times, times.min(), "right") - 1, 0, len(track.times) - 2))
    last = int(np.clip(np.searchsorted(track.times, times.max(), "left"), first + 1, len(track.times) - 1))
    return Track(*(each[first : last + 1] for each in track))


def _rounding(seen: Observed, law: Law, best: float) -> tuple[float, Law]:
    """The law with its track rounded if that brings more than a share of the points right, and the share."""
    placed, begin = placed_of(seen, law), float(law.packets[0])
    few = _thinned(placed, law.groups, _EIGHTH)
    if aimed_at(coarse_track(law.track, *few, begin), *few)[1] < 0.5 * best:
        return best, law  # as nearly always
    track = coarse_track(law.track, placed, law.groups, begin)
    share = aimed_at(track, placed, law.groups)[1]
    return (share, law._replace(track=track)) if share > best else (best, law)


def _thinned(placed: Placed, groups: Groups, every: int) -> tuple[Placed, Groups]:
    """The points of every so many groups."""
    kept = groups.of % every == 0
    starts = np.append(0, np.cumsum(np.diff(groups.starts)[::every]))
    return Placed(*(each[kept] for each in placed)), Groups(starts, groups.times[::every])


def polish(seen: Observed, law: Law) -> Law:
    """Sharpen the track; where few points are exact, let the packets' times be what they may."""
    placed = placed_of(seen, law)
    best, track = _sharpen(law.track, placed, law.groups)
    best, law = _rounding(seen, law._replace(track=_trimmed(track, law.groups.times)), best)
    if best >= _GOOD:
        return law
    other = law
    for _ in range(3):
        sums, _ = look_at_points(other.track, placed, other.groups)
        error, deviation = errors_of(seen, other, sums, placed)
        believed = (deviation < _CERTAIN) & (np.abs(error) < _FURTHEST)
        packets = other.packets + np.where(believed, np.rint(error * FRACTIONS) / FRACTIONS, 0.0)
        other = _retime(seen, other, packets)
        exact, track = _sharpen(other.track, placed, other.groups)
        other = other._replace(track=track)
    return other if exact > best + 0.01 else law
