"""Which column of a file holds the intensities, and what whole numbers are behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lizip.sensor.returns import Returns
from lizip.sensor.stages.attributes import encode_attribute
from lizip.sensor.stages.exceptions import encode_exceptions
from lizip.sensor.stages.intensity import (
    DENOMINATORS,
    LIGHTS,
    MOST_VALUES,
    TABLE,
    Intensity,
    bits_of,
    encode_further,
    from_integers,
    lit_points,
    pack_table,
)
from lizip.sensor.stages.measured import nowhere

_LARGEST = 65535
_MOST_ODD = 0.01
_SAMPLE = 2048
_LEAST_LIVELY = 0.1
_FEW = 16
"""A table needs so many points for each of its entries."""


class Lit(NamedTuple):
    """Intensities of a file.

    Attributes
    ----------
    column : int
        Which column of the file.
    scale : int
        Index into `DENOMINATORS`, or `TABLE`.
    table : (K,) array or None
        Values of the table, ascending by their bits as those of floats do.
    integers : (M,) int32
        For the grid.
    exact : (M,) bool
        Where they give the stored value.
    rest, rest_exact : (N - M,)
        The same of all other points of the file.
    """

    column: int
    scale: int
    table: np.ndarray | None
    integers: np.ndarray
    exact: np.ndarray
    rest: np.ndarray
    rest_exact: np.ndarray


def find_intensity(columns: Sequence[np.ndarray], ring: np.ndarray, where: np.ndarray) -> Lit | None:
    """Find, among the columns of a file, coordinates first, the one that holds intensities.

    `ring` (N,) is that of each point, -1 for none; points `where` (M,) have a cell of the grid. None when no column
    changes along the rings as intensities do, and has few values.
    """
    order = np.concatenate([where, _others(where, len(ring))])
    lively = [(place, np.ascontiguousarray(columns[place])[order]) for place in _lively(columns, ring)]
    for place, column in lively:
        if column.dtype in LIGHTS and (found := to_integers(column.astype(np.float32))) is not None:
            scale, integers, exact = found
            return _split(Lit(place, scale, None, integers, exact, integers, exact), len(where))
    for place, column in lively:
        if (tabled := to_table(column)) is not None:
            table, entries = tabled
            exact = np.ones(len(order), bool)
            return _split(Lit(place, TABLE, table, entries, exact, entries, exact), len(where))
    return None


def _lively(columns: Sequence[np.ndarray], ring: np.ndarray) -> list[int]:
    """Which columns behind the coordinates change along the rings (N,).

    The ring with most points may be one that saw nothing; then all are looked at.
    """
    fullest = np.flatnonzero(ring == np.argmax(np.bincount(ring[ring >= 0])))
    for one in (True, False):
        along = fullest if one else np.argsort(ring, kind="stable")
        changes = [np.count_nonzero(column[along][1:] != column[along][:-1]) for column in columns[3:]]
        lively = [place for place, count in enumerate(changes, 3) if count >= _LEAST_LIVELY * len(along)]
        if lively:
            break
    return lively


def _others(where: np.ndarray, count: int) -> np.ndarray:
    """Points, of `count`, that are not among `where`."""
    free = np.ones(count, bool)
    free[where] = False
    return np.flatnonzero(free)


def _split(lit: Lit, cells: int) -> Lit:
    """Tell apart points with and without a cell."""
    rest, rest_exact = lit.integers[cells:], lit.exact[cells:]
    return lit._replace(integers=lit.integers[:cells], exact=lit.exact[:cells], rest=rest, rest_exact=rest_exact)


def intensity_stage(column: np.ndarray, lit: Lit, place: np.ndarray) -> Intensity:
    """The stage of a column (N,) whose points at `place` (M,) have cells."""
    exact = np.concatenate([lit.exact, lit.rest_exact])
    order = np.concatenate([place, _others(place, len(column))])
    table = b"" if lit.table is None else pack_table(lit.table)
    return Intensity(lit.column, lit.scale, table, _pack_odd(column[order], exact), _pack_others(lit.rest))


def with_further(stage: Intensity, returns: Returns, column: np.ndarray) -> Intensity:
    """The stage of a column (N,) anew, made of one for the first returns of cells alone; `returns` are placed."""
    lit = lit_points(returns)
    values = np.ascontiguousarray(column)[lit.order]
    integers = _integers_of(stage, values)
    cells, further = len(lit.cells[0]), len(lit.further)
    assert returns.intensity is not None
    integers[:cells] = returns.intensity[lit.cells]
    exact = bits_of(stage.values(integers, column.dtype)) == bits_of(values)
    coded = encode_further(returns, integers[cells : cells + further])
    return replace(stage, odd=_pack_odd(values, exact), others=_pack_others(integers[cells + further :]), further=coded)


def _integers_of(stage: Intensity, values: np.ndarray) -> np.ndarray:
    """Integers (N,) int32 for stored values, where there are any."""
    if stage.scale < TABLE:
        return _explain(values.astype(np.float32), DENOMINATORS[stage.scale])[0]
    size = stage.entries
    table = bits_of(stage.values(np.arange(size, dtype=np.int32), values.dtype))
    return np.minimum(np.searchsorted(table, bits_of(values)), size - 1).astype(np.int32)


def _pack_odd(values: np.ndarray, exact: np.ndarray) -> bytes:
    odd = np.flatnonzero(~exact)
    return encode_exceptions(odd, bits_of(values)[odd].astype("<u8").view(np.uint32).reshape(-1, 2))


def _pack_others(integers: np.ndarray) -> bytes:
    return encode_attribute(integers.astype("<u2"), nowhere(len(integers))) if len(integers) else b""


def to_table(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Table (K,) of the values that occur among (M,) and the entry (M,) int32 of each; None when there are too many."""
    most = min(MOST_VALUES, len(values) // _FEW)
    bits = bits_of(values)
    if len(np.unique(bits[:: max(1, len(bits) // _SAMPLE)])) > min(most, _SAMPLE // 2):
        return None
    table, entries = np.unique(bits, return_inverse=True)
    return (table.view(values.dtype), entries.astype(np.int32)) if len(table) <= most else None


def to_integers(values: np.ndarray) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Find integers 0 to 65535 behind stored values (N,) float32, N > 0.

    Returns the index of the denominator, integers (N,) int32, and whether each is exact (-0.0 and NaN are not); None
    when no denominator explains 99 % of the values.
    """
    sample = values[:: max(1, len(values) // _SAMPLE)]
    for index, denominator in enumerate(DENOMINATORS):
        if _explain(sample, denominator)[1].mean() < 1 - _MOST_ODD:
            continue
        integers, exact = _explain(values, denominator)
        if exact.mean() >= 1 - _MOST_ODD:
            return index, integers, exact
    return None


def _explain(values: np.ndarray, denominator: int) -> tuple[np.ndarray, np.ndarray]:
    sane = (values >= 0) & (values <= _LARGEST)
    integers = np.rint(np.where(sane, values, 0) * np.float64(denominator)).astype(np.int32)
    sane &= integers <= _LARGEST
    integers[~sane] = 0
    return integers, sane & (from_integers(integers, denominator).view(np.uint32) == values.view(np.uint32))
