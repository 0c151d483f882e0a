"""What repeats inside of packets: along a period, bytes at the same place behave alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lizip.formats.packets import Shape
from lizip.formats.records import Fields

_FINE = 16
"""Parts of a bit in which places of bytes are compared."""

_FIRST, _FURTHER = 0.75, 0.9
"""To such shares of what places differ usually, and of what they do a shorter period apart, a period must come."""

_MOST_CHANNEL, _MOST_LAG = 64, 1 << 13
_BANKS = (1, 2, 4)
"""Blocks of a firing."""

_ASIDE = 2
"""Places by which blocks may begin before or behind where they seem to."""


def shapes(sample: np.ndarray) -> Iterator[Shape]:
    """What packets (P, S) may be: blocks of channels of several periods, or channels alone.

    What a channel's fields are, and which make a firing, is not known yet.
    """
    profile = _profile(sample)
    periods, usual = _periods(profile)
    for k, channel in enumerate(periods):
        if channel > _MOST_CHANNEL:
            break
        yield from _runs(profile, channel, usual)
        for period in periods[k + 1 :]:
            for banks in _BANKS:
                if period % banks == 0 and period // banks > 2 * channel:
                    yield from _blocks(profile, channel, period // banks, usual, period)


def bytes_of(count: int) -> Fields:
    """Fields of a channel of so many bytes."""
    return tuple((f"byte_{i}", "u1") for i in range(count))


def _profile(sample: np.ndarray) -> np.ndarray:
    """How each byte of packets (P, S) behaves, (2, S): how much it changes, and how large it is."""
    change = np.abs(np.diff(sample, axis=0).view(np.int8).astype(np.int16))
    facts = (np.log2(1.0 + each).mean(axis=0) for each in (change, sample.astype(np.int16)))
    return np.stack([np.rint(_FINE * each).astype(np.int16) for each in facts])


def _apart(profile: np.ndarray, lag: int) -> np.ndarray:
    """How much places differ from those so far behind them."""
    return np.asarray(np.abs(profile[:, lag:] - profile[:, :-lag]).sum(axis=0, dtype=np.int32))


def _periods(profile: np.ndarray) -> tuple[list[int], float]:
    """Periods in which places are more alike than in any shorter one, and how much places differ usually."""
    most = min(profile.shape[1] // 2, _MOST_LAG)
    apart = [_apart(profile, lag) for lag in range(1, most + 1)]
    found: set[int] = set()
    levels = []
    # what surrounds blocks is like nothing; a quarter of the places may be that
    for share in (1.0, 0.75):
        means = np.array([_least(each, share) for each in apart])
        levels.append(float(np.median(means)) if most else 0.0)
        least = _FIRST / _FURTHER * levels[-1]
        for i in range(most):
            if means[i] < _FURTHER * least and means[i] == means[i : i + 1 + i // 16].min():
                found.add(i + 1)
                least = float(means[i])
    return sorted(found), levels[0]


def _least(values: np.ndarray, share: float) -> float:
    """Mean of the least of some values."""
    count = max(int(share * len(values)), 1)
    return float(np.partition(values, count - 1)[:count].mean())


def _run(gains: np.ndarray) -> tuple[int, int]:
    """Where the run begins and ends whose gains are the most in all."""
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    return int(np.argmin(sums[: stop + 1])), stop


def _runs(profile: np.ndarray, channel: int, usual: float) -> Iterator[Shape]:
    """Packets of channels of so many bytes, from any phase on."""
    start, stop = _run(max(usual / 2, 1.0) - _apart(profile, channel))
    for begin in range(start, min(start + channel, stop)):
        yield _shape(profile, begin, 1, 0, (stop - begin) // channel + 1, 0, channel)


def _blocks(profile: np.ndarray, channel: int, block: int, usual: float, period: int) -> Iterator[Shape]:
    """Packets of blocks of so many bytes, which are alike after a period, of channels of so many."""
    level = max(usual / 2, 1.0)
    start, stop = _run(level - _apart(profile, period))
    stop += period - block
    blocks = (stop - start) // block + 1
    if blocks < 2:
        return
    folded = profile[:, start : start + blocks * block].reshape(2, blocks, block).sum(axis=1) // blocks
    # what is between the channels, once around: from a channel before it up to its end
    around = np.tile(np.abs(folded - np.roll(folded, -channel, axis=1)).sum(axis=0), 2)
    first, last = _run(around - level)
    gap = max(last - first - channel, 0)
    full = block // channel
    begins: set[tuple[int, int]] = set()
    # some of its bytes may look like channels, and some of these unlike them
    for ahead in range(1 - channel, channel) if last > first else (0,):
        most = max((block - max(gap + ahead, 0)) // channel, 2)
        begins |= {((last + ahead) % block, channels) for channels in range(most, min(most + 2, full) + 1)}
    # where lasers are in no order, channels are hardly more alike than others: then blocks begin with what is between
    for channels in range(max(full - 2, 2), full + 1):
        for begin in (block - channels * channel, 0):
            begins |= {((begin + aside) % block, channels) for aside in range(-_ASIDE, _ASIDE + 1)}
    for begin, channels in sorted(begins):
        between = block - channels * channel
        head = min(begin, between)
        at = start + begin - head
        if (count := (stop + block - at) // block) > 1:
            yield _shape(profile, at, count, head, channels, between - head, channel)


def _shape(profile: np.ndarray, at: int, blocks: int, head: int, channels: int, tail: int, channel: int) -> Shape:
    return Shape(profile.shape[1], at, blocks, head, channels, tail, b"\0", bytes_of(channel))
