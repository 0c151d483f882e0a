"""What every simulated spinning sensor hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Sweep:
    """A simulated sweep and the truth behind it.

    Attributes
    ----------
    data : bytes
        The file.
    fields : int
        float32 fields a record.
    ranges : (F, R) int32
        Range in ticks for each firing and ring as numbered by the sensor; 0 = no return.
    intensity : (F, R) int32
        As the sensor reported it.
    truth : Mapping[str, numpy.ndarray]
        What else decided the bytes: azimuths, calibration, poses ...; the chain's own names.
    """

    data: bytes
    fields: int
    ranges: np.ndarray
    intensity: np.ndarray
    truth: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def records(self) -> np.ndarray:
        """The points, (N, fields) float32."""
        return np.frombuffer(self.data, "<f4").reshape(-1, self.fields)
