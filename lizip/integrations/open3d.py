"""Open3D: `read("scan.bin.lizip")` gives a tensor point cloud with all columns, for .las too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lizip.integrations.points import read_points

if TYPE_CHECKING:
    import open3d

_TYPES = {"f": np.float64, "u": np.int64, "i": np.int64}
"""Open3D has fewer types than numpy: what it lacks is widened to these."""
_AS_THEY_ARE = ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")


def read(path: Any) -> open3d.t.geometry.PointCloud:
    """Make a point cloud of a .lizip file (path, URL, file or bytes): positions float64, each other field (N, 1)."""
    import open3d

    xyz, columns = read_points(path)
    cloud = open3d.t.geometry.PointCloud(open3d.core.Tensor.from_numpy(xyz))
    for name, column in columns.items():
        native = column.astype(column.dtype.newbyteorder("="))
        if native.dtype.str[1:] not in _AS_THEY_ARE:
            native = native.astype(_TYPES.get(native.dtype.kind, np.float64))
        cloud.point[name] = open3d.core.Tensor.from_numpy(np.ascontiguousarray(native[:, None]))
    return cloud
