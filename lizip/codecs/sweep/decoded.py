"""A grid out of its stream; see `lizip.codecs.sweep.grid`. What a stream can steer is bounded here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep.blocks import Asked, blocks_of, coder_of
from lizip.codecs.sweep.decisions import DecisionCoder
from lizip.codecs.sweep.fast import FastCoder
from lizip.codecs.sweep.grid import FOLLOWS, MAX_CELLS, Form, is_sparse, segments
from lizip.codecs.sweep.model import MAX_RINGS
from lizip.codecs.sweep.past import Alignment, GridPast, left_by
from lizip.codecs.sweep.tree import unpack_shares
from lizip.codecs.sweep.weights import find_weights
from lizip.errors import CorruptError
from lizip.packing import Unpacker
from lizip.parallel import in_order

_KEPT = 16 << 20
"""Bytes of an array up to which the C library keeps its memory for the next."""


@cache
def _keep_memory() -> None:
    """Have the C library keep at hand what arrays of a sweep leave, once a process.

    glibc gives larger arrays back to the system and has them cleared anew, page by page, for the next: a third of the
    time of a decode at the fast level. Up to the largest that was ever freed, it keeps them; so one is, untouched.
    """
    np.empty(_KEPT, np.uint8)


class DecodedGrid(NamedTuple):
    """A grid, and what decoded it.

    Attributes
    ----------
    ranges : (F, R) int32
    intensity : (F or 1, R) int32
        Of zeros where there is none.
    form : Form
    fast : bool
        Whether it was coded at the fast level.
    coder : DecisionCoder or None
        What others may follow: of a grid that is one block.
    """

    ranges: np.ndarray
    intensity: np.ndarray
    form: Form
    fast: bool
    coder: DecisionCoder | None = None

    @property
    def grid(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Ranges, and intensities if there are any."""
        return self.ranges, self.intensity if self.form.bits else None

    def seen(self) -> DecodedGrid:
        """The grid without what decoded it."""
        return self._replace(coder=None)

    def past(self) -> GridPast | None:
        """What it leaves to grids that follow, with what it followed itself; if they can, which takes one block."""
        return left_by(self.coder, self.ranges, self.intensity) if self.coder else None


class Block(NamedTuple):
    """Rings of a grid that are coded by themselves: what decodes them, and the segments of so many firings."""

    open: Callable[[], FastCoder | DecisionCoder]
    firings: int
    rings: int
    segments: list[bytes]

    def decode(self, leaves: bool = True) -> DecodedGrid:
        """Decode it, `leaves`: with what others may follow; raises CorruptError."""
        coder = self.open()
        ranges = np.zeros((self.firings, self.rings), np.int32)
        intensity = np.zeros((self.firings if coder.form.bits else 1, self.rings), np.int32)
        returns = 0
        for segment, (first, last) in zip(self.segments, segments(self.firings, self.rings), strict=True):
            coder.decode(segment, ranges, intensity, first, last)
            returns += int(np.count_nonzero(ranges[first:last]))
            if is_sparse(last * self.rings, returns):
                raise CorruptError("grid of hardly anything but empty cells")
        if isinstance(coder, FastCoder):
            return DecodedGrid(ranges, intensity, coder.form, True)
        return DecodedGrid(ranges, intensity, coder.form, False, coder if leaves else None)


def decode(stream: bytes, *, max_cells: int = MAX_CELLS, before: GridPast | None = None) -> DecodedGrid:
    """Decode what `encode_grid` wrote, its blocks in several threads where `lizip.parallel.threads` says so.

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
    _keep_memory()
    blocks = open_blocks(stream, max_cells, before)
    return joined(list(in_order(partial(Block.decode, leaves=len(blocks) == 1), blocks)))


def joined(blocks: list[DecodedGrid]) -> DecodedGrid:
    """The grid whose rings are those of the blocks."""
    if len(blocks) == 1:
        return blocks[0]
    ranges = np.concatenate([each.ranges for each in blocks], axis=1)
    intensity = np.concatenate([each.intensity for each in blocks], axis=1)
    return DecodedGrid(ranges, intensity, blocks[0].form, blocks[0].fast)


def open_blocks(stream: bytes, max_cells: int = MAX_CELLS, before: GridPast | None = None) -> list[Block]:
    """Read all of a stream but its segments; see `decode`."""
    header = Unpacker(stream)
    firings, rings, near, how = (header.varint() for _ in range(4))
    halves, follows, how = how >> 8, how >> 7 & 1, how & (FOLLOWS - 1)
    bits, fast, everywhere = how >> 2, how >> 1 & 1, how & 1
    too_large = rings > MAX_RINGS or firings * max(rings, 1) > min(max_cells, MAX_CELLS)
    if too_large or bits > 16 or near > 1 << 20 or halves > 1 or halves + follows > 1 or (halves and rings < 2):
        raise CorruptError("grid has an impossible shape")
    counts = [block.stop - block.start for block in blocks_of(rings, bool(halves))]
    bounds = [segments(firings, count) for count in counts]
    if 2 * sum(map(len, bounds)) > header.remaining:
        raise CorruptError("grid has more segments than bytes")
    if follows:
        form = Form(near, bits, everywhere, np.zeros(1, np.int64))
        coders: list[Callable[[], FastCoder | DecisionCoder]] = [_follower(header, form, (firings, rings), before)]
    else:
        shares = unpack_shares(header.bytes(), 1 << min(bits, 8)) if bits else np.zeros(1, np.int64)
        form = Form(near, bits, everywhere, shares)
        asked = Asked(None) if fast else _asked(header)
        coders = [partial(coder_of, form, count, bool(fast), asked) for count in counts]
    pieces = [[header.bytes() for _ in each] for each in bounds]
    header.finish()
    return [Block(coder, firings, count, own) for coder, count, own in zip(coders, counts, pieces, strict=True)]


def _follower(
    header: Unpacker, form: Form, shape: tuple[int, int], before: GridPast | None
) -> Callable[[], DecisionCoder]:
    """What makes the decoder of a grid that follows another one."""
    if before is None or form.bits != before.form.bits or not before.suits(form, shape[1]):
        raise CorruptError("a grid does not follow the one before")
    alignment = Alignment.unpack(header, shape[0])
    return partial(before.coder, shape[0], alignment, _asked(header).net())


def _asked(header: Unpacker) -> Asked:
    """The predictor that a header names, if it does."""
    name = header.bytes()
    return Asked(find_weights(name.decode("utf-8", "replace"), header.take(8)) if name else None)
