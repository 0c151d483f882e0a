"""One moving sensor whose packets' returns went to the vehicle's frame chunk by chunk: from stored points to the law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.exact.linear import rotate
from lizip.exact.screw import Track, poses_at, rotations_of
from lizip.sensor.fit.chunked.azimuths import UNIT, Azimuths, Seen, find_azimuths, find_origin
from lizip.sensor.fit.chunked.chunks import Misses, Search, find_chunks
from lizip.sensor.fit.chunked.elevations import Rough, elevations_of, fit_elevations
from lizip.sensor.fit.chunked.firings import Firings, find_firings, rest_angles
from lizip.sensor.fit.chunked.knots import FREE, GRID, PHASE, Groups, fit_points, fit_rays
from lizip.sensor.fit.chunked.normals import Placed, Rays, Sums, elevation_table
from lizip.sensor.fit.chunked.packets import PERIOD, move_packets, packet_errors, regular_law, running_median
from lizip.sensor.stages.slots import TURN, Lasers, angles, sensor_points
import time as _time

RULE = 55.5
"""A chunk ends where a return is this late (us) after its first."""

KNOT_PERIOD = 9752.2
"""Microseconds between the poses that the vehicle reports."""

FIRING = 55.296
"""Mean microseconds from firing to firing."""

_COARSE, _FINE = 8000.0, 2500.0
"""Knots of the first tracks, us."""

_TRACE = []


def mark(name):
    _TRACE.append((name, _time.process_time()))


@dataclass
class Solved:
    lasers: Lasers
    upside_down: bool
    laser: np.ndarray
    firing: np.ndarray
    known: np.ndarray
    azimuth: np.ndarray
    ticks: np.ndarray
    packets: np.ndarray
    offset: float
    groups: Groups
    track: Track
    exact: float
    info: dict


def _own_times(found_firing, laser, lasers, firing_time=FIRING):
    return found_firing * firing_time + lasers.slot[laser] * lasers.slot_time


def _resample(track: Track, times: np.ndarray) -> Track:
    poses = poses_at(track, times)
    return Track(times, poses.turns, poses.places)


def _about(stored, track, times):
    poses = poses_at(track, times)
    moved = stored - poses.places
    return (poses.turns * moved[:, :, None]).sum(axis=1)


def _by_firing(firing: np.ndarray, count: int) -> np.ndarray:
    return np.searchsorted(firing, np.arange(count + 1))


def find_returns(stored: np.ndarray, rough: Rough, lasers: Lasers):
    """Lasers and firings with a track from angles alone, improved in turn until nothing changes."""
    points = stored
    up = rough.upside_down
    found = find_firings(rough.about, lasers, up, 0.02 + 0.02 * abs(rough.motion[7]), 0.13)
    table, rest = elevation_table(elevations_of(lasers, up)), rest_angles(lasers, up)
    track = None
    for turn in range(6):
        firings = len(found.heading)
        span = firings * FIRING
        times = np.arange(int(np.ceil((firings + 40) * FIRING / _COARSE)) + 1) * _COARSE
        track = rough.track(times, span) if track is None else _resample(track, times)
        groups = Groups(_by_firing(found.firing, firings), np.arange(firings) * FIRING + 17.0)
        own = _own_times(found.firing, found.laser, lasers)
        late = own - groups.times[found.firing]
        use = found.known & (found.distance > 2.5)
        some = use & (found.firing % 3 == turn % 3)
        rays = Rays(points, found.laser, rest[found.laser], late, some)
        sigmas = ((0, 3e-4), (0, 2e-4), (0, 1e-4), (0, 5e-5), (0, 3e-5), (0, 2e-5), (0, 1e-5))
        track, heading, _ = fit_rays(
            track, rays, groups, found.heading, table, lasers.tick, sigmas if turn == 0 else sigmas[2::2]
        )
        about = _about(points, track, own)
        again = find_firings(about, lasers, up, (0.02, 0.01, 0.004)[min(turn, 2)], 0.08)
        same = len(again.heading) == firings and (again.firing == found.firing).all()
        same = same and (again.laser == found.laser).all()
        if same:
            again = again._replace(heading=np.where(again.seen, heading + 0 * again.heading, again.heading))
        found = again
        if same:
            break
    rays = Rays(points, found.laser, rest[found.laser], late, found.known & (found.distance > 2.5))
    track, heading, _ = fit_rays(
        track, rays, groups, found.heading, table, lasers.tick, ((0, 2e-5), (0, 1e-5), (0, 5e-6))
    )
    return found, track, heading, turn + 1


def _turned(track: Track, yaw: np.ndarray) -> Track:
    right = rotations_of(np.stack([np.zeros_like(yaw), np.zeros_like(yaw), yaw], axis=1))
    turns = np.stack([rotate(b.T, a).T for a, b in zip(track.turns, right, strict=True)])
    return Track(track.times, turns, track.places)


def solve(points: np.ndarray, lasers: Lasers) -> Solved | None:
    _TRACE.clear()
    mark("start")
    stored = points.astype(np.float64)
    rough = fit_elevations(points, lasers)
    if rough is None:
        return None
    mark("elevations")
    info = {"elevation": np.degrees(rough.cost)}
    up = rough.upside_down
    found, track, heading, info["rounds"] = find_returns(stored, rough, lasers)
    if found.known.mean() < 0.98:
        return None
    mark("firings")
    numbers = find_azimuths(heading, found, lasers.packet)
    if numbers is None:
        return None
    info["worst"] = numbers.worst
    mark("azimuths")
    azimuth, firing, laser = numbers.azimuth, numbers.firing, found.laser
    table = elevation_table(elevations_of(lasers, up))
    packets = len(azimuth) // lasers.packet
    start = PERIOD * np.arange(packets)
    place = lasers.firing_time * (firing % lasers.packet) + lasers.slot_time * lasers.slot[laser]
    own = start[firing // lasers.packet] + place
    fine = np.arange(int(np.ceil(own.max() / _FINE)) + 1) * _FINE
    track = _resample(track, fine)
    yaw = np.interp(fine, np.arange(len(numbers.yaw)) * FIRING, numbers.yaw)
    track = _turned(track, yaw)
    sign = 1.0 if up else -1.0
    theta = sign * angles(lasers, up, azimuth % TURN, firing, laser).astype(np.float64)
    use = found.known & (found.distance > 2)
    third = use & (firing % 3 == 0)
    firings = Groups(
        _by_firing(firing, len(azimuth)),
        np.repeat(start, lasers.packet) + lasers.firing_time * (np.arange(len(azimuth)) % lasers.packet) + 17.0,
    )
    late = own - firings.times[firing]
    groups, tau = firings, None
    for i, (sr, sa, pen) in enumerate(((2e-4, 1e-5, 1.5), (1e-4, 3e-6, 1.5), (3e-5, 1e-6, 1.5))):
        if i == 0:
            rays = Rays(stored, laser, theta, late, third)
            sig = ((3e-4, 1e-5), (2e-4, 5e-6), (2e-4, 5e-6), (2e-4, 5e-6))
            track, _, sums = fit_rays(track, rays, firings, None, table, lasers.tick, sig)
        else:
            rays = Rays(stored, laser, theta, np.zeros(len(own)), third)
            sig = ((5e-5, 2e-6), (2e-5, 1e-6), (5e-6, 5e-7))
            track, _, _ = fit_rays(track, rays, groups, None, table, lasers.tick, sig)
            rays = Rays(stored, laser, theta, late, np.zeros(len(own), bool))
            _, _, sums = fit_rays(track, rays, firings, None, table, lasers.tick, ())
        r = found.distance
        weight = np.stack([np.full(len(r), 1 / sr), 1 / (sr + r * sa), 1 / (sr + r * sa)], axis=1)
        groups, cost = find_chunks(
            Misses(own, found.known, sums.residual, sums.rate, weight),
            Search(RULE, lasers.slot_time, lasers.tick, pen, 0),
        )
        mark(f"chunks {i} {cost:.0f}")
    rays = Rays(stored, laser, theta, np.zeros(len(own)), use)
    track, _, sums = fit_rays(
        track, rays, groups, None, table, lasers.tick, ((1e-5, 1e-6), (5e-6, 5e-7), (3e-6, 3e-7))
    )
    info["range_um"] = float(np.median(np.abs(sums.residual[use, 0])) * 1e6)
    mark("ranges")
    ticks = sums.ticks
    alpha = angles(lasers, up, azimuth % TURN, firing, laser)
    model = sensor_points(lasers, up, alpha, laser, ticks.astype(np.int64))
    sigma = np.maximum(np.spacing(np.abs(points)).astype(np.float64) * 0.5, 1.5e-7)
    use &= found.distance < 150
    zero = np.zeros(len(own))
    placed = Placed(stored, model, sigma, zero, use)
    best = None
    for phase in np.arange(0, 1, 0.1) * KNOT_PERIOD:
        times = np.arange(phase - KNOT_PERIOD, own.max() + KNOT_PERIOD, KNOT_PERIOD)
        trial, s, cost = fit_points(_resample(track, times), placed, groups, (20, 10, 5, 5), PHASE, stride=7)
        if best is None or cost < best[0]:
            best = (cost, trial)
    track = best[1]
    mark("phase")
    track, sums, cost = fit_points(track, placed, groups, (5, 3, 2), PHASE)
    middle = groups.starts[:-1] + np.diff(groups.starts) // 2
    packet = firing[middle] // lasers.packet
    inside = groups.times - start[packet]
    mark("phase all")
    # origin of azimuths
    shift, info["margin"] = origin(points, model, sums, track, groups, azimuth, found, firing, use, up, lasers)
    info["shift"] = shift
    if shift:
        azimuth = azimuth + shift
        track = _turned(track, np.full(len(track.times), shift * UNIT))
        alpha = angles(lasers, up, azimuth % TURN, firing, laser)
        model = sensor_points(lasers, up, alpha, laser, ticks.astype(np.int64))
        placed = placed._replace(points=model)
    mark("origin")
    error, deviation = packet_errors(sums.residual, sums.rate, use, sigma, packet, groups.starts, packets)
    sure = deviation < 0.12
    law = regular_law(start, error, sure)
    error = start + error - law
    N, offset = move_packets(law, error, deviation)
    for it in range(8):
        groups = Groups(groups.starts, N[packet] + offset + inside)
        track, sums, cost = fit_points(track, placed, groups, (10, 5, 3), GRID if it else PHASE)
        error, deviation = packet_errors(sums.residual, sums.rate, use, sigma, packet, groups.starts, packets)
        again, _ = move_packets(N, error, deviation)
        if (again == N).all():
            break
        N = again
    info["packet rounds"] = it + 1
    mark("packets")
    frac = np.zeros(packets)
    for it in range(3):
        whole = N + frac
        own = whole[firing // lasers.packet] + offset + place
        firings = Groups(
            firings.starts,
            np.repeat(whole, lasers.packet) + offset + lasers.firing_time * (np.arange(len(azimuth)) % lasers.packet) + 17.0,
        )
        late = own - firings.times[firing]
        _, sums, _ = fit_points(track, placed._replace(late=late), firings, (), PHASE)
        groups, cost = find_chunks(
            Misses(own, found.known, sums.residual, sums.rate, 1 / np.maximum(1e-6, sigma * 2)),
            Search(RULE, lasers.slot_time, 0.0, 2.5, 1),
        )
        middle = groups.starts[:-1] + np.diff(groups.starts) // 2
        packet = firing[middle] // lasers.packet
        inside = groups.times - whole[packet] - offset
        track, sums, cost = fit_points(track, placed, groups, (10, 5, 3, 2), FREE if it else GRID)
        track, sums, cost = fit_points(track, placed, groups, (2, 1.5), FREE if it else GRID, exact=it > 0)
        if it == 2:
            break
        if it == 0:
            poses = poses_at(track, groups.times)
            which = groups.of
            q = (poses.turns[which] * (stored - poses.places[which])[:, :, None]).sum(axis=1)
            unit = model / np.maximum(np.sqrt((model.astype(np.float64) ** 2).sum(axis=1)), 1e-9)[:, None]
            better = np.rint((q * unit).sum(axis=1) / lasers.tick)
            info["ticks changed"] = int((better != ticks).sum())
            ticks = better
            model = sensor_points(lasers, up, alpha, laser, ticks.astype(np.int64))
            placed = placed._replace(points=model)
            _, sums, _ = fit_points(track, placed, groups, (), PHASE)
        error, deviation = packet_errors(sums.residual, sums.rate, use, sigma, packet, groups.starts, packets)
        again, _ = move_packets(N, error + frac, deviation)
        error = error + frac - (again - N)
        N = again
        error = error - running_median(error, deviation < 0.12)
        frac = np.where(
            (np.abs(error) > np.maximum(0.1, 8 * deviation)) & (deviation < 0.05) & (np.abs(error) < 0.6),
            np.round(error * 64) / 64,
            0.0,
        )
    N = N + frac
    mark("chunks again")

    def polish(track, groups, limit):
        best, since = None, 0
        for it in range(limit):
            scale = 4.0 if it % 6 == 0 and it < 12 else 1.0 if it % 6 < 4 else 0.5
            track, sums, _ = fit_points(track, placed, groups, (scale,), FREE, exact=True)
            x = float((sums.residual == 0).all(axis=1).mean())
            since += 1
            if best is None or x > best[0]:
                best, since = (x, track, sums), 0
            if since >= 4:
                break
        return best

    best = polish(track, groups, 16)
    if best[0] < 0.9:
        again, track = N, best[1]
        for it in range(3):
            groups = groups._replace(times=again[packet] + offset + inside)
            _, sums, _ = fit_points(track, placed, groups, (), PHASE, exact=False)
            error, deviation = packet_errors(sums.residual, sums.rate, use, sigma, packet, groups.starts, packets)
            again = again + np.where((deviation < 0.05) & (np.abs(error) < 2), np.round(error * 64) / 64, 0)
            groups = groups._replace(times=again[packet] + offset + inside)
            other = polish(track, groups, 8)
            track = other[1]
        if other[0] > best[0] + 0.01:
            best, N = other, again
            info["fractional"] = True
        else:
            groups = groups._replace(times=N[packet] + offset + inside)
    mark("polish")
    return Solved(lasers, up, laser, firing, found.known, azimuth, ticks, N, offset, groups, best[1], best[0], info)


def origin(points, model, sums, track, groups, azimuth, found, firing, use, up, lasers):
    good = use & (found.distance > 8) & (np.abs(sums.residual).max(axis=1) < 3e-5)
    which = groups.of[good]
    poses = poses_at(track, groups.times)
    inward = (poses.turns[which] * sums.residual[good][:, :, None]).sum(axis=1)
    p = model[good].astype(np.float64)
    error = (inward[:, 1] * p[:, 0] - inward[:, 0] * p[:, 1]) / (p[:, 0] ** 2 + p[:, 1] ** 2)
    return find_origin(lasers, up, azimuth, Seen(firing[good], found.laser[good], error))
