"""nuScenes' way: every firing of an HDL-32E through the float32 coordinates of a map, and back with one pose a sweep.

Range ticks and azimuth -> float32 sensor point -> pose of the firing -> float32 in the map -> pose of the last firing,
inverted -> stored float32. Points stand in firing order, 32 rings each, no-returns at the sensor's position. Stages
that did not happen (or do not show) are left out: without the map's rounding it is a plain moving sensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.errors import CorruptError
from lizip.sensor.chain import Measured
from lizip.sensor.fit.intensity import to_integers
from lizip.sensor.nuscenes.azimuths import decode_azimuths, encode_azimuths
from lizip.sensor.nuscenes.choose import choose_lattice
from lizip.sensor.nuscenes.firing import RINGS, hdl32e, place_points
from lizip.sensor.nuscenes.frame import FarFrame
from lizip.sensor.nuscenes.header import Header, powers_of, quaternion_of
from lizip.sensor.nuscenes.lawsolve import solve_law
from lizip.sensor.nuscenes.observe import Observed, observe
from lizip.sensor.nuscenes.poses import LAW, NAMES, SPLINE, Poses, law_track, posed, read_poses, spline_poses
from lizip.sensor.nuscenes.residual import decode_points, encode_points
from lizip.sensor.spline import fit_spline
from lizip.sensor.stages.exceptions import decode_exceptions, encode_exceptions
from lizip.sensor.stages.intensity import DENOMINATORS, from_integers

HEADER, AZIMUTHS, POSES, CORRECTIONS, ODD_INTENSITIES = range(5)
"""Side streams."""

_LEAST_FIRINGS = 64
_TAIL = 24
"""Last firings looked at first: 1.1 ms, in which no vehicle gets far."""
_FARTHEST = 1000.0
_MOST_BITS = 34
"""Bits a point for poses and corrections beyond which the chain explains nothing."""
_MOST_FIRINGS = 1 << 16
_ERRORS = {
    SPLINE: np.array([1e-6, 1e-6, 1e-7, 5e-8, 5e-8, 4e-9]),
    LAW: np.array([2e-7, 2e-7, 4e-9, 2e-8, 2e-8, 4e-10]),
}
"""Expected errors of a model's prediction: at the sensor (m), and growth with range (a metre)."""
_OPEN_ERRORS = np.array([0.0, 0.0, 6e-8, 0.0, 0.0, 0.0])
"""What the map's rounding of heights adds where it is not known."""
_LAWFUL = 0.6
"""Bits a point that a pose law reaches where it holds; splines stay above."""
_SPACINGS = {"fast": (8,), "default": (6,), "max": (6, 8, 4, 10)}
"""Firings from knot to knot of the splines tried."""
_LAWS = {"fast": (), "default": ((0, 1.0, 1.0),), "max": ((0, 1.0, 1.0), (1, 0.5, 1.0), (0, 1.0, 2.0))}
"""Pose laws fitted: from which of the splines, and how dear it is to add and to keep a knot."""


def stored_fields(cloud: Cloud) -> tuple[np.ndarray, np.ndarray] | None:
    """Points (F, R, 3) float32 and intensity (N,) of a cloud laid out like nuScenes; None for others, at once."""
    columns = list(cloud.columns.values())
    count = cloud.count
    if len(columns) not in (4, 5) or any(column.dtype != np.dtype("<f4") for column in columns):
        return None
    if count % RINGS or not _LEAST_FIRINGS <= count // RINGS <= _MOST_FIRINGS:
        return None
    if len(columns) == 5 and not _is_ring(columns[4]):
        return None
    points = np.stack(columns[:3], axis=1).reshape(-1, RINGS, 3)
    return (points, np.ascontiguousarray(columns[3])) if _looks_like_rings(points) else None


def _is_ring(column: np.ndarray) -> bool:
    rings = np.arange(RINGS, dtype=np.float32).view(np.uint32)
    return bool((np.ascontiguousarray(column).view(np.uint32).reshape(-1, RINGS) == rings).all())


