"""The entropy coder: one `code` call serves encoder and decoder, so a model is written once.

Encoding, `code` logs each binary decision with its probability; `finish_encoder` then turns the log into the stream
that constriction's `AnsCoder` writes (32-bit words, 64-bit state, 24-bit probabilities). Decoding, `code` takes each
decision out of those words. Bits too random to model go past the coder through `code_raw`.

Nobody says beforehand how many decisions there will be: a full log is put by (`spill`) and filled anew.

The stream of ANS words is, word for word, what `constriction.stream.stack.AnsCoder` gives for the same decisions under
`Categorical(perfect=False)` with the two weights (2**24 - p - 1, p - 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from lizip.entropy.ans import log_to_words, words_by_twin
from lizip.entropy.spill import register, spill, spilled
from lizip.errors import CorruptError
from lizip.jit import inlined_kernel, kernel
from lizip.packing import Unpacker, pack_varint

MODE, WORD, LOG, RAW, RAW_FILL, FAULT, OWNER, CALL = range(8)
"""Meaning of `Coder.at`: 1 when decoding; words left; decisions in the log; raw words in use; bits in the buffer; 1
where raw words were missing; key and address for `spill`."""

ROOM = 1 << 16
"""Decisions, and raw words, that an encoder holds before it puts them by: pieces so small find room where larger arrays
were before, and few bytes are taken that are not used."""

_PROBABILITY_BITS = np.uint64(24)
_ONE = np.uint64(1 << 24)
_MASK = np.uint64((1 << 24) - 1)
_WORD_BITS = np.uint64(32)
_LOW = np.uint64(1 << 32)

_MARK = 4
"""Numbers of a mark, see `mark`."""

_MARKS = 1 << 20
"""Most marks in a stream; those beyond are left out."""

_metering: ContextVar[list[Meter] | None] = ContextVar("metering", default=None)


class Coder(NamedTuple):
    """State of one stream, passed through the kernels.

    Attributes
    ----------
    at : (8,) int64
        Mode and positions, see `MODE` and following.
    state : (2,) uint64
        ANS state; raw bit buffer.
    words : (W,) uint32
        ANS words (decoder only).
    log : (L,) uint32
        Decisions, probability of a one << 1 | bit; of a decoder, the marks that it was asked for.
    raw : (R,) uint32
        Raw words, 32 bits each, least significant bit first.
    """

    at: np.ndarray
    state: np.ndarray
    words: np.ndarray
    log: np.ndarray
    raw: np.ndarray


@kernel
def code(coder, probability, bit):
    """Code one binary decision.

    Parameters
    ----------
    coder : Coder
    probability : int64
        Probability of a one in units of 2**-24, from 1 to 2**24 - 1.
    bit : int64
        The decision when encoding; ignored when decoding.

    Returns
    -------
    int64
        The decision.
    """
    at = coder.at
    if at[MODE] == 0:
        position = at[LOG]
        if position == coder.log.size:
            spill(at[CALL], at[OWNER], 0)
            position = np.int64(0)
        coder.log[position] = np.uint32((probability << 1) | bit)
        at[LOG] = position + 1
        return bit
    state = coder.state[0]
    zero = _ONE - np.uint64(probability)
    quantile = state & _MASK
    if quantile < zero:
        bit = np.int64(0)
        state = (state >> _PROBABILITY_BITS) * zero + quantile
    else:
        bit = np.int64(1)
        state = (state >> _PROBABILITY_BITS) * np.uint64(probability) + (quantile - zero)
    if state < _LOW and at[WORD] > 0:
        at[WORD] -= 1
        state = (state << _WORD_BITS) | np.uint64(coder.words[at[WORD]])
    coder.state[0] = state
    return bit


@kernel
def code_raw(coder, value, bits):
    """Code the low `bits` (0 to 32) bits of `value` as they are; returns them as int64 (decoded when decoding)."""
    at = coder.at
    buffer = coder.state[1]
    fill = at[RAW_FILL]
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    if at[MODE] == 0:
        value = np.int64(np.uint64(value) & mask)
        buffer |= np.uint64(value) << np.uint64(fill)
        fill += bits
        if fill >= 32:
            if at[RAW] == coder.raw.size:
                spill(at[CALL], at[OWNER], 1)
                at[RAW] = 0
            coder.raw[at[RAW]] = np.uint32(buffer & np.uint64(0xFFFFFFFF))
            at[RAW] += 1
            buffer >>= _WORD_BITS
            fill -= 32
    else:
        if fill < bits:
            if at[RAW] < coder.raw.size:
                buffer |= np.uint64(coder.raw[at[RAW]]) << np.uint64(fill)
            else:
                at[FAULT] = 1
            at[RAW] += 1
            fill += 32
        value = np.int64(buffer & mask)
        buffer >>= np.uint64(bits)
        fill -= bits
    coder.state[1] = buffer
    at[RAW_FILL] = fill
    return value


@inlined_kernel
def mark(coder, place):
    """Note, in a decoder that is metered, that what comes next says `place`, 0 to 2**32 - 1."""
    at = coder.at
    if at[MODE] == 1 and at[LOG] + 4 <= coder.log.size:
        position = at[LOG]
        coder.log[position] = np.uint32(place)
        coder.log[position + 1] = np.uint32(at[WORD])
        coder.log[position + 2] = np.uint32(np.float32(coder.state[0]).view(np.int32))
        coder.log[position + 3] = np.uint32(32 * at[RAW] - at[RAW_FILL])
        at[LOG] = position + 4


class Meter(NamedTuple):
    """A decoder and the bits that its stream had at the beginning."""

    coder: Coder
    bits: float

    def costs(self) -> tuple[np.ndarray, np.ndarray]:
        """Places marked (M,) int64, in the order of the stream, and the bits (M,) float64 from each to the next.

        An ANS decoder holds 32 bits for each word that it has not taken, and log2 of its state: what that loses is
        what was said. What came before the first mark is part of no place.
        """
        marks = self.coder.log[: self.coder.at[LOG]].reshape(-1, _MARK)
        left = 32.0 * marks[:, 1] + np.log2(np.maximum(np.ascontiguousarray(marks[:, 2]).view(np.float32), 1))
        said = self.bits - left + marks[:, 3]
        raw = 32.0 * len(self.coder.raw)
        return marks[:, 0].astype(np.int64), np.diff(said, append=self.bits + raw)


@contextmanager
def metered() -> Iterator[list[Meter]]:
    """Have the streams that are decoded meanwhile in this thread say where their bits went, in the order of opening."""
    meters: list[Meter] = []
    token = _metering.set(meters)
    try:
        yield meters
    finally:
        _metering.reset(token)


def open_encoder(decisions: int = ROOM, raw_words: int = ROOM) -> Coder:
    """Make an encoder that holds so many decisions and raw words before it puts them by."""
    return _encoder_into(np.empty(decisions, np.uint32), np.empty(raw_words, np.uint32))


def _encoder_into(log: np.ndarray, raw: np.ndarray) -> Coder:
    at = np.zeros(8, np.int64)
    at[OWNER], at[CALL] = register(at, log, raw)
    return Coder(at, np.zeros(2, np.uint64), np.empty(0, np.uint32), log, raw)


class EncoderBuffers:
    """For many short streams, one after the other: they share their buffers, so fresh memory is taken only once."""

    def __init__(self) -> None:
        self._buffers = np.empty(ROOM, np.uint32), np.empty(ROOM, np.uint32)

    def open(self) -> Coder:
        """Make an encoder; whatever was open before is over."""
        return _encoder_into(*self._buffers)


def finish_encoder(coder: Coder, to_words: Callable[..., np.ndarray] = log_to_words) -> bytes:
    """Turn what was logged into bytes: number of ANS words, the words, the raw words.

    `to_words` codes the log: one of `lizip.entropy.ans`, which all give the same words.
    """
    before = spilled(int(coder.at[OWNER]))
    words = to_words(*before.parts(0, int(coder.at[LOG])))
    raw = before.joined(1, int(coder.at[RAW]))
    if coder.at[RAW_FILL]:
        raw = np.append(raw, np.uint32(coder.state[1]))
    return pack_varint(len(words)) + words.astype("<u4").tobytes() + raw.astype("<u4").tobytes()


def finish_short(coder: Coder) -> bytes:
    """As `finish_encoder`, the same bytes; where there are many short streams, the twin takes a quarter of the time."""
    return finish_encoder(coder, words_by_twin)


def logged(coder: Coder) -> tuple[np.ndarray, np.ndarray]:
    """All decisions (D,) and full raw words (W,) of an encoder so far, uint32."""
    before = spilled(int(coder.at[OWNER]))
    return before.joined(0, int(coder.at[LOG])), before.joined(1, int(coder.at[RAW]))


def raw_words(coder: Coder) -> int:
    """Full raw words of an encoder so far."""
    return sum(map(len, spilled(int(coder.at[OWNER])).parts(1, int(coder.at[RAW]))))


def spent_bits(coder: Coder) -> float:
    """Bits that an encoder's stream would take so far, without making it."""
    log, raw = logged(coder)
    one = (log >> 1) * 2.0**-24
    return float(-np.log2(np.where(log & 1, one, 1 - one)).sum()) + 32.0 * len(raw)


