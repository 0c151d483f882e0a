"""Columns that are no coordinates: symbols of an alphabet, or numbers (docs/format/floats.md, Other columns)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.counters import Counters
from second_reader.floats.residual import WHOLE, Residuals, miss, onward
from second_reader.floats.track import HISTORY
from second_reader.mixer import Weights, mixed


class Symbols:
    """A column of symbols below 2**depth."""

    def __init__(self, alphabet: int):
        self.depth = (alphabet - 1).bit_length()
        self.counters, self.weights = Counters(), Weights([0.75 / 6] * 6)

    def code(self, stream: Stream, lag: list[int], beside: list[int], given, start: int, count: int, values) -> None:
        """The symbols of a segment, into values; `given` says a context of each row."""
        depth, coarse = self.depth, max(self.depth - 4, 0)
        for j in range(HISTORY + start, HISTORY + start + count):
            row = j - lag[j]
            near, side, before = values[row], values[j - beside[j]], values[j - 1]
            far = values[max(row - lag[row], start)]
            mean = (2 * side + far + before) << 6 >> (depth + 2)
            contexts = (
                near,
                side,
                (near >> coarse) << 4 | side >> coarse,
                (before >> coarse) << 4 | values[j - 2] >> coarse,
                given(j) << 4 | near >> coarse,
                (near >> coarse) << 6 | mean,
            )
            bases = [(k << 20 | context) << depth for k, context in enumerate(contexts)]
            pair = self.weights[(1 << depth) + (near >> coarse) * 16 + (side >> coarse)]
            node = 1
            for _ in range(depth):
                places, sets = [base + node for base in bases], (self.weights[node], pair)
                node = 2 * node + mixed(stream, self.counters, places, sets, 120, 15)
            values[j] = node - (1 << depth)


class Numbers:
    """A column of numbers of any size."""

    def __init__(self, rows: int):
        self.residuals, self.length = Residuals(1), [12] * rows

    def code(self, stream: Stream, lag: list[int], beside: list[int], given, start: int, count: int, values) -> None:
        """The numbers of a segment, into values; `given` is another column."""
        for j in range(HISTORY + start, HISTORY + start + count):
            row, before = j - lag[j], values[j - 1]
            guesses = (
                before,
                values[row],
                onward(before, before, values[j - 2]),
                onward(before, values[row], values[max(j - 1 - lag[j - 1], start)]),
                values[j - beside[j]],
                onward(before, given(j), given(j - 1)),
            )
            best = self.residuals.best(0)
            around = self.length[row], self.length[j - 1]
            values[j] = value = self.residuals.code(stream, 0, 5, WHOLE, around, guesses[best])
            self.length[j] = miss(value, guesses[best])
            self.residuals.learn(0, best, [abs(float(value) - float(guess)) + 1.0 for guess in guesses])
