"""A frame far away, and poses of a vehicle in it by a law (docs/format/sweep.md, stages 29 and 30)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, integer
from second_reader.sweep.arithmetic import wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.tracks import posed, product, quaternion
from second_reader.sweep.trig import sincos


class Far(NamedTuple):
    """Axes of the far frame in the sensor's reference frame and in the stored one; which of them were rounded."""

    base: np.ndarray
    axes: list[list[float]]
    offset: list[float]
    rounded: list[int]
    sigma: list[float]
    origin: list[float]
    blur: float


def far_frame(head: Bytes, returns: Returns) -> None:
    """Stage 29."""
    flags, powers = head.u8(), np.array(list(head.take(6)))
    base = quaternion(*head.numbers("4d"))
    rounded = [flags >> k & 1 for k in range(3)]
    offset = [head.numbers("d")[0] if each else 0.0 for each in rounded]
    sigma = np.ldexp(np.where(powers % 2 == 1, 0.7071067811865476, 1.0), -(powers // 2)).tolist()
    axes, origin, blur = base.tolist(), [-0.0] * 3, 0.002
    if flags & 8:
        numbers = head.numbers("12d")
        back = [[numbers[3 * q + p] for q in range(3)] for p in range(3)]
        axes, origin, blur = product(axes, back), list(numbers[9:]), 0.4
    returns.far = Far(base, axes, offset, rounded, sigma, origin, blur)


class _Law:
    """The numbers of a law, as they come."""

    def __init__(self, stream: Stream, firings: int, packets: int, fast: int, slow: int):
        self.stream, self.counters = stream, Counters()
        start = -int(firings * 46.16 / 2.0**-6)
        self.steps = [self._number(0, 554) for _ in range(packets)]
        self.fast_times, self.fast = self._track(1, fast, 2, start)
        self.slow_times, self.slow = self._track(8, slow, 3, start)
        self.fixed = [self._number(18, 0) for _ in range(4)]
        both = [(self._number(19, 0), self._number(20, 0)) for _ in range(6)]
        self.step, self.rate = [each[0] for each in both], [each[1] for each in both]

    def _number(self, context: int, expected: int) -> int:
        return expected + integer(self.stream, self.counters, context, 250)

    def _track(self, base: int, count: int, width: int, end: int) -> tuple[list[int], list[list[int]]]:
        times, knots, before = [], [], end
        for _ in range(count - 2):
            before = self._number(base, before + 640000)
            times.append(before)
        for k in range(count):
            row = []
            for c in range(width):
                expected = 0
                if k == 1:
                    expected = knots[0][c]
                elif k > 1:
                    t0 = float(times[k - 3] if k > 2 else end)
                    t1, t2 = float(times[k - 2]), float(times[k - 1]) if k - 1 < len(times) else 0.0
                    slope = float(knots[k - 1][c] - knots[k - 2][c]) / max(t1 - t0, 1.0)
                    expected = knots[k - 1][c] + round(min(max(slope * (t2 - t1), -1e15), 1e15))
                row.append(self._number(base + 1 + 3 * c + min(k, 2), expected))
            knots.append(row)
        return times, knots


def pose_law(head: Bytes, returns: Returns) -> None:
    """Stage 30."""
    fast, slow = head.varints(2)
    firings, rhythm, phase = returns.firings, returns.rhythm, returns.phase
    number, place = np.divmod(np.arange(firings) - phase, rhythm.packet)
    number = number - number[0]
    law = ans.decode(head.rest(), _Law, firings, int(number[-1]), fast, slow)
    start = np.cumsum([0, *law.steps])[number]
    times = (start - start[-1]) + (place - place[-1]) * rhythm.period
    begin = min(phase or rhythm.packet, firings - 1)
    ends = times[begin], times[-1]
    roll, pitch = _along(times, ends, law.fast_times, law.fast, [-35, -35])
    x, y, yaw = _along(times, ends, law.slow_times, law.slow, [-26, -26, -32])
    fixed = np.array(law.fixed) * 2.0**-31
    quanta = np.ldexp(1.0, [-22, -22, -27, -31, -31, -28])
    step, rate = np.array(law.step) * quanta, np.array(law.rate) * (quanta / 256)
    pose = [x, y, np.full(firings, fixed[0]), roll, pitch, yaw]
    since = times[:begin] - times[begin]
    for k, values in enumerate(pose):
        values[:begin] += step[k] + since * rate[k]
    m = _euler(*pose[3:])
    rotation, shift = np.empty((firings, 3, 3)), np.empty((firings, 3))
    for p in range(3):
        rotation[:, p, 0], rotation[:, p, 1], rotation[:, p, 2] = -m[p][1], m[p][0], m[p][2]
        shift[:, p] = m[p][0] * fixed[1] + m[p][1] * fixed[2] + m[p][2] * fixed[3] + pose[p]
    returns.points = posed(returns.points, returns.firing, rotation, shift)


def _along(times: np.ndarray, ends: tuple, inner: list[int], knots: list[list[int]], powers: list[int]) -> list:
    at = np.concatenate([ends[:1], np.array(inner) * 2.0**-6, ends[1:]])
    demand(bool((np.diff(at) > 0).all()), "knots of a law do not ascend")
    values = wide(np.array(knots)) * np.ldexp(1.0, powers)
    k = np.clip(np.searchsorted(at, times, "right") - 1, 0, len(at) - 2)
    part = (times - at[k]) / (at[k + 1] - at[k])
    return [values[k, c] + part * (values[k + 1, c] - values[k, c]) for c in range(len(powers))]


def _euler(roll: np.ndarray, pitch: np.ndarray, yaw: np.ndarray) -> list[list[np.ndarray]]:
    (sr, cr), (sp, cp), (sy, cy) = sincos(roll), sincos(pitch), sincos(yaw)
    return [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
