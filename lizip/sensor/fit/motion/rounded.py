"""A sweep whose points were rounded more coarsely than by any map: too coarse for each to tell its azimuth.

All points of a firing together tell its heading, and headings are whole columns beside a yaw that is smooth. Encoder
only.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.linear import solve_banded
from lizip.jit import kernel
from lizip.sensor.fit.chunked.azimuths import UNIT, smooth_yaw
from lizip.sensor.fit.chunked.headings import headings
from lizip.sensor.fit.lattice.frame import Frame
from lizip.sensor.fit.motion.blocks import find_phase, fit_blocks
from lizip.sensor.fit.motion.firing import Sensor, place_points
from lizip.sensor.fit.motion.observe import LEAST_EXPLAINED, Observed, level_out
from lizip.sensor.fit.motion.spline import fit_spline
from lizip.sensor.fit.motion.track import Tracked, track_sweep
from lizip.sensor.stages.firing_azimuths import STEP, TURN, expected_advance
from lizip.sensor.stages.pose import AT_ORIGIN, Mount
from lizip.sensor.stages.pose_spline import interpolate, knot_values, pose_matrices
from lizip.sensor.stages.rounding import rounding_units

_SPACINGS, _FINE, _FINER = (64, 16), 1e-4, 4
"""Firings from knot to knot while ranges are found, and where noise is finer than this, m; the fineness of knots."""
_MAP = 3e-5
"""Standard deviation, m, that the coordinates of a map leave, in which sweeps were before."""

_GATES = (30.0, 10.0, 6.0)
_AZIMUTHS, _RANGES, _CLIPPED = 3, 2, 4
"""How often azimuths are found anew, ranges each time, and headings without what does not go with the others."""
_COHERENT = 0.45
"""Windows of firings whose headings agree less on whole columns tell no yaw."""
_USUAL, _UNEVEN = TURN / 1085, 0.6
"""Columns from firing to firing, and how much steps differ from that."""
_RULED = 1 / 12
"""Variance of what a driver rounds when it interpolates the columns of a firing."""
_REACH, _SLOWEST, _FASTEST = 2, 29, 38
"""Columns beside the likeliest that are tried for a firing, and steps."""
_CAP = 9.0
_DEAR = 30.0
"""What it costs that a step is none of these."""


def observe_rounded(stored: np.ndarray, decimal: int, sensor: Sensor, end: Mount = AT_ORIGIN) -> Observed | None:
    """Find all that can be found of a sweep, as `lizip.sensor.fit.motion.observe.observe` does.

    Parameters
    ----------
    stored : (F, R, 3) float64
        Points, NaN where there are none.
    decimal : int
        Their rounding, as `lizip.sensor.stages.rounding` has it.
    sensor : Sensor
    end : Mount
        Pose of the last firing.
    """
    sigma = np.maximum(rounding_units(np.nan_to_num(stored), decimal) / np.sqrt(12.0), _MAP)
    sigma[np.isnan(stored)] = np.inf
    frame = Frame(np.eye(3), np.zeros(3), np.zeros(3, bool))
    noise = float(np.median(sigma[np.isfinite(sigma)]))
    track = track_sweep(stored, frame.axes, level_out(stored, 1.0 / sigma, noise, end), sensor, end)
    if track.explained < LEAST_EXPLAINED:
        return None
    sensor = track.sensor
    spacing = _SPACINGS[noise < _FINE]
    for _ in range(_AZIMUTHS):
        block, advance, phase = _azimuths(stored, sigma, track) or _azimuths_by_points(track)
        for _ in range(_RANGES):
            points = place_points(sensor, track.ranges, block, advance)
            weights = (1.0 / sigma,) * len(_GATES)
            knots = fit_spline(stored, points, weights, frame.axes, track.pose, spacing, _GATES, _FINER)
            interpolate(knot_values(knots, _FINER), spacing, track.pose)
            distance = np.sqrt(((stored - track.pose[:, None, :3]) ** 2).sum(axis=2))
            track.ranges[:] = np.where(track.ranges > 0, np.rint(np.nan_to_num(distance) / sensor.tick), 0)
    points = place_points(sensor, track.ranges, block, advance)
    return Observed(stored, frame, track, phase, block, advance, points, stored, sigma, decimal)


def _azimuths_by_points(track: Tracked) -> tuple[np.ndarray, np.ndarray, int]:
    """Blocks and advances (F,), and the phase of packets, where points tell their columns."""
    firings, rhythm = len(track.pose), track.sensor.rhythm
    block, advance, misses = (np.zeros(firings, np.int64) for _ in range(3))
    fit_blocks(track.ranges, track.azimuth, rhythm.slot, block, advance, misses)
    return block, advance, find_phase(block, advance, rhythm.packet)


def _azimuths(stored: np.ndarray, sigma: np.ndarray, track: Tracked) -> tuple[np.ndarray, np.ndarray, int] | None:
    """The same from firings as a whole; the track's yaw then goes with them. None where they do not tell."""
    rotation, shift = np.empty((len(stored), 3, 3)), np.empty((len(stored), 3))
    pose_matrices(track.pose, np.eye(3), rotation, shift)
    inward = np.nan_to_num(stored - shift[:, None])
    inward = (rotation[:, None] * inward[..., None]).sum(axis=2)
    level = np.sqrt((inward[..., :2] ** 2).sum(axis=2))
    turned = 2 * headings(np.stack([np.full(len(stored), 2.0), track.pose[:, 5]], axis=1)) / UNIT
    column = headings(inward.reshape(-1, 3)).reshape(level.shape) / UNIT + turned[:, None]
    told = (track.ranges > 0) & np.isfinite(sigma[..., 0])
    variance = np.where(told, (np.maximum(sigma[..., 0], sigma[..., 1]) / np.maximum(level, 1e-3) / UNIT) ** 2, np.inf)
    rhythm = track.sensor.rhythm
    late = rhythm.slot / rhythm.slots
    weight = 1.0 / (variance + _RULED)
    heading, seen = _headings(column, weight, late)
    yaw = smooth_yaw(heading * UNIT, seen, _COHERENT)
    if yaw is None:
        return None
    yaw -= np.rint(yaw[-1] - turned[-1])
    guess = np.rint(heading - yaw).astype(np.int64)
    weight = 1.0 / np.maximum(variance, 1e-4)
    costs = np.empty((len(guess), 2 * _REACH + 1, _FASTEST - _SLOWEST + 1))
    _cost_columns(column - yaw[:, None], weight, rhythm.slot, guess, costs)
    block = guess + _way(guess, costs) - _REACH
    phase = _phase(block - guess + _REACH, block, costs, rhythm.packet)
    block %= TURN
    yaw = yaw * UNIT
    track.pose[:, 5] = yaw + yaw**3 / 12  # of a Cayley vector
    last = (np.arange(len(block)) - phase) % rhythm.packet == rhythm.packet - 1
    advance = np.array([expected_advance(block, i, ends) for i, ends in enumerate(last.tolist())])
    # across a gap nobody knows
    advance[(advance < _SLOWEST) | (advance > _FASTEST)] = STEP
    return block, advance, phase


