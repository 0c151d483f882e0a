"""What the sweep codec asks of a sensor: recover what it measured from the stored numbers, and rebuild them exactly.

A chain is the way a measurement took: sensor integers -> sensor point -> (pose per firing -> rounding in a far frame ->
rigid transform back) -> stored float32. Each module that knows one offers an object with the two methods below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from lizip.cloud import Cloud, Columns, Schema


@dataclass(frozen=True)
class Measured:
    """A sweep as the sensor measured it.

    Attributes
    ----------
    ranges : (F, R) int32
        Range in ticks for each firing and ring (rings by ascending elevation); 0 = no return. A row looks in about
        one direction: where beams of a firing look different ways, each ring is moved by whole firings (0.4 bits a
        point on an HDL-64E).
    intensity : (F, R) int32 or None
        The intensity the sensor reported, 0 to 255; where a firing has no return it counts only if
        `intensity_everywhere`.
    tick : float
        Metres a tick of `ranges`: tells the predictor how far apart two ranges of one surface may lie.
    intensity_everywhere : bool
        Whether cells without a return have stored points, hence intensities, too (nuScenes).
    side : Mapping[int, bytes]
        Everything else that `rebuild` needs (calibration, columns, pose, corrections): finished streams by number,
        0 to 31.
    info : Mapping[str, Any]
        For `lizip info`: sensor, calibration residual, pose model ...: a few short strings and whole numbers.
    """

    ranges: np.ndarray
    intensity: np.ndarray | None
    side: Mapping[int, bytes]
    tick: float = 0.002
    intensity_everywhere: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)


class Chain(Protocol):
    """One way from sensor integers to stored floats, both directions."""

    name: str
    """As shown to users."""
    number: int
    """As written to .lizip files; never reused."""

    def recover(self, cloud: Cloud, level: str, hint: object | None = None) -> Measured | None:
        """Find the sensor integers; None when the cloud did not come this way (the usual case: decide within a few ms).

        `hint` is what an earlier, similar sweep left behind (`Measured.info` aside, a chain may keep a `last_hint`), to
        start the fit warm.
        """

    def rebuild(
        self, ranges: np.ndarray, intensity: np.ndarray | None, side: Mapping[int, bytes], schema: Schema, count: int
    ) -> Columns:
        """Give back the columns of the file exactly; raises CorruptError on numbers that `recover` never writes."""
