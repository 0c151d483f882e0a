"""PDAL takes points as a structured array with its own names of dimensions: X, Y, Z in metres, GpsTime ...

from lizip.integrations.pdal import read_array

pipeline = pdal.Filter.outlier().pipeline(read_array("scan.bin.lizip"))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lizip.access import as_structured
from lizip.integrations.points import read_points

_CALLED = {"nir": "Infrared", "scanner_channel": "ScanChannel", "scan_angle": "ScanAngleRank"}
"""Where PDAL has another word than LAS."""

_SCAN_ANGLE = 0.006
"""Degrees that one step of LAS's `scan_angle` is (formats 6 to 10)."""


def read_array(path: Any) -> np.ndarray:
    """Read points as PDAL takes them, (N,) structured.

    X, Y and Z are float64, as scale and offset of a LAS file give them; other columns have their stored types, and
    PDAL's names where it knows them (`gps_time` is GpsTime).

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file

    Raises
    ------
    FormatError
        When it is not a .lizip file, or has no coordinates.
    CorruptError

    Examples
    --------
    >>> import lizip
    >>> from lizip.integrations.pdal import read_array
    >>> read_array(lizip.compress_file("scan.bin")).dtype.names
    ('X', 'Y', 'Z', 'Intensity')
    """
    xyz, columns = read_points(path)
    named = {_name(name): _taken(name, column) for name, column in columns.items()}
    return as_structured({**dict(zip("XYZ", xyz.T, strict=True)), **named})


def _name(name: str) -> str:
    """PDAL's name of a column: words without what joins them."""
    return _CALLED.get(name) or "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _taken(name: str, column: np.ndarray) -> np.ndarray:
    """A column in a type that PDAL has."""
    if name == "scan_angle" and column.dtype.kind == "i":
        return (column * _SCAN_ANGLE).astype(np.float32)
    kinds: dict[str, np.dtype[Any]] = {"e": np.dtype(np.float32), "?": np.dtype(np.uint8)}
    return column.astype(kinds.get(column.dtype.char, column.dtype.newbyteorder("=")))
