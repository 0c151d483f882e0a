"""Azimuths of a sweep: one A a firing in 0.01 degrees, its steps coded; D follows from them but for exceptions."""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.sensor.nuscenes.firing import ring_azimuth

TURN = 36000
_STEP = 33
"""Usual step of A from firing to firing."""
_WINDOW = 11
_CONTEXTS = 9 * 5 + 2
_LIMIT = 250
_WIDEST = 1 << 20


@kernel
def _turned(x):
    """An angle's difference, -18000 to 17999."""
    x = (x + TURN // 2) % TURN
    return (x + TURN if x < 0 else x) - TURN // 2


@kernel
def expected_advance(block, i, last_of_packet):
    """D of firing i by the rule: how far A falls to the next firing; the packet's last repeats the one before."""
    k = i - 1 if last_of_packet or i + 1 >= block.size else i
    return np.int64(_STEP) if k < 0 or k + 1 >= block.size else _turned(block[k] - block[k + 1])


@kernel
def _code_azimuths(coder, counters, phase, packet, block, advance):
    for i in range(block.size):
        expected = np.int64(0)
        context = np.int64(_CONTEXTS - 2)
        if i > 0:
            # the head turns evenly: what a window of steps has too much, the next has too little
            step = _turned(block[i - 2] - block[i - 1]) - _STEP if i > 1 else np.int64(0)
            k = max(i - 1 - _WINDOW, 0)
            drift = _turned(block[k] - block[i - 1]) - ((i - 1 - k) * 1327 + 20) // 40
            context = (min(max(drift, -4), 4) + 4) * 5 + min(max(step, -2), 2) + 2
            expected = block[i - 1] - _STEP
        base = context * INTEGER_NODES
        block[i] = (expected + code_integer(coder, counters, base, _LIMIT, _turned(block[i] - expected))) % TURN
        if block[i] < 0:
            block[i] += TURN
    for i in range(block.size):
        expected = expected_advance(block, i, (i - phase) % packet == packet - 1)
        base = (_CONTEXTS - 1) * INTEGER_NODES
        value = expected + code_integer(coder, counters, base, _LIMIT, advance[i] - expected)
        advance[i] = min(max(value, -_WIDEST), _WIDEST)


@kernel
def settle_blocks(ranges, azimuth, slot, phase, packet, misses, block, advance):
    """Where the rule's D explains a firing's returns as well as the one found, take it; fill firings without returns.

    Returns the number of firings whose D breaks the rule.
    """
    odd = np.int64(0)
    for i in range(block.size):
        if misses[i] < 0:
            block[i] = block[i - 1] - _STEP if i > 0 else np.int64(0)
            block[i] = block[i] + TURN if block[i] < 0 else block[i]
    for i in range(block.size):
        expected = expected_advance(block, i, (i - phase) % packet == packet - 1)
        if misses[i] < 0 or expected == advance[i]:
            advance[i] = expected
            continue
        missed = np.int64(0)
        for j in range(ranges.shape[1]):
            if ranges[i, j] > 0 and ring_azimuth(block[i], expected, slot[j]) != azimuth[i, j]:
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


def encode_azimuths(block: np.ndarray, advance: np.ndarray, phase: int, packet: int) -> bytes:
    """Code block and advance, (F,) int64."""
    coder = open_encoder(len(block) * 48, len(block) * 32)
    counters = fresh_counters(_CONTEXTS * INTEGER_NODES)
    _code_azimuths(coder, counters, phase, packet, block.copy(), advance.copy())
    return finish_encoder(coder)


def decode_azimuths(stream: bytes, firings: int, phase: int, packet: int) -> tuple[np.ndarray, np.ndarray]:
    """Decode what `encode_azimuths` wrote; raises CorruptError."""
    if phase >= packet:
        raise CorruptError("impossible packet phase")
    coder = open_decoder(stream)
    block, advance = np.zeros(firings, np.int64), np.zeros(firings, np.int64)
    _code_azimuths(coder, fresh_counters(_CONTEXTS * INTEGER_NODES), phase, packet, block, advance)
    finish_decoder(coder)
    return block, advance
