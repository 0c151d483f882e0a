"""When each return was fired: packets at times of their own, blocks and lasers at fixed times in them.

Times count in slots of the sensor's rhythm, from the first packet of the sweep:

    time = time of the packet + slots a block * place of the block in its packet + slot of the laser
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest, signed, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns
    from lizip.sensor.stages.profile import Rhythm

_LIMIT = 250
_LARGEST = 1 << 30
_CONTEXTS = 3
_NEAR = 16


@kernel
def _code_steps(coder, counters, usual, steps):
    """Code steps from packet to packet (P - 1,), given the two before."""
    last = np.int64(0)
    before = np.int64(0)
    for i in range(steps.size):
        context = (
            min(np.int64(abs(last) > _NEAR) + np.int64(abs(before) > _NEAR), np.int64(_CONTEXTS - 1)) * INTEGER_NODES
        )
        value = code_integer(coder, counters, context, _LIMIT, steps[i] - usual)
        value = min(max(value, -_LARGEST), _LARGEST)
        steps[i] = usual + value
        before = last
        last = value


def packets_of(firings: int, phase: int, packet: int) -> tuple[np.ndarray, np.ndarray]:
    """Packet, from 0, of each block (F,) and its place there, int64; block `phase` is the first that starts one."""
    return np.divmod(np.arange(firings) + (packet - phase) % packet, packet)


@dataclass(frozen=True)
class PacketTimes(Packed):
    """Times of the packets.

    Attributes
    ----------
    phase : int
        First block that starts a packet.
    usual : int
        Usual step from packet to packet, slots.
    body : bytes
        The steps, coded.
    """

    phase: int = whole()
    usual: int = signed(_LARGEST)
    body: bytes = rest()

    @classmethod
    def of(cls, times: np.ndarray, phase: int) -> PacketTimes:
        """Code times (P,) int64 of the packets, slots."""
        steps = np.diff(times)
        usual = int(np.sort(steps)[len(steps) // 2]) if len(steps) else 0
        return cls(phase, usual, encode_stream(_code_steps, fresh_counters(_CONTEXTS * INTEGER_NODES), usual, steps))

    def times(self, rhythm: Rhythm, firings: int) -> np.ndarray:
        """Time of each block (F,) int64; raises CorruptError."""
        if self.phase >= rhythm.packet or not firings:
            raise CorruptError("impossible packets of a sweep")
        number, place = packets_of(firings, self.phase, rhythm.packet)
        steps = np.zeros(int(number[-1]), np.int64)
        decode_stream(self.body, _code_steps, fresh_counters(_CONTEXTS * INTEGER_NODES), self.usual, steps)
        return np.concatenate([[0], np.cumsum(steps)])[number] + rhythm.slots * place

    def apply(self, returns: Returns) -> None:
        """Give every return its time."""
        returns.need("rhythm", "firing", "ring")
        times = self.times(returns.rhythm, returns.firings)
        returns.phase = self.phase
        returns.time = (times[returns.firing] + returns.rhythm.slot[returns.ring]).astype(np.float64)
