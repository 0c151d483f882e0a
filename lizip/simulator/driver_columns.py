"""The further columns that drivers hand on with their points."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lizip.simulator.sweep import Sweep
from lizip.simulator.turning import TURN, Model

Writer = Literal["nebula", "velodyne_pointcloud", "Hesai", "rs_driver", "PCL"]

_PERIOD = 0.1
"""Seconds a turn."""
_START = 1_700_000_000.25
"""Of the sweep, seconds."""


def with_columns(sent: Sweep, model: Model, writer: Writer) -> np.ndarray:
    """Return the points of a sweep from `drivers.sweep` as records with named fields.

    Parameters
    ----------
    sent : Sweep
    model : Model
        Its sensor.
    writer : str
        Whose fields: nebula's PointXYZIRCAEDT, velodyne_pointcloud's, Hesai's or RoboSense's, or PCL's PointXYZI.

    Returns
    -------
    (N,) structured array
    """
    block, laser, ticks = (sent.truth[name] for name in ("block", "laser", "ticks"))
    seconds = (block + model.slot[laser]) * (model.step / TURN * _PERIOD)
    ring = _rings(model)[laser]
    fields: dict[str, np.ndarray] = dict(zip("xyz", sent.records[:, :3].T, strict=True))
    intensity = sent.records[:, 3]
    if writer == "PCL":
        fields["intensity"] = intensity
    elif writer == "velodyne_pointcloud":
        fields |= {"intensity": intensity, "ring": ring.astype(np.uint16), "time": seconds.astype(np.float32)}
    elif writer == "Hesai":
        packet = np.floor((_START + (block // 8 * 8) * (model.step / TURN * _PERIOD)) * 1e6) / 1e6
        fields |= {"intensity": intensity, "ring": laser.astype(np.uint16), "timestamp": packet}
    elif writer == "rs_driver":
        fields |= {"intensity": intensity, "ring": ring.astype(np.uint16), "timestamp": _START + seconds}
    else:
        angle = (sent.truth["azimuth"] / 100.0 * np.pi / 180).astype(np.float32)[block]
        angle = angle + np.radians(model.azimuth).astype(np.float32)[laser]
        angle = np.where(angle < 0, angle + np.float32(2 * np.pi), angle)
        fields |= {
            "intensity": intensity.astype(np.uint8),
            "return_type": sent.truth["nth"].astype(np.uint8) + np.uint8(1),
            "channel": laser.astype(np.uint16),
            "azimuth": np.where(angle > 2 * np.pi, angle - np.float32(2 * np.pi), angle),
            "elevation": np.radians(model.elevation).astype(np.float32)[laser],
            "distance": (ticks * model.tick).astype(np.float32),
            "time_stamp": np.floor(seconds * 1e9).astype(np.uint32),
        }
    records = np.zeros(len(block), [(name, column.dtype) for name, column in fields.items()])
    for name, column in fields.items():
        records[name] = column
    return records


def _rings(model: Model) -> np.ndarray:
    """Rank (R,) of each laser by elevation; lasers of equal elevation share one."""
    return np.unique(np.rint(1000 * model.elevation), return_inverse=True)[1]
