"""The pose law: a vehicle whose pose was interpolated between knots moves each firing as a whole.

A packet starts on a whole microsecond, usually 554 after the one before, sometimes 553; its firings follow 553 / 12 us
apart. The vehicle's x, y and yaw are linear in time between knots, roll and pitch between knots of their own (another
clock), its height is constant; the sensor sits at a fixed place of the vehicle:

    M = Rz(yaw) Ry(pitch) Rx(roll) B,   T = (x, y, z) + Rz Ry Rx lever

where B turns the sensor's axes (right, forward, up) to the vehicle's (forward, left, up). The first packet of a sweep,
mostly partial, can lie off that track: by a step, and by a rate from there. First and last knots stand at the first
firing of the second packet and at the last firing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.exact.rotation import euler
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.packing import Unpacker, pack_varints
from lizip.sensor.stages.pose import posed

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns
    from lizip.sensor.stages.profile import Rhythm

TIME_QUANTUM = 2.0**-6
"""us"""
FAST_QUANTA = np.ldexp(1.0, [-35, -35])
"""Of a roll and pitch knot, rad."""
SLOW_QUANTA = np.ldexp(1.0, [-26, -26, -32])
"""Of an x, y, yaw knot, m and rad."""
FIXED_QUANTA = np.ldexp(1.0, [-31, -31, -31, -31])
"""Of height and lever (forward, left, up), m: they add up in the sensor's height."""
STEP_QUANTA = np.ldexp(1.0, [-22, -22, -27, -31, -31, -28])
"""Of the first packet's step in x, y, z, roll, pitch, yaw."""
RATE_QUANTA = STEP_QUANTA / 256
"""Of its rates, a us."""
USUAL_STEP = 554
"""us from packet to packet."""

_MOST_KNOTS = 4096
_LARGEST = 1 << 52
_LONGEST_STEP = 1 << 24


@dataclass
class Law:
    """The numbers of the law in units of their quanta, int64.

    Attributes
    ----------
    steps : (P - 1,)
        us from packet to packet.
    fast_times, fast : (A - 2,), (A, 2)
        Knots of roll and pitch; times of the inner ones, from the last firing.
    slow_times, slow : (B - 2,), (B, 3)
        Knots of x, y and yaw.
    fixed : (4,)
        Height, lever.
    step, rate : (6,)
        How far the first packet lies off the track where the second starts, and how fast it moves against it.
    """

    steps: np.ndarray
    fast_times: np.ndarray
    fast: np.ndarray
    slow_times: np.ndarray
    slow: np.ndarray
    fixed: np.ndarray
    step: np.ndarray
    rate: np.ndarray

    def copy(self) -> Law:
        """Copy all arrays."""
        return Law(**{name: value.copy() for name, value in vars(self).items()})


def packets(firings: int, phase: int, packet: int) -> tuple[np.ndarray, np.ndarray]:
    """Packet (from 0) and place in it of each firing, (F,) int64 each; firing `phase` starts a packet."""
    firing = np.arange(firings) - phase
    number = firing // packet
    return number - number[0], firing % packet


def second_packet(firings: int, phase: int, packet: int) -> int:
    """First firing of the second packet, which is where the track begins: 1 to packet, but the last firing at most."""
    return min(phase or packet, firings - 1)


def firing_times(steps: np.ndarray, firings: int, phase: int, packet: int, period: float) -> np.ndarray:
    """Time of each firing (F,) float64, us, from the last firing; `steps` (P - 1,) int64 us between packets."""
    number, place = packets(firings, phase, packet)
    start = np.concatenate([[0], np.cumsum(steps)])[number]
    times = (start - start[-1]) + (place - place[-1]) * period
    return times


@kernel
def _locate(times, t):
    """Interval of ascending knot times (K,) that holds t (or the nearest one)."""
    k = np.int64(0)
    while k < times.size - 2 and t >= times[k + 1]:
        k += 1
    return k


