"""Lasers that fire in slots, and when their packets came (docs/format/sweep.md, stages 18 to 21)."""

from __future__ import annotations

import numpy as np

from second_reader import ans
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, integer
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import DEGREE, sincos, sincos_degrees

TURN = 36000
_TWO_PI = np.float32(2 * np.pi)


class Sensor:
    """Velodyne VLP-32C, number 0: what is fixed about it; lasers by firing order."""

    elevation = np.array(
        [
            *(-25, -1, -1.667, -15.639, -11.31, 0, -0.667, -8.843, -7.254, 0.333, -0.333, -6.148, -5.333, 1.333, 0.667),
            *(-4, -4.667, 1.667, 1, -3.667, -3.333, 3.333, 2.333, -2.667, -3, 7, 4.667, -2.333, -2, 15, 10.333, -1.333),
        ]
    )
    offset = np.array(
        [
            *(1.4, -4.2, 1.4, -1.4, 1.4, -1.4, 4.2, -1.4, 1.4, -4.2, 1.4, -1.4, 4.2, -1.4, 4.2, -1.4),
            *(1.4, -4.2, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4, 1.4, -1.4, 1.4, -4.2, 4.2, -1.4, 1.4, -1.4),
        ]
    )
    slot = np.arange(32) // 2
    slot_time, firing_time, packet, tick, step = 2.304, 55.294, 12, 0.004, 0.199066
    exact = (9,)

    def __init__(self, upside_down: bool):
        self.upside_down = upside_down
        sign = -1 if upside_down else 1
        self.order = np.argsort(sign * self.elevation, kind="stable")
        gone = self.step * self.slot * (self.slot_time / self.firing_time)
        rows = np.rint((sign * self.offset + gone) / self.step).astype(np.int64)[self.order]
        self.lags = rows - rows.min()


def slots(head: Bytes, returns: Returns) -> None:
    """Stage 18."""
    number = head.varint()
    demand(number < 2, "a sensor that is not known")
    sensor, ranges = Sensor(bool(number & 1)), returns.ranges
    firings, rings = len(ranges) - int(sensor.lags.max()), len(sensor.order)
    by_time = np.zeros((firings, rings), np.int64)
    for ring, (laser, lag) in enumerate(zip(sensor.order, sensor.lags, strict=True)):
        by_time[:, laser] = ranges[lag : lag + firings, ring]
    returns.slots, returns.firings = sensor, firings
    returns.firing, returns.laser = np.nonzero(by_time)
    returns.ticks = by_time[returns.firing, returns.laser]
    returns.ring = np.argsort(sensor.order)[returns.laser]
    returns.row = returns.firing + sensor.lags[returns.ring]


def azimuths(head: Bytes, returns: Returns) -> None:
    """Stage 19."""
    sensor, first = returns.slots, head.varint()
    usual = round(sensor.step * TURN / 360)

    def code(stream: Stream) -> list[int]:
        counters, last, steps = Counters(), 0, []
        for _ in range(returns.firings - 1):
            value = integer(stream, counters, min(max(last, -4), 4) + 4, 250)
            steps.append(usual + value)
            last = value
        return steps

    azimuth = np.cumsum([first, *ans.decode(head.rest(), code)]) % TURN
    alpha = _angles(sensor, azimuth, returns.firing, returns.laser)
    sine, cosine = sincos(wide(alpha))
    rises, falls = sincos_degrees(sensor.elevation)
    rise = wide(f32(rises))
    rise[list(sensor.exact)] = rises[list(sensor.exact)]
    r = f32(returns.ticks) * np.float32(returns.unit(sensor.tick))
    rho = r * f32(falls)[returns.laser]
    height = f32(wide(r) * rise[returns.laser])
    y = rho * f32(sine if sensor.upside_down else -sine)
    returns.points = np.stack([rho * f32(cosine), y, -height if sensor.upside_down else height], axis=1)


def _angles(sensor: Sensor, azimuth: np.ndarray, firing: np.ndarray, laser: np.ndarray) -> np.ndarray:
    x = ((f32(azimuth) * np.float32(0.01)) * np.float32(np.pi)) / np.float32(180)
    begin = firing - firing % sensor.packet
    turned = x[begin + sensor.packet - 1] - x[begin]
    turned = np.where(turned < 0, turned + _TWO_PI, turned)
    step = wide(turned) / float(sensor.packet - 1)
    advance = f32(step * (wide(sensor.slot[laser]) * (sensor.slot_time / sensor.firing_time)))
    offset = f32(sensor.offset * DEGREE)[laser]
    if sensor.upside_down:
        return (_TWO_PI - x[firing]) + (offset - advance)
    return x[firing] + (advance + offset)


def packets(head: Bytes, returns: Returns) -> None:
    """Stage 20."""
    period, phase = head.varints(2)
    sensor = returns.slots
    count = returns.firings // sensor.packet

    def code(stream: Stream) -> list[int]:
        counters, part, beside = Counters(), 0, []
        for _ in range(count):
            whole = integer(stream, counters, 0, 120)
            left = integer(stream, counters, 1 + part, 120)
            part = int(left != 0)
            beside.append(64 * whole + left)
        return beside

    law = (np.arange(count) * period + phase) // 10000 * 64
    times = (law + np.array(ans.decode(head.rest(), code), np.int64)) / 64.0
    packet, inside = np.divmod(returns.firing, sensor.packet)
    place = sensor.firing_time * inside + sensor.slot_time * sensor.slot[returns.laser]
    returns.time = times[packet] + place


def chunks(head: Bytes, returns: Returns) -> None:
    """Stage 21."""
    rule, times = head.varint() * 1e-3, returns.time.tolist()

    def earlier(start: int, end: int) -> int:
        end -= 1
        while end > start + 1 and times[end] - times[end - 1] < 1.0:
            end -= 1
        return max(end, start + 1)

    def code(stream: Stream) -> tuple[list[int], list[float]]:
        counters, starts, poses, start, last = Counters(), [], [], 0, 0
        while start < len(times):
            early = integer(stream, counters, min(last, 1), 250)
            last, end = abs(early), start
            while end < len(times) and times[end] - times[start] < rule:
                end += 1
            while early > 0 and end > start + 1:
                end, early = earlier(start, end), early - 1
            end = max(end, start + 1)
            aside = integer(stream, counters, 2 + min(last, 1), 250)
            starts.append(start)
            poses.append(times[start + (end - start) // 2] + float(aside) * returns.slots.slot_time)
            start = end
        return starts, poses

    starts, poses = ans.decode(head.rest(), code)
    returns.pose_times = poses
    returns.group = np.repeat(np.arange(len(starts)), np.diff([*starts, len(times)]))
