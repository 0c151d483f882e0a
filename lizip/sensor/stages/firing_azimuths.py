"""Azimuths of firings that a driver interpolates within: one whole column A a firing, and D columns until the next.

A beam that fires in slot s of S has the column A - floor(D s / S + 1/2). A's steps are coded; D follows from them but
for exceptions (the last firing of a packet repeats the D before it).
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
    from lizip.sensor.returns import Returns
    from lizip.sensor.stages.profile import Rhythm

TURN = 36000
STEP = 33
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
    return np.int64(STEP) if k < 0 or k + 1 >= block.size else _turned(block[k] - block[k + 1])


@kernel
def _code_azimuths(coder, counters, phase, packet, block, advance):
    for i in range(block.size):
        expected = np.int64(0)
        context = np.int64(_CONTEXTS - 2)
        if i > 0:
            # the head turns evenly: what a window of steps has too much, the next has too little
            step = _turned(block[i - 2] - block[i - 1]) - STEP if i > 1 else np.int64(0)
            k = max(i - 1 - _WINDOW, 0)
            drift = _turned(block[k] - block[i - 1]) - ((i - 1 - k) * 1327 + 20) // 40
            context = (min(max(drift, -4), 4) + 4) * 5 + min(max(step, -2), 2) + 2
            expected = block[i - 1] - STEP
        base = context * INTEGER_NODES
        block[i] = (expected + code_integer(coder, counters, base, _LIMIT, _turned(block[i] - expected))) % TURN
        if block[i] < 0:
            block[i] += TURN
    for i in range(block.size):
        expected = expected_advance(block, i, (i - phase) % packet == packet - 1)
        base = np.int64((_CONTEXTS - 1) * INTEGER_NODES)
        value = expected + code_integer(coder, counters, base, _LIMIT, advance[i] - expected)
        advance[i] = min(max(value, -_WIDEST), _WIDEST)


@dataclass(frozen=True)
class FiringAzimuths(Packed):
    """A and D of every firing.

    Attributes
    ----------
    phase : int
        First firing that starts a packet.
    body : bytes
        Both, coded.
    """

    phase: int = whole()
    body: bytes = rest()

    @classmethod
    def of(cls, rhythm: Rhythm, block: np.ndarray, advance: np.ndarray, phase: int) -> FiringAzimuths:
        """Code block and advance, (F,) int64."""
        counters = fresh_counters(_CONTEXTS * INTEGER_NODES)
        return cls(phase, encode_stream(_code_azimuths, counters, phase, rhythm.packet, block.copy(), advance.copy()))

    def decode(self, rhythm: Rhythm, firings: int) -> tuple[np.ndarray, np.ndarray]:
        """Block and advance; raises CorruptError."""
        if self.phase >= rhythm.packet:
            raise CorruptError("impossible packet phase")
        block, advance = np.zeros(firings, np.int64), np.zeros(firings, np.int64)
        counters = fresh_counters(_CONTEXTS * INTEGER_NODES)
        decode_stream(self.body, _code_azimuths, counters, self.phase, rhythm.packet, block, advance)
        return block, advance

    def apply(self, returns: Returns) -> None:
        """Find the returns' columns."""
        returns.need("rhythm", "firing", "ring")
        rhythm, firing = returns.rhythm, returns.firing
        block, advance = self.decode(rhythm, returns.firings)
        returns.phase = self.phase
        returns.column = columns_of(rhythm, block[firing], advance[firing], returns.ring)


def columns_of(rhythm: Rhythm, block: np.ndarray, advance: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Columns (0 to `TURN` - 1) of beams of firings with these A and D; arrays that broadcast."""
    return (block - (2 * advance * rhythm.slot[ring] + rhythm.slots) // (2 * rhythm.slots)) % TURN
