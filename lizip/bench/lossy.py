"""Rivals that do not give back a float file: LASzip's integers, Draco's quantised coordinates."""

from __future__ import annotations

import io

import numpy as np

from lizip.bench.subject import Rival, Subject
from lizip.errors import FormatError


def whole_numbers(values: np.ndarray, largest: int) -> np.ndarray:
    """Scale a column to whole numbers in [0, largest] with the smallest power of ten that keeps it; else stretch it."""
    values = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    for scale in (1, 10, 100, 1000):
        whole = np.rint(values * scale)
        fits = whole.min(initial=0) >= 0 and whole.max(initial=0) <= largest
        if fits and np.array_equal((whole / scale).astype(np.float32), values.astype(np.float32)):
            return whole.astype(np.int64)
    low, high = values.min(initial=0), values.max(initial=0)
    return np.rint((values - low) * (largest / max(high - low, 1e-30))).astype(np.int64)


def encode_laszip(subject: Subject, step: float) -> bytes:
    """Write LAZ; coordinates become multiples of `step` metres, those of LAS unless they are coarser already."""
    import laspy

    stream = io.BytesIO()
    backend = laspy.LazBackend.Lazrs
    if subject.is_las:
        las = laspy.read(io.BytesIO(subject.data))
        if step > las.header.scales.max():
            las.change_scaling(scales=np.full(3, step))
        las.write(stream, do_compress=True, laz_backend=backend)
        return stream.getvalue()
    points = subject.points.astype(np.float64)
    if not np.isfinite(points).all():
        raise FormatError("coordinates that are not finite")
    if np.abs(points).max(initial=0) / step >= 2**31:
        raise FormatError("coordinates too large for 32-bit integers")
    header = laspy.LasHeader(point_format=0, version="1.2")
    header.scales, header.offsets = np.full(3, step), np.zeros(3)
    las = laspy.LasData(header)
    las.X, las.Y, las.Z = np.rint(points / step).astype(np.int32).T
    if (intensity := subject.column("intensity", "reflectivity", "i")) is not None:
        las.intensity = whole_numbers(intensity, 65535).astype(np.uint16)
    if (ring := subject.column("ring", "laser_number")) is not None:
        las.user_data = whole_numbers(ring, 255).astype(np.uint8)
    las.write(stream, do_compress=True, laz_backend=backend)
    return stream.getvalue()


def _encode_laszip(subject: Subject) -> bytes:
    return encode_laszip(subject, 0.0 if subject.is_las else subject.step)


def _decode_laszip(stream: bytes, subject: Subject) -> object:
    import laspy

    las = laspy.read(io.BytesIO(stream), laz_backend=laspy.LazBackend.Lazrs)
    if subject.is_las:
        return las.points.array.tobytes()
    return np.stack([las.X, las.Y, las.Z], axis=1)


def _laszip_error(decoded: object, subject: Subject) -> float:
    if subject.is_las:
        import laspy

        equal = decoded == laspy.read(io.BytesIO(subject.data)).points.array.tobytes()
        return 0.0 if equal else float("nan")
    return float(np.abs(np.asarray(decoded) * subject.step - subject.points.astype(np.float64)).max(initial=0))


def laz_point_bytes(stream: bytes) -> int:
    """Bytes of the point data of a LAZ file, with its chunk table: all but the header and what follows the points."""
    import laspy

    with laspy.open(io.BytesIO(stream)) as reader:
        header = reader.header
        end = header.start_of_first_evlr if header.number_of_evlrs else len(stream)
        return end - header.offset_to_point_data


def encode_draco(subject: Subject, keep_order: bool, bits: int) -> bytes:
    """Write Draco; coordinates are quantised to so many bits of the extent."""
    import DracoPy

    points = subject.points.astype(np.float32)
    if not np.isfinite(points).all():
        raise FormatError("coordinates that are not finite")
    further = {}
    for key, column in (
        ("intensity", subject.column("intensity", "reflectivity")),
        ("ring", subject.column("ring")),
    ):
        if column is not None:
            further[key] = whole_numbers(column, 255).astype(np.uint8)[:, None]
    return DracoPy.encode(
        points,
        quantization_bits=bits,
        compression_level=10,
        preserve_order=keep_order,
        generic_attributes=further or None,
    )


def _draco(name: str, keep_order: bool, loses: str) -> Rival:
    def encode(subject: Subject) -> bytes:
        return encode_draco(subject, keep_order, 24)

    def decode(stream: bytes, subject: Subject) -> np.ndarray:
        import DracoPy

        return DracoPy.decode(stream).points

    def error(decoded: object, subject: Subject) -> float:
        if not keep_order:
            return float("nan")
        return float(np.abs(np.asarray(decoded, np.float64) - subject.points).max(initial=0))

    return Rival(name, encode, decode, loses, "DracoPy", error=error)


LASZIP = Rival(
    "LASzip",
    _encode_laszip,
    _decode_laszip,
    "floats rounded to 0.01 mm (whole millimetres kept), other fields to integers",
    "laspy[lazrs]",
    error=_laszip_error,
)
DRACO = (
    _draco("Draco", False, "order; floats quantised to 24 bits of the extent, other fields to 8 bits"),
    _draco("Draco sequential", True, "floats quantised to 24 bits of the extent, other fields to 8 bits"),
)
