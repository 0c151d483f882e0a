"""From scan coordinates to what a sensor measured, and back exactly: trigonometry, calibration, poses, corrections.

A chain (`lizip.sensor.chain.Chain`) is one way a measurement took to the stored floats. This page lists them without
importing any: they need numba, and `lizip info` must not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lizip.sensor.chain import Chain


class Registered(NamedTuple):
    """A chain known to the sweep codec.

    Attributes
    ----------
    number : int
        As written to .lizip files; never reused.
    name : str
        As shown to users.
    module : str
        Where the chain is, as an object `CHAIN`.
    streams : tuple of str
        Names of its side streams, in the order of their numbers.
    """

    number: int
    name: str
    module: str
    streams: tuple[str, ...]

    def load(self) -> Chain:
        """Import the chain."""
        return importlib.import_module(self.module).CHAIN


CHAINS = (
    Registered(
        1,
        "rings in millimetres",
        "lizip.sensor.hdl64e",
        ("calibration", "firings", "corrections", "exceptions", "odd intensities"),
    ),
    Registered(
        2,
        "firings through a map frame",
        "lizip.sensor.nuscenes.chain",
        ("far frame", "azimuths", "poses", "corrections", "odd intensities"),
    ),
    Registered(
        3,
        "spinning sensor",
        "lizip.sensor.spinning",
        (
            *("calibration", "firings", "corrections", "exceptions", "odd intensities"),
            *(f"column {i}" for i in range(16)),
            "advances",
            "steps",
            "missing",
        ),
    ),
)
"""In the order in which the encoder tries them; each says no within a few ms when a cloud is not of its kind."""
