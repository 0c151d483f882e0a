"""The stored coordinates of a cloud, as fits take them."""

from __future__ import annotations

import numpy as np

from lizip.cloud import Cloud

SINGLE = np.dtype("<f4")


def stored_points(cloud: Cloud, least: int = 0) -> np.ndarray | None:
    """Points (N, 3) float32 of x, y and z, or the first three columns; None of other types, or fewer than `least`.

    The same array for all that ask: none may write to it.
    """
    return None if cloud.count < least else cloud.once(_stacked)


def _stacked(cloud: Cloud) -> np.ndarray | None:
    columns = list(cloud.led.columns.values())[:3]
    if len(columns) < 3 or any(column.dtype != SINGLE for column in columns):
        return None
    return np.stack(columns, axis=1)