@kernel
def evaluate(times, begin, fast_times, fast, slow_times, slow, fixed, apart, scratch, rotation, shift):
    """Fill rotation (F, 3, 3) and shift (F, 3) from the law's numbers in m, rad, us; `begin`: where the track begins.

    `fast_times` (A,), `fast` (A, 2), `slow_times` (B,), `slow` (B, 3), `fixed` (4,), `apart` (2, 6): step and rate of
    the first packet, `scratch` (3, 3).
    """
    for i in range(times.size):
        k = _locate(fast_times, times[i])
        part = (times[i] - fast_times[k]) / (fast_times[k + 1] - fast_times[k])
        roll = fast[k, 0] + part * (fast[k + 1, 0] - fast[k, 0])
        pitch = fast[k, 1] + part * (fast[k + 1, 1] - fast[k, 1])
        k = _locate(slow_times, times[i])
        part = (times[i] - slow_times[k]) / (slow_times[k + 1] - slow_times[k])
        x = slow[k, 0] + part * (slow[k + 1, 0] - slow[k, 0])
        y = slow[k, 1] + part * (slow[k + 1, 1] - slow[k, 1])
        yaw = slow[k, 2] + part * (slow[k + 1, 2] - slow[k, 2])
        z = fixed[0]
        if i < begin:
            since = times[i] - times[begin]
            x += apart[0, 0] + since * apart[1, 0]
            y += apart[0, 1] + since * apart[1, 1]
            z += apart[0, 2] + since * apart[1, 2]
            roll += apart[0, 3] + since * apart[1, 3]
            pitch += apart[0, 4] + since * apart[1, 4]
            yaw += apart[0, 5] + since * apart[1, 5]
        euler(roll, pitch, yaw, scratch)
        for p in range(3):
            # sensor x = right = -left, y = forward, z = up
            rotation[i, p, 0] = -scratch[p, 1]
            rotation[i, p, 1] = scratch[p, 0]
            rotation[i, p, 2] = scratch[p, 2]
            shift[i, p] = scratch[p, 0] * fixed[1] + scratch[p, 1] * fixed[2] + scratch[p, 2] * fixed[3]
        shift[i, 0] += x
        shift[i, 1] += y
        shift[i, 2] += z


