"""The stored coordinates of a cloud, as fits take them."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud

SINGLE = np.dtype("<f4")


def stored_points(cloud: Cloud, least: int = 0) -> np.ndarray | None:
    """Points (N, 3) float32 of the first three columns; None when they are of other types, or fewer than `least`."""
    columns = list(cloud.columns.values())[:3]
    if cloud.count < least or len(columns) < 3 or any(column.dtype != SINGLE for column in columns):
        return None
    return np.stack(columns, axis=1)
