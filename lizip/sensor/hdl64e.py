"""KITTI's way: an HDL-64E at rest, its rings one after the other, coordinates rounded to millimetres.

A ring's points ascend in azimuth (of the unrounded point), missing returns are left out. What a file holds beyond range
and reflectance is small: the columns in which the sensor fired, 0.1 % of the coordinates a millimetre off, and the odd
point that fits nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lizip.cloud import Cloud, Columns, Schema
from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker, pack_signed, pack_varint
from lizip.scan.columns import align_rings, decode_columns, encode_columns
from lizip.scan.order import decode_exceptions, encode_exceptions, keep_ascending, merge_columns
from lizip.scan.rings import split_rings, split_suspects
from lizip.sensor.beams import azimuth_keys, measure_points
from lizip.sensor.calibration import Calibration, Profile, load_profile
from lizip.sensor.chain import Measured
from lizip.sensor.corrections import apply_corrections, decode_corrections, encode_corrections, round_points
from lizip.sensor.fit import calibration_of, fit_beams
from lizip.sensor.intensity import DENOMINATORS, from_integers, to_integers
from lizip.sensor.returns import explain, make_grid, match_rings, place_returns, residual_of, return_points

PROFILES = ("hdl64e-kitti",)
"""Files in models/sensors; streams hold the index and a hash."""

HEADER, FIRINGS, CORRECTIONS, EXCEPTIONS, ODD_INTENSITIES = range(5)
"""Side streams."""

_SENT = 255
_MOST_RINGS = 192
_LEAST_POINTS = 512
_MOST_EXCEPTIONS = 0.06
_LEAST_RING = 50
_FARTHEST = 1e4
"""Points with a larger coordinate (m), or NaN, take no part in a fit."""

_LEAST_SHARE = 0.9


def stored_fields(cloud: Cloud) -> tuple[np.ndarray, np.ndarray] | None:
    """Coordinates (N, 3) and intensity (N,), float32, of a cloud that has just these four; None for others."""
    columns = list(cloud.columns.values())
    if len(columns) != 4 or any(column.dtype != np.dtype("<f4") for column in columns):
        return None
    return np.stack(columns[:3], axis=1), np.ascontiguousarray(columns[3])


def on_decimal_lattice(xyz: np.ndarray, decimal: int) -> bool:
    """Whether nearly all coordinates of a sample of xyz (N, 3) float32 are whole multiples of 1 / decimal, rounded."""
    sample = xyz[:: max(1, len(xyz) // 256)]
    sane = sample[np.abs(sample) < _FARTHEST]
    whole = np.rint(sane * np.float64(decimal)) / decimal
    return np.count_nonzero(whole.astype(np.float32) == sane) > 0.97 * sample.size


def calibrate(xyz: np.ndarray, bounds: np.ndarray, hinges: int = 4) -> Calibration | None:
    """Fit an HDL-64E's calibration to rings `bounds` of xyz (N, 3) float32; None when three rings say that it is none.

    Rings that do not fit are left out. `hinges` is the number of refining passes, see `lizip.sensor.fit`.
    """
    model = load_profile(PROFILES[0]).calibration
    plausible = (np.abs(xyz) < _FARTHEST).all(axis=1)
    xyz, bounds = xyz[plausible], np.concatenate([[0], np.cumsum(plausible)])[bounds]
    units = np.full(xyz.shape, 1.0 / model.decimal, np.float32)
    sizes = np.diff(bounds)
    rings = np.flatnonzero(sizes >= _LEAST_RING)
    if len(rings) < 4:
        return None
    for ring in rings[[len(rings) // 4, len(rings) // 2, len(rings) * 3 // 4]]:
        shares = fit_beams(xyz, units, bounds[ring : ring + 2], model.step, model.tick, model.hypotenuse, 0)[1]
        if shares[0] < _LEAST_SHARE:
            return None
    beams, shares = fit_beams(xyz, units, bounds, model.step, model.tick, model.hypotenuse, hinges)
    if (shares < _LEAST_SHARE).any():
        bounds = split_suspects(xyz, bounds, shares < _LEAST_SHARE)
        sizes = np.diff(bounds)
        beams, shares = fit_beams(xyz, units, bounds, model.step, model.tick, model.hypotenuse, hinges)
    kept = np.flatnonzero(shares >= _LEAST_SHARE)
    calibration = calibration_of(beams[kept], model)
    inside = np.repeat(shares >= _LEAST_SHARE, sizes)
    ring = np.repeat(np.arange(len(kept), dtype=np.int32), sizes[kept])
    column, ticks = np.empty(len(ring), np.int32), np.empty(len(ring), np.int32)
    c = calibration
    measure_points(c.table, c.step, c.tick, c.hypotenuse, ring, np.ascontiguousarray(xyz[inside]), column, ticks)
    shifts = align_rings(column, np.concatenate([[0], np.cumsum(sizes[kept])]), c.columns)
    return replace(calibration, shifts=shifts)


def _measure(
    xyz: np.ndarray, intensity: np.ndarray, bounds: np.ndarray, calibration: Calibration, profile: Profile | None
) -> Measured | None:
    """Explain a scan by a calibration; None when more than a few points escape it."""
    beams = match_rings(xyz, bounds, calibration)
    if (beams < 0).any() and (beams >= 0).mean() > 0.5:
        bounds = split_suspects(xyz, bounds, beams < 0)
        beams = match_rings(xyz, bounds, calibration)
    known = beams >= 0
    if int(np.diff(bounds)[known].sum()) < (1 - _MOST_EXCEPTIONS) * len(xyz):
        return None
    used = calibration.select(beams[known])
    numbered = np.where(known, np.cumsum(known) - 1, -1).astype(np.int32)
    ring = np.repeat(numbered, np.diff(bounds))
    explained = explain(xyz, ring, used, 1)
    kept = explained.kept
    keys = np.empty(len(xyz))
    azimuth_keys(explained.points, ring, keys)
    places = np.flatnonzero(kept)
    kept[places[~keep_ascending(keys[places])]] = False
    if np.count_nonzero(kept) < (1 - _MOST_EXCEPTIONS) * len(xyz):
        return None
    residual = residual_of(explained, xyz)
    ring, firing, ticks = ring[kept], explained.firing[kept], explained.ticks[kept]
    rounded, fraction, corrections = explained.rounded[kept], explained.fraction[kept], explained.corrections[kept]
    del explained, keys  # the largest arrays by far
    layout = make_grid(firing, ring, used)
    integers = to_integers(intensity[kept])
    if integers is None:
        return None
    denominator, values, exact = integers
    ranges = np.zeros((layout.rows, len(used.beams)), np.int32)
    grid = np.zeros_like(ranges)
    ranges[layout.row, ring] = ticks
    grid[layout.row, ring] = values
    places, odd = np.flatnonzero(~kept), np.flatnonzero(~exact)
    words = np.column_stack([xyz[places], intensity[places]]).view(np.uint32)
    side = {
        HEADER: _pack_header(profile, used, beams[known], layout.base, denominator),
        FIRINGS: encode_columns(layout.columns),
        CORRECTIONS: encode_corrections(rounded, fraction, corrections, used.decimal),
        EXCEPTIONS: encode_exceptions(places, words),
        ODD_INTENSITIES: encode_exceptions(odd, intensity[kept][odd].view(np.uint32)[:, None]),
    }
    info = {
        "sensor": load_profile(PROFILES[0]).title,
        "calibration": "profile" if profile else "fitted to this scan",
        "exceptions": len(places),
        "residual, um": residual,
        "corrected": int(np.count_nonzero(corrections.any(axis=1))),
    }
    return Measured(ranges, grid, {number: data for number, data in side.items() if data}, info=info)


def _pack_header(
    profile: Profile | None, calibration: Calibration, beams: np.ndarray, base: int, denominator: int
) -> bytes:
    head = pack_signed(base) + pack_varint(denominator)
    if profile is None:
        return head + pack_varint(_SENT) + calibration.pack()
    head += pack_varint(PROFILES.index(profile.name)) + profile.digest.to_bytes(8, "little")
    return head + np.packbits(np.bincount(beams, minlength=len(profile.calibration.beams)).astype(bool)).tobytes()


def _unpack_header(data: bytes) -> tuple[Calibration, int, int]:
    """Calibration of the rings in the grid, base row, intensity denominator; raises CorruptError."""
    unpacker = Unpacker(data)
    base, denominator, index = unpacker.signed(), unpacker.varint(), unpacker.varint()
    if abs(base) > 1 << 32 or denominator >= len(DENOMINATORS):
        raise CorruptError("impossible sweep header")
    if index == _SENT:
        calibration = Calibration.unpack(unpacker)
    else:
        calibration = _profile(index, int.from_bytes(unpacker.take(8), "little")).calibration
        count = len(calibration.beams)
        present = np.unpackbits(np.frombuffer(unpacker.take((count + 7) // 8), np.uint8), count=count)
        calibration = calibration.select(np.flatnonzero(present))
    unpacker.finish()
    return calibration, base, denominator


def _profile(index: int, digest: int) -> Profile:
    if index >= len(PROFILES):
        raise CorruptError("unknown sensor profile")
    profile = load_profile(PROFILES[index])
    if profile.digest != digest:
        raise ModelMissingError(f"sensor profile {profile.name!r} differs from the one the file was written with")
    return profile


class RingsInMillimetres:
    """The chain of KITTI: rings in order, each in ascending azimuth, millimetres."""

    name = "rings in millimetres"
    number = 1

    def __init__(self) -> None:
        self.last_hint: Calibration | None = None

    def recover(self, cloud: Cloud, level: str, hint: object | None = None) -> Measured | None:
        """Find ranges, reflectances and firing columns; see `lizip.sensor.chain.Chain`.

        `hint` is the `Calibration` fitted to an earlier sweep of the same sensor.
        """
        fields = stored_fields(cloud)
        if fields is None or cloud.count < _LEAST_POINTS or not on_decimal_lattice(fields[0], 1000):
            return None
        xyz, intensity = fields
        finite = np.nan_to_num(xyz[:, :2].T, nan=0.0, posinf=0.0, neginf=0.0)
        bounds = split_rings(*finite, _MOST_RINGS)
        del finite
        if bounds is None:
            return None
        for profile in map(load_profile, PROFILES):
            measured = _measure(xyz, intensity, bounds, profile.calibration, profile)
            if measured is not None:
                return measured
        if isinstance(hint, Calibration):
            measured = _measure(xyz, intensity, bounds, hint, None)
            if measured is not None:
                return measured
        calibration = calibrate(xyz, bounds, hinges=2 if level == "fast" else 3)
        if calibration is None:
            return None
        self.last_hint = calibration
        return _measure(xyz, intensity, bounds, calibration, None)

    def rebuild(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Give back the four columns; see `lizip.sensor.chain.Chain`."""
        calibration, base, denominator = _unpack_header(side.get(HEADER, b""))
        known = len(schema) == 4 and all(dtype == np.dtype("<f4") for _, dtype in schema)
        if not known or intensity is None or ranges.shape[1] != len(calibration.beams):
            raise CorruptError("sweep does not have the shape that its sensor makes")
        columns = decode_columns(side.get(FIRINGS, b""), calibration.columns)
        ring, row, rank = place_returns(ranges, columns, base, calibration)
        points = return_points(calibration, ring, columns.fired[rank], ranges[row, ring])
        keys = np.empty(len(ring))
        azimuth_keys(points, ring.astype(np.int32), keys)
        order = np.argsort(keys, kind="stable")
        ring, row, points = ring[order], row[order], points[order]
        rounded, fraction = round_points(points, calibration.decimal)
        xyz = apply_corrections(
            rounded,
            decode_corrections(side.get(CORRECTIONS, b""), rounded, fraction, calibration.decimal),
            calibration.decimal,
        )
        places, words = decode_exceptions(side.get(EXCEPTIONS, b""), 4, count)
        if len(xyz) + len(places) != count:
            raise CorruptError("sweep does not hold as many points as its file")
        stored = from_integers(intensity[row, ring], DENOMINATORS[denominator])
        odd, odd_words = decode_exceptions(side.get(ODD_INTENSITIES, b""), 1, len(xyz))
        stored[odd] = odd_words[:, 0].view(np.float32)
        out = merge_columns([*np.ascontiguousarray(xyz.T), stored], places, words).view(np.float32)
        return {name: column for (name, _), column in zip(schema, out, strict=True)}


CHAIN = RingsInMillimetres()