def law_poses(law: Law, firings: int, phase: int, packet: int, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (F, 3, 3) and shifts (F, 3) of a law; raises CorruptError when its knots do not ascend in time."""
    times = firing_times(law.steps, firings, phase, packet, period)
    rotation, shift = np.empty((firings, 3, 3)), np.empty((firings, 3))
    begin = second_packet(firings, phase, packet)
    ends = [times[begin]], [times[-1]]
    fast_times = np.concatenate([ends[0], law.fast_times * TIME_QUANTUM, ends[1]])
    slow_times = np.concatenate([ends[0], law.slow_times * TIME_QUANTUM, ends[1]])
    if (np.diff(fast_times) <= 0).any() or (np.diff(slow_times) <= 0).any():
        raise CorruptError("knots of the pose law do not ascend")
    evaluate(
        times,
        begin,
        fast_times,
        law.fast * FAST_QUANTA,
        slow_times,
        law.slow * SLOW_QUANTA,
        law.fixed * FIXED_QUANTA,
        np.stack([law.step * STEP_QUANTA, law.rate * RATE_QUANTA]),
        np.empty((3, 3)),
        rotation,
        shift,
    )
    return rotation, shift


@kernel
def _code_number(coder, counters, context, expected, value):
    expected = min(max(expected, -_LARGEST), _LARGEST)
    found = expected + code_integer(coder, counters, context * INTEGER_NODES, 250, value - expected)
    return min(max(found, -_LARGEST), _LARGEST)


@kernel
def _code_track(coder, counters, base, times, knots, end):
    """Code inner knot times (K - 2,) and knots (K, C): each knot as its departure from the line through the two before.

    The line's slope is taken in float64 from integers, in the same order on both sides.
    """
    before = np.int64(end)
    for k in range(times.size):
        times[k] = _code_number(coder, counters, base, before + 640000, times[k])
        before = times[k]
    for k in range(knots.shape[0]):
        for c in range(knots.shape[1]):
            expected = np.int64(0)
            if k == 1:
                expected = knots[0, c]
            elif k > 1:
                t0 = np.float64(times[k - 3] if k > 2 else end)
                t1 = np.float64(times[k - 2])
                t2 = np.float64(times[k - 1]) if k - 1 < times.size else 0.0
                slope = np.float64(knots[k - 1, c] - knots[k - 2, c]) / max(t1 - t0, 1.0)
                change = min(max(slope * (t2 - t1), -1e15), 1e15)
                expected = knots[k - 1, c] + np.int64(np.rint(change))
            context = base + 1 + 3 * c + min(k, 2)
            knots[k, c] = _code_number(coder, counters, context, expected, knots[k, c])


@kernel
def _code_law(coder, counters, start, steps, fast_times, fast, slow_times, slow, fixed, step, rate):
    for k in range(steps.size):
        steps[k] = _code_number(coder, counters, 0, np.int64(USUAL_STEP), steps[k])
    _code_track(coder, counters, 1, fast_times, fast, start)
    _code_track(coder, counters, 8, slow_times, slow, start)
    for k in range(4):
        fixed[k] = _code_number(coder, counters, 18, np.int64(0), fixed[k])
    for k in range(6):
        step[k] = _code_number(coder, counters, 19, np.int64(0), step[k])
        rate[k] = _code_number(coder, counters, 20, np.int64(0), rate[k])


_CONTEXTS = 21


def _start(firings: int) -> int:
    """Rough time of the first firing, in time quanta: where the first knot's gap is counted from."""
    return -int(firings * 46.16 / TIME_QUANTUM)


def encode_law(law: Law, firings: int) -> bytes:
    """Code a law: numbers of knots, then the numbers."""
    arrays = law.copy()
    return pack_varints([len(law.fast), len(law.slow)]) + encode_stream(
        _code_law, fresh_counters(_CONTEXTS * INTEGER_NODES), _start(firings), *vars(arrays).values()
    )


def decode_law(data: bytes, firings: int, phase: int, packet: int) -> Law:
    """Read a law; raises CorruptError."""
    unpacker = Unpacker(data)
    fast, slow = unpacker.varint(), unpacker.varint()
    if not (2 <= fast <= _MOST_KNOTS and 2 <= slow <= _MOST_KNOTS) or firings < 2:
        raise CorruptError("impossible pose law")
    count = int(packets(firings, phase, packet)[0][-1])
    shapes = (count,), (fast - 2,), (fast, 2), (slow - 2,), (slow, 3), (4,), (6,), (6,)
    law = Law(*(np.zeros(shape, np.int64) for shape in shapes))
    coded, counters = unpacker.take(unpacker.remaining), fresh_counters(_CONTEXTS * INTEGER_NODES)
    decode_stream(coded, _code_law, counters, _start(firings), *vars(law).values())
    if ((law.steps <= 0) | (law.steps > _LONGEST_STEP)).any():
        raise CorruptError("impossible packet times")
    return law


@dataclass(frozen=True)
class PoseLaw(Packed):
    """A law, coded given the number of firings and where packets begin."""

    body: bytes = rest()

    @classmethod
    def of(cls, law: Law, firings: int) -> PoseLaw:
        """Code a law."""
        return cls(encode_law(law, firings))

    def poses(self, rhythm: Rhythm, firings: int, phase: int) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (F, 3, 3) and shifts (F, 3) of the firings; raises CorruptError."""
        law = decode_law(self.body, firings, phase, rhythm.packet)
        return law_poses(law, firings, phase, rhythm.packet, rhythm.period)

    def apply(self, returns: Returns) -> None:
        """Move the points to the far frame."""
        returns.need("rhythm", "points", "firing")
        poses = self.poses(returns.rhythm, returns.firings, returns.phase)
        returns.points = posed(returns.points, returns.firing, *poses)
