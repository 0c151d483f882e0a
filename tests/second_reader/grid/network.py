"""The predictor: what it is told of a cell, two hidden layers, an output for each decision (docs/format/grid.md)."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import numpy as np

from second_reader import frozen
from second_reader.bytestream import Bytes, demand
from second_reader.grid.rings import Ring

FLAG = 256
"""The output of the return flag."""
_FIELDS = ("first", "first_bias", "second", "second_bias", "out", "out_bias")


def eighth_octave(n: int) -> int:
    """8 log2 n, read off the bits of a float32."""
    return (int(np.float32(n).view(np.int32)) >> 20) - (127 << 3)


_EIGHTHS = [0, *(eighth_octave(n) for n in range(1, 1 << 14))]


def signed_log(difference: int) -> int:
    """Sign and 8 log2(1 + size), at most 127."""
    size = abs(difference) + 1
    level = min(_EIGHTHS[size] if size < len(_EIGHTHS) else eighth_octave(size), 127)
    return -level if difference < 0 else level


_SHAPES = (48, 64), (64,), (64, 64), (64,), (257, 64), (257,)


@lru_cache
def load(name: str, digest: bytes) -> tuple[np.ndarray, ...]:
    """The weights of a name that have a hash."""
    numbers = frozen.carried("predictor", name, digest)
    if numbers is not None:
        body = Bytes(numbers)
        found = []
        for shape, kind in zip(_SHAPES, ("<i2", "<i4") * 3, strict=True):
            found.append(np.frombuffer(body.take(int(kind[2]) * math.prod(shape)), kind).reshape(shape))
        body.end()
        return tuple(each.astype(np.float64) for each in found)
    with np.load(frozen.find("predictor", name, digest)) as file:
        arrays = [file[field].astype(kind) for field, kind in zip(_FIELDS, ("<i2", "<i4") * 3, strict=True)]
    state = hashlib.blake2b(digest_size=8)
    for each in arrays:
        state.update(each.tobytes())
    demand(state.digest() == digest, "the predictor is another one")
    return tuple(each.astype(np.float64) for each in arrays)


class Network:
    """A predictor; all numbers are whole and below 2**24, so floats hold them exactly."""

    def __init__(self, arrays: tuple[np.ndarray, ...], bits: int):
        self.first, self.first_bias, self.second, self.second_bias, self.out, self.out_bias = arrays
        self.bits = min(bits, 8)
        self.top = np.zeros(64)

    def think(self, rings: list[Ring], r: int, guesses: list[int], centre: int) -> None:
        """Look at a cell."""
        features = np.array(self._features(rings, r, guesses, centre), np.float64)
        hidden = np.clip(np.floor((features @ self.first + self.first_bias) / 128), 0, 255)
        self.top = np.clip(np.floor((hidden @ self.second + self.second_bias) / 64), 0, 255)

    def opinion(self, output: int) -> int:
        """Logit of one decision of the cell."""
        total = int(self.out[output] @ self.top + self.out_bias[output])
        return min(max(total >> 2, -2047), 2047)

    def _features(self, rings: list[Ring], r: int, guesses: list[int], centre: int) -> list[int]:
        count, own = len(rings) - 2, rings[r + 1]
        above = rings[r] if r > 0 else own
        above2 = rings[r - 1] if r > 1 else above
        below = rings[r + 2] if r < count - 1 else own
        below2 = rings[r + 3] if r < count - 2 else below
        up, under = [above.held[0], *above.past], [below.held[0], *below.past]
        differences = [guess - centre for guess in guesses[:9]] + [held - centre for held in own.held[2:]]
        differences += [up[k] - up[k + 1] for k in range(3)] + [under[k] - under[k + 1] for k in range(2)]
        differences += [above2.held[0] - up[0], above2.held[0] - above2.past[0], below2.held[0] - under[0]]
        differences += [own.last_error, above.last_error, below.last_error]
        sizes = [guesses[0], own.fast, own.slow, above.fast, below.fast, *(own.errors[k] for k in (0, 3, 5, 6))]
        features = [signed_log(x) for x in differences] + [signed_log(x) - 64 for x in sizes]
        features += [32 * (own.flags >> k & 1) for k in range(4)] + [32 * (above.flags >> k & 1) for k in range(3)]
        features += [32 * (below.flags & 1), 16 * (below.flags & 2), 32 * (above2.flags & 1)]
        place = 64 * r // max(count - 1, 1) - 32
        features += [place, place * place >> 5]
        left = own.first[1] << 7 >> self.bits
        others = (above.first[1], below.first[1], own.second[1])
        return features + [left] + [(other << 7 >> self.bits) - left for other in others]
