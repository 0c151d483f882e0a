"""When packets were sent: first each block's own time, then each packet's, in the end in whole slots. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.sensor.fit.timed.adjust import Free, Step, coordinate_step
from lizip.sensor.fit.timed.law import FIXED, Law
from lizip.sensor.fit.timed.observed import Observed
from lizip.sensor.stages.packet_times import packets_of

_LOOSE = 1000.0
_FLOORS = 3e-5, 1e-5, 4e-6, 2e-6
_TOGETHER = 24
"""Packets in a row of which the usual time from block to block is taken."""
_SPARSE = 4
_TELLS = 6.0
_NOWHERE = np.zeros(FIXED)


def within(seen: Observed, law: Law) -> np.ndarray:
    """Every fourth clear point between the first and the last knot."""
    times = seen.times
    margin = 0.012 * (law.times[-1] - law.times[0])
    inside = seen.clear & (times > law.times[0] + margin) & (times < law.times[-1] - margin)
    return np.flatnonzero(inside)[::_SPARSE]


def _moved(starts: np.ndarray, step: Step, even: float) -> tuple[np.ndarray, Law]:
    """Times (G,) of groups after a step, and its law; those that no point tells go between their neighbours.

    `even` is the usual time from group to group. What all groups are late is taken off, from the knots too.
    """
    told = np.flatnonzero(step.sure < _TELLS * np.median(step.sure))
    number = np.arange(len(starts))
    common = float(np.median(step.late[told]))
    beside = starts + step.late - common - even * number
    return np.interp(number, told, beside[told]) + even * number, step.law._replace(times=step.law.times - common)


def find_packets(seen: Observed, law: Law) -> Law:
    """Find which block begins a packet, from blocks with times of their own; then times of the packets, not yet whole.

    Where the vehicle stands no times show: packets come evenly then.
    """
    which, group, sensor = within(seen, law), np.arange(seen.blocks), seen.sensor
    for floor in _FLOORS:
        step = coordinate_step(
            law, seen.sample(which, group), Free(groups=seen.blocks, loose=_LOOSE), seen.blurred(floor), _NOWHERE
        )
        seen.starts, law = _moved(seen.starts, step, sensor.packet_step / sensor.packet)
    told = step.sure < _TELLS * np.median(step.sure)
    gaps = np.diff(seen.starts)
    told = told[1:] & told[:-1]
    seen.phase = _phase_of(gaps, told, sensor.packet)
    packet, place = packets_of(seen.blocks, seen.phase, sensor.packet)
    early = seen.starts - sensor.slots * place
    begin = np.array([np.median(early[packet == number]) for number in range(packet[-1] + 1)])
    seen.starts = begin[packet] + sensor.slots * place
    return law


def _phase_of(gaps: np.ndarray, told: np.ndarray, size: int) -> int:
    """First block that begins a packet, of times from block to block (B - 1,), some `told`: all other times are alike.

    As yet they may be stretched, by more than packets wobble, for which the vehicle is taken to be slower.
    """
    number = np.arange(len(gaps))
    apart = np.zeros(size)
    for first in range(0, len(gaps), size * _TOGETHER):
        near = told & (number >= first) & (number < first + size * _TOGETHER)
        usual = np.median(gaps[near]) if near.any() else 0.0
        for k in range(size):
            own = gaps[near & (number % size == k)]
            apart[k] += (np.median(own) - usual) ** 2 if len(own) else 0.0
    return (int(np.argmax(apart)) + 1) % size


def time_packets(seen: Observed, law: Law, which: np.ndarray, floor: float, free: Free, centre: np.ndarray) -> Step:
    """One step on the law and the times of all packets, by some points (indices)."""
    packet, place = packets_of(seen.blocks, seen.phase, seen.sensor.packet)
    count = int(packet[-1]) + 1
    step = coordinate_step(
        law, seen.sample(which, packet), free._replace(groups=count, loose=_LOOSE), seen.blurred(floor), centre
    )
    begin = np.zeros(count)
    begin[packet] = seen.starts - seen.sensor.slots * place
    begin, law = _moved(begin, step, seen.sensor.packet_step)
    seen.starts = begin[packet] + seen.sensor.slots * place
    return step._replace(law=law)


def settle_packets(seen: Observed, law: Law) -> Law:
    """Put packets a whole number of slots apart, and the first at a whole slot; the law moves with them."""
    packet, place = packets_of(seen.blocks, seen.phase, seen.sensor.packet)
    begin = np.zeros(int(packet[-1]) + 1)
    begin[packet] = seen.starts - seen.sensor.slots * place
    whole = np.concatenate([[0.0], np.cumsum(np.rint(np.diff(begin)))])
    aside = float(np.median(begin - whole))
    seen.starts = (whole + np.rint(aside))[packet] + seen.sensor.slots * place
    return law._replace(times=law.times + (np.rint(aside) - aside))
