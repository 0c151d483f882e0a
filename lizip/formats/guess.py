"""What a record of a file without a header is.

Two things tell the right number of words from the others: neighbouring records are alike (few bits change from one to
the next), and every column has its own distribution of sign, exponent and leading mantissa bits. Both are measured in
bits a number on runs of words from all over the file, and added. Multiples of the right number are as good or better
(beams that take turns), so the smallest divisor that explains a good part of it is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

_CANDIDATES = range(2, 17)
_RUNS, _RUN = 4, 3840
_FEW = 120
"""Words below which only the file's size counts."""

_LEFT_OVER = 1.0
"""Bits a number against a record of which the file does not hold a whole number."""

_ONE = 1023 << 52
"""Bits of the double 1.0."""

_SYMBOL = 6.0
"""Bits for every pair of column and leading bits that occurs: what it takes to say how often."""

_SHARE, _MOST, _LEAST = 0.4, 0.8, 0.5
"""How much of the bits that the best candidate saves a divisor must save, pairs (x, y beside z, intensity) more of
them; and below how many bits there is nothing to share."""

_USUAL, _AXES_ALIKE = 5, 2
"""A record of more fields than usual is cut into equal parts only where so many of x, y and z are alike in neighbouring
parts, or where the columns of the parts vary no more than those of the record."""

_ORDER = 0.5
"""By how many bits more the leading bits may vary in the columns of a divisor."""

_PLAUSIBLE = 0.95
_RANGE = (1e-9, 1e19)
"""From nanometres to a clock in nanoseconds."""

_CLOCK = (10**14, 10**19)
"""Micro- and nanoseconds since 1970, as integers."""


class _Number(NamedTuple):
    """How a float's bits are read."""

    code: str
    bits: int
    leading: int
    nan: int


_SINGLE = _Number("f4", 32, 11, 0x7FC00000)
_DOUBLE = _Number("f8", 64, 14, 0x7FF8 << 48)


class _Runs(NamedTuple):
    words: np.ndarray
    """(R, L) unsigned, runs of words of the file."""
    starts: np.ndarray
    """(R,) int64, place of the first word of each."""


def guess_record(data: memoryview) -> tuple[str, ...] | None:
    """Type codes of the numbers of a record; None when the bytes do not look like points.

    Parameters
    ----------
    data : memoryview
        The file.
    """
    for number in (_SINGLE, _DOUBLE):
        size = number.bits // 8
        runs = _sample(data, number)
        if runs.words.size == 0:
            continue
        left_over = {k: len(data) % size == 0 and len(data) % (size * k) > 0 for k in _CANDIDATES}
        if runs.words.size < _FEW:
            whole = [k for k in _CANDIDATES if len(data) % (size * k) == 0]
            fields = min(whole, key=lambda k: abs(k - 4), default=0)
        else:
            fields = _fields(runs, number, left_over)
        if fields and (codes := _codes(runs, number, fields)):
            return codes
    return None


