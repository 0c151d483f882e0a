"""A and D of firings from the azimuths of their returns; see `lizip.sensor.stages.firing_azimuths`. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.stages.firing_azimuths import STEP, TURN, expected_advance

_NARROWEST, _WIDEST = 24, 44
"""Advances D tried, 0.01 degrees (20 Hz is 33.2)."""


@kernel
def _ring_column(block, advance, slot):
    """Column (0 to `TURN` - 1) of the ring fired in `slot` of 40 of a firing at `block` that turns by `advance`."""
    column = (block - (2 * advance * slot + 40) // 80) % TURN
    return column + TURN if column < 0 else column


@kernel
def fit_blocks(ranges, azimuth, slot, block, advance, misses):
    """Find A and D of every firing from the azimuths of its returns.

    Writes for each firing the A (`block`) and D (`advance`) that explain most returns, and how many they miss
    (`misses`); firings without returns get misses -1. A tie goes to the D nearest to 33.
    """
    for i in range(ranges.shape[0]):
        total = np.int64(0)
        for j in range(ranges.shape[1]):
            total += 1 if ranges[i, j] > 0 else 0
        misses[i] = -1
        for away in range(_WIDEST - _NARROWEST if total else 0):
            turn = 33 + (away + 1) // 2 * (1 if away % 2 else -1)
            best = np.int64(0)
            winner = np.int64(0)
            for j in range(ranges.shape[1]):
                if ranges[i, j] == 0:
                    continue
                candidate = azimuth[i, j] + (2 * turn * slot[j] + 40) // 80
                votes = np.int64(0)
                for k in range(ranges.shape[1]):
                    if ranges[i, k] > 0 and (azimuth[i, k] + (2 * turn * slot[k] + 40) // 80 - candidate) % 36000 == 0:
                        votes += 1
                if votes > best:
                    best = votes
                    winner = candidate
                if 2 * votes > total:
                    break
            if misses[i] < 0 or total - best < misses[i]:
                misses[i] = total - best
                block[i] = winner % 36000
                advance[i] = turn
            if misses[i] == 0:
                break


@kernel
def settle_blocks(ranges, azimuth, slot, phase, packet, misses, block, advance):
    """Where the rule's D explains a firing's returns as well as the one found, take it; fill firings without returns.

    Returns the number of firings whose D breaks the rule.
    """
    odd = np.int64(0)
    for i in range(block.size):
        if misses[i] < 0:
            block[i] = block[i - 1] - STEP if i > 0 else np.int64(0)
            block[i] = block[i] + TURN if block[i] < 0 else block[i]
    for i in range(block.size):
        expected = expected_advance(block, i, (i - phase) % packet == packet - 1)
        if misses[i] < 0 or expected == advance[i]:
            advance[i] = expected
            continue
        missed = np.int64(0)
        for j in range(ranges.shape[1]):
            if ranges[i, j] > 0 and _ring_column(block[i], expected, slot[j]) != azimuth[i, j]:
                missed += 1
        if missed <= misses[i]:
            advance[i] = expected
        else:
            odd += 1
    return odd


def find_phase(block: np.ndarray, advance: np.ndarray, packet: int) -> int:
    """Index of the first firing that starts a packet, 0 to packet - 1: one before it, D breaks the plain rule."""
    plain = (block[:-1] - block[1:]) % TURN
    odd = np.flatnonzero(advance[:-1] % TURN != plain)
    if len(odd) == 0:
        return 0
    return int((np.bincount(odd % packet, minlength=packet).argmax() + 1) % packet)
