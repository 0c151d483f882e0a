"""The sensor that fits look for: its beams from the bottom up, and when they fire. Encoder only."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lizip.exact.trig import TURN
from lizip.sensor.stages.beams import Beams
from lizip.sensor.stages.coarse import Coarse
from lizip.sensor.stages.profile import PROFILES, Profile, load_profile

STEP = 20
"""Columns from block to block."""


class Sensor(NamedTuple):
    """A sensor whose lasers all stand at one azimuth in a block, each with an offset of its own.

    Attributes
    ----------
    profile : Profile
    elevation : (R,) float64
        rad, ascending.
    offset : (R,) float64
        Azimuth of each laser beyond that of its block, clockwise, rad.
    step : float
        From block to block, rad.
    slot : (R,) int64
        When in a block each laser fires.
    slots : int
        From block to block of a packet.
    packet : int
        Blocks a packet.
    packet_step : float
        Usual slots from packet to packet.
    beams : Beams
        Of the profile; with the tick of the ranges (m), which may count halves of the profile's.
    coarse : tuple of Coarse
        The stage before the profile where they do.
    """

    profile: Profile
    elevation: np.ndarray
    offset: np.ndarray
    step: float
    slot: np.ndarray
    slots: int
    packet: int
    packet_step: float
    beams: Beams
    coarse: tuple[Coarse, ...] = ()

    def halved(self) -> Sensor:
        """The same, whose ranges count halves of ticks: those of a sweep that was near-lossless once."""
        return self._replace(beams=replace(self.beams, tick=0.5 * self.beams.tick), coarse=(Coarse(1, 0, 1),))

    @property
    def lags(self) -> np.ndarray:
        """Rows by which each ring stands further down in the grid, (R,) int64, so that a row looks one way."""
        rows = np.rint(self.offset / self.step).astype(np.int64)
        return rows - rows.min()


@lru_cache(maxsize=1)
def pandar64() -> Sensor:
    """The Pandar64 as in PandaSet (`models/sensors/pandar64.json`)."""
    index = PROFILES.index("pandar64")
    shipped = load_profile(PROFILES[index])
    beams, rhythm = shipped.beams, shipped.rhythm
    assert rhythm is not None
    values = beams.numbers * np.array(beams.quanta)
    column = TURN / beams.columns
    # 600 turns a minute
    packet_step = 1e5 / (rhythm.period / rhythm.slots) * STEP * rhythm.packet / beams.columns
    return Sensor(
        Profile(index, np.ones(beams.count, bool)),
        np.ascontiguousarray(values[:, 2]),
        values[:, 0] * column,
        STEP * column,
        rhythm.slot,
        rhythm.slots,
        rhythm.packet,
        packet_step,
        beams,
    )
