"""Whether a sensor stands, and what then stands around it: the encoder's alone."""

from __future__ import annotations

import numpy as np

from lizip.codecs.sweep import prior as p
from lizip.codecs.sweep.background import Background
from lizip.codecs.sweep.decoded import DecodedGrid
from lizip.codecs.sweep.past import Alignment

LEAST, MOST = 10, 24
"""Sweeps of which a background is made."""

_STANDS = 0.5
"""Share of the ranges that come again where a sensor stands."""


class Standing:
    """Sweeps of a sensor that may stand, of one grid each: every `stride`th, and the latest."""

    def __init__(self, stride: int = 1) -> None:
        self._grids: list[DecodedGrid] = []
        self._stride, self._count = stride, 0

    def see(self, grid: DecodedGrid | None) -> None:
        """Take in a sweep; None: it has not one grid."""
        if grid is None or (self._grids and not _alike(grid, self._grids[-1])):
            self._grids, self._count = [], 0
        if grid is not None:
            kept = self._grids if self._count % self._stride == 0 else self._grids[:-1]
            self._grids = [*kept[-MOST + 1 :], grid]
            self._count += 1

    def background(self) -> Background | None:
        """What stands around, as the last sweep's cells lie; None where the sensor moves, or little is known."""
        if len(self._grids) < LEAST:
            return None
        *others, latest = self._grids
        first = self._moved(others[0], latest)
        if first is None:  # what is kept is not worth its memory
            self._grids, self._count = [], 0
            return None
        moved = [first, *(self._moved(each, latest) for each in others[1:]), (latest.ranges, _levels(latest))]
        found = [each for each in moved if each is not None]
        if len(found) < LEAST:
            return None
        ranges, levels = (np.stack(each) for each in zip(*found, strict=True))
        form = max((each.form for each in (*others, latest)), key=lambda form: form.bits)
        form = form._replace(shares=np.maximum(form.shares, 1))  # the tree is to have whatever comes
        background = Background.of(form, ranges, levels)
        return background if background.sayable else None

    @staticmethod
    def _moved(grid: DecodedGrid, latest: DecodedGrid) -> tuple[np.ndarray, np.ndarray] | None:
        """Ranges and intensities of a grid, where the latest has them; None if those are others."""
        near, bits = grid.form.near, grid.form.bits
        prior = np.empty((*grid.ranges.shape, p.FACTS), np.int32)
        p.expect(grid.ranges, grid.intensity, near, bits, prior)
        alignment = Alignment.of(prior, latest.ranges, near)
        ranges = alignment.moved(grid.ranges, len(latest.ranges), 0)
        if not _same(ranges, latest):
            return None
        return ranges, alignment.moved(_levels(grid), len(ranges), 0)


def still_stands(prior: np.ndarray, latest: DecodedGrid) -> bool:
    """Whether a sweep still sees what is expected, (F, R, FACTS)."""
    alignment = Alignment.of(prior, latest.ranges, latest.form.near)
    return _same(alignment.moved(prior[..., p.RANGE], len(latest.ranges), 0), latest)


def _same(ranges: np.ndarray, latest: DecodedGrid) -> bool:
    """Whether most ranges are as others, which are 0 where nothing is expected."""
    close = (ranges > 0) & (latest.ranges > 0) & (np.abs(ranges - latest.ranges) < latest.form.near)
    return bool(np.count_nonzero(close) >= max(_STANDS * np.count_nonzero(latest.ranges), 1))


def _levels(grid: DecodedGrid) -> np.ndarray:
    return grid.intensity if grid.form.bits else np.zeros_like(grid.ranges)


def _alike(one: DecodedGrid, other: DecodedGrid) -> bool:
    """Whether one background could be of both."""
    forms = [
        (each.form.near, each.form.everywhere, bool(each.form.bits), each.ranges.shape[1]) for each in (one, other)
    ]
    return forms[0] == forms[1]
