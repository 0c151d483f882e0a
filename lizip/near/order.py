"""Points in another order than the file's, where nobody needs that one: whole records, each as often as before.

A sweep that was shuffled comes back as its sensor would have listed it, what has no such order in that of a tree
(`lizip.codecs.octree`). Files in which something else counts points by their place keep their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lizip.cloud import Cloud

_FORMATS = ("bin", "las", "pcd", "ply", "npy", "array")
"""Formats of records that can be put in another order."""

_INDEXED = (b"copc", b"LAStools")
"""User IDs of LAS records that may count points."""


def is_free(cloud: Cloud) -> bool:
    """Whether a file says nothing of its points by their place among the others."""
    if cloud.format not in _FORMATS or cloud.shape is not None or cloud.count < 2:
        return False
    around = [bytes(region) for region in cloud.regions]
    head = around[0] if around else b""
    if cloud.format == "las":
        return not any(name in region for name in _INDEXED for region in around)
    if cloud.format == "ply":  # faces
        return b"ascii" not in head and not any(around[1:])
    if cloud.format == "pcd":
        height = re.search(rb"^HEIGHT\s+(\d+)", head, re.MULTILINE)
        return b"DATA ascii" not in head and (height is None or int(height[1]) == 1)
    if cloud.format in ("npy", "array"):  # several clouds in one array
        shape = re.search(rb"'shape':\s*\(([^)]*)\)", head)
        return shape is None or len(re.findall(rb"\d+", shape[1])) < 3
    return True


def of_sensors(cloud: Cloud) -> Iterator[np.ndarray]:
    """Orders (N,) int64 in which sensors may have listed the points."""
    from lizip.disorder import sorted_orders

    for each in sorted_orders(cloud.led):
        yield each.order


def of_tree(cloud: Cloud) -> np.ndarray | None:
    """The order (N,) int64 of a tree; None where points have no place in one."""
    from lizip.codecs.octree.points import order

    return order(cloud)


def reordered(cloud: Cloud, order: np.ndarray) -> Cloud:
    """A cloud with its points in another order."""
    return replace(cloud, columns={name: np.ascontiguousarray(column[order]) for name, column in cloud.columns.items()})


def same_records(one: Cloud, other: Cloud) -> bool:
    """Whether two clouds have the same records, each as often, in whatever order."""
    if one.schema != other.schema or one.count != other.count:
        return False
    return np.array_equal(_sorted_records(one), _sorted_records(other))


def _sorted_records(cloud: Cloud) -> np.ndarray:
    """The bytes of all records, sorted."""
    size = sum(dtype.itemsize for _, dtype in cloud.schema)
    records = np.empty((cloud.count, size), np.uint8)
    at = 0
    for column in cloud.columns.values():
        width = column.dtype.itemsize
        records[:, at : at + width] = np.ascontiguousarray(column).view(np.uint8).reshape(-1, width)
        at += width
    return np.sort(records.view(f"V{size}").ravel())
