"""The fast level: a segment of a grid <-> three streams of symbols, of its flags, its ranges and its intensities.

No network and no binary decisions: about two symbols a return, each under two or three rows of probabilities. It takes
a sixth of the default's time, and some percent more bytes. The default's way is `lizip.codecs.sweep.cells`.

Bytes of a segment: length of the flags' stream and that stream, likewise the ranges', then the intensities' if there
are any. Rows and histories go on from segment to segment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lizip.codecs.sweep.fast import flags, intensity, ranges
from lizip.entropy.symbols import Symbols, finish_reading, finish_symbols, open_symbols, read_symbols
from lizip.packing import Unpacker, pack_bytes

if TYPE_CHECKING:
    from lizip.codecs.sweep.grid import Form


class FastCoder(NamedTuple):
    """What adapts over a grid, and what it is coded by."""

    form: Form
    runs: intensity.Runs
    flags: flags.FlagModel
    ranges: ranges.RangeModel
    intensity: intensity.IntensityModel

    @classmethod
    def of(cls, form: Form, rings: int) -> FastCoder:
        """Make it in its first state."""
        of_intensities = intensity.fresh_intensities(rings, form.bits)
        runs = intensity.runs_of(form.shares)
        return cls(form, runs, flags.fresh_flags(rings), ranges.fresh_ranges(rings), of_intensities)

    def encode(self, grid: np.ndarray, light: np.ndarray, first: int, last: int) -> tuple[bytes, tuple[int, int, int]]:
        """Code the firings `first` to `last` - 1 of ranges and intensities (F, R) int32.

        Returns the bytes, and how many bits went into flags, ranges and intensities.
        """
        cells = (last - first) * grid.shape[1]
        coder, now = open_symbols((last - first) * flags.groups_of(grid.shape[1]), 0)
        of_flags = finish_symbols(coder, flags.code_flags(coder, now, grid, first, last, self.flags))
        coder, now = open_symbols(ranges.SYMBOLS * cells, ranges.RAW_WORDS * cells)
        now = ranges.code_ranges(coder, now, grid, first, last, self.form.near, self.ranges)
        of_ranges, of_light = finish_symbols(coder, now), b""
        if self.form.bits:
            coder, now = open_symbols(intensity.SYMBOLS * cells, cells // 8 + 1)
            of_light = finish_symbols(coder, self._code_light(coder, now, grid, light, first, last))
        spent = (8 * len(of_flags), 8 * len(of_ranges), 8 * len(of_light))
        return pack_bytes(of_flags) + pack_bytes(of_ranges) + of_light, spent

    def decode(self, data: bytes, grid: np.ndarray, light: np.ndarray, first: int, last: int) -> None:
        """Fill these firings, zeros so far, from the bytes of `encode`; raises CorruptError."""
        unpacker = Unpacker(data)
        coder, now = read_symbols(unpacker.bytes())
        finish_reading(coder, flags.code_flags(coder, now, grid, first, last, self.flags))
        coder, now = read_symbols(unpacker.bytes())
        finish_reading(coder, ranges.code_ranges(coder, now, grid, first, last, self.form.near, self.ranges))
        if self.form.bits:
            coder, now = read_symbols(unpacker.take(unpacker.remaining))
            finish_reading(coder, self._code_light(coder, now, grid, light, first, last))
        unpacker.finish()

    def _code_light(self, coder: Symbols, now: Any, grid: np.ndarray, light: np.ndarray, first: int, last: int) -> Any:
        form = (self.form.bits, self.form.everywhere)
        return intensity.code_intensities(coder, now, grid, light, first, last, form, self.runs, self.intensity)
