"""Symbols, sixteen to an alphabet, in mixtures of rows of probabilities (docs/format/entropy.md, Symbols)."""

from __future__ import annotations

import numpy as np

from second_reader.ans import Stream

TOP = 32768 - 16
RATES = [1, 1, 2, 2, 2, 2] + [3] * 6 + [4] * 12 + [5] * 24 + [6] * 16


class Rows(dict):
    """Rows by number: uses, then where the intervals of symbols 1 to 15 begin."""

    def __missing__(self, key: int) -> list[int]:
        self[key] = row = [k * TOP // 16 for k in range(16)]
        return row


class Mix(dict):
    """Weights of the first two of three rows, by number."""

    def __missing__(self, key: int) -> list[int]:
        self[key] = weights = [21845, 21845]
        return weights


def _learn(row: list[int], symbol: int) -> None:
    seen = row[0]
    rate = RATES[seen]
    room = (1 << rate) - 1
    for k in range(1, 16):
        if k > symbol:
            row[k] += (min(TOP - row[k], TOP - 64) + room) >> rate
        else:
            row[k] += -row[k] >> rate
    row[0] = min(seen + 1, 60)


def _bounds(row: list[int], symbol: int) -> tuple[int, int]:
    return row[symbol] if symbol else 0, row[symbol + 1] if symbol < 15 else TOP


def _take(stream: Stream, starts: list[int]) -> tuple[int, int]:
    """A symbol whose intervals begin so; and its share."""
    ends = [*starts[1:], 32768]

    def find(quantile: int) -> tuple[int, int, int]:
        symbol = sum(start <= quantile for start in starts[1:])
        return symbol, starts[symbol], ends[symbol]

    symbol = stream.share(find)
    return symbol, ends[symbol] - starts[symbol]


def in_two(stream: Stream, one: list[int], other: list[int]) -> int:
    """A symbol in the mean of two rows."""
    symbol, _ = _take(stream, [0, *(k + (one[k] >> 1) + (other[k] >> 1) for k in range(1, 16))])
    _learn(one, symbol)
    _learn(other, symbol)
    return symbol


def in_three(stream: Stream, rows: tuple[list[int], list[int], list[int]], weights: list[int]) -> int:
    """A symbol in a mixture of three rows, whose weights learn."""
    a, b, c = rows
    first, second = weights
    third = 65536 - first - second
    starts = [k + (a[k] * first >> 16) + (b[k] * second >> 16) + (c[k] * third >> 16) for k in range(1, 16)]
    symbol, width = _take(stream, [0, *starts])
    share = np.float32(width)
    step = np.float32(0.02) / share
    (a0, a1), (b0, b1) = _bounds(a, symbol), _bounds(b, symbol)
    first += int(np.float32(first) * (np.float32(a1 - a0) - share) * step)
    second += int(np.float32(second) * (np.float32(b1 - b0) - share) * step)
    first = min(max(first, 1024), 65536 - 3 * 1024)
    weights[0], weights[1] = first, min(max(second, 1024), 65536 - 2 * 1024 - first)
    for row in rows:
        _learn(row, symbol)
    return symbol
