"""What Gauss-Newton cannot move: in which packets a microsecond is missing, how many knots there are. Encoder only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.exact.linear import invert_definite, multiply, solve_definite, solve_each
from lizip.jit import kernel
from lizip.sensor.fit.motion.adjust import adjust, free_parameters
from lizip.sensor.fit.motion.equations import assemble, cost_of, directions
from lizip.sensor.fit.motion.law_track import Normals, Track
from lizip.sensor.stages.pose_law import USUAL_STEP, firing_times, packets

_PERIOD = 25
"""A step of 553 instead of 554 us comes every 25 packets, sometimes 24 or 26."""
_TEST_STEP = 300.0
_CLEAR = 350.0
"""Where further knots are tried, us apart, and how far from others."""
_OLD_NEWS = 1e-7
_FAST, _SLOW = slice(0, 2), slice(2, 5)


def _inverse(track: Track, normals: Normals, begin: int) -> tuple[np.ndarray, np.ndarray]:
    """Inverse (P, P) of the track's normal matrix, zero for held parameters, and its gradient (P,)."""
    _, hessian, gradient = assemble(track, normals, begin)
    free = free_parameters(track)
    part = hessian[np.ix_(free, free)]
    scale = 1 / (np.sqrt(np.diag(part)) + 1e-12)
    part = invert_definite(part * scale[:, None] * scale + 1e-9 * np.eye(len(part))) * scale[:, None] * scale
    inverse = np.zeros_like(hessian)
    inverse[np.ix_(free, free)] = part
    return inverse, gradient


@kernel
def _gain_of_steps(short, current, linear, quadratic, change):
    """What is saved when some steps `short` (S,), ascending, are a microsecond shorter; `change` (P,) is scratch."""
    k = np.int64(0)
    for i in range(change.size):
        while k < short.size and short[k] < i:
            k += 1
        # times count from the last packet's
        change[i] = np.float64(short.size - k) - current[i]
    total = 0.0
    for i in range(change.size):
        pulled = 0.0
        for j in range(change.size):
            pulled += quadratic[i, j] * change[j]
        total += change[i] * (2.0 * linear[i] - pulled)
    return total


def find_steps(track: Track, normals: Normals, phase: int, packet: int, period: float) -> np.ndarray:
    """Find the whole-microsecond steps (P - 1,) between packets that explain the poses best.

    Each packet's time is a parameter of its own in the normal equations, all others eliminated; then every pattern of
    short steps costs one quadratic form.
    """
    firings = len(track.times)
    number, _ = packets(firings, phase, packet)
    inverse, gradient = _inverse(track, normals, track.begin)
    cross, own, push = directions(track, normals, track.begin)
    starts = np.searchsorted(number, np.arange(number[-1] + 1))
    push, own, cross = (np.add.reduceat(value, starts) for value in (push[:, 5], own[:, 5, 5], cross[:, 5]))
    pulled = multiply(cross, inverse)
    quadratic = np.diag(own) - multiply(pulled, cross.T)
    linear = push - multiply(pulled, gradient[:, None])[:, 0]
    usual = firing_times(np.full(number[-1], USUAL_STEP), firings, phase, packet, period)
    current = (track.times - usual)[starts]
    count = int(number[-1])

    change = np.empty(count + 1)

    def gain(short: np.ndarray) -> float:
        return _gain_of_steps(short, current, linear, quadratic, change)

    patterns = [np.arange(first, count, spacing) for first in range(_PERIOD) for spacing in (_PERIOD, _PERIOD + 1)]
    best = max(patterns, key=gain)
    for _ in range(2):
        for k in range(len(best)):
            for away in (-2, -1, 1, 2):
                other = best.copy()
                other[k] = min(max(other[k] + away, 0), count - 1)
                if (np.diff(other) > 0).all() and gain(other) > gain(best) + 1:
                    best = other
    steps = np.full(count, USUAL_STEP, np.int64)
    steps[best] = USUAL_STEP - 1
    return steps


