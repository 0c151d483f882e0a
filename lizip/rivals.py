"""What people use instead of lizip, behind one small interface, each saying what it loses. For `lizip bench`.

Every rival is given the same `Subject` and called in one thread. Their libraries are imported when a rival is used.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from lizip.cloud import Cloud
from lizip.errors import FormatError
from lizip.formats import split


@dataclass(frozen=True)
class Subject:
    """A file to compress: its bytes, and its columns for the rivals that want them."""

    data: bytes

    @cached_property
    def cloud(self) -> Cloud:
        """The file taken apart."""
        return split(self.data)

    @cached_property
    def points(self) -> np.ndarray:
        """Coordinates (N, 3) in the file's own float type; FormatError when there are none."""
        columns = self.cloud.columns
        if not all(name in columns and columns[name].dtype.kind == "f" for name in "xyz"):
            raise FormatError("no float columns x, y, z")
        return np.stack([columns[name] for name in "xyz"], axis=1)

    @cached_property
    def is_las(self) -> bool:
        """Whether the file is LAS."""
        return self.data[:4] == b"LASF"

    @cached_property
    def step(self) -> float:
        """1e-3 m when every coordinate is a whole number of millimetres (KITTI), else 1e-5 m."""
        millimetres = np.rint(self.points.astype(np.float64) * 1000)
        return 1e-3 if np.array_equal((millimetres / 1000).astype(self.points.dtype), self.points) else 1e-5

    def column(self, *names: str) -> np.ndarray | None:
        """The first column that has one of these names; None when there is none."""
        return next((self.cloud.columns[name] for name in names if name in self.cloud.columns), None)


@dataclass(frozen=True)
class Rival:
    """A way to compress a point cloud.

    Attributes
    ----------
    name : str
        As shown in tables.
    encode : Callable[[Subject], bytes]
        Compress. Raises FormatError when the subject is not for this rival.
    decode : Callable[[bytes, Subject], object]
        Decompress: to the bytes of the file where `loses` is empty, else to what the rival gives back. The subject may
        only tell what a caller would know anyway (the layout around the numbers).
    loses : str
        What does not come back; "" for lossless.
    needs : str
        Package to install; "" when there is nothing to install.
    warms_up : bool
        Whether its first call compiles, so that it says nothing about speed.
    error : Callable[[object, Subject], float]
        Largest error of a coordinate (m) of what `decode` gave; NaN where the order is lost and nobody can say.
    """

    name: str
    encode: Callable[[Subject], bytes]
    decode: Callable[[bytes, Subject], object]
    loses: str = ""
    needs: str = ""
    warms_up: bool = False
    error: Callable[[object, Subject], float] = field(default=lambda decoded, subject: float("nan"))

    @property
    def missing(self) -> str:
        """What to type to get it; "" when it is there."""
        modules = {"laspy[lazrs]": ("laspy", "lazrs"), "": ()}.get(self.needs, (self.needs,))
        return "" if all(map(find_spec, modules)) else f"pip install '{self.needs}'"


PUBLISHED = {"nuscenes": 43.7, "argoverse": 53.5}
"""Bits a point of the LiZIP paper's own method (arXiv 2603.23162): voxel sort, MLP, byte shuffle, lzma; x, y, z only,
to 10 um, order lost. From the paper, not run here. The paper's data are other sweeps of the same sets."""


def _encode_gzip(subject: Subject) -> bytes:
    import gzip

    return gzip.compress(subject.data, 9, mtime=0)


def _decode_gzip(stream: bytes, subject: Subject) -> bytes:
    import gzip

    return gzip.decompress(stream)


def _encode_xz(subject: Subject) -> bytes:
    import lzma

    return lzma.compress(subject.data, preset=9)


def _decode_xz(stream: bytes, subject: Subject) -> bytes:
    import lzma

    return lzma.decompress(stream)


def _encode_zstd(subject: Subject) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=19).compress(subject.data)


def _decode_zstd(stream: bytes, subject: Subject) -> bytes:
    import zstandard

    return zstandard.ZstdDecompressor().decompress(stream)


def _encode_pcodec(subject: Subject) -> bytes:
    from pcodec import ChunkConfig, standalone

    if not subject.cloud.columns:
        raise FormatError("no columns")
    config = ChunkConfig(compression_level=12, enable_8_bit=True)
    parts = [subject.cloud.layout, *subject.cloud.regions]
    parts += [standalone.simple_compress(column.copy(), config) for column in subject.cloud.columns.values()]
    return b"".join(len(part).to_bytes(8, "little") + bytes(part) for part in parts)


