"""A grid out of its stream; see `lizip.codecs.sweep.grid`. What a stream can steer is bounded here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.decisions import DecisionCoder
from lizip.codecs.sweep.fast import FastCoder
from lizip.codecs.sweep.grid import FOLLOWS, MAX_CELLS, Form, is_sparse, segments
from lizip.codecs.sweep.model import MAX_RINGS
from lizip.codecs.sweep.net import GridNet, network, no_net
from lizip.codecs.sweep.past import Alignment, GridPast, left_by
from lizip.codecs.sweep.tree import unpack_shares
from lizip.codecs.sweep.weights import find_weights
from lizip.errors import CorruptError
from lizip.packing import Unpacker


class DecodedGrid(NamedTuple):
    """A grid, and what decoded it.

    Attributes
    ----------
    ranges : (F, R) int32
    intensity : (F or 1, R) int32
        Of zeros where there is none.
    coder : FastCoder or DecisionCoder
    """

    ranges: np.ndarray
    intensity: np.ndarray
    coder: FastCoder | DecisionCoder

    @property
    def grid(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Ranges, and intensities if there are any."""
        return self.ranges, self.intensity if self.coder.form.bits else None

    def past(self) -> GridPast | None:
        """What it leaves to grids that follow, if they can; that of a grid that follows holds what it followed, too."""
        if not isinstance(self.coder, DecisionCoder):
            return None
        return left_by(self.coder, self.ranges, self.intensity)


def decode(stream: bytes, *, max_cells: int = MAX_CELLS, before: GridPast | None = None) -> DecodedGrid:
    """Decode what `encode_grid` wrote.

    Parameters
    ----------
    stream : bytes
    max_cells : int
        Largest grid to accept (F * R); from the number of points where that is known.
    before : GridPast, optional
        What the grid of the key frame left.

    Raises
    ------
    CorruptError
        When the stream is not one that `encode_grid` writes.
    ModelMissingError
        When it was written with a predictor that is not installed.
    """
    header = Unpacker(stream)
    firings, rings, near, how = (header.varint() for _ in range(4))
    follows, how = how >> 7, how & (FOLLOWS - 1)
    bits, fast, everywhere = how >> 2, how >> 1 & 1, how & 1
    too_large = rings > MAX_RINGS or firings * max(rings, 1) > min(max_cells, MAX_CELLS)
    if too_large or bits > 16 or near > 1 << 20 or follows > 1:
        raise CorruptError("grid has an impossible shape")
    bounds = segments(firings, rings)
    if 2 * len(bounds) > header.remaining:
        raise CorruptError("grid has more segments than bytes")
    if follows:
        form = Form(near, bits, everywhere, np.zeros(1, np.int64))
        coder: FastCoder | DecisionCoder = _follower(header, form, (firings, rings), before)
    else:
        shares = unpack_shares(header.bytes(), 1 << min(bits, 8)) if bits else np.zeros(1, np.int64)
        coder = _decoder(header, Form(near, bits, everywhere, shares), rings, bool(fast))
    ranges = np.zeros((firings, rings), np.int32)
    intensity = np.zeros((firings if bits else 1, rings), np.int32)
    returns = 0
    for first, last in bounds:
        coder.decode(header.bytes(), ranges, intensity, first, last)
        returns += int(np.count_nonzero(ranges[first:last]))
        if is_sparse(last * rings, returns):
            raise CorruptError("grid of hardly anything but empty cells")
    header.finish()
    return DecodedGrid(ranges, intensity, coder)


def _follower(header: Unpacker, form: Form, shape: tuple[int, int], before: GridPast | None) -> DecisionCoder:
    """What decodes the segments of a grid that follows another one."""
    if before is None or form.bits != before.form.bits or not before.suits(form, shape[1]):
        raise CorruptError("a grid does not follow the one before")
    alignment = Alignment.unpack(header, shape[0])
    return before.coder(shape[0], alignment, _asked(header))


def _decoder(header: Unpacker, form: Form, rings: int, fast: bool) -> FastCoder | DecisionCoder:
    """What decodes the segments, once the rest of the header, which it reads, is known."""
    from lizip.codecs.sweep.decisions import DecisionCoder

    return FastCoder.of(form, rings) if fast else DecisionCoder.of(form, rings, _asked(header))


def _asked(header: Unpacker) -> GridNet:
    """The network that a header names, if it does."""
    name = header.bytes()
    digest = header.take(8) if name else b""
    return network(find_weights(name.decode("utf-8", "replace"), digest).arrays) if name else no_net()
