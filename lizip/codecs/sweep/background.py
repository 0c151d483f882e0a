"""What stands around a sensor that stands: of each cell the mean of its ranges, and what else many sweeps tell of it.

A key frame may carry one. It follows it itself, and so do those that follow the key frame. The encoder makes it of the
sweeps before; who decodes needs none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.codecs.sweep import prior as p
from lizip.codecs.sweep.grid import Form, encode_grid
from lizip.codecs.sweep.model import MAX_RANGE
from lizip.codecs.sweep.past import GridPast
from lizip.codecs.sweep.tree import pack_shares, unpack_shares
from lizip.entropy.adaptive import BIT_LENGTH
from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_varints

PART = 2
"""Means are in ticks, with so many bits behind the point."""

_PURE = 7 / 8
"""Share of a cell's returns that are near their mean where there is one surface."""


class Background(NamedTuple):
    """What is known of the cells of a grid.

    Attributes
    ----------
    form : Form
        Of the grids that follow.
    mean : (F, R) int32
        Range, in ticks << PART; 0: nothing ever returned.
    light : (F, R) int32
        Mean of the upper eight bits of the intensity; 0 where nothing returned.
    kind : (F, R) int32
        How ranges are spread, 1 to KINDS: 1 + 2 * bit length of their variance in ticks**2, one more where returns are
        not of one surface; KINDS where a single one is known; 0: nothing ever returned.
    share : (F, R) int32
        How often there was a return: 0 never, SHARES always.
    """

    form: Form
    mean: np.ndarray
    light: np.ndarray
    kind: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, form: Form, ranges: np.ndarray, intensity: np.ndarray) -> Background:
        """Make it of N grids whose cells lie upon each other, ranges and intensities (N, F, R) int32, N > 1."""
        count, low = len(ranges), max(form.bits - 8, 0)
        seen = np.count_nonzero(ranges, axis=0)
        ordered = np.sort(ranges, axis=0)  # what did not return comes first
        middle = np.take_along_axis(ordered, (count - 1 - seen // 2)[None], axis=0)[0]
        close = (ranges > 0) & (np.abs(ranges - middle) < form.near)
        some = np.maximum(np.count_nonzero(close, axis=0), 1)
        mean = _mean(np.where(close, ranges, 0).sum(axis=0, dtype=np.int64) << PART, some)
        off = np.where(close, (ranges << PART) - mean, 0)
        variance = (off * off).sum(axis=0) // np.maximum(some - 1, 1) >> 2 * PART
        length = BIT_LENGTH[np.minimum(variance, len(BIT_LENGTH) - 1)]
        kind = 1 + 2 * np.minimum(length, p.KINDS // 2 - 1) + (some < _PURE * seen)
        kind = np.where(some > 1, kind, p.KINDS)
        light = _mean(np.where(close, intensity >> low, 0).sum(axis=0, dtype=np.int64), some)
        share = 1 + (seen - 1) * (p.SHARES - 1) // (count - 1)
        facts = (np.where(seen > 0, each, 0).astype(np.int32) for each in (mean, light, kind, share))
        return cls(form, *facts)

    @property
    def sayable(self) -> bool:
        """Whether means are among the numbers that a grid may hold."""
        return int(self.mean.max(initial=0)) <= MAX_RANGE

    def pack(self) -> bytes:
        """Write it: how grids are coded, then means, and kinds and shares, each as a grid of its own."""
        form = self.form
        head = pack_varints([form.near, form.bits, form.everywhere])
        head += pack_bytes(pack_shares(form.shares) if form.bits else b"")
        means = encode_grid(self.mean, self.light if form.bits else None, near=form.near << PART)
        return head + pack_bytes(means.data) + pack_bytes(encode_grid(self.kind, self.share, near=1).data)

    @classmethod
    def unpack(cls, data: bytes, max_cells: int) -> Background:
        """Read what `pack` wrote, of a grid of at most so many cells; raises CorruptError."""
        from lizip.codecs.sweep.decoded import decode

        unpacker = Unpacker(data)
        near, bits, everywhere = (unpacker.varint() for _ in range(3))
        if near > 1 << 20 or bits > 16 or everywhere > 1:
            raise CorruptError("impossible background of sweeps")
        shares = unpacker.bytes()
        form = Form(near, bits, everywhere, unpack_shares(shares, 1 << min(bits, 8)) if bits else np.zeros(1, np.int64))
        mean, light = decode(unpacker.bytes(), max_cells=max_cells).grid
        kind, share = decode(unpacker.bytes(), max_cells=max_cells).grid
        unpacker.finish()
        light = np.zeros_like(mean) if light is None else light
        share = np.zeros_like(kind) if share is None else share
        found = cls(form, mean, light, kind, share)
        if kind.shape != mean.shape or not found._plausible:
            raise CorruptError("impossible background of sweeps")
        return found

    @property
    def _plausible(self) -> bool:
        """Whether all numbers are among those that have a meaning."""
        bounds = ((self.light, (1 << min(self.form.bits, 8)) - 1), (self.kind, p.KINDS), (self.share, p.SHARES))
        return all(int(facts.max(initial=0)) <= bound for facts, bound in bounds)

    def past(self) -> GridPast:
        """What grids follow."""
        prior = np.empty((*self.mean.shape, p.FACTS), np.int32)
        prior[..., p.RANGE] = (self.mean + (1 << PART - 1)) >> PART
        prior[..., p.SMOOTH] = self.mean << 4 - PART
        prior[..., p.ROUGH] = -1
        prior[..., p.SEEN] = self.share > 0
        level = self.light if self.form.bits else np.int32(-1)
        prior[..., p.LEVEL] = prior[..., p.LEVELS] = np.where(self.mean > 0, level, -1)
        prior[..., p.KIND], prior[..., p.SHARE] = self.kind, self.share
        return GridPast(self.form, None, prior, np.zeros((*self.mean.shape, p.KNOWN), np.int32), True)


def _mean(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Rounded quotients."""
    return (2 * total + count) // (2 * count)
