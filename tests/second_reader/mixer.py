"""Several counters' opinions on one decision, mixed by weights that learn (docs/format/entropy.md, Mixing)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from second_reader.ans import Stream
from second_reader.counters import HALF, RATE, Counters

STRETCH = [round(256 * math.log((i + 0.5) / (4095.5 - i))) for i in range(4096)]
SQUASH = [min(max(round(65536 / (1 + math.exp(-x / 256))), 24), 65512) for x in range(-3072, 3072)]
CONFIDENCE = [int(256 * (n + 0.3) / (n + 1.5)) if n else 0 for n in range(256)]


class Refinements(dict):
    """Rows of 33 probabilities; a fresh row says what it is asked."""

    def __missing__(self, key: int) -> list[int]:
        self[key] = row = [SQUASH[min(1024 + 128 * k, 6143)] << 8 for k in range(33)]
        return row


class Weights(dict):
    """Sets of weights by number; a fresh one holds round(65536 * share) of each input."""

    def __init__(self, shares: Sequence[float]):
        super().__init__()
        self._fresh = [round(65536 * share) for share in shares]

    def __missing__(self, key: int) -> list[int]:
        self[key] = weights = list(self._fresh)
        return weights

    def widen(self, change) -> None:
        """Change all sets, fresh ones too."""
        for weights in (self._fresh, *self.values()):
            change(weights)


def mixed(
    stream: Stream,
    counters: Counters,
    places: Sequence[Hashable],
    sets: Sequence[list[int]],
    limit: int,
    rate: int,
    given: int | None = None,
    doubted: bool = False,
    refined: list[int] | None = None,
) -> int:
    """A decision under the counters at `places`, and a given logit behind them."""
    values = [counters[at] for at in places]
    logits = [STRETCH[(counter >> 18) + 2048] for counter in values]
    if doubted or refined:
        logits = [logit * CONFIDENCE[counter & 255] >> 8 for logit, counter in zip(logits, values, strict=True)]
    if given is not None:
        logits.append(given)
    total = 0
    for weights in sets:
        for logit, weight in zip(logits, weights, strict=False):
            total += logit * weight
    chance = SQUASH[min(max(total >> 16, -3072), 3071) + 3072]
    found = stream.bit(chance << 8) if refined is None else _refined(stream, refined, chance, total >> 16)
    error, half = (found << 16) - chance, 1 << rate >> 1
    steps = [(logit * error + half) >> rate for logit in logits]
    for weights in sets:
        for k, step in enumerate(steps):
            weights[k] += step
    target = HALF - 1 if found else -HALF
    for at, counter in zip(places, values, strict=True):
        value, seen = counter >> 8, counter & 255
        value += ((target - value) * RATE[seen]) >> 16
        counters[at] = value << 8 | (seen + 1 if seen < limit else limit)
    return found


def _refined(stream: Stream, row: list[int], chance: int, logit: int) -> int:
    """The decision, half of its probability from how often such a logit came true."""
    place = min(max(logit, -2047), 2047) + 2048
    at, share = place >> 7, place & 127
    low, high = row[at], row[at + 1]
    found = stream.bit(((chance << 8) + ((low * (128 - share) + high * share) >> 7)) >> 1)
    goal = (1 << 24) - 1 if found else 0
    row[at] = low + (((goal - low) * (128 - share)) >> 13)
    row[at + 1] = high + (((goal - high) * share) >> 13)
    return found
