"""The returns of a sweep, as stages fill them in one after the other (docs/format/sweep.md, Returns)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from second_reader.layout import Fields

OF_EACH: tuple[str, ...] = ("ring", "row", "firing", "laser", "ticks", "column", "ahead", "nth", "blank", "time")
OF_EACH += ("points", "rounded", "fraction", "xyz")
OF_ALL: tuple[str, ...] = ("beams", "fired", "rhythm", "far", "slots", "group", "pose_times", "turns", "shifts")
OF_ALL += ("place", "every", "nothing", "azimuths", "places", "driver")


class Returns:
    """M returns of a part that has N points. What no stage has said is None."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, ranges: np.ndarray, intensity: np.ndarray | None, fields: Fields, count: int):
        self.ranges, self.intensity, self.fields, self.count = ranges, intensity, fields, count
        self.halved = self.doubled = False
        self.columns: dict[str, np.ndarray] = {}
        for name in (*OF_EACH, *OF_ALL):
            setattr(self, name, None)
        self.base = self.firings = self.phase = self.decimal = 0

    def take(self, which: np.ndarray) -> None:
        """Keep, or reorder, returns."""
        for name in OF_EACH:
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name)[which])

    def unit(self, tick: float) -> float:
        """Metres that ranges count."""
        return 0.5 * tick if self.halved else tick