def _looks_like_rings(points: np.ndarray) -> bool:
    """Whether far points of the last firings lie at their rings' elevations, within half a degree."""
    sensor = hdl32e()
    tail = points[-_TAIL:].astype(np.float64)
    tail = np.where(np.abs(tail) < _FARTHEST, tail, 0.0)
    distance = np.sqrt((tail**2).sum(axis=2))
    far = distance > 4
    if np.count_nonzero(far) < 3 * _TAIL:
        return False
    off = np.abs(tail[..., 2] / np.maximum(distance, 1e-3) - sensor.sin_elevation)
    return bool((off[far] < 0.01).mean() > 0.8)


def _for_fits(stored: np.ndarray) -> np.ndarray:
    """Points (F, R, 3) as float64; those that are no place, or too far, stand far aside where they weigh nothing.

    The corrections bring them back.
    """
    sane = (np.abs(stored) < _FARTHEST).all(axis=2, keepdims=True)
    aside = np.empty((1, RINGS, 3))
    aside[0] = _FARTHEST / 2 + np.arange(RINGS)[:, None] + [0.1, 0.3, 0.7]
    return np.where(sane, stored, aside).astype(np.float64)


def places_of(values: np.ndarray) -> np.ndarray:
    """Places (int64) of float32 values among the float32 numbers, as `residual.ordinal`."""
    bits = np.ascontiguousarray(values).view(np.int32).astype(np.int64)
    return np.where(bits >= 0, bits, -1 - (bits & 0x7FFFFFFF))


def values_of(places: np.ndarray) -> np.ndarray:
    """Float32 values at places (int64) that fit 32 bits."""
    bits = np.where(places >= 0, places, (-1 - places) - (1 << 31))
    return bits.astype(np.int32).view(np.float32)


