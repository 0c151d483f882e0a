"""A sweep's grid of returns, ranges and intensities <-> one stream, coded in segments.

Stream: rows, rings, near, intensity bits << 1 | everywhere, name of the net (empty: none), then for each segment
of about `SEGMENT` cells its length and its entropy-coded bytes. All integers are LEB128.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varints

SEGMENT = 1 << 16
"""Cells coded into one ANS stream: bounds the memory of the log of decisions."""

MAX_CELLS = 1 << 24
"""Default limit on the cells of a grid to decode."""

_DECISIONS_PER_CELL = 1 + 33 + 16
"""At most: the flag; sign, 28 lengths, 2 mantissa bits and slack; the intensity."""
_RAW_BITS_PER_CELL = 26

NEAR_METRES = 0.08
"""Candidates further than this from the last range belong to another surface (chosen on nuScenes and KITTI)."""


@dataclass(frozen=True)
class GridStream:
    """An encoded grid and what it spent its bits on."""

    data: bytes
    bits: dict[str, float]
    """Bits by stream: "flags", "range", "intensity"."""


def near_ticks(tick: float) -> int:
    """`near` of a sensor whose range comes in ticks of so many metres."""
    return max(1, round(NEAR_METRES / tick))


def encode_grid(
    ranges: np.ndarray,
    intensity: np.ndarray | None,
    *,
    everywhere: bool = False,
    near: int = 40,
    net: str | None = None,
    backend: str = "numba",
) -> GridStream:
    """Encode a grid.

    Parameters
    ----------
    ranges : (F, R) int32
        Range ticks by firing and ring (rings by elevation, at most 256), 0 = no return, below 2**24. Cells of one row
        should look in about the same direction.
    intensity : (F, R) int32 or None
        0 to 65535. Where there is no return it is coded only if `everywhere`, else it comes back as 0.
    everywhere : bool
        Whether cells without a return have an intensity.
    near : int
        Distance in ticks up to which two ranges count as one surface; see `near_ticks`.
    net : str or None
        Name of the predictor to use, None for none ("fast").
    backend : str
        "numba" or "torch": how the predictor is evaluated; the bytes are the same.

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
    ranges, intensity = _checked(ranges, intensity)
    bits = max(1, int(intensity.max(initial=0)).bit_length()) if intensity is not None else 0
    rings = ranges.shape[1]
    header = pack_varints([*ranges.shape, near, bits << 1 | everywhere]) + pack_bytes(b"")
    if intensity is None:
        intensity = np.zeros((1, rings), np.int32)
    pieces, spent = _encode_segments(ranges, intensity, bits, everywhere, near)
    names = ("flags", "range", "intensity")
    return GridStream(header + b"".join(map(pack_bytes, pieces)), dict(zip(names, spent, strict=True)))


def _checked(ranges, intensity):
    """Inputs as contiguous int32, every bound checked."""
    from lizip.context.grid_model import MAX_INTENSITY, MAX_RANGE, MAX_RINGS

    firings, rings = ranges.shape
    if firings and rings > MAX_RINGS:
        raise ValueError(f"{rings} rings; at most {MAX_RINGS}")
    if ranges.size and (ranges.min() < 0 or ranges.max() > MAX_RANGE):
        raise ValueError("range ticks must lie in 0 to 2**24 - 1")
    if intensity is not None:
        if intensity.shape != ranges.shape:
            raise ValueError("ranges and intensity differ in shape")
        if intensity.size and (intensity.min() < 0 or intensity.max() > MAX_INTENSITY):
            raise ValueError("intensity must lie in 0 to 65535")
        intensity = np.ascontiguousarray(intensity, np.int32)
    return np.ascontiguousarray(ranges, np.int32), intensity


def _encode_segments(ranges, intensity, bits, everywhere, near):
    """Code all rows; returns the segments' bytes and the bits spent on (flags, ranges, intensities)."""
    from lizip.context.grid import code_grid
    from lizip.context.grid_model import fresh_model
    from lizip.context.grid_net import no_net
    from lizip.entropy.coder import RAW, finish_encoder, open_encoder

    model = fresh_model(ranges.shape[1], bits, everywhere)
    spent = np.zeros(3, np.int64)
    pieces, raw = [], 0
    for first, last in _segments(*ranges.shape):
        cells = (last - first) * ranges.shape[1]
        coder = open_encoder(cells * _DECISIONS_PER_CELL, cells * _RAW_BITS_PER_CELL)
        code_grid(coder, ranges, intensity, first, last, near, bits, int(everywhere), model, no_net(), spent)
        raw += 32 * int(coder.at[RAW])
        pieces.append(finish_encoder(coder))
    flags, range_, intensity_ = (float(bits) / 16384 for bits in spent)
    return pieces, [flags, range_ + raw, intensity_]


def decode_grid(stream: bytes, *, max_cells: int = MAX_CELLS) -> tuple[np.ndarray, np.ndarray | None]:
    """Decode what `encode_grid` wrote.

    Parameters
    ----------
    stream : bytes
    max_cells : int
        Largest grid to accept (F * R); from the number of points where that is known.

    Returns
    -------
    ranges : (F, R) int32
    intensity : (F, R) int32 or None

    Raises
    ------
    CorruptError
        When the stream is not one that `encode_grid` writes.
    ModelMissingError
        When it was written with a predictor that is not installed.
    """
    from lizip.context.grid_model import MAX_RINGS

    header = Unpacker(stream)
    firings, rings, near, form = (header.varint() for _ in range(4))
    name = header.bytes()
    bits, everywhere = form >> 1, form & 1
    too_large = rings > MAX_RINGS or firings * max(rings, 1) > max_cells
    if too_large or bits > 16 or near > 1 << 20 or name:
        raise CorruptError("grid has an impossible shape")
    ranges = np.zeros((firings, rings), np.int32)
    intensity = np.zeros((firings if bits else 1, rings), np.int32)
    _decode_segments(header, ranges, intensity, bits, everywhere, near)
    header.finish()
    return ranges, intensity if bits else None


def _decode_segments(header, ranges, intensity, bits, everywhere, near):
    """Fill the aligned `ranges` and `intensity` from the segments that follow the header."""
    from lizip.context.grid import code_grid
    from lizip.context.grid_model import fresh_model
    from lizip.context.grid_net import no_net
    from lizip.entropy.coder import finish_decoder, open_decoder

    model = fresh_model(ranges.shape[1], bits, bool(everywhere))
    spent = np.zeros(3, np.int64)
    for first, last in _segments(*ranges.shape):
        coder = open_decoder(header.bytes())
        code_grid(coder, ranges, intensity, first, last, near, bits, everywhere, model, no_net(), spent)
        finish_decoder(coder)


def _segments(rows: int, rings: int) -> list[tuple[int, int]]:
    """First and last row (exclusive) of each segment."""
    step = max(1, SEGMENT // max(rings, 1))
    return [(first, min(first + step, rows)) for first in range(0, rows if rings else 0, step)]
