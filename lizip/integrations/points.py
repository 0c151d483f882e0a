"""Points as libraries for point clouds want them: positions in metres, and what else is known of each."""

from __future__ import annotations

from typing import Any

import numpy as np

import lizip
from lizip.errors import FormatError


def read_points(path: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read positions (N, 3) float64 and the other columns, (N,) each.

    Parameters
    ----------
    path : path, URL, binary file object, or bytes of a .lizip file

    Raises
    ------
    FormatError
        When it is not a .lizip file, or has no coordinates.
    CorruptError
    """
    if lizip.info(path)["format"] == "las":
        import laspy

        las = laspy.read(lizip.open(path))
        names = (name for name in las.point_format.dimension_names if name not in ("X", "Y", "Z"))
        return np.ascontiguousarray(las.xyz), {name: np.asarray(las[name]) for name in names}
    return positions(lizip.read(path))


def positions(columns: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Columns x, y and z as (N, 3) float64, and the other ones."""
    rest = dict(columns)
    try:
        xyz = [rest.pop(name) for name in ("x", "y", "z")]
    except KeyError:
        raise FormatError(f"no x, y and z among {', '.join(columns) or 'no fields'}") from None
    return np.stack(xyz, axis=1).astype(np.float64), rest
