"""A segment of a grid <-> one stream of binary decisions: every level but the fast one, which is a package beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.sweep.cells import code_grid
from lizip.codecs.sweep.net import OFF, GridNet
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder, raw_words

if TYPE_CHECKING:
    from lizip.codecs.sweep.grid import Form
    from lizip.codecs.sweep.model import GridModel

DECISIONS_PER_CELL = 1 + 33 + 28
"""At most: the flag; sign, 28 lengths, 2 mantissa bits and slack; the intensity. Raw bits are less than a word."""


class DecisionCoder(NamedTuple):
    """What adapts over a grid, and what it is coded by."""

    form: Form
    model: GridModel
    net: GridNet
    prior: np.ndarray | None = None
    known: np.ndarray | None = None
    stands: bool = False

    @classmethod
    def of(cls, form: Form, rings: int, net: GridNet) -> DecisionCoder:
        """Make it in its first state."""
        return cls(form, form.model(rings, asks=net.mode != OFF), net)

    def encode(
        self, ranges: np.ndarray, intensity: np.ndarray, first: int, last: int
    ) -> tuple[bytes, tuple[float, float, float]]:
        """Code the firings `first` to `last` - 1 of ranges and intensities (F, R) int32.

        Returns the bytes, and how many bits went into flags, ranges and intensities.
        """
        coder, spent = open_encoder(), np.zeros(3, np.int64)
        form = self.form
        code_grid(coder, ranges, intensity, self.prior, first, last, *form[:3], self.model, self.net, spent)
        raw = 32 * raw_words(coder)
        flags, distance, level = (float(part) / 16384 for part in spent)
        return finish_encoder(coder), (flags, distance + raw, level)

    def decode(self, data: bytes, ranges: np.ndarray, intensity: np.ndarray, first: int, last: int) -> None:
        """Fill these firings, zeros so far, from the bytes of `encode`; raises CorruptError."""
        coder, spent = open_decoder(data), np.zeros(3, np.int64)
        form = self.form
        code_grid(coder, ranges, intensity, self.prior, first, last, *form[:3], self.model, self.net, spent)
        finish_decoder(coder)
