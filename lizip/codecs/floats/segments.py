"""A segment of points <-> streams: calls the kernels of the columns in the order of the plan, models carried on."""

from __future__ import annotations

from typing import Any

import numpy as np

from lizip.codecs.floats.columns import Links, code_numbers, code_symbols, fresh_numbers, fresh_symbols
from lizip.codecs.floats.plan import Plan
from lizip.codecs.floats.pointer import code_coordinates, fresh_models
from lizip.codecs.floats.track import HISTORY, fresh_track, keep_history
from lizip.entropy.coder import Coder

SEGMENT = 1 << 16
"""Points coded at once."""


class Segments:
    """The models of all columns, and the integers of the segment in hand.

    Parameters
    ----------
    plan : Plan
    rows : int
        Most points of a segment.
    first : int
        Number of the first point (of a sample).
    """

    def __init__(self, plan: Plan, rows: int, first: int = 0):
        self._plan = plan
        self._low = HISTORY - 1
        self._zeros = np.zeros(HISTORY + rows, np.int64)
        self._range = self._zeros
        self._integers: dict[int, np.ndarray] = {}
        self._models: dict[tuple[int, ...], Any] = {}
        if plan.sight:
            self._frame = plan.frame()
            self._track = fresh_track(rows, first)
            self._links = Links(self._track.lag, self._track.beside)
            self._range = np.zeros(HISTORY + rows, np.int64)
        else:
            self._links = Links(*(np.full(HISTORY + rows, lag, np.int64) for lag in plan.lags))
        for group in plan.groups:
            if plan.sight and group == plan.sight.columns:
                self._integers.update((i, self._track.integers[:, k]) for k, i in enumerate(group))
            else:
                self._integers[group[0]] = np.zeros(HISTORY + rows, np.int64)

    def reconsider(self, plan: Plan, group: tuple[int, ...]) -> None:
        """Take another plan, different only in the model of one group, which starts afresh."""
        self._plan = plan
        self._models.pop(group, None)

    def put(self, column: int, integers: np.ndarray) -> None:
        """Set the integers of a column before encoding."""
        self._integers[column][HISTORY : HISTORY + len(integers)] = integers

    def get(self, column: int, count: int) -> np.ndarray:
        """Return the integers of a column, (count,) int64; of a constant, zeros."""
        return self._integers.get(column, self._zeros)[HISTORY : HISTORY + count]

    def code(self, group: tuple[int, ...], coder: Coder, count: int) -> None:
        """Code one group of columns of the segment, either way."""
        models = self._models.get(group) or self._fresh(group)
        self._models[group] = models
        if self._plan.sight and group == self._plan.sight.columns:
            code_coordinates(coder, self._frame, self._track, models, count, self._low)
            self._classify(count)
            return
        column = group[0]
        given = self._plan.given[column]
        alphabet = self._plan.columns[column].alphabet
        values = self._integers[column]
        if alphabet:
            helper = self._integers[given - 1] & 63 if given else self._range
            code_symbols(coder, models, self._links, helper, _depth(alphabet), count, values)
        else:
            helper = np.ascontiguousarray(self._integers[given - 1]) if given else self._zeros
            code_numbers(coder, models, self._links, helper, 5, count, values)

    def _fresh(self, group: tuple[int, ...]) -> Any:
        """Models that have seen nothing."""
        if self._plan.sight and group == self._plan.sight.columns:
            return fresh_models()
        alphabet = self._plan.columns[group[0]].alphabet
        return fresh_symbols(_depth(alphabet)) if alphabet else fresh_numbers(len(self._zeros) - HISTORY)

    def advance(self, count: int) -> None:
        """Keep the end of the segment as history of the next."""
        if self._plan.sight:
            keep_history(self._track, count)
        own = self._plan.sight.columns if self._plan.sight else ()
        for column, integers in self._integers.items():
            if column not in own:
                _keep(integers, count)
        for models in self._models.values():
            if hasattr(models, "length"):
                _keep(models.length, count)
        if self._plan.sight:
            _keep(self._range, count)
        self._low = max(self._low - count, 0)

    def _classify(self, count: int) -> None:
        """Class of the horizontal range of every point, in quarter octaves, 0 to 63."""
        radius = self._track.radius[HISTORY : HISTORY + count].astype(np.float32)
        self._range[HISTORY : HISTORY + count] = (radius.view(np.int32) >> 21) & 63


def _keep(rows: np.ndarray, count: int) -> None:
    rows[:HISTORY] = rows[count : count + HISTORY].copy()


def _depth(alphabet: int) -> int:
    """Bits of a symbol."""
    return (alphabet - 1).bit_length()