def _measured(ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (N,) float64, m, and firing (N,) of each point of a grid of ticks (F, R)."""
    firing = np.repeat(np.arange(len(ranges)), ranges.shape[1])
    return np.abs(ranges.reshape(-1).astype(np.float64)) * hdl32e().tick, firing


class _Attempt:
    """One pose model tried on a sweep: header and streams; the smallest attempt wins."""

    def __init__(self, seen: Observed, places: np.ndarray, poses: Poses, denominator: int):
        frame = seen.frame
        errors = _ERRORS[poses.model]
        if not frame.rounded[2]:
            errors = np.maximum(errors, _OPEN_ERRORS)
        rounded = frame.rounded.astype(np.int64)
        quaternion = quaternion_of(frame.axes)
        self.poses = poses
        self.header = Header(
            poses.model, seen.phase, rounded, quaternion, frame.offset * rounded, powers_of(errors), denominator
        )
        far = self.header.far
        predicted = posed(seen.sensor_points, poses.rotation, poses.shift).reshape(-1, 3)
        lattice, self.exact = choose_lattice(far, predicted, places)
        self.corrections = encode_points(far, predicted, *_measured(seen.track.ranges), lattice, places)

    @property
    def size(self) -> int:
        """Bytes that depend on the pose model."""
        return len(self.poses.data) + len(self.corrections)


def _splines(seen: Observed, level: str) -> list[Poses]:
    """The sweep's poses as splines."""
    # the axes as the decoder will have them
    axes = Header(0, 0, np.zeros(3), quaternion_of(seen.frame.axes), np.zeros(3), np.zeros(6, int), 0).far[0]
    tight = 1 / seen.sigma
    loose = 1 / np.sqrt(seen.sigma**2 + np.array([3e-6, 3e-6, 1e-6]) ** 2)
    splines = []
    # without the map's coarse rounding, finer poses pay
    choices = [(spacing, 0) for spacing in _SPACINGS[level]]
    choices += [] if seen.frame.rounded.all() else [(8, 4)]
    for spacing, finer in choices:
        knots = fit_spline(
            seen.points,
            seen.sensor_points,
            (loose, loose, tight, tight),
            axes,
            seen.track.pose,
            spacing,
            (30.0, 15.0, 30.0, 15.0),
            finer,
        )
        splines.append(spline_poses(knots, spacing, finer, len(seen.stored), axes))
    return splines


def _attempts(seen: Observed, places: np.ndarray, level: str, denominator: int) -> Iterator[_Attempt]:
    """Pose models: the law, fitted from splines; and the splines where it does not hold."""
    splines, frame = _splines(seen, level), seen.frame
    lawful = False
    for start, adding, keeping in _LAWS[level] if frame.rounded[:2].all() else ():
        law = solve_law(seen, splines[start].rotation, splines[start].shift, hdl32e(), (adding, keeping))
        if law is not None:
            attempt = _Attempt(seen, places, law_track(law, len(seen.stored), seen.phase), denominator)
            lawful = lawful or 8 * attempt.size < _LAWFUL * len(places)
            yield attempt
        seen.refer(frame)
    if not lawful:
        for spline in splines:
            yield _Attempt(seen, places, spline, denominator)


class FiringsThroughMap:
    """The chain of nuScenes; see `lizip.sensor.chain.Chain`."""

    name = "firings through a map frame"
    number = 2

    def __init__(self) -> None:
        self.last_hint: object | None = None

    def recover(self, cloud: Cloud, level: str, hint: object | None = None) -> Measured | None:
        """Find ranges, azimuths and poses."""
        fields = stored_fields(cloud)
        if fields is None:
            return None
        stored, intensity = fields
        integers = to_integers(intensity)
        if integers is None:
            return None
        denominator, values, exact = integers
        known = hint if isinstance(hint, FarFrame) else None
        seen = observe(_for_fits(stored), hdl32e(), known)
        if seen is None:
            return None
        self.last_hint = seen.frame if seen.frame.rounded.all() else None
        places = places_of(stored.reshape(-1, 3))
        best = min(_attempts(seen, places, level, denominator), key=lambda attempt: attempt.size)
        if 8 * best.size > _MOST_BITS * cloud.count:
            return None
        odd = np.flatnonzero(~exact)
        side = {
            HEADER: best.header.pack(),
            AZIMUTHS: encode_azimuths(seen.block, seen.advance, seen.phase, hdl32e().packet),
            POSES: best.poses.data,
            CORRECTIONS: best.corrections,
            ODD_INTENSITIES: encode_exceptions(odd, intensity[odd].view(np.uint32)[:, None]),
        }
        info = {
            "sensor": "Velodyne HDL-32E as in nuScenes",
            "pose model": NAMES[best.poses.model],
            "far axes": int(seen.frame.rounded.sum()),
            "exact points": best.exact,
        }
        return Measured(
            seen.track.ranges.astype(np.int32),
            values.reshape(-1, RINGS),
            {number: data for number, data in side.items() if data},
            tick=hdl32e().tick,
            intensity_everywhere=True,
            info=info,
        )

    def rebuild(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Compute the stored columns."""
        firings = len(ranges)
        if ranges.shape != (firings, RINGS) or firings * RINGS != count or not 1 <= firings <= _MOST_FIRINGS:
            raise CorruptError("grid does not fit the number of points")
        if len(schema) not in (4, 5) or any(dtype != np.dtype("<f4") for _, dtype in schema) or intensity is None:
            raise CorruptError("fields do not fit the chain")
        header = Header.unpack(side.get(HEADER, b""))
        if header.denominator >= len(DENOMINATORS):
            raise CorruptError("unknown intensity denominator")
        sensor = hdl32e()
        block, advance = decode_azimuths(side.get(AZIMUTHS, b""), firings, header.phase, sensor.packet)
        far = header.far
        rotation, shift = read_poses(header.model, side.get(POSES, b""), firings, header.phase, far[0])
        points = np.empty((firings, RINGS, 3))
        with np.errstate(all="ignore"):
            place_points(ranges.astype(np.int64), block, advance, *sensor.tables, points)
            predicted = posed(points, rotation, shift).reshape(-1, 3)
            places = decode_points(side.get(CORRECTIONS, b""), far, predicted, *_measured(ranges))
        xyz = values_of(places)
        values = from_integers(intensity.reshape(-1), DENOMINATORS[header.denominator])
        odd, words = decode_exceptions(side.get(ODD_INTENSITIES, b""), 1, count)
        values[odd] = words[:, 0].view(np.float32)
        columns = [xyz[:, 0], xyz[:, 1], xyz[:, 2], values]
        if len(schema) == 5:
            columns.append(np.tile(np.arange(RINGS, dtype=np.float32), firings))
        return {name: column for (name, _), column in zip(schema, columns, strict=False)}


CHAIN = FiringsThroughMap()