def _sample(data: memoryview, number: _Number) -> _Runs:
    """Up to four runs of words from all over the file."""
    import numpy as np

    words = np.frombuffer(data, f"<u{number.bits // 8}", len(data) // (number.bits // 8))
    if len(words) <= _RUNS * _RUN:
        return _Runs(words[None], np.zeros(1, np.int64))
    starts = (len(words) - _RUN) * np.arange(_RUNS) // (_RUNS - 1)
    return _Runs(np.stack([words[start : start + _RUN] for start in starts]), starts)


def _fields(runs: _Runs, number: _Number, left_over: dict[int, bool]) -> int:
    """Numbers of a record; 0 where doubles are alike in no period."""
    import numpy as np

    possible = [k for k in _CANDIDATES if runs.words.shape[1] > 2 * k]
    ordinals = _ordinals(runs, number)
    changes = {k: _change(ordinals, k) for k in possible}
    leading = (runs.words >> runs.words.dtype.type(number.bits - number.leading)).astype(np.int64)
    at = runs.starts[:, None] + np.arange(leading.shape[1])
    orders = {k: _order(leading, at, number, k) for k in possible}
    cost = {k: changes[k] + orders[k] + _LEFT_OVER * left_over[k] for k in possible}
    best = min(possible, key=cost.__getitem__)
    others = [k for k in possible if k % best and best % k]
    level = float(np.median([changes[k] for k in others]))
    if number is _DOUBLE and cost[best] > float(np.median([cost[k] for k in others])) - _LEFT_OVER:
        return 0
    for k in (k for k in possible if k < best and best % k == 0):
        explained = level - changes[k] >= (_SHARE if k > 2 else _MOST) * max(level - changes[best], _LEAST)
        fits = orders[k] <= orders[best] + _ORDER and left_over[k] <= left_over[best]
        certain = k <= _USUAL or orders[k] <= orders[best]
        if explained and fits and (certain or _alike(ordinals, at, k, best, others) >= _AXES_ALIKE):
            return k
    return best


def _alike(ordinals: np.ndarray, at: np.ndarray, fields: int, best: int, others: list[int]) -> int:
    """How many of the first three numbers of the best candidate's record are like those a divisor further.

    Beams that take turns have x and y in common; halves of a record, of which few columns are alike, need not. Numbers
    that are not even like those of the next record, as in shuffled files, tell nothing.
    """
    import numpy as np

    found = 0
    for column in range(min(3, fields)):
        own = at % best == column
        changes = {k: _change(ordinals, k, own) for k in (fields, best, *others)}
        level = float(np.median([changes[k] for k in others]))
        saved = level - changes[best]
        found += saved < _LEAST or level - changes[fields] >= _SHARE * saved
    return found


def _ordinals(runs: _Runs, number: _Number) -> np.ndarray:
    """Numbers by size: integers (R, L) that count the floats from zero on."""
    import numpy as np

    mask = number.bits - 1
    size = (runs.words & runs.words.dtype.type((1 << mask) - 1)).astype(np.int64)
    return np.where(runs.words >> runs.words.dtype.type(mask), -size, size)


def _change(ordinals: np.ndarray, fields: int, which: np.ndarray | None = None) -> float:
    """Bits that change from a number (`which` (R, L) bool: only of these) to that of the next record.

    Where both are zero, nothing can be told.
    """
    import numpy as np

    before, after = ordinals[:, :-fields], ordinals[:, fields:]
    if which is not None:
        before, after = before[which[:, :-fields]], after[which[:, :-fields]]
    there = np.count_nonzero(before | after)
    if not there:
        return 0.0
    change = 1.0 + np.abs(after.astype(np.float64) - before)
    # exponent and mantissa of a double, 52 bits, are its logarithm but for 0.09; that of the 1.0 of two zeros is 0
    return float((change.view(np.int64) - _ONE >> 20).sum() / there) / (1 << 32)


def _order(leading: np.ndarray, at: np.ndarray, number: _Number, fields: int) -> float:
    """Entropy of the leading bits (R, L) of words at places (R, L), given the column, and the cost of the model."""
    import numpy as np

    column = at % fields
    joint = np.bincount((column << number.leading | leading).ravel())
    joint = joint[joint > 0]
    each = np.bincount(column.ravel(), minlength=fields)
    each = each[each > 0]
    entropy = (each * np.log2(each)).sum() - (joint * np.log2(joint)).sum()
    return float(entropy + _SYMBOL * len(joint)) / leading.size


def _codes(runs: _Runs, number: _Number, fields: int) -> tuple[str, ...] | None:
    """Type of each column; None when the first ones are no coordinates.

    Words that are no floats are halves of doubles or of a clock, or integers.
    """
    import numpy as np

    rows = runs.words.shape[1] // fields - 1
    first = -runs.starts % fields
    records = (
        np.concatenate(
            [
                run[start : start + rows * fields].reshape(rows, fields)
                for run, start in zip(runs.words, first, strict=True)
            ]
        )
        if rows > 0
        else runs.words[:, :fields]
    )
    plausible = [_plausible(records[:, i], number) for i in range(fields)]
    if not all(plausible[:3]) or not _ordinary(records[:, :3], number):
        return None
    codes: list[str] = []
    i = 0
    while i < fields:
        pair = np.ascontiguousarray(records[:, i : i + 2]).view("<u8")[:, 0] if i + 1 < fields else None
        if plausible[i] or number is _DOUBLE:
            codes.append(number.code)
        elif pair is not None and _plausible(pair, _DOUBLE):
            codes.append("f8")
            i += 1
        elif pair is not None and ((pair >= _CLOCK[0]) & (pair <= _CLOCK[1])).mean() >= _PLAUSIBLE:
            codes.append("u8")
            i += 1
        else:
            codes.append("u4")
        i += 1
    return tuple(codes)


def _plausible(words: np.ndarray, number: _Number) -> bool:
    """Whether nearly all words are numbers of some use, zero, infinite, or NaN as every program writes it."""
    import numpy as np

    size = words & words.dtype.type((1 << (number.bits - 1)) - 1)
    low, high = np.array(_RANGE, number.code).view(words.dtype.str)
    infinite = np.array(np.inf, number.code).view(words.dtype.str)
    usual = ((size >= low) & (size <= high)) | (size == 0) | (size == infinite) | (size == number.nan)
    return bool(usual.mean() >= _PLAUSIBLE)


def _ordinary(words: np.ndarray, number: _Number) -> bool:
    """Whether a tenth of the words at least are lengths: from a nanometre to a million kilometres."""
    import numpy as np

    values = np.abs(words.view(number.code))
    return bool(((values >= 1e-9) & (values <= 1e9)).mean() >= 0.1)