def _headings(column: np.ndarray, weight: np.ndarray, late: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Headings (F,) of firings in columns, not whole, from those of points (F, R) and their weights, and which are
    seen.

    A point fired `late` (R,) in a firing has the heading less as much of the step to the next firing: least squares
    over all firings, whose steps are nearly the same.
    """
    usual = column + _USUAL * late
    seen = weight.max(axis=1) > 0
    best = usual[np.arange(len(usual)), weight.argmax(axis=1)]
    line = _followed(best, seen)
    linked = np.append(np.diff(line) > -1.5 * _USUAL, False)
    away = usual - line[:, None]
    away -= TURN * np.rint(away / TURN)
    for _ in range(_CLIPPED):
        band, right = np.zeros((len(line), 2)), np.zeros(len(line))
        _sum_headings(away, weight, late, linked, band, right)
        solve_banded(band, right)
        after = np.where(linked, np.append(right[1:], 0.0), right)
        miss = away - right[:, None] + (right - after)[:, None] * late
        weight = np.where(miss * miss * weight > _CAP, 0.0, weight)
    return line + right, seen


def _followed(best: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Where firings (F,) would be if they turned evenly, and gaps were so many firings; not wrapped."""
    known = np.flatnonzero(seen)
    turned = (best[known[:-1]] - best[known[1:]]) % TURN
    steps = np.maximum(np.rint(turned / _USUAL), 1.0)
    steps[turned > TURN - 10 * _USUAL] = 1.0
    gone = np.concatenate([[0.0], np.cumsum(np.maximum(steps, np.diff(known)))])
    whole = np.interp(np.arange(len(best)), known, gone)
    return best[known[0]] - _USUAL * (whole - whole[known[0]])


@kernel
def _sum_headings(away, weight, late, linked, band, right):
    """Normal equations of headings beside an even turn; `band` (F, 2), `right` (F,)."""
    for i in range(away.shape[0]):
        link = 1.0 if linked[i] else 0.0
        band[i, 0] += 1e-6
        for j in range(away.shape[1]):
            w = weight[i, j]
            if w == 0.0:
                continue
            v = link * late[j]
            u = 1.0 - v
            band[i, 0] += w * u * u
            right[i] += w * u * away[i, j]
            if linked[i]:
                band[i + 1, 1] += w * u * v
                band[i + 1, 0] += w * v * v
                right[i + 1] += w * v * away[i, j]
        if linked[i]:
            firm = 1.0 / (_UNEVEN * _UNEVEN)
            band[i, 0] += firm
            band[i + 1, 0] += firm
            band[i + 1, 1] -= firm


@kernel
def _cost_columns(column, weight, slot, guess, costs):
    """Fill costs (F, A, D): how badly columns (F, R) of points fit each heading about the guess (F,), and each step."""
    for i in range(column.shape[0]):
        for a in range(costs.shape[1]):
            for d in range(costs.shape[2]):
                total = 0.0
                step = _SLOWEST + d
                for j in range(column.shape[1]):
                    if weight[i, j] > 0.0:
                        ruled = guess[i] + a - _REACH - (2 * step * slot[j] + 40) // 80
                        x = column[i, j] - np.float64(ruled)
                        x -= TURN * np.rint(x / TURN)
                        total += min(x * x * weight[i, j], _CAP)
                costs[i, a, d] = total


def _way(guess: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Which of the tried headings (F,) cost least together: the step to the next firing is that to its heading."""
    count, tried, steps = costs.shape
    choice = np.zeros((count, tried), np.int64)
    total = costs[-1].min(axis=1)
    number = np.arange(tried)
    for i in range(count - 2, -1, -1):
        step = guess[i] - guess[i + 1] + number[:, None] - number[None, :]
        place = step - _SLOWEST
        inside = (place >= 0) & (place < steps)
        own = np.take_along_axis(costs[i], np.clip(place, 0, steps - 1), axis=1)
        own = np.where(inside, own + ((step - _USUAL) / _UNEVEN) ** 2, costs[i].min(axis=1)[:, None] + _DEAR)
        ways = own + total
        choice[i] = ways.argmin(axis=1)
        total = ways.min(axis=1)
    found = np.empty(count, np.int64)
    found[0] = total.argmin()
    for i in range(count - 1):
        found[i + 1] = choice[i, found[i]]
    return found


def _phase(found: np.ndarray, block: np.ndarray, costs: np.ndarray, packet: int) -> int:
    """The first firing that starts a packet: the one before goes on as the one before that did."""
    step = np.clip(np.append(block[:-1] - block[1:], STEP) - _SLOWEST, 0, costs.shape[2] - 1)
    i = np.arange(len(block))
    gain = costs[i, found, step] - costs[i, found, np.concatenate([step[:1], step[:-1]])]
    return int((np.bincount(i % packet, gain, packet).argmax() + 1) % packet)
