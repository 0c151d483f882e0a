"""What a key frame leaves to those that follow it: what has adapted, and what is expected in each cell of the grid."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep import prior as p
from lizip.codecs.sweep.decisions import DecisionCoder
from lizip.codecs.sweep.net import OFF
from lizip.errors import CorruptError
from lizip.packing import pack_signed, pack_varint

if TYPE_CHECKING:
    from lizip.codecs.sweep.decoded import DecodedGrid
    from lizip.codecs.sweep.grid import Form
    from lizip.codecs.sweep.model import GridModel
    from lizip.codecs.sweep.net import GridNet
    from lizip.packing import Unpacker
    from lizip.sensor.model import Said

BLOCK = 16
"""Rows that are shifted together."""

_NOTHING, _APART, _ALIKE = range(3)
"""Ways to say shifts: none, a step for each block, one for all."""

_FARTHEST = 96
"""Rows that a sweep may have turned against the one before."""
_LOOKED_AT = 1500
"""For finding that out, about so many cells are looked at."""
_ASIDE, _TURNING = 12, 32
"""Rows that a block may be shifted from there, and what another shift than the last must save, in quarters of a bit."""
_SAME = 0.15
"""Least share of the ranges that are as expected where anything is expected at all."""
_UNKNOWN = np.array([-1 if fact in (p.ROUGH, p.SEEN, p.LEVEL, p.LEVELS, p.SHARE) else 0 for fact in range(p.FACTS)])
"""Facts of a cell of which nothing is known."""


class Alignment(NamedTuple):
    """How a grid lies to the key frame's: firings of two turns do not look quite the same way.

    Attributes
    ----------
    shifts : tuple of int
        Row f sees what row f + shifts[f // BLOCK] saw; empty: nothing is expected.
    """

    shifts: tuple[int, ...]

    def pack(self) -> bytes:
        """Write it."""
        if len(set(self.shifts)) == 1:
            return pack_varint(_ALIKE) + pack_signed(self.shifts[0])
        steps = (after - before for before, after in pairwise((0, *self.shifts)))
        return pack_varint(_APART if self.shifts else _NOTHING) + b"".join(map(pack_signed, steps))

    @classmethod
    def unpack(cls, unpacker: Unpacker, rows: int) -> Alignment:
        """Read what `pack` wrote for so many rows; raises CorruptError."""
        how, count = unpacker.varint(), blocks(rows)
        if how == _ALIKE:
            shifts = (unpacker.signed(),) * count
        else:
            shifts = tuple(accumulate(unpacker.signed() for _ in range(count if how == _APART else 0)))
        if how not in (_NOTHING, _APART, _ALIKE) or any(abs(shift) > m.MAX_RANGE for shift in shifts):
            raise CorruptError("impossible alignment of sweeps")
        return cls(shifts)

    @classmethod
    def of(cls, prior: np.ndarray, ranges: np.ndarray, near: int) -> Alignment:
        """Find it for ranges (F, R); the encoder's alone."""
        places = np.flatnonzero(ranges)
        places = places[:: max(len(places) // _LOOKED_AT, 1)]
        seen, width, shares = ranges.ravel()[places], prior.shape[1], []
        before = np.zeros((len(ranges) + len(prior) + 2 * _FARTHEST, width), np.int32)  # so that no shift leads out
        before[_FARTHEST : _FARTHEST + len(prior)] = prior[:, :, p.RANGE]
        for shift in range(2 * _FARTHEST + 1):
            expected = before.ravel()[shift * width :].take(places)
            same = (np.abs(expected - seen) < near) & (expected > 0)
            shares.append(int(np.count_nonzero(same)) / max(int(np.count_nonzero(expected)), 1))
        best = int(np.argmax(shares))
        if shares[best] < _SAME:
            return cls(())
        costs = np.zeros((blocks(len(ranges)), 2 * _ASIDE + 1), np.int64)
        p.measure_shifts(prior, ranges, best - _FARTHEST - _ASIDE, near, BLOCK, costs)
        shifts, last = [], _ASIDE
        for block in costs:
            block += np.where(np.arange(len(block)) == last, 0, _TURNING)
            last = int(np.argmin(block))
            shifts.append(last + best - _FARTHEST - _ASIDE)
        return cls(tuple(shifts))

    def moved(self, array: np.ndarray, rows: int, nothing: np.ndarray | int) -> np.ndarray:
        """Rows (F, R, ...) of the other grid where so many of this one see them; `nothing` where there are none."""
        target = np.empty((rows, *array.shape[1:]), array.dtype)
        for block, shift in enumerate(self.shifts or (len(array),) * blocks(rows)):
            begin, end = block * BLOCK, min((block + 1) * BLOCK, rows)
            first = min(max(begin, -shift), end)
            last = min(max(first, len(array) - shift), end)
            target[begin:first] = target[last:end] = nothing
            target[first:last] = array[first + shift : last + shift]
        return target


def blocks(rows: int) -> int:
    """How many shifts there are for so many rows."""
    return -(-rows // BLOCK)


class GridPast(NamedTuple):
    """What the grid of a key frame leaves, and those that were added to it.

    Attributes
    ----------
    form : Form
    model : GridModel
        As the last cell left it, with what is needed to follow it; None: fresh.
    prior : (F, R, FACTS) int32
    known : (F, R, KNOWN) int32
        What it is made of, see `prior.remember`.
    stands : bool
        Whether it follows a background, or one that does: what is expected then stays.
    """

    form: Form
    model: GridModel | None
    prior: np.ndarray
    known: np.ndarray
    stands: bool = False

    def suits(self, form: Form, rings: int) -> bool:
        """Whether a grid of this form can follow: its intensities are among those that the tree of this one has."""
        alike = (form.near, form.everywhere, bool(form.bits)) == (
            self.form.near,
            self.form.everywhere,
            bool(self.form.bits),
        )
        return alike and rings == self.prior.shape[1] and form.bits <= self.form.bits

    def coder(self, rows: int, alignment: Alignment, net: GridNet) -> DecisionCoder:
        """What codes a grid that follows."""
        model = self.model
        if model is None:
            model = _extended(self.form, self.form.model(self.prior.shape[1], net.mode != OFF))
        known = alignment.moved(self.known, rows, 0)
        prior = alignment.moved(self.prior, rows, _UNKNOWN)
        return DecisionCoder(self.form, m.at_first_cell(model, self.form.bits), net, prior, known, self.stands)


def _extended(form: Form, model: GridModel) -> GridModel:
    """The model of a grid that follows none, with what is needed to follow it."""
    levels, nodes = m.intensity_levels(form.bits)[0], model.tree.stride if form.bits else 0
    tables = (
        p.FLAG_CONTEXTS,
        p.RANGE_CONTEXTS * m.NODES,
        p.LEVEL_CONTEXTS * nodes,
        (levels + 1) * levels * nodes,
    )
    return m.extended(model, tables, p.MIX_CONTEXTS)


def left_by(coder: DecisionCoder, ranges: np.ndarray, intensity: np.ndarray) -> GridPast:
    """What a grid leaves that a coder has come to the end of, together with those that it follows."""
    near, bits = coder.form.near, coder.form.bits
    if coder.stands and coder.prior is not None and coder.known is not None:
        return GridPast(coder.form, coder.model, coder.prior, coder.known, True)
    model = coder.model if coder.prior is not None else _extended(coder.form, coder.model)
    known = np.zeros((*ranges.shape, p.KNOWN), np.int32) if coder.known is None else coder.known.copy()
    p.remember(known, ranges, intensity, near, bits)
    mean, light = (known[..., k] + 8 >> 4 for k in (p.MEAN, p.LIGHT))
    prior = np.empty((*ranges.shape, p.FACTS), np.int32)
    p.expect(np.ascontiguousarray(mean), np.ascontiguousarray(light << max(bits - 8, 0)), near, bits, prior)
    return GridPast(coder.form, model, prior, known)


class Past(NamedTuple):
    """What a key frame leaves: the hash of its content, and what each grid leaves and stages say; nothing at first. And
    the grid that was decoded last, if it was one."""

    digest: bytes = b""
    grids: tuple[GridPast, ...] = ()
    said: tuple[Said, ...] = ()
    latest: DecodedGrid | None = None
