"""When packets of firings came: whole microseconds by a regular law nearly always, else beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.jit import kernel
from lizip.packed import Packed, rest, whole

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

FRACTIONS = 64
"""Units a microsecond of the packets' times."""

_LAW = 10000
"""Units a microsecond of the law's period and phase."""

_MOST_PERIOD = 1 << 40
_LARGEST = 1 << 40
_LIMIT = 120
_PHASES = 64


@kernel
def _code(coder, counters, beside):
    """Code how packets stand beside the law, in fractions: whole microseconds, and what is left."""
    part = np.int64(0)
    for i in range(beside.size):
        whole = (beside[i] + FRACTIONS // 2) // FRACTIONS
        left = beside[i] - FRACTIONS * whole
        whole = code_integer(coder, counters, 0, _LIMIT, whole)
        left = code_integer(coder, counters, (1 + part) * INTEGER_NODES, _LIMIT, left)
        part = np.int64(left != 0)
        beside[i] = min(max(whole, -_LARGEST), _LARGEST) * FRACTIONS + min(max(left, -FRACTIONS), FRACTIONS)


def _law(count: int, period: int, phase: int) -> np.ndarray:
    """Times (P,) int64 in fractions: floor(period p + phase) microseconds."""
    return (np.arange(count) * period + phase) // _LAW * FRACTIONS


@dataclass(frozen=True)
class Packets(Packed):
    """Times of the packets.

    Attributes
    ----------
    period, phase : int
        Of the law, 1e-4 us.
    body : bytes
        Times beside the law, coded.
    """

    period: int = whole(_MOST_PERIOD)
    phase: int = whole(_MOST_PERIOD)
    body: bytes = rest()

    @classmethod
    def of(cls, times: np.ndarray, period: float) -> Packets:
        """Code times (P,) int64 in `FRACTIONS`, of packets about `period` us apart."""
        unit = round(period * _LAW)
        phases = [round(_LAW * phase / _PHASES) for phase in range(_PHASES)]
        phase = min(phases, key=lambda phase: int(np.abs(times - _law(len(times), unit, phase)).sum()))
        return cls(
            unit, phase, encode_stream(_code, fresh_counters(3 * INTEGER_NODES), times - _law(len(times), unit, phase))
        )

    def apply(self, returns: Returns) -> None:
        """Give every return its time."""
        returns.need("slots", "firing", "laser")
        lasers = returns.slots.lasers
        packets = returns.firings // lasers.packet
        beside = np.zeros(packets, np.int64)
        decode_stream(self.body, _code, fresh_counters(3 * INTEGER_NODES), beside)
        packet, inside = np.divmod(returns.firing, lasers.packet)
        times = (_law(packets, self.period, self.phase) + beside) / float(FRACTIONS)
        place = lasers.firing_time * inside + lasers.slot_time * lasers.slot[returns.laser]
        returns.time = times[packet] + place
