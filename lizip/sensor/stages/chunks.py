"""Which returns share a pose: a chunk ends at the first return that comes `rule` after its first.

The pose is that of the time of the chunk's middle return. Returns may have been dropped after poses were given, so a
chunk may end some slots earlier than the rule says, and its time be some slots beside that of its middle return: both
are numbers in the stream, nearly always zero.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.jit import kernel

_LIMIT = 250
_SAME_SLOT = 1.0
"""Returns nearer in time than this (us) fire together."""


@kernel
def rule_end(times, start, rule):
    """First return that the rule puts into the next chunk."""
    end = start
    while end < times.size and times[end] - times[start] < rule:
        end += 1
    return end


@kernel
def slot_before(times, start, end):
    """Where a chunk that ends at `end` would end a slot earlier; never below start + 1."""
    end -= 1
    while end > start + 1 and times[end] - times[end - 1] < _SAME_SLOT:
        end -= 1
    return max(end, start + 1)


@kernel
def _measure(times, starts, poses, rule, slot, early, beside):
    """Find how many slots early each chunk ends, and how many its time is beside, as the decoder will go on."""
    start = np.int64(0)
    count = np.int64(0)
    k = np.int64(0)
    while start < times.size:
        while starts[k + 1] <= start:
            k += 1
        end = rule_end(times, start, rule)
        early[count] = 0
        while end > max(starts[k + 1], start + 1):
            end = slot_before(times, start, end)
            early[count] += 1
        middle = start + (end - start) // 2
        beside[count] = np.int64(np.rint((poses[k] - times[middle]) / slot))
        start = end
        count += 1


@kernel
def _code(coder, counters, times, rule, slot, early, beside, starts, poses):
    """Code the chunks of all returns; returns how many there are."""
    start = np.int64(0)
    count = np.int64(0)
    last = np.int64(0)
    while start < times.size:
        slots = code_integer(coder, counters, min(last, 1) * INTEGER_NODES, _LIMIT, early[count])
        last = abs(slots)
        end = rule_end(times, start, rule)
        while slots > 0 and end > start + 1:
            end = slot_before(times, start, end)
            slots -= 1
        end = max(end, start + 1)
        aside = code_integer(coder, counters, (2 + min(last, 1)) * INTEGER_NODES, _LIMIT, beside[count])
        aside = min(max(aside, -(1 << 20)), 1 << 20)
        starts[count] = start
        poses[count] = times[start + (end - start) // 2] + np.float64(aside) * slot
        start = end
        count += 1
    starts[count] = start
    return count


def encode_chunks(times: np.ndarray, starts: np.ndarray, poses: np.ndarray, rule: float, slot: float) -> bytes:
    """Code chunks.

    Parameters
    ----------
    times : (N,) float64
        Of the returns, ascending, us.
    starts : (C + 1,) int64
        First return of each chunk, and N.
    poses : (C,) float64
        Times of the poses, us.
    rule, slot : float
        Microseconds.
    """
    early, beside = np.zeros(len(times), np.int64), np.zeros(len(times), np.int64)
    _measure(times, starts, poses, rule, slot, early, beside)
    coder = open_encoder(len(poses) * 40 + 64, len(poses) * 64 + 64)
    places, again = np.zeros(len(times) + 1, np.int64), np.zeros(len(times) + 1)
    _code(coder, fresh_counters(4 * INTEGER_NODES), times, rule, slot, early, beside, places, again)
    return finish_encoder(coder)


def decode_chunks(stream: bytes, times: np.ndarray, rule: float, slot: float) -> tuple[np.ndarray, np.ndarray]:
    """First returns (C + 1,) int64 and times of the poses (C,) float64; raises CorruptError."""
    coder = open_decoder(stream)
    nothing = np.zeros(len(times), np.int64)
    starts, poses = np.zeros(len(times) + 1, np.int64), np.zeros(len(times) + 1)
    count = _code(coder, fresh_counters(4 * INTEGER_NODES), times, rule, slot, nothing, nothing, starts, poses)
    finish_decoder(coder)
    return starts[: count + 1], poses[:count]
