"""A pose law of few digits, as the near-lossless mode writes it; found again, it is the law to the bit. Encoder only.

A fit is known to a few billionths of a metre and radian, which leaves one point in a hundred on the wrong side of a
rounding. Numbers that are multiples of a thousand times that are found exactly: by rounding what was fitted. What tells
itself worst goes first, the lever, then when knots are; the rest is fitted again, which then tells better.

The less a track bends at a knot, the less tells when it does, and the less that matters: its time is the coarser.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.exact.trig import TURN
from lizip.sensor.fit.motion.adjust import LEVER_HELD, TIMES_HELD, adjust
from lizip.sensor.fit.motion.law_track import Normals, Track
from lizip.sensor.stages.pose_law import FAST_QUANTA, FIXED_QUANTA, SLOW_QUANTA, TIME_QUANTUM, Law

_FAST, _SLOW = np.ldexp(1.0, [-24, -24]), np.ldexp([1.0, 1.0, TURN / 4], [-16, -16, -24])
_FIXED = np.ldexp(1.0, [-16, -8, -8, -8])
"""What numbers of a coarse law are multiples of: roll and pitch; x, y, yaw; height and lever, m and rad.

A far frame found again may be turned by quarters, and the vehicle's yaw with it: which are multiples, too.
"""
_ARM = 50.0
"""Metres at which a turn counts as much as a shift."""
_ARMS = np.array([1.0, 1.0, _ARM])
_OFF = 2e-5
"""Metres by which a point may be off for a knot's time."""
_SURE = 1.5
"""So much finer are times rounded when they are found again: kinks are not quite what they were. Not more: the finer,
the less may a fit be off."""
_PART = 8
"""A knot's time is a multiple of such a part of the gap beside it at most."""
_ROUNDS = 3


def coarse_law(law: Law, begin: float) -> Law:
    """The coarse law next to another, whose track begins at a time (us): a point moves by a few hundredths of a
    millimetre at most."""
    fixed, slow = _levered(law.fixed * FIXED_QUANTA, law.slow * SLOW_QUANTA)
    fast = law.fast * FAST_QUANTA
    fast_times, slow_times = (
        np.concatenate([[begin], times * TIME_QUANTUM, [0.0]]) for times in (law.fast_times, law.slow_times)
    )
    fast_times, fast = _slid(*_straightened(fast_times, fast, _ARM), _ARM)
    slow_times, slow = _slid(*_straightened(slow_times, slow, _ARMS), _ARMS)

    def whole(values: np.ndarray, quanta: np.ndarray | float) -> np.ndarray:
        return np.rint(values / quanta).astype(np.int64)

    return replace(
        law,
        fast_times=whole(fast_times[1:-1], TIME_QUANTUM),
        fast=whole(_near(fast, _FAST), FAST_QUANTA),
        slow_times=whole(slow_times[1:-1], TIME_QUANTUM),
        slow=whole(_near(slow, _SLOW), SLOW_QUANTA),
        fixed=whole(fixed, FIXED_QUANTA),
    )


def coarse_track(track: Track, normals: Normals) -> Track:
    """The coarse track near a fitted one, whose `normals` say how it may move."""
    fixed, slow = _levered(track.fixed, track.slow)
    track, _ = adjust(replace(track, fixed=fixed, slow=slow), normals, _ROUNDS, track.begin, LEVER_HELD)
    fast_times, fast = _slid(track.fast_times, track.fast, _ARM, _SURE)
    slow_times, slow = _slid(track.slow_times, track.slow, _ARMS, _SURE)
    track = replace(track, fast_times=fast_times, fast=fast, slow_times=slow_times, slow=slow)
    track, _ = adjust(track, normals, _ROUNDS, track.begin, TIMES_HELD)
    return replace(track, fast=_near(track.fast, _FAST), slow=_near(track.slow, _SLOW))


def _near(values: np.ndarray, coarse: np.ndarray | float) -> np.ndarray:
    return np.rint(values / coarse) * coarse


def _levered(fixed: np.ndarray, slow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height and a coarse lever (4,) in place of another, and knots (B, 3) of x, y and yaw that go with it."""
    coarse, slow = _near(fixed, _FIXED), slow.copy()
    forward, left, up = fixed[1:] - coarse[1:]
    sine, cosine = np.sin(slow[:, 2]), np.cos(slow[:, 2])
    slow[:, 0] += cosine * forward - sine * left
    slow[:, 1] += sine * forward + cosine * left
    coarse[0] = _near(fixed[0] + up, float(_FIXED[0]))
    return coarse, slow


def _kinks(times: np.ndarray, values: np.ndarray, arms: np.ndarray | float) -> np.ndarray:
    """By how much inner knots (K - 2,) bend a track, m / us."""
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    return np.sqrt(((np.diff(slopes, axis=0) * arms) ** 2).sum(axis=1))


def _straightened(times: np.ndarray, values: np.ndarray, arms: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Knots (K,) and their values (K, C) without those that hardly bend the track: nobody would find them again."""
    while len(times) > 2:
        gaps = np.diff(times)
        away = _kinks(times, values, arms) / (1 / gaps[1:] + 1 / gaps[:-1])
        if away.min() > _OFF:
            break
        times, values = (np.delete(each, int(away.argmin()) + 1, axis=0) for each in (times, values))
    return times, values


def _slid(
    times: np.ndarray, values: np.ndarray, arms: np.ndarray | float, sure: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Knots at coarse times (K,), and their values (K, C) there."""
    gaps = np.diff(times)
    slopes = np.diff(values, axis=0) / gaps[:, None]
    bent = _OFF / np.maximum(_kinks(times, values, arms), 1e-30)
    most = np.minimum(np.minimum(gaps[1:], gaps[:-1]) / _PART, bent) / sure
    coarse = np.ldexp(1.0, np.maximum(np.floor(np.log2(most)), 0.0).astype(np.int64))
    moved, values = times.copy(), values.copy()
    moved[1:-1] = _near(times[1:-1], coarse)
    values[1:-1] += 0.5 * (slopes[1:] + slopes[:-1]) * (moved - times)[1:-1, None]
    return moved, values
