"""What is compared where something is lost: each method at several settings, and what comes back of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

import lizip
from lizip.bench import Subject
from lizip.bench.lossy import encode_draco, encode_laszip

BOUNDS = (1e-5, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2)
"""Metres."""
_PAPERS = 1e-5
"""The bound of the LiZIP paper (m)."""
DRACO_BITS = (14, 16, 18, 20, 22, 24)


class Coded(NamedTuple):
    """A file coded by a method at a setting.

    Attributes
    ----------
    setting : str
    stream : bytes
    decoded : (N, 3) float64
        Coordinates, m.
    largest : float or None
        Largest error (m) as the method says, where `decoded` is in another order than the file.
    """

    setting: str
    stream: bytes
    decoded: np.ndarray
    largest: float | None = None


def points_of(subject: Subject) -> np.ndarray:
    """Coordinates (N, 3) float64 of a file, m."""
    return _las_points(subject.data) if subject.is_las else subject.points.astype(np.float64)


def _las_points(data: bytes) -> np.ndarray:
    import laspy

    las = laspy.read(io.BytesIO(data), laz_backend=laspy.LazBackend.Lazrs)
    return np.stack([las.X, las.Y, las.Z], axis=1) * np.abs(las.header.scales) + las.header.offsets


class Cloudini:
    """What Cloudini's encoder is given: records of the file's columns, coordinates with a resolution."""

    def __init__(self, subject: Subject):
        columns = subject.cloud.columns
        self.names = list(columns)
        self.records = np.zeros(subject.cloud.count, [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            self.records[name] = column

    def encode(self, step: float) -> bytes:
        """Compress with multiples of `step` metres."""
        import pureini

        info = pureini.EncodingInfo()
        numbers = {"f": "FLOAT", "i": "INT", "u": "UINT"}
        info.fields = [
            pureini.PointField(
                name,
                offset,
                pureini.FieldType[f"{numbers[kind.kind]}{8 * kind.itemsize}"],
                step if name in "xyz" else None,
            )
            for name, (kind, offset) in self.records.dtype.fields.items()
        ]
        info.width, info.height, info.point_step = len(self.records), 1, self.records.itemsize
        info.encoding_opt, info.compression_opt = pureini.EncodingOptions.LOSSY, pureini.CompressionOption.ZSTD
        return bytes(pureini.PointcloudEncoder(info).encode(self.records.tobytes()))

    def decode(self, stream: bytes) -> np.ndarray:
        """Coordinates (N, 3)."""
        import pureini

        data = pureini.PointcloudDecoder().decode(stream)[0]
        records = np.frombuffer(data, self.records.dtype)
        return np.stack([records[axis] for axis in "xyz"], axis=1)


def _lizip(subject: Subject) -> Iterator[Coded]:
    for bound in BOUNDS:
        stream = lizip.compress(subject.data, max_error=bound)
        yield Coded(length(bound), stream, points_of(Subject(lizip.decompress(stream))))


def _in_any_order(subject: Subject) -> Iterator[Coded]:
    for bound in BOUNDS:
        stream = lizip.compress(subject.data, max_error=bound, drop_order=True)
        info = lizip.info(stream)
        points = points_of(Subject(lizip.decompress(stream)))
        yield Coded(length(bound), stream, points, info["largest_error"])


def _places_alone(subject: Subject) -> Iterator[Coded]:
    """The paper's own setting, but for the order, which stays."""
    points = np.ascontiguousarray(subject.points)
    stream = lizip.compress(points, max_error=_PAPERS)
    yield Coded(f"{length(_PAPERS)}, x y z only", stream, lizip.decompress(stream).astype(np.float64))


def _laszip(subject: Subject) -> Iterator[Coded]:
    for bound in BOUNDS:
        stream = encode_laszip(subject, 2 * bound)
        yield Coded(length(bound), stream, _las_points(stream))


def _draco(subject: Subject) -> Iterator[Coded]:
    """Sizes of the form that loses the order; errors of the one that keeps it, which quantises alike."""
    import DracoPy

    for bits in DRACO_BITS:
        ordered = DracoPy.decode(encode_draco(subject, True, bits)).points
        yield Coded(f"{bits} bits", encode_draco(subject, False, bits), np.asarray(ordered, np.float64))


def _cloudini(subject: Subject) -> Iterator[Coded]:
    rival = Cloudini(subject)
    for bound in BOUNDS:
        stream = rival.encode(2 * bound)
        yield Coded(length(bound), stream, rival.decode(stream).astype(np.float64))


Method = Callable[[Subject], Iterator[Coded]]
METHODS: dict[str, tuple[str, Method]] = {
    "lizip": ("numpy", _lizip),
    "lizip, order dropped": ("numpy", _in_any_order),
    "lizip, x y z only": ("numpy", _places_alone),
    "LASzip": ("laspy", _laszip),
    "Draco": ("DracoPy", _draco),
    "Cloudini": ("pureini", _cloudini),
}
"""Name; module it needs; what codes a file at its settings."""


def length(metres: float) -> str:
    """A length as users write it."""
    for unit, size in (("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6)):
        if metres >= 0.999 * size:
            return f"{metres / size:.6g} {unit}"
    return f"{metres:g} m"
