"""Lasers of a firing that do not fire together: at columns of their own, or further on by a share of a step.

A laser fires a little later than the first of its firing, and the sensor has turned on by then. Some sensors report
columns of their own for each (`OwnColumns`): by how many, rounded, depends on how fast it turned just then, so columns
come in clusters, one a firing; the firing's own column is the one of those lasers that never deviate, and how far each
return is from where its ring mostly is costs little. Some drivers interpolate (`Steps`): azimuths go on, unrounded,

    azimuth = column of the firing + phase of the beam + advance of the beam * (step of the firing - usual step).

How far the firing's step is from the one to the next firing in the file is written for each: drivers take it from
packets, whose last firing has no next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, code_tree, fresh_counters
from lizip.entropy.coder import decode_stream, encode_stream
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packed import Packed, rest
from lizip.packing import Unpacker, pack_bytes, pack_signed
from lizip.sensor.stages.firings import Columns

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

MOST_AWAY = 64
"""Columns of a firing lie within this."""

QUANTUM = 1e-7
"""Unit of an advance."""

_LARGEST = 1 << 20
_MAX_ADVANCE = 1 << 40
_DEPTH, _SMALL = 3, 3
_STEPS, _CHANGES = 9, 3
_LIMIT = 250


@dataclass(frozen=True)
class OwnColumns(Packed):
    """Columns from that of the firing to that of each return, coded."""

    body: bytes = rest()

    @classmethod
    def of(cls, columns: Columns, ring: np.ndarray, rank: np.ndarray, away: np.ndarray) -> OwnColumns:
        """Code how far returns (M,), ring after ring and row after row, are from their firings (index `rank`)."""
        return cls(encode_stream(_code_away, away.astype(np.int64), *_contexts(columns, ring, rank)))

    def away(self, columns: Columns, ring: np.ndarray, rank: np.ndarray) -> np.ndarray:
        """Decode that, (M,) int64; raises CorruptError."""
        away = np.zeros(len(ring), np.int64)
        decode_stream(self.body, _code_away, away, *_contexts(columns, ring, rank))
        if (np.abs(away) > MOST_AWAY).any():
            raise CorruptError("a return is far from its firing")
        return away

    def apply(self, returns: Returns) -> None:
        """Move the returns' columns."""
        returns.need("fired", "ring", "firing")
        returns.column = returns.column + self.away(returns.fired, returns.ring, returns.firing)


@dataclass(frozen=True)
class Steps:
    """Steps between firings, and the beams' shares of them.

    Attributes
    ----------
    usual : int
        Columns of a usual step.
    advances : (R,) int64
        Share of each beam in `QUANTUM`.
    body : bytes
        The steps, coded given the gaps between firings.
    """

    usual: int
    advances: np.ndarray
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, columns: Columns, steps: np.ndarray, usual: int, advances: np.ndarray) -> Steps:
        """Code the step (F,) int64 of each firing."""
        return cls(
            usual, advances, encode_stream(_code_rest, fresh_counters(2 * INTEGER_NODES), steps - _gaps(columns))
        )

    def steps(self, columns: Columns) -> np.ndarray:
        """Decode the step (F,) int64 of each firing; raises CorruptError."""
        rest = np.zeros(len(columns.fired), np.int64)
        decode_stream(self.body, _code_rest, fresh_counters(2 * INTEGER_NODES), rest)
        if (np.abs(rest) > _LARGEST).any():
            raise CorruptError("impossible steps between firings")
        return rest + _gaps(columns)

    def apply(self, returns: Returns) -> None:
        """Turn the returns on."""
        returns.need("fired", "ring", "firing")
        if len(self.advances) != returns.ranges.shape[1]:
            raise CorruptError("impossible steps between firings")
        beyond = self.steps(returns.fired)[returns.firing] - self.usual
        returns.ahead = QUANTUM * self.advances[returns.ring] * beyond

    def pack(self) -> bytes:
        """Write the stage."""
        shares = b"".join(pack_signed(int(share)) for share in np.diff(self.advances, prepend=0))
        return pack_signed(self.usual) + pack_bytes(self.body) + shares

    @classmethod
    def unpack(cls, data: bytes) -> Steps:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        usual, body, shares = unpacker.signed(), unpacker.bytes(), []
        while unpacker.remaining:
            shares.append(unpacker.signed())
        if abs(usual) > _LARGEST or any(abs(share) > _MAX_ADVANCE for share in shares):
            raise CorruptError("impossible steps between firings")
        advances = np.cumsum(np.array(shares, np.int64)) if shares else np.zeros(0, np.int64)
        if (np.abs(advances) > _MAX_ADVANCE).any():
            raise CorruptError("impossible steps between firings")
        return cls(usual, advances, body)


def _contexts(columns: Columns, ring: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Context (M,) int64 of each return, from its ring and the steps to the next firings; fresh counters for all."""
    steps = np.diff(columns.fired) % columns.turn
    steps = np.append(steps, steps[-1:]) if len(steps) else np.zeros(len(columns.fired), np.int64)
    change = np.clip(np.diff(steps, append=steps[-1:]), -1, 1) + 1
    speed = np.clip(steps - int(np.sort(steps)[len(steps) // 2]) + _STEPS // 2, 0, _STEPS - 1)
    context = (ring * _STEPS + speed[rank]) * _CHANGES + change[rank]
    size = (int(ring.max(initial=0)) + 1) * _STEPS * _CHANGES
    return context, fresh_counters((size << _DEPTH) + INTEGER_NODES)


@kernel
def _code_away(coder, away, context, counters):
    """Code small values as one of 2 * `_SMALL` + 1, others after an escape."""
    large = counters.size - INTEGER_NODES
    for i in range(away.size):
        symbol = away[i] + _SMALL if abs(away[i]) <= _SMALL else np.int64(2 * _SMALL + 1)
        symbol = code_tree(coder, counters, context[i] << _DEPTH, _DEPTH, _LIMIT, symbol)
        if symbol <= 2 * _SMALL:
            away[i] = symbol - _SMALL
        else:
            away[i] = min(max(code_integer(coder, counters, large, _LIMIT, away[i]), -(1 << 20)), 1 << 20)


def _gaps(columns: Columns) -> np.ndarray:
    """Columns (F,) from each firing to the next, the last like the one before."""
    gaps = np.diff(columns.fired) % columns.turn
    return np.append(gaps, gaps[-1:] if len(gaps) else [0])


@kernel
def _code_rest(coder, counters, rest):
    """Code what steps differ from gaps by."""
    context = np.int64(0)
    for i in range(rest.size):
        value = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, rest[i])
        rest[i] = min(max(value, -(1 << 30)), 1 << 30)
        context = np.int64(rest[i] != 0)
