"""What the sweep before leaves to the next: what has adapted, and what is expected in each cell of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lizip.codecs.sweep import model as m
from lizip.codecs.sweep import prior as p
from lizip.codecs.sweep.decisions import DecisionCoder
from lizip.errors import CorruptError
from lizip.packing import pack_signed, pack_varint

if TYPE_CHECKING:
    from lizip.codecs.sweep.grid import Form
    from lizip.codecs.sweep.model import GridModel
    from lizip.codecs.sweep.net import GridNet
    from lizip.packing import Unpacker

_FARTHEST = 96
"""Rows that a sweep may have turned against the one before."""
_THIN = 8
"""For finding that out, one row of so many is looked at."""
_SAME = 0.15
"""Least share of the ranges that are as expected where anything is expected at all."""
_STANDS = 0.6
"""Share from which on the sensor stands."""
_LONG, _SHORT = 15, 0
"""Returns that an expected range rests on at most, where the sensor stands and where it does not."""


class Alignment(NamedTuple):
    """How a grid lies to the one before.

    Attributes
    ----------
    stands : bool
        Whether the sensor has not moved.
    shift : int or None
        Row 0 sees what row `shift` saw; None: nothing is expected.
    """

    stands: bool
    shift: int | None

    def pack(self) -> bytes:
        """Write it."""
        return pack_varint(self.stands * 2 + (self.shift is not None)) + (
            b"" if self.shift is None else pack_signed(self.shift)
        )

    @classmethod
    def unpack(cls, unpacker: Unpacker) -> Alignment:
        """Read what `pack` wrote; raises CorruptError."""
        how = unpacker.varint()
        shift = unpacker.signed() if how & 1 else None
        if how > 3 or not -m.MAX_RANGE < (shift or 0) < m.MAX_RANGE:
            raise CorruptError("impossible alignment of sweeps")
        return cls(bool(how >> 1), shift)

    @classmethod
    def of(cls, prior: np.ndarray, ranges: np.ndarray, near: int) -> Alignment:
        """Find it for ranges (F, R); the encoder's alone."""
        rows = np.arange(_THIN // 2, len(ranges), _THIN)
        seen = ranges[rows]
        shares = []
        for shift in range(-_FARTHEST, _FARTHEST + 1):
            inside = (rows + shift >= 0) & (rows + shift < len(prior))
            expected = prior[rows[inside] + shift, :, p.RANGE]
            both = (expected > 0) & (seen[inside] > 0)
            same = both & (np.abs(expected - 16 * seen[inside]) < 16 * near)
            shares.append(np.count_nonzero(same) / max(np.count_nonzero(both), 1))
        best = int(np.argmax(shares))
        if shares[best] < _SAME:
            return cls(False, None)
        return cls(bool(shares[best] > _STANDS), best - _FARTHEST)

    def applied(self, prior: np.ndarray, rows: int) -> np.ndarray:
        """What is expected in a grid of so many rows, (rows, R, FACTS)."""
        moved = np.zeros((rows, *prior.shape[1:]), np.int32)
        moved[..., p.SEEN] = moved[..., p.LEVEL] = -1
        if self.shift is not None:
            first, last = max(0, -self.shift), min(rows, len(prior) - self.shift)
            if first < last:
                moved[first:last] = prior[first + self.shift : last + self.shift]
        return moved


class GridPast(NamedTuple):
    """What the grid of a sweep leaves.

    Attributes
    ----------
    form : Form
    model : GridModel
        As the last cell left it.
    prior : (F, R, FACTS) int32
    """

    form: Form
    model: GridModel
    prior: np.ndarray

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
        fresh = self.form.model(self.prior.shape[1])
        levels, nodes = m.intensity_levels(self.form.bits)[0], fresh.tree.stride if self.form.bits else 0
        tables = (
            p.FLAG_CONTEXTS,
            p.RANGE_CONTEXTS * m.NODES,
            p.LEVEL_CONTEXTS * nodes,
            (levels + 1) * levels * nodes,
        )
        model = m.following(self.model, fresh, tables, p.MIX_CONTEXTS)
        return DecisionCoder(self.form, model, net, alignment.applied(self.prior, rows))


def left_by(coder: DecisionCoder, ranges: np.ndarray, intensity: np.ndarray, stands: bool) -> GridPast:
    """What a grid leaves that a coder has come to the end of."""
    known = coder.prior is not None
    prior = coder.prior if known else np.zeros((*ranges.shape, p.FACTS), np.int32)
    p.remember(prior, int(known), ranges, intensity, coder.form.bits, _LONG if stands else _SHORT)
    return GridPast(coder.form, coder.model, prior)


class Past(NamedTuple):
    """What a sweep leaves: the hash of its content, and what each of its grids leaves. Nothing, before the first."""

    digest: bytes = b""
    grids: tuple[GridPast, ...] = ()
