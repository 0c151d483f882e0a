"""Sweeps of a made-up street through the generating chains of real sensors; a seed decides every byte.

For tests, for the demo, for training, and for users without data of their own. The modules `hdl64`, `hdl32`, `vlp32`,
`pandar64` and `os_sensor` also give the truth behind a sweep (`sweep(...).ranges` and more).
"""

from __future__ import annotations

from typing import Any

from lizip.simulator import camera, hdl32, hdl64, os_sensor, pandar64, vlp32
from lizip.simulator.survey import airborne_las, unordered

__all__ = ["airborne_las", "depth_camera", "kitti", "nuscenes", "ouster", "pandaset", "unordered", "vlp32c_pair"]


def kitti(seed: int, **options: Any) -> bytes:
    """Make an HDL-64E sweep as a KITTI `.bin` file; options as in `hdl64.sweep`."""
    return hdl64.sweep(seed, **options).data


def nuscenes(seed: int, **options: Any) -> bytes:
    """Make an HDL-32E sweep as a nuScenes `.pcd.bin` file; options as in `hdl32.sweep`."""
    return hdl32.sweep(seed, **options).data


def vlp32c_pair(seed: int, **options: Any) -> bytes:
    """Make a sweep of two VLP-32C as an Argoverse `.bin` file; options as in `vlp32.sweep`."""
    return vlp32.sweep(seed, **options).data


def pandaset(seed: int, **options: Any) -> bytes:
    """Make a Pandar64 sweep as a PandaSet `.bin` file; options as in `pandar64.sweep`."""
    return pandar64.sweep(seed, **options).data


def ouster(seed: int, **options: Any) -> bytes:
    """Make a sweep of an Ouster OS sensor as a `.bin` file; options as in `os_sensor.sweep`."""
    return os_sensor.sweep(seed, **options).data


def depth_camera(seed: int, *, driver: str = "double", **options: Any) -> bytes:
    """Make a depth camera's organised cloud as a `.bin` file of x, y, z; options as in `camera.depth_image`."""
    return camera.depth_image(seed, **options).points(driver).tobytes()