@kernel
def _add_ramps(value, times, first, at, power, sums, total):
    """Fill sums (A, W), see `_ramp_sums`; `first` and `at` (A,) ascend, `total` (3, W) is scratch."""
    width = value.shape[1]
    for p in range(3):
        for q in range(width):
            total[p, q] = 0.0
    k = at.size - 1
    plain, timed, squared = total[0], total[1], total[2]
    for i in range(value.shape[0] - 1, -1, -1):
        row = value[i]
        time = times[i]
        for q in range(width):
            here = row[q] * time
            plain[q] += row[q]
            timed[q] += here
            squared[q] += here * time
        while k >= 0 and first[k] == i:
            for q in range(width):
                ramp = timed[q] - at[k] * plain[q]
                sums[k, q] = ramp if power == 1 else squared[q] - at[k] * timed[q] - at[k] * ramp
            k -= 1


def _ramp_sums(value: np.ndarray, times: np.ndarray, first: np.ndarray, at: np.ndarray, power: int) -> np.ndarray:
    """Sums of value * max(0, times - at)**power for each `at`, power 1 or 2, of which `first` is the first firing."""
    flat = np.ascontiguousarray(value).reshape(len(value), -1)
    sums = np.empty((len(at), flat.shape[1]))
    _add_ramps(flat, times, first, at, power, sums, np.empty((3, flat.shape[1])))
    return sums.reshape(len(at), *value.shape[1:])


def _knot_gains(track: Track, normals: Normals, begin: int) -> list[tuple[float, float, bool]]:
    """What further knots would save, to first order: (weighted squares, time, whether slow) for each place tried."""
    inverse, gradient = _inverse(track, normals, begin)
    cross, own, push = directions(track, normals, begin)
    scaled = track.times * 1e-4
    options = []
    for slow, part in ((False, _FAST), (True, _SLOW)):
        at = np.arange(track.times[begin] + 500.0, -300.0, _TEST_STEP)
        knots = track.slow_times if slow else track.fast_times
        at = at[np.abs(at[:, None] - knots).min(axis=1) > _CLEAR]
        if len(at) == 0:
            continue
        first = np.searchsorted(track.times, at)
        at = at * 1e-4
        ramped = _ramp_sums(cross[:, part], scaled, first, at, 1)
        pulled = multiply(ramped, inverse)
        right = _ramp_sums(push[:, part], scaled, first, at, 1) - multiply(pulled, gradient[:, None])[:, :, 0]
        alone = _ramp_sums(own[:, part, part], scaled, first, at, 2)
        square = alone - (pulled[:, :, None, :] * ramped[:, None, :, :]).sum(axis=3)
        k = np.arange(square.shape[1])
        square[:, k, k] = square[:, k, k] * (1 + 1e-5) + 1e-9
        # where the track can do the same already, there is nothing to gain
        new = (square[:, k, k] > _OLD_NEWS * alone[:, k, k]).all(axis=1)
        gains = np.zeros(len(at))
        gains[new] = (right[new] * solve_each(square[new], right[new])).sum(axis=1)
        options += [(float(gain), float(time * 1e4), slow) for gain, time in zip(gains, at, strict=True)]
    return options


def _with_knot(track: Track, time: float, slow: bool) -> Track:
    times, values = (track.slow_times, track.slow) if slow else (track.fast_times, track.fast)
    k = int(np.searchsorted(times, time))
    part = (time - times[k - 1]) / (times[k] - times[k - 1])
    new = values[k - 1] + part * (values[k] - values[k - 1])
    times, values = np.insert(times, k, time), np.insert(values, k, new, axis=0)
    return replace(track, slow_times=times, slow=values) if slow else replace(track, fast_times=times, fast=values)


def _without_knot(track: Track, k: int, slow: bool) -> Track:
    if slow:
        return replace(track, slow_times=np.delete(track.slow_times, k), slow=np.delete(track.slow, k, axis=0))
    return replace(track, fast_times=np.delete(track.fast_times, k), fast=np.delete(track.fast, k, axis=0))


