"""What returns add to the azimuths of their blocks beyond their laser's part.

Where a driver turns each laser's own azimuth into whole hundredths of a degree before it looks up a table, what that
adds to the block's azimuth depends on the laser and on the step to the next block: it is learned as it comes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_bit, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_varint
from lizip.sensor.stages.driver import TURN_UNITS
from lizip.sensor.stages.seconds import MARKS, code_marks

STEPS = 16
"""Steps, around the usual one, that are told apart."""

DEPTHS = 3
PACKET = 24
"""Firings of a packet whose blocks hold two each (VLP-16)."""

_LARGEST = 1 << 20
_LIMIT = 250
_UNSEEN = 1 << 30
_SAMPLE, _WORTH = 1 << 15, 0.75
"""Points by which pairs of blocks are judged; and of the surprises where each block is taken alone, the share below
which pairs are tried."""


@kernel
def _code_rest(coder, counters, last, usual, ring, kind, rest):
    """Code what returns add: as the last one of the laser with such a step, else a number."""
    for i in range(rest.size):
        r = ring[i]
        k = kind[i]
        guess = last[r, k]
        unseen = np.int64(guess == _UNSEEN)
        if unseen:
            guess = usual[r]
        off = code_bit(coder, counters, 2 * r + unseen, _LIMIT, np.int64(rest[i] != guess))
        if off:
            base = 2 * last.shape[0] + unseen * INTEGER_NODES
            value = guess + code_integer(coder, counters, base, _LIMIT, rest[i] - guess)
            rest[i] = min(max(value, -_LARGEST), _LARGEST)
        else:
            rest[i] = guess
        last[r, k] = rest[i]
        usual[r] = rest[i]


def kinds_of_steps(azimuth: np.ndarray, still: np.ndarray, depth: int) -> np.ndarray:
    """Class (F,) of the steps around each block: to the next alone, the one before too, the one after too (`depth`).

    `still` blocks are a class of their own.
    """
    steps = np.diff(azimuth, append=azimuth[-1:]) % TURN_UNITS
    usual = int(np.sort(steps)[len(steps) // 2]) if len(steps) else 0
    own = np.clip(steps - usual + STEPS // 2, 0, STEPS - 1)
    few = np.clip(steps - usual, -1, 1) + 1
    kind = own
    if depth > 0:
        kind = kind * 3 + np.roll(few, 1)
    if depth > 1:
        kind = kind * 3 + np.roll(few, -1)
    return np.where(still, STEPS * 3**depth, kind)


def kinds_of_pairs(azimuth: np.ndarray, still: np.ndarray, phase: int) -> np.ndarray:
    """Class (F,) of blocks that are halves: of two the first has an azimuth, the second's is interpolated.

    The step goes from first half to first half. `phase` says which blocks these are (0 or 1); from 2 on, less 2, which
    begins a packet: the last two blocks of one go by the step of the two before, as velodyne_pointcloud has it.
    """
    at = np.arange(len(azimuth))
    begin = phase % 2
    second = (at - begin) % 2
    first = np.maximum(at - second, 0)
    before, after = np.maximum(first - 2, 0), np.minimum(first + 2, len(azimuth) - 1)
    steps = (azimuth[after] - azimuth[first]) % TURN_UNITS
    if phase >= 2:
        steps = np.where(
            (first - phase + 2) % PACKET == PACKET - 2, (azimuth[first] - azimuth[before]) % TURN_UNITS, steps
        )
    usual = int(np.sort(steps)[len(steps) // 2]) if len(steps) else 0
    own = np.clip(steps - usual + STEPS // 2, 0, STEPS - 1)
    return np.where(still, 2 * STEPS, 2 * own + second)


class Rest(NamedTuple):
    """What points add to the azimuths of their blocks beyond their laser's part.

    Attributes
    ----------
    rest, ring, firing : (M,) int64
        That, in 0.01 degrees; laser and block of each point.
    still : (F,) int64
        1 where a block's lasers share one azimuth while others' are late by a share of the step.
    """

    rest: np.ndarray
    ring: np.ndarray
    firing: np.ndarray
    still: np.ndarray

    def _tables(self, rings: int, depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        counters = fresh_counters(2 * rings + 2 * INTEGER_NODES)
        kinds = max(STEPS * 3**depth, 2 * STEPS) + 1
        return counters, np.full((rings, kinds), _UNSEEN, np.int64), np.zeros(rings, np.int64)

    def encode(self, azimuth: np.ndarray, rings: int) -> bytes:
        """Write both, given the azimuths (F,)."""
        still = encode_stream(code_marks, fresh_counters(MARKS), self.still)
        tried = []
        for depth in range(DEPTHS):
            kinds = kinds_of_steps(azimuth, self.still, depth)[self.firing]
            body = encode_stream(_code_rest, *self._tables(rings, depth), self.ring, kinds, self.rest)
            tried.append(pack_varint(depth) + pack_bytes(still) + body)
        phase = self._pairs(azimuth)
        if phase is not None:
            kinds = kinds_of_pairs(azimuth, self.still, phase)[self.firing]
            body = encode_stream(_code_rest, *self._tables(rings, 0), self.ring, kinds, self.rest)
            tried.append(pack_varint(DEPTHS) + pack_varint(phase) + pack_bytes(still) + body)
        return min(tried, key=len)

    def _pairs(self, azimuth: np.ndarray) -> int | None:
        """The phase by which blocks in twos, and packets, tell most of what points add; None where that is not much."""

        def surprises(kinds: np.ndarray) -> int:
            """How often a laser adds something else than the last time with such a step."""
            ring, kind, rest = self.ring[:_SAMPLE], kinds[self.firing[:_SAMPLE]], self.rest[:_SAMPLE]
            sort = np.lexsort((kind, ring))
            ring, kind, rest = ring[sort], kind[sort], rest[sort]
            return int(np.count_nonzero((np.diff(rest) != 0) & (np.diff(ring) == 0) & (np.diff(kind) == 0)))

        def least(phases: range) -> tuple[int, int]:
            return min((surprises(kinds_of_pairs(azimuth, self.still, phase)), phase) for phase in phases)

        alone = surprises(kinds_of_steps(azimuth, self.still, 0))
        best = least(range(2))
        if best[0] < _WORTH * alone:
            best = min(best, least(range(2 + best[1], 2 + PACKET, 2)))
        return best[1] if best[0] < _WORTH * alone else None

    def decode(self, stream: bytes, azimuth: np.ndarray, rings: int) -> None:
        """Fill `still` and `rest`; raises CorruptError."""
        unpacker = Unpacker(stream)
        depth = unpacker.varint()
        phase = unpacker.varint() if depth == DEPTHS else 0
        still = unpacker.bytes()
        if depth > DEPTHS or phase >= 2 + PACKET:
            raise CorruptError("impossible blocks of a sweep")
        decode_stream(still, code_marks, fresh_counters(MARKS), self.still)
        if depth == DEPTHS:
            kinds, depth = kinds_of_pairs(azimuth, self.still, phase)[self.firing], 0
        else:
            kinds = kinds_of_steps(azimuth, self.still, depth)[self.firing]
        body = unpacker.take(unpacker.remaining)
        decode_stream(body, _code_rest, *self._tables(rings, depth), self.ring, kinds, self.rest)