def _decode_pcodec(stream: bytes, subject: Subject) -> bytes:
    from pcodec import standalone

    from lizip.formats import by_name

    parts, position = [], 0
    while position < len(stream):
        size = int.from_bytes(stream[position : position + 8], "little")
        parts.append(stream[position + 8 : position + 8 + size])
        position += 8 + size
    format = by_name(subject.cloud.format)
    schema = format.schema(parts[0])
    columns = [standalone.simple_decompress(part) for part in parts[len(parts) - len(schema) :]]
    named = {name: column.astype(kind, copy=False) for (name, kind), column in zip(schema, columns, strict=True)}
    return b"".join(format.join(parts[0], tuple(parts[1 : len(parts) - len(schema)]), [named]))


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


def _encode_laszip(subject: Subject) -> bytes:
    import laspy

    stream = io.BytesIO()
    backend = laspy.LazBackend.Lazrs
    if subject.is_las:
        laspy.read(io.BytesIO(subject.data)).write(stream, do_compress=True, laz_backend=backend)
        return stream.getvalue()
    points = subject.points.astype(np.float64)
    if not np.isfinite(points).all():
        raise FormatError("coordinates that are not finite")
    if np.abs(points).max(initial=0) / subject.step >= 2**31:
        raise FormatError("coordinates too large for 32-bit integers")
    header = laspy.LasHeader(point_format=0, version="1.2")
    header.scales, header.offsets = np.full(3, subject.step), np.zeros(3)
    las = laspy.LasData(header)
    las.X, las.Y, las.Z = np.rint(points / subject.step).astype(np.int32).T
    if (intensity := subject.column("intensity", "reflectivity", "i")) is not None:
        las.intensity = whole_numbers(intensity, 65535).astype(np.uint16)
    if (ring := subject.column("ring", "laser_number")) is not None:
        las.user_data = whole_numbers(ring, 255).astype(np.uint8)
    las.write(stream, do_compress=True, laz_backend=backend)
    return stream.getvalue()


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


def _draco(name: str, keep_order: bool, loses: str) -> Rival:
    def encode(subject: Subject) -> bytes:
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
            quantization_bits=24,
            compression_level=10,
            preserve_order=keep_order,
            generic_attributes=further or None,
        )

    def decode(stream: bytes, subject: Subject) -> np.ndarray:
        import DracoPy

        return DracoPy.decode(stream).points

    def error(decoded: object, subject: Subject) -> float:
        if not keep_order:
            return float("nan")
        return float(np.abs(np.asarray(decoded, np.float64) - subject.points).max(initial=0))

    return Rival(name, encode, decode, loses, "DracoPy", error=error)


def _lizip(level: str) -> Rival:
    def encode(subject: Subject) -> bytes:
        from lizip.api import compress

        return compress(subject.data, level=level, check=False)  # whoever measures checks for himself

    def decode(stream: bytes, subject: Subject) -> bytes:
        from lizip.api import decompress

        return bytes(decompress(stream))

    return Rival("lizip" if level == "default" else f"lizip --{level}", encode, decode, warms_up=True)


_ROUNDED = (
    "floats rounded to 0.01 mm (whole millimetres kept), other fields to integers; of .las only the records return"
)

RIVALS = {
    rival.name: rival
    for rival in (
        _lizip("fast"),
        _lizip("default"),
        _lizip("max"),
        Rival("gzip -9", _encode_gzip, _decode_gzip),
        Rival("xz -9", _encode_xz, _decode_xz),
        Rival("zstd -19", _encode_zstd, _decode_zstd),
        Rival("pcodec", _encode_pcodec, _decode_pcodec, needs="pcodec"),
        Rival("LASzip", _encode_laszip, _decode_laszip, _ROUNDED, "laspy[lazrs]", error=_laszip_error),
        _draco("Draco", False, "order; floats quantised to 24 bits of the extent, other fields to 8 bits"),
        _draco("Draco sequential", True, "floats quantised to 24 bits of the extent, other fields to 8 bits"),
    )
}
"""By name, in the order of the tables."""


def choose(names: Iterable[str] | None = None) -> list[Rival]:
    """Rivals by name, or all. Case does not matter; `lizip` is all its levels, `lizip --default` that one alone.

    Raises
    ------
    ValueError
        When a name is unknown.
    """
    if names is None:
        return list(RIVALS.values())
    chosen: list[Rival] = []
    for name in names:
        wanted = name.strip().casefold()
        if wanted == "lizip --default":
            chosen.append(RIVALS["lizip"])
            continue
        found = [r for r in RIVALS.values() if wanted in (r.name.casefold(), r.name.split()[0].casefold())]
        if not found:
            raise ValueError(f"unknown rival {name!r}; known are {', '.join(RIVALS)}")
        exact = [r for r in found if r.name.casefold() == wanted]
        chosen += exact if exact and wanted != "lizip" else found
    return list(dict.fromkeys(chosen))
