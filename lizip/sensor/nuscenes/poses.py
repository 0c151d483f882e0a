"""The pose models of a sweep: how the decoder gets one pose a firing out of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_varint
from lizip.sensor.nuscenes.firing import hdl32e
from lizip.sensor.nuscenes.law import Law, decode_law, encode_law, law_poses
from lizip.sensor.rigid import pose_matrices
from lizip.sensor.spline import decode_knots, encode_knots, interpolate, knot_count, knot_values

SPLINE, LAW = 0, 1
NAMES = ("spline", "law")
"""As `lizip info` shows them."""

_WIDEST = 1 << 16
_FINEST = 32


@dataclass(frozen=True)
class Poses:
    """One pose a firing and the stream it comes from: `rotation` (F, 3, 3), `shift` (F, 3) m, in the far frame."""

    model: int
    data: bytes
    rotation: np.ndarray
    shift: np.ndarray


@kernel
def _posed(points, rotation, shift, out):
    for i in range(points.shape[0]):
        for j in range(points.shape[1]):
            for p in range(3):
                out[i, j, p] = (
                    shift[i, p]
                    + rotation[i, p, 0] * points[i, j, 0]
                    + rotation[i, p, 1] * points[i, j, 1]
                    + rotation[i, p, 2] * points[i, j, 2]
                )


def posed(points: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Sensor points (F, R, 3) in the far frame by their firings' poses."""
    out = np.empty(points.shape)
    _posed(points, rotation, shift, out)
    return out


def spline_poses(knots: np.ndarray, spacing: int, finer: int, firings: int, axes: np.ndarray) -> Poses:
    """Poses of a spline with knots (K, 6) int64 every `spacing` firings, in quanta / 2**finer."""
    data = pack_varint(spacing) + pack_varint(finer) + encode_knots(knots)
    return Poses(SPLINE, data, *_interpolated(knots, spacing, finer, firings, axes))


def _interpolated(knots, spacing, finer, firings, axes):
    pose, rotation, shift = np.empty((firings, 6)), np.empty((firings, 3, 3)), np.empty((firings, 3))
    interpolate(knot_values(knots, finer), spacing, pose)
    pose_matrices(pose, axes, rotation, shift)
    return rotation, shift


def law_track(law: Law, firings: int, phase: int) -> Poses:
    """Poses of a pose law; firing `phase` starts a packet."""
    sensor = hdl32e()
    poses = law_poses(law, firings, phase, sensor.packet, sensor.period)
    return Poses(LAW, encode_law(law, firings), *poses)


def read_poses(model: int, data: bytes, firings: int, phase: int, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (F, 3, 3) and shifts (F, 3) from a pose stream; raises CorruptError."""
    if model == LAW:
        sensor = hdl32e()
        law = decode_law(data, firings, phase, sensor.packet)
        return law_poses(law, firings, phase, sensor.packet, sensor.period)
    if model == SPLINE:
        unpacker = Unpacker(data)
        spacing, finer = unpacker.varint(), unpacker.varint()
        if not 1 <= spacing <= _WIDEST or finer > _FINEST:
            raise CorruptError("impossible spacing of knots")
        knots = decode_knots(unpacker.take(unpacker.remaining), knot_count(firings, spacing))
        return _interpolated(knots, spacing, finer, firings, axes)
    raise CorruptError("unknown pose model")
