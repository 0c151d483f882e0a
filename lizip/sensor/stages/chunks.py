"""Which returns share a pose: a chunk ends at the first return that comes `rule` after its first.

The pose is that of the time of the chunk's middle return. Returns may have been dropped after poses were given, so a
chunk may end some slots earlier than the rule says, and its time be some slots beside that of its middle return: both
are numbers in the stream, nearly always zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole

if TYPE_CHECKING:
    from lizip.entropy.coder import Coder
    from lizip.sensor.returns import Returns

_LARGEST_RULE = 1 << 30
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
        slots = code_integer(coder, counters, min(last, np.int64(1)) * INTEGER_NODES, _LIMIT, early[count])
        last = abs(slots)
        end = rule_end(times, start, rule)
        while slots > 0 and end > start + 1:
            end = slot_before(times, start, end)
            slots -= 1
        end = max(end, start + 1)
        aside = code_integer(coder, counters, (2 + min(last, np.int64(1))) * INTEGER_NODES, _LIMIT, beside[count])
        aside = min(max(aside, -(1 << 20)), 1 << 20)
        starts[count] = start
        poses[count] = times[start + (end - start) // 2] + np.float64(aside) * slot
        start = end
        count += 1
    starts[count] = start
    return count


@dataclass(frozen=True)
class Chunks(Packed):
    """Which returns share a pose, and its time.

    Attributes
    ----------
    rule : int
        How late (ns) a return must be to begin the next chunk.
    body : bytes
        Exceptions to the rule, coded.
    """

    rule: int = whole(_LARGEST_RULE)
    body: bytes = rest()

    @classmethod
    def of(cls, returns: Returns, rule: int, starts: np.ndarray, times: np.ndarray) -> Chunks:
        """Code chunks of timed returns: first return of each and M, (C + 1,) int64, and times of the poses (C,), us."""
        slot = returns.slots.lasers.slot_time
        count = len(returns.time)
        early, beside = np.zeros(count, np.int64), np.zeros(count, np.int64)
        _measure(returns.time, starts, times, rule * 1e-3, slot, early, beside)
        return cls(rule, encode_stream(_code_chunks, returns.time, rule * 1e-3, slot, early, beside))

    def apply(self, returns: Returns) -> None:
        """Find the chunks."""
        returns.need("slots", "time")
        if (np.diff(returns.time) < 0).any():
            raise CorruptError("returns of a sweep are not in the order of their times")
        nothing = np.zeros(len(returns.time), np.int64)
        slot = returns.slots.lasers.slot_time
        returns.group, returns.pose_times = decode_stream(
            self.body, _code_chunks, returns.time, self.rule * 1e-3, slot, nothing, nothing.copy()
        )


def _code_chunks(
    coder: Coder, times: np.ndarray, rule: float, slot: float, early: np.ndarray, beside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Code chunks; returns the chunk (M,) int64 of each return and the times (C,) of the poses."""
    starts, poses = np.zeros(len(times) + 1, np.int64), np.zeros(len(times) + 1)
    count = _code(coder, fresh_counters(4 * INTEGER_NODES), times, rule, slot, early, beside, starts, poses)
    return np.repeat(np.arange(count), np.diff(starts[: count + 1])), poses[:count]
