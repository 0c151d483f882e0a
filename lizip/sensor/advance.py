"""Lasers of a firing one after the other: azimuths that go on, unrounded, by a share of the step to the next firing.

azimuth = column of the firing + phase of the beam + advance of the beam * (step of the firing - usual step).
How far the firing's step is from the one to the next firing in the file is written for each: drivers take it from
packets, whose last firing has no next one.
"""

from __future__ import annotations

import numpy as np

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError
from lizip.exact.trig import sincos
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_signed
from lizip.scan.columns import Columns

QUANTUM = 1e-7
"""Unit of an advance."""

_LARGEST = 1 << 20
_LIMIT = 250


@kernel
def turn_back(points, angle, out):
    """Fill out (N, 3) with points (N, 3) turned about z by -angle (N,), rad."""
    for i in range(points.shape[0]):
        sine, cosine = sincos(angle[i])
        x = np.float64(points[i, 0])
        y = np.float64(points[i, 1])
        out[i, 0] = x * cosine + y * sine
        out[i, 1] = y * cosine - x * sine
        out[i, 2] = np.float64(points[i, 2])


def turned_back(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Points (N, 3) turned about z by -angle (N,), rad."""
    out = np.empty((len(points), 3))
    turn_back(points, angle, out)
    return out


def encode_steps(columns: Columns, steps: np.ndarray, usual: int) -> bytes:
    """Write the step (F,) int64 of each firing, and what is usual."""
    coder = open_encoder(48 * len(steps) + 64, 64 * len(steps) + 64)
    _code_steps(coder, fresh_counters(2 * INTEGER_NODES), steps - _gaps(columns))
    return pack_signed(usual) + pack_bytes(finish_encoder(coder))


def decode_steps(stream: bytes, columns: Columns) -> tuple[np.ndarray, int]:
    """Read what `encode_steps` wrote; raises CorruptError."""
    unpacker = Unpacker(stream)
    usual = unpacker.signed()
    coder = open_decoder(unpacker.bytes())
    unpacker.finish()
    rest = np.zeros(len(columns.fired), np.int64)
    _code_steps(coder, fresh_counters(2 * INTEGER_NODES), rest)
    finish_decoder(coder)
    if abs(usual) > _LARGEST or (np.abs(rest) > _LARGEST).any():
        raise CorruptError("impossible steps between firings")
    return rest + _gaps(columns), usual


def _gaps(columns: Columns) -> np.ndarray:
    """Columns (F,) from each firing to the next, the last like the one before."""
    gaps = np.diff(columns.fired) % columns.turn
    return np.append(gaps, gaps[-1:] if len(gaps) else [0])


@kernel
def _code_steps(coder, counters, rest):
    """Code what steps differ from gaps by."""
    context = np.int64(0)
    for i in range(rest.size):
        value = code_integer(coder, counters, context * INTEGER_NODES, _LIMIT, rest[i])
        rest[i] = min(max(value, -(1 << 30)), 1 << 30)
        context = np.int64(rest[i] != 0)
