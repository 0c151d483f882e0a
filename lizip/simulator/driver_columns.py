"""The further columns that drivers hand on with their points, as their sources compute them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lizip.exact.single import MODERN, sines_and_cosines
from lizip.simulator.draws import Draws
from lizip.simulator.driver_laws import Fired, velodyne_index
from lizip.simulator.sweep import Sweep
from lizip.simulator.turning import TURN, Model

Writer = Literal["nebula", "velodyne_pointcloud", "Hesai", "rs_driver", "PCL"]

_PERIOD = 0.1
"""Seconds a turn."""
_START = 1_700_000_000.25
"""Of the sweep, seconds."""
_JITTER = 2e-6
"""Seconds by which the stamps of packets wander."""
_FLOAT = np.float32
_DEGREE = np.pi / 180
_VELODYNE = ("vlp16", "vlp32c", "hdl32", "vls128")


def with_columns(sent: Sweep, model: Model, writer: Writer, sensor: str = "") -> np.ndarray:
    """Return the points of a sweep from `drivers.sweep` as records with named fields.

    Parameters
    ----------
    sent : Sweep
    model : Model
        Its sensor.
    writer : str
        Whose fields: nebula's PointXYZIRCAEDT, velodyne_pointcloud's, Hesai's or RoboSense's, or PCL's PointXYZI.
    sensor : str
        Name of the sensor in `SENSORS`: nebula treats Velodyne's in a way of its own.

    Returns
    -------
    (N,) structured array
    """
    block, laser, ticks = (sent.truth[name] for name in ("block", "laser", "ticks"))
    stamps, within, packet = _times(sent, model)
    ring = _rings(model)[laser]
    fields: dict[str, np.ndarray] = dict(zip("xyz", sent.records[:, :3].T, strict=True))
    intensity = sent.records[:, 3]
    velodyne = sensor in _VELODYNE
    if writer == "PCL":
        fields["intensity"] = intensity
    elif writer == "velodyne_pointcloud":
        time = within.astype(_FLOAT) + (stamps - stamps[0]).astype(_FLOAT)[packet]
        fields |= {"intensity": intensity, "ring": ring.astype(np.uint16), "time": time}
    elif writer == "Hesai":
        fields |= {"intensity": intensity, "ring": laser.astype(np.uint16), "timestamp": stamps[packet]}
    elif writer == "rs_driver":
        fields |= {"intensity": intensity, "ring": ring.astype(np.uint16), "timestamp": stamps[packet] + within}
    else:
        time = stamps[packet] - stamps[0] + (within.astype(_FLOAT) if velodyne else np.rint(1e9 * within) / 1e9)
        elevation = model.elevation.astype(_FLOAT) * _FLOAT(_DEGREE)
        if velodyne:
            elevation = sines_and_cosines(model.elevation * _DEGREE, MODERN)[0].astype(_FLOAT)
        fields |= {
            "intensity": intensity.astype(np.uint8),
            "return_type": sent.truth["nth"].astype(np.uint8) + np.uint8(1),
            "channel": (ring if velodyne else laser).astype(np.uint16),
            "azimuth": _table_angles(sent, model, sensor) if velodyne else _summed_angles(sent, model),
            "elevation": elevation[laser],
            "distance": (ticks.astype(_FLOAT) * _FLOAT(model.tick) if velodyne else ticks * model.tick).astype(_FLOAT),
            "time_stamp": np.floor(1e9 * time + (0 if velodyne else 0.5)).clip(0).astype(np.uint32),
        }
    records = np.zeros(len(block), [(name, column.dtype) for name, column in fields.items()])
    for name, column in fields.items():
        records[name] = column
    return records


def _times(sent: Sweep, model: Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stamps (P,) of packets, whole microseconds; seconds (N,) of each point within its own; which that is."""
    block, laser = sent.truth["block"], sent.truth["laser"]
    cycle = model.step / TURN * _PERIOD
    blocks = 3 if model.name == "vls128" else max(1, min(12, 384 // model.rings))
    packets = len(sent.truth["azimuth"]) // blocks + 1
    draws = Draws(7, "stamps")
    stamps = np.rint((_START + np.arange(packets) * blocks * cycle + _JITTER * draws.normal(packets)) * 1e6) / 1e6
    return stamps, (block % blocks) * cycle + model.slot[laser] * cycle, block // blocks


def _summed_angles(sent: Sweep, model: Model) -> np.ndarray:
    """Azimuths (N,) float32 that nebula adds in float32 radians and brings to one turn."""
    block = (sent.truth["azimuth"] / 100.0 * _DEGREE).astype(_FLOAT)[sent.truth["block"]]
    angle = block + (model.azimuth.astype(_FLOAT) * _FLOAT(_DEGREE))[sent.truth["laser"]]
    turn = _FLOAT(2 * np.pi)
    return np.where(angle < 0, angle + turn, np.where(angle >= turn, angle - turn, angle))


def _table_angles(sent: Sweep, model: Model, sensor: str) -> np.ndarray:
    """Azimuths (N,) float32 of nebula's table for Velodyne; of a VLP-32C the packet's own."""
    azimuth, block, laser, ticks = (sent.truth[name] for name in ("azimuth", "block", "laser", "ticks"))
    index = azimuth[block] if sensor == "vlp32c" else velodyne_index(model, Fired(azimuth, block, laser, ticks))
    return (0.01 * index * _DEGREE).astype(_FLOAT)


def _rings(model: Model) -> np.ndarray:
    """Rank (R,) of each laser by elevation; lasers of equal elevation share one."""
    return np.unique(np.rint(1000 * model.elevation), return_inverse=True)[1]