def add_knots(track: Track, normals: Normals, begin: int, prices: tuple[float, float], rounds: int) -> Track:
    """Add knots, the best of either kind a round, while they save their price (fast, slow) in weighted squares."""
    cost = cost_of(track, normals, begin)
    for _ in range(rounds):
        options = [(gain - prices[slow], time, slow) for gain, time, slow in _knot_gains(track, normals, begin)]
        chosen = [max(o for o in options if o[2] == kind) for kind in {o[2] for o in options}]
        chosen = [option for option in chosen if option[0] > 0]
        if not chosen:
            break
        better = track
        for _, time, slow in chosen:
            better = _with_knot(better, time, slow)
        better, new_cost = adjust(better, normals, 5, begin)
        if new_cost > cost - min(prices):
            break
        track, cost = better, new_cost
    return track


def _worth(track: Track, inverse: np.ndarray, k: int, slow: bool) -> float:
    """Weighted squares that an inner knot saves, to first order: what forcing its kink to zero would cost."""
    times, values = (track.slow_times, track.slow) if slow else (track.fast_times, track.fast)
    a, b = len(track.fast), len(track.slow)
    wide = values.shape[1]
    first = 4 + 3 * a + b if slow else 4 + a
    part = (times[k] - times[k - 1]) / (times[k + 1] - times[k - 1])
    constraint = np.zeros((wide, track.size))
    for c in range(wide):
        constraint[c, first + wide * k + c] = 1.0
        constraint[c, first + wide * (k - 1) + c] = part - 1.0
        constraint[c, first + wide * (k + 1) + c] = -part
    kink = values[k] - (1 - part) * values[k - 1] - part * values[k + 1]
    spread = multiply(multiply(constraint, inverse), constraint.T)
    spread[np.diag_indices(wide)] *= 1 + 1e-9
    return float((kink * solve_definite(spread, kink)).sum())


_Option = tuple[float, int, bool]
"""Worth of an inner knot less its price, its index, whether it is a slow one."""


def _least_useful(
    track: Track, inverse: np.ndarray, prices: tuple[float, float], kept: set[tuple[float, bool]]
) -> list[_Option]:
    """Inner knots that seem not to save their price, the least useful first."""
    options = [
        (_worth(track, inverse, k, slow) - prices[slow], k, slow)
        for slow, times in ((False, track.fast_times), (True, track.slow_times))
        for k in range(1, len(times) - 1)
        if (round(times[k], 1), slow) not in kept
    ]
    return sorted(option for option in options if option[0] <= 0)


def _apart(options: list[_Option]) -> list[_Option]:
    """Of some knots, the first ones of which no two are neighbours."""
    chosen: list[_Option] = []
    for option in options:
        if all(option[2] != other[2] or abs(option[1] - other[1]) > 1 for other in chosen):
            chosen.append(option)
    return chosen


def drop_knots(track: Track, normals: Normals, begin: int, prices: tuple[float, float], rounds: int) -> Track:
    """Drop inner knots that do not save their price (fast, slow) in weighted squares.

    All that seem useless and are no neighbours go at once; where that costs too much, the least useful alone.
    """
    cost = cost_of(track, normals, begin)
    kept: set[tuple[float, bool]] = set()
    for _ in range(rounds):
        inverse, _ = _inverse(track, normals, begin)
        options = _apart(_least_useful(track, inverse, prices, kept))
        if not options:
            break
        for chosen in (options, options[:1])[len(options) == 1 :]:
            better = track
            for _, k, slow in sorted(chosen, key=lambda option: -option[1]):
                better = _without_knot(better, k, slow)
            better, new_cost = adjust(better, normals, 3, begin)
            if new_cost < cost + sum(prices[slow] for _, _, slow in chosen):
                track, cost = better, new_cost
                break
        else:
            _, k, slow = options[0]
            kept.add((round((track.slow_times if slow else track.fast_times)[k], 1), slow))
    return track
