"""Files of every format, made from an array; and the round trip that every test here runs."""

from __future__ import annotations

import io
import struct
from itertools import pairwise

import numpy as np

from lizip.formats import by_name, split

LAS_SIZES = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)


def round_trip(data: bytes, pieces: int = 3, **options):
    """Split, join from several blocks, compare; also the schema against the columns. Returns the cloud."""
    cloud = split(data, **options)
    kind = by_name(cloud.format)
    cuts = np.linspace(0, cloud.count, pieces + 1).astype(int)
    blocks = [{name: column[a:b] for name, column in cloud.columns.items()} for a, b in pairwise(cuts)]
    joined = b"".join(kind.join(cloud.layout, tuple(map(bytes, cloud.regions)), blocks if cloud.columns else []))
    assert joined == bytes(data)
    assert tuple(kind.schema(cloud.layout)) == cloud.schema
    assert all(type(region) in (bytes, memoryview) for region in cloud.regions)
    return cloud


def las(records: bytes, length: int, count: int, point_format: int = 3, minor: int = 2, vlrs: bytes = b"") -> bytes:
    """A LAS file with the given records; `vlrs` stand between header and points."""
    header = bytearray({2: 227, 3: 235, 4: 375}[minor])
    header[:4] = b"LASF"
    header[24:26] = bytes([1, minor])
    struct.pack_into(
        "<HIIBHI", header, 94, len(header), len(header) + len(vlrs), bool(vlrs), point_format, length, count
    )
    if minor == 4:
        struct.pack_into("<Q", header, 247, count)
    return bytes(header) + vlrs + records


def extra_bytes_vlr(*entries: tuple[str, int, int]) -> bytes:
    """The VLR that describes extra bytes: name, data type, options."""
    payload = b""
    for name, data_type, options in entries:
        payload += bytes([0, 0, data_type, options]) + name.encode().ljust(32, b"\0") + bytes(156)
    return struct.pack("<H16sHH32s", 0, b"LASF_Spec", 4, len(payload), b"") + payload


def pcd_header(fields: str, size: str, kind: str, count: str, points: int, encoding: str) -> bytes:
    return (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n"
        f"FIELDS {fields}\nSIZE {size}\nTYPE {kind}\nCOUNT {count}\n"
        f"WIDTH {points}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA {encoding}\n"
    ).encode()


def xyzi_pcd(points: int, encoding: str) -> bytes:
    return pcd_header("x y z intensity", "4 4 4 4", "F F F F", "1 1 1 1", points, encoding)


def ply_header(points: int, encoding: str, properties: tuple[str, ...], after: str = "") -> bytes:
    lines = [f"property {each}\n" for each in properties]
    head = f"ply\nformat {encoding} 1.0\ncomment made for tests\nelement vertex {points}\n"
    return (head + "".join(lines) + after + "end_header\n").encode()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
