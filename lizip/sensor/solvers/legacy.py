"""The chains of the old form, until they are solvers."""

from __future__ import annotations

import importlib

from lizip.cloud import Cloud
from lizip.sensor.model import NOTES, TITLES, About, Grid, Part, Solution, SweepModel
from lizip.sensor.stages.legacy import CHAINS, Legacy
from lizip.sensor.state import SensorState


class OldChains:
    """nuScenes."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Try them."""
        for number, module in enumerate(CHAINS):
            chain = importlib.import_module(module).CHAIN
            measured = chain.recover(cloud, level, state.get(module, object))
            if measured is None:
                continue
            state.put(module, chain.last_hint)
            grid = Grid(measured.ranges, measured.intensity, measured.tick, measured.intensity_everywhere)
            notes = {key: value for key, value in measured.info.items() if key in NOTES and isinstance(value, int)}
            about = About(TITLES.index(measured.info["sensor"]), notes)
            return Solution(SweepModel([Part([Legacy(number, measured.side)], cloud.count)]), [grid], about)
        return None


SOLVER = OldChains()
