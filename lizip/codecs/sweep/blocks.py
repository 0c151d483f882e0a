"""Blocks of a grid, rings that are coded by themselves; and what codes one, with the network that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.sweep.cells import code_grid
from lizip.codecs.sweep.decisions import DECISIONS_PER_CELL, DecisionCoder
from lizip.codecs.sweep.net import GridNet, network, no_net, recorder
from lizip.entropy.coder import Coder, open_encoder

if TYPE_CHECKING:
    from lizip.codecs.sweep.fast import FastCoder
    from lizip.codecs.sweep.grid import Form
    from lizip.codecs.sweep.weights import Weights


def blocks_of(rings: int, halves: bool) -> list[slice]:
    """Rings of each block."""
    middle = rings // 2
    return [slice(0, middle), slice(middle, rings)] if halves and middle else [slice(0, rings)]


class Asked(NamedTuple):
    """A predictor, and who evaluates it.

    Attributes
    ----------
    weights : Weights or None
        None: nobody is asked.
    backend : str
        "numba": cell by cell; "torch": all cells beforehand, for which it needs them.
    ranges, intensity : (F, R) int32 or None
    """

    weights: Weights | None
    backend: str = "numba"
    ranges: np.ndarray | None = None
    intensity: np.ndarray | None = None

    def net(self, form: Form | None = None) -> GridNet:
        """What the coder of a grid of this form asks; ValueError when nobody knows the backend."""
        if self.weights is None:
            return no_net()
        if self.backend == "numba":
            return network(self.weights.arrays)
        if self.backend != "torch":
            raise ValueError(f"backend {self.backend!r}: choose numba or torch")
        from lizip.codecs.sweep.network import hidden_layers

        if form is None or self.ranges is None or self.intensity is None:
            raise ValueError("torch looks at all cells beforehand: it needs them")
        _, recorded = record_grid(self.ranges, self.intensity, form)
        return network(self.weights.arrays, hidden_layers(self.weights, recorded.cells))


def coder_of(form: Form, rings: int, fast: bool, asked: Asked) -> FastCoder | DecisionCoder:
    """What codes a block that follows none, in its first state."""
    if fast:
        from lizip.codecs.sweep.fast import FastCoder

        return FastCoder.of(form, rings)
    return DecisionCoder.of(form, rings, asked.net(form))


def record_grid(ranges: np.ndarray, intensity: np.ndarray, form: Form) -> tuple[Coder, GridNet]:
    """Code a prepared grid without a network; returns the log and the features and outputs a network would get."""
    most = ranges.size * DECISIONS_PER_CELL
    coder, net = open_encoder(most, ranges.size), recorder(ranges.size, most)
    model, spent = form.model(ranges.shape[1]), np.zeros(3, np.int64)
    code_grid(coder, ranges, intensity, None, 0, len(ranges), form.near, form.bits, form.everywhere, model, net, spent)
    return coder, net
