"""Ranges of a grid: guesses, their blend, the residual (docs/format/grid.md, Ranges)."""

from __future__ import annotations

import math

from second_reader.ans import Stream
from second_reader.counters import Counters
from second_reader.grid.rings import BLEND, CANDIDATES, Ring, quarter_octave, token
from second_reader.mixer import Weights, mixed

MOST = (1 << 24) - 1
_LENGTHS = 28
_SIGN, _START, _UP, _DOWN, _MANTISSA, _NODES = 0, 1, 32, 96, 128, 256


def guesses_of(rings: list[Ring], r: int) -> list[int]:
    """Nine guesses for a range; rings are numbered from 1."""
    own = rings[r + 1]
    last, before, third, fourth, fifth = own.held
    up = up1 = up2 = last
    if r > 0:
        up, up1, up2 = rings[r].held[0], rings[r].past[0], rings[r].past[1]
    below = rings[r + 2].held[0] if r < len(rings) - 3 else last
    return [
        last,
        (last + before + third + 1) // 3,
        2 * last - before,
        last + up - up1,
        (10 * (last + before) + 14 * up - 7 * (up1 + up2) + 10) // 20,
        up,
        below,
        (5 * last + 3 * before + third - fourth - 2 * fifth + 3) // 6,
        before,
    ]


def centre_of(rings: list[Ring], r: int, guesses: list[int], near: int) -> int:
    """Their mean, weighed by the cubes of their errors."""
    last, own, above = guesses[0], rings[r + 1].errors, rings[r].errors
    total = weights = 0.0
    for i in range(CANDIDATES):
        offset = guesses[i] - last
        if abs(offset) <= near:
            weight = BLEND[min((2 * own[i] + above[i]) >> 2, 4095)]
            total += weight * float(offset)
            weights += weight
    return max(last + math.floor(total / weights + 0.5), 1)


class Ranges:
    """The models of residuals."""

    def __init__(self, asks: bool):
        self.counters = Counters()
        shares = [0.3 / 6] * 6 + [0.5] if asks else [0.55 / 6] * 6 + [0.0]
        self.by_node, self.by_class, self.by_spread = Weights(shares), Weights(shares), Weights([0.0] * 8)

    def code(
        self, stream: Stream, rings: list[Ring], r: int, guesses: list[int], centre: int, opinion, more=None
    ) -> int:
        """A range; `opinion` says the network's logit for a node, `more` what the sweep before makes expect."""
        error = self._residual(stream, *self._contexts(rings, r, guesses, centre), opinion, more)
        value = min(max(centre + error, 1), MOST)
        rings[r + 1].learn(guesses, value, error)
        return value

    def _contexts(self, rings: list[Ring], r: int, guesses: list[int], centre: int) -> tuple[list[int], int]:
        own = rings[r + 1]
        last, along, up, below, before = guesses[0], guesses[3], guesses[5], guesses[6], guesses[8]
        spread = abs(last - centre) + abs(before - centre) + abs(own.held[2] - centre) + abs(along - centre)
        spread += (abs(below - centre) >> 1) + (abs(up - centre) >> 1)
        kind = min(quarter_octave((2 * own.fast + rings[r].fast) >> 2), 39)
        activity = abs(last - before) + abs(before - own.held[2]) + (abs(along - last) >> 1)
        contexts = (
            kind,
            min(quarter_octave(spread >> 1), 39),
            r * 12 + min(kind >> 2, 11),
            token(last - centre),
            token(up - centre),
            min(kind >> 1, 13) * 14 + min(quarter_octave(activity >> 1) >> 1, 13),
        )
        return [(k << 20 | context) * _NODES for k, context in enumerate(contexts)], kind

    def _residual(self, stream: Stream, bases: list[int], kind: int, opinion, more) -> int:
        bases = bases if more is None else [*bases, (6 << 20 | more[0]) * _NODES]

        def decide(node: int, stage: int) -> int:
            sets = [self.by_node[node], self.by_class[kind * 4 + stage]]
            sets += [self.by_spread[more[1] * 4 + stage]] if more else []
            pace = (250, 16) if more and more[1] >= 18 else (80, 15)
            return mixed(stream, self.counters, [base + node for base in bases], sets, *pace, opinion(node))

        length = max(min((kind >> 2) - 2, 14), 0)
        negative = decide(_SIGN, 0)
        if decide(_START + negative * 16 + length, 1):
            length += 1
            while length < _LENGTHS - 1 and decide(_UP + negative * 32 + length, 2):
                length += 1
        else:
            while length > 0:
                if decide(_DOWN + negative * 16 + length - 1, 3):
                    break
                length -= 1
        size, low = min(length, 1), max(length - 1, 0)
        if low:
            base = _MANTISSA + negative * 64 + (min(length, 17) - 2) * 4
            size, low = 2 + decide(base + 1, 3), low - 1
            if low:
                size, low = 2 * size + decide(base + 2 + (size & 1), 3), low - 1
            size = size << low | stream.raw(low)
        return -size - 1 if negative else size
