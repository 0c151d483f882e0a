"""A sweep's grid of returns, ranges and intensities <-> one stream, coded in segments.

Stream: rows, rings, near, halves << 8 | follows << 7 | intensity bits << 2 | fast << 1 | everywhere; of a grid that
follows another one how it lies to it (`lizip.codecs.sweep.past`), else the shares of the intensities if there are any;
unless it is fast, name of the predictor (empty: none) and, if any, its hash in 8 bytes; then for each block of rings
(one, or, with `halves`, two) and each segment of about `SEGMENT` cells its length and its bytes: binary decisions under
six contexts each, or, at the fast level, symbols (`lizip.codecs.sweep.fast`). Integers are LEB128.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lizip.codecs.sweep.weights import Weights, find_weights
from lizip.packing import pack_bytes, pack_varints
from lizip.parallel import in_order

if TYPE_CHECKING:
    from lizip.codecs.sweep.decisions import DecisionCoder
    from lizip.codecs.sweep.fast import FastCoder
    from lizip.codecs.sweep.model import GridModel
    from lizip.codecs.sweep.past import GridPast
    from lizip.codecs.sweep.tree import IntensityTree

SEGMENT = 1 << 16
"""Cells coded into one ANS stream: bounds the memory of the log of decisions."""

MAX_CELLS = 1 << 24
"""Most cells of a grid: thirty times the largest sweep. A stream of a few bytes can say that millions are empty."""

CELLS_A_RETURN, LEAST_CELLS = 64, 1 << 16
"""A grid, and each beginning of it, has at most so many cells for each return, and in addition so many: a stream that
goes on about empty cells is not followed."""

NEAR_METRES = 0.08
"""Candidates further than this from the last range belong to another surface (chosen on nuScenes and KITTI)."""


FOLLOWS = 1 << 7
"""In the header: the grid follows another one."""

HALVES = 1 << 8
"""In the header: the lower and the upper half of the rings are blocks that know nothing of each other."""

STREAMS = ("flags", "range", "intensity")


class Form(NamedTuple):
    """How a grid is coded.

    Attributes
    ----------
    near : int
        See `encode_grid`.
    bits : int
        Bit length of the largest intensity, 0 when there is none.
    everywhere : int
        1 when cells without a return have an intensity.
    shares : (2 ** min(bits, 8),) int64
        How often intensities occur, see `lizip.codecs.sweep.tree`.
    """

    near: int
    bits: int
    everywhere: int
    shares: np.ndarray

    def model(self, rings: int, asks: bool = False, tree: IntensityTree | None = None) -> GridModel:
        """What adapts, in its first state; `tree` is that of the shares, where it is at hand."""
        from lizip.codecs.sweep.model import fresh_model
        from lizip.codecs.sweep.tree import tree_of

        return fresh_model(rings, self.bits, bool(self.everywhere), tree or tree_of(self.shares), asks)


@dataclass(frozen=True)
class GridStream:
    """An encoded grid and the bits it spent on each of `STREAMS`."""

    data: bytes
    bits: dict[str, float]
    follows: bool = False


def near_ticks(tick: float) -> int:
    """`near` of a sensor whose range comes in ticks of so many metres."""
    return max(1, round(NEAR_METRES / tick))


def encode_grid(
    ranges: np.ndarray,
    intensity: np.ndarray | None,
    *,
    everywhere: bool = False,
    near: int = 40,
    net: str | Weights | None = None,
    backend: str = "numba",
    fast: bool = False,
    before: GridPast | None = None,
    leads: bool = False,
    halves: bool = False,
) -> GridStream:
    """Encode a grid.

    Parameters
    ----------
    ranges : (F, R) int32
        Range ticks by firing and ring (rings by elevation, at most 2048), 0 = no return, below 2**24. Cells of one row
        should look in about the same direction.
    intensity : (F, R) int32 or None
        0 to 65535. Where there is no return it is coded only if `everywhere`, else it comes back as 0.
    everywhere : bool
        Whether cells without a return have an intensity.
    near : int
        Distance in ticks up to which two ranges count as one surface; see `near_ticks`.
    net : str, Weights or None
        The predictor, or its name; None for none.
    backend : str
        "numba" or "torch": how the predictor is evaluated; the bytes are the same.
    fast : bool
        Code at the fast level, which has no predictor.
    before : GridPast, optional
        What the grid of the key frame left: this one follows it if it can, and is decoded with the same only.
    leads : bool
        Whether others shall follow.
    halves : bool
        Code both halves of the rings by themselves, which threads can do at the same time (`lizip.parallel`); not done
        where grids follow each other, or a half holds too little.

    Returns
    -------
    GridStream

    Raises
    ------
    ValueError
        When a number is out of the bounds above.
    ModelMissingError
        When the predictor is not installed.
    """
    from lizip.codecs.sweep.blocks import Asked, blocks_of, coder_of
    from lizip.codecs.sweep.tree import pack_shares

    ranges, intensity, form = prepared(ranges, intensity, everywhere, near)
    rings = ranges.shape[1]
    past = before if before is not None and not fast and before.suits(form, rings) else None
    follows = past is not None
    if past:
        form = past.form
    elif leads and not fast:  # the tree is to have whatever comes
        form = form._replace(shares=np.maximum(form.shares, 1))
    blocks = blocks_of(rings, halves and not (follows or leads))
    if not all(takes(ranges[:, block]) for block in blocks):
        blocks = blocks_of(rings, False)
    how = (len(blocks) > 1) * HALVES | follows * FOLLOWS | form.bits << 2 | fast << 1 | everywhere
    header = pack_varints([*ranges.shape, near, how])
    if past:
        from lizip.codecs.sweep.past import Alignment

        alignment = Alignment.of(past.prior, ranges, near)
        header += alignment.pack()
    elif form.bits:
        header += pack_bytes(pack_shares(form.shares))
    weights = find_weights(net) if isinstance(net, str) else net
    if not fast:
        header += pack_bytes(weights.name.encode()) + weights.digest if weights else pack_bytes(b"")

    def code(block: slice) -> list[tuple[bytes, tuple[float, float, float]]]:
        some, levels = np.ascontiguousarray(ranges[:, block]), np.ascontiguousarray(intensity[:, block])
        coder: DecisionCoder | FastCoder
        if past:
            coder = past.coder(len(ranges), alignment, Asked(weights).net())
        else:
            coder = coder_of(form, some.shape[1], fast, Asked(weights, backend, some, levels))
        return [coder.encode(some, levels, first, last) for first, last in segments(*some.shape)]

    coded = [segment for block in in_order(code, blocks) for segment in block]
    spent = (sum(part) for part in zip((0, 0, 0), *(bits for _, bits in coded), strict=True))
    data = header + b"".join(pack_bytes(piece) for piece, _ in coded)
    return GridStream(data, dict(zip(STREAMS, map(float, spent), strict=True)), follows)


def prepared(
    ranges: np.ndarray, intensity: np.ndarray | None, everywhere: bool, near: int
) -> tuple[np.ndarray, np.ndarray, Form]:
    """Check the inputs of `encode_grid`; make the arrays contiguous int32, and look at what is to be coded."""
    from lizip.codecs.sweep.model import MAX_INTENSITY, MAX_RANGE, MAX_RINGS
    from lizip.codecs.sweep.tree import shares_of

    firings, rings = ranges.shape
    if firings and rings > MAX_RINGS:
        raise ValueError(f"{rings} rings; at most {MAX_RINGS}")
    if ranges.size and (ranges.min() < 0 or ranges.max() > MAX_RANGE):
        raise ValueError("range ticks must lie in 0 to 2**24 - 1")
    ranges = np.ascontiguousarray(ranges, np.int32)
    if intensity is None:
        return ranges, np.zeros((1, rings), np.int32), Form(near, 0, int(everywhere), np.zeros(1, np.int64))
    if intensity.shape != ranges.shape:
        raise ValueError("ranges and intensity differ in shape")
    if intensity.size and (intensity.min() < 0 or intensity.max() > MAX_INTENSITY):
        raise ValueError("intensity must lie in 0 to 65535")
    intensity = np.ascontiguousarray(intensity, np.int32)
    bits = max(1, int(intensity.max(initial=0)).bit_length())
    coded = intensity if everywhere else intensity[ranges > 0]
    shares = shares_of(coded >> max(bits - 8, 0), 1 << min(bits, 8))
    return ranges, intensity, Form(near, bits, int(everywhere), shares)


def decode_grid(stream: bytes, *, max_cells: int = MAX_CELLS) -> tuple[np.ndarray, np.ndarray | None]:
    """Ranges (F, R) int32 and intensities, likewise or None, of a grid that follows none; see `decoded.decode`."""
    from lizip.codecs.sweep.decoded import decode

    return decode(stream, max_cells=max_cells).grid


def is_sparse(cells: int, returns: int) -> bool:
    """Whether so many cells hold too few returns for a grid to be worth coding, or to be believed."""
    return cells > CELLS_A_RETURN * returns + LEAST_CELLS + SEGMENT


def takes(ranges: np.ndarray) -> bool:
    """Whether a grid (F, R) of ranges is one that `decode_grid` accepts, every beginning of it too."""
    from lizip.codecs.sweep.model import MAX_RINGS

    if ranges.size > MAX_CELLS or ranges.shape[1] > MAX_RINGS:
        return False
    parts = [(last * ranges.shape[1], ranges[first:last]) for first, last in segments(*ranges.shape)]
    returns: Iterable[Any] = np.cumsum([np.count_nonzero(part) for _, part in parts]) if parts else []
    return not any(is_sparse(cells, int(found)) for (cells, _), found in zip(parts, returns, strict=True))


def segments(rows: int, rings: int) -> list[tuple[int, int]]:
    """First and last row (exclusive) of each segment."""
    step = max(1, SEGMENT // max(rings, 1))
    return [(first, min(first + step, rows)) for first in range(0, rows if rings else 0, step)]
