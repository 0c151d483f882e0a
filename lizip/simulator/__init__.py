"""Sweeps of a made-up street through the generating chains of real sensors; a seed decides every byte.

For tests, for the demo, for training, and for users without data of their own.
"""

from __future__ import annotations

from lizip.simulator import hdl32, hdl64

__all__ = ["kitti", "nuscenes"]


def kitti(seed: int, **options) -> bytes:
    """An HDL-64E sweep as a KITTI `.bin` file; options as in `hdl64.sweep`."""
    return hdl64.sweep(seed, **options).data


def nuscenes(seed: int, **options) -> bytes:
    """An HDL-32E sweep as a nuScenes `.pcd.bin` file; options as in `hdl32.sweep`."""
    return hdl32.sweep(seed, **options).data
