"""Bytes parted into numbers: as they are said in the fewest bits as differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lizip.formats.packets import Shape
from lizip.formats.records import Fields, size_of
from lizip.logs.repeats import shapes

_LOOKED_AT = 1 << 16
"""Bytes of channels that are looked at, at most, or little more."""

_RUNS = 4

_LENGTHS = 40
"""Bit lengths are below this."""

_FIELD = 0.05
"""Bits that each field has to be worth."""

_AROUND = 1.5
"""What surrounds channels is coded less well than these."""

_UNSIGNED, _SIGNED = {1: "u1", 2: "u2", 4: "u4"}, {1: "i1", 2: "i2", 4: "i4"}


class Laid(NamedTuple):
    """A layout, and about how many bits of a packet it comes to."""

    bits: float
    shape: Shape


def layouts(sample: np.ndarray) -> Iterator[Laid]:
    """What packets (P, S) may be, and what each comes to."""
    return (measured(sample, shape) for shape in shapes(sample))


def costs_of(differences: np.ndarray) -> np.ndarray:
    """Bits of a number of each column of differences (N, K): its length, coded, and what is below."""
    lengths = np.frexp(np.abs(differences.astype(np.float64)))[1]
    columns = differences.shape[1]
    counts = np.bincount((lengths + _LENGTHS * np.arange(columns)).ravel(), minlength=_LENGTHS * columns)
    counts = counts.reshape(columns, _LENGTHS)
    shares = counts / max(len(differences), 1)
    entropy = -(shares * np.log2(np.where(counts, shares, 1.0))).sum(axis=1)
    # behind its first bit a number has all others, and before it a sign
    told = 0.5 * np.log2(len(differences) + 1) * np.count_nonzero(counts, axis=1) / max(len(differences), 1)
    return np.asarray(entropy + told + shares @ np.arange(float(_LENGTHS)))


def _numbers(rows: np.ndarray, width: int, big: bool) -> np.ndarray:
    """The whole numbers of so many bytes at every place of rows (N, B) of bytes."""
    wide = rows.astype(np.int64)
    stop = rows.shape[1] - width + 1
    values = np.zeros_like(wide[:, :stop])
    for i in range(width):
        values |= wide[:, i : i + stop] << 8 * (width - 1 - i if big else i)
    return values


def parted(rows: np.ndarray, lag: int, big: bool) -> tuple[Fields, float]:
    """Part rows (N, B) of bytes into numbers that differ little from those some rows before; and their bits in all."""
    count = rows.shape[1]
    choices: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for width in (1, 2, 4):
        if width <= count:
            values = _numbers(rows, width, big)
            half = 1 << 8 * width - 1
            turned = (values + half) % (2 * half) - half
            plain, signed = (costs_of(each[lag:] - each[:-lag]) for each in (values, turned))
            below = signed < 0.98 * plain
            choices[width] = np.where(below, signed, plain) + _FIELD, below & (width > 1)
    bits, codes = [0.0], [("", 0)]
    for stop in range(1, count + 1):
        found = []
        for width, (costs, below) in choices.items():
            if width <= stop:
                code = (_SIGNED if below[stop - width] else _UNSIGNED)[width]
                found.append((bits[stop - width] + float(costs[stop - width]), (code, width)))
        best = min(found)
        bits.append(best[0])
        codes.append(best[1])
    fields, at = [], count
    while at:
        code, width = codes[at]
        fields.append(code)
        at -= width
    return tuple((f"field_{i + 1}", code) for i, code in enumerate(reversed(fields))), bits[-1]


def measured(sample: np.ndarray, shape: Shape) -> Laid:
    """Part the channels of packets (P, S) into fields, and reckon what it comes to."""
    sides, block_sides, _ = shape.views(sample)
    rows = channels_of(sample, shape)
    lags = {1} if shape.blocks == 1 else {2 * shape.channels} if shape.blocks % 2 == 0 else set()
    lags.add(shape.channels)
    fields, bits = min((parted(rows, lag, shape.big) for lag in lags), key=lambda each: each[1])
    total = bits * shape.blocks * shape.channels
    for side, times in ((np.concatenate(sides, axis=1), 1), (np.concatenate(block_sides, axis=2), shape.blocks)):
        if side.size:
            differences = np.diff(side.reshape(-1, side.shape[-1]), axis=0).view(np.int8)
            total += _AROUND * times * float(costs_of(differences).sum())
    return Laid(total, shape._replace(fields=fields))


def channels_of(sample: np.ndarray, shape: Shape) -> np.ndarray:
    """Channels of some of the packets (P, S), a row of bytes each."""
    width = size_of(shape.fields)
    wanted = -(-_LOOKED_AT // (shape.blocks * shape.channels * width))
    return np.ascontiguousarray(shape.views(some_of(sample, wanted))[2]).reshape(-1, width)


def some_of(packets: np.ndarray, wanted: int) -> np.ndarray:
    """About so many of the packets (P, S): runs from all over, one behind the other."""
    count = max(-(-wanted // _RUNS), 2)
    if len(packets) <= _RUNS * count:
        return packets
    starts = [(len(packets) - count) * i // (_RUNS - 1) for i in range(_RUNS)]
    return np.concatenate([packets[start : start + count] for start in starts])
