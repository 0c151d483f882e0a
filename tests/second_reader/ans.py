"""The entropy decoder: decisions from words, raw bits from others (docs/format/entropy.md)."""

from __future__ import annotations

import struct

from second_reader.bytestream import Bytes, demand


class Stream:
    """One stream, read decision by decision."""

    def __init__(self, data: bytes):
        head = Bytes(data)
        count = head.varint()
        self._words = list(struct.unpack(f"<{count}I", head.take(4 * count)))
        raw = head.rest()
        demand(len(raw) % 4 == 0, "a stream has a part of a word")
        self._raw, self._raw_words, self._raw_bits = int.from_bytes(raw, "little"), len(raw) // 4, 0
        self._state = 0
        self._fill()

    def _fill(self) -> None:
        while self._state < 1 << 32 and self._words:
            self._state = self._state << 32 | self._words.pop()

    def bit(self, probability: int) -> int:
        """A decision whose probability of a one is so many 2**-24."""
        state = self._state
        zero = (1 << 24) - probability
        quantile = state & 0xFFFFFF
        if quantile < zero:
            state, bit = (state >> 24) * zero + quantile, 0
        else:
            state, bit = (state >> 24) * probability + (quantile - zero), 1
        if state < 1 << 32 and self._words:
            state = state << 32 | self._words.pop()
        self._state = state
        return bit

    def share(self, find):
        """A symbol of an alphabet: `find` gives symbol, start and end of 2**15 for a quantile of 2**15."""
        state = self._state
        quantile = (state & 0xFFFFFF) >> 9
        symbol, start, end = find(quantile)
        state = ((end - start) << 9) * (state >> 24) + ((state & 511) | (quantile - start) << 9)
        if state < 1 << 32 and self._words:
            state = state << 32 | self._words.pop()
        self._state = state
        return symbol

    def raw(self, bits: int) -> int:
        """So many raw bits as a number."""
        value = self._raw & ((1 << bits) - 1)
        self._raw >>= bits
        self._raw_bits += bits
        return value

    def end(self) -> None:
        """All must be used up."""
        used = -(-self._raw_bits // 32)
        demand(not self._state and not self._words and not self._raw, "a stream does not end where it should")
        demand(used == self._raw_words, "a stream has raw bits left over")


def decode(data: bytes, model, *arguments):
    """What `model(stream, *arguments)` gives; the stream must be used up by that."""
    stream = Stream(data)
    found = model(stream, *arguments)
    stream.end()
    return found