def open_decoder(stream: bytes) -> Coder:
    """Make a decoder from the bytes of `finish_encoder`; raises CorruptError when they cannot be a stream."""
    header = Unpacker(stream)
    count = header.varint()
    if count * 4 > header.remaining or header.remaining % 4:
        raise CorruptError("entropy-coded stream has an impossible length")
    numbers = np.frombuffer(stream, "<u4", offset=len(stream) - header.remaining).astype(np.uint32)
    words, raw = numbers[:count], numbers[count:]
    at = np.zeros(8, np.int64)
    at[MODE] = 1
    state = 0
    at[WORD] = count
    while at[WORD] and state < 1 << 32:
        at[WORD] -= 1
        state = state << 32 | int(words[at[WORD]])
    meters = _metering.get()
    log = np.zeros(0 if meters is None else _MARK * _MARKS, np.uint32)
    coder = Coder(at, np.array([state, 0], np.uint64), words, log, raw)
    if meters is not None:
        meters.append(Meter(coder, 32.0 * at[WORD] + float(np.log2(max(state, 1)))))
    return coder


def finish_decoder(coder: Coder) -> None:
    """Check that the stream was used up exactly; raises CorruptError when it was not."""
    leftover = coder.at[WORD] != 0 or coder.state[0] != 0 or coder.at[RAW] != coder.raw.size or coder.state[1] != 0
    if coder.at[FAULT] or leftover:
        raise CorruptError("entropy-coded stream does not end where it should")


def encode_stream(kernel: Callable[..., object], *arguments: object) -> bytes:
    """The stream of what `kernel(coder, *arguments)` codes; its arrays are as the kernel leaves them."""
    coder = open_encoder()
    kernel(coder, *arguments)
    return finish_encoder(coder)


def decode_stream(stream: bytes, kernel: Callable[..., Any], *arguments: object) -> Any:
    """Let `kernel(coder, *arguments)` fill its arrays from a stream; CorruptError when it is not theirs.

    Returns what the kernel returns.
    """
    coder = open_decoder(stream)
    returned = kernel(coder, *arguments)
    finish_decoder(coder)
    return returned
