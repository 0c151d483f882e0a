"""The coder and its streams: the way back, constriction decoding the same decisions, damage, overflow, no compiler."""

from __future__ import annotations

import numpy as np
import pytest
from harness import printed
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.entropy import ans
from lizip.entropy.coder import (
    MODE,
    EncoderBuffers,
    code,
    code_raw,
    decode_stream,
    encode_stream,
    finish_decoder,
    finish_encoder,
    finish_short,
    logged,
    open_decoder,
    open_encoder,
    spent_bits,
)
from lizip.entropy.spill import _spilled, spilled
from lizip.errors import CorruptError
from lizip.jit import kernel
from lizip.packing import Unpacker

needs_constriction = pytest.mark.skipif(not ans.HAS_CONSTRICTION, reason="constriction has no wheel here")

probabilities = st.one_of(st.integers(1, (1 << 24) - 1), st.sampled_from([1, 2, (1 << 24) - 1, 1 << 23]))
decisions = st.lists(st.tuples(probabilities, st.integers(0, 1)), max_size=300)


@kernel
def run(coder, chances, bits, values, widths):
    """Code all decisions, and after each a raw value."""
    for i in range(bits.size):
        bits[i] = code(coder, chances[i], bits[i])
        values[i] = code_raw(coder, values[i], widths[i])


def coded(chances, bits, values, widths) -> bytes:
    return encode_stream(run, chances, bits.copy(), values.copy(), widths)


def decoded(stream, chances, widths):
    coder = open_decoder(stream)
    bits, values = np.zeros(len(chances), np.int64), np.zeros(len(chances), np.int64)
    run(coder, chances, bits, values, widths)
    return coder, bits, values


def arrays(pairs, seed: int = 0):
    random = np.random.default_rng(seed)
    chances = np.array([p for p, _ in pairs], np.int64)
    bits = np.array([b for _, b in pairs], np.int64)
    widths = random.integers(0, 33, len(pairs))
    return chances, bits, random.integers(0, 1 << 32, len(pairs)) & ((1 << widths) - 1), widths


def typical(count: int, seed: int = 0):
    """Decisions drawn with the probabilities they are coded with."""
    random = np.random.default_rng(seed)
    chances = np.clip(random.integers(1, 1 << 24, count) >> random.integers(0, 20, count), 1, None)
    bits = (random.random(count) < chances / (1 << 24)).astype(np.int64)
    return chances, bits, random.integers(0, 8, count), np.full(count, 3)


@settings(deadline=None)
@given(decisions, st.integers(0, 9))
def test_the_way_back(pairs, seed):
    chances, bits, values, widths = arrays(pairs, seed)
    coder, got_bits, got_values = decoded(coded(chances, bits, values, widths), chances, widths)
    finish_decoder(coder)
    assert np.array_equal(got_bits, bits)
    assert np.array_equal(got_values, values)


@needs_constriction
@settings(deadline=None)
@given(decisions)
def test_constriction_writes_and_reads_the_same(pairs):
    chances, bits, *_ = arrays(pairs)
    log = ((chances << 1) | bits).astype(np.uint32)
    words = ans.words_by_constriction(log)
    assert np.array_equal(words, ans.words_by_twin(log))
    assert read_by_constriction(words, chances) == bits.tolist()


def read_by_constriction(words: np.ndarray, chances: np.ndarray) -> list[int]:
    """Decode one decision at a time with constriction alone."""
    import constriction

    family = constriction.stream.model.Categorical(perfect=False)
    coder = constriction.stream.stack.AnsCoder(words)
    got = []
    for chance in chances:
        row = np.array([[(1 << 24) - 1 - chance, chance - 1]], np.float32)
        got.append(int(coder.decode(family, row)[0]))
    assert coder.is_empty()
    return got


@needs_constriction
def test_a_real_stream_decision_by_decision():
    """What `finish_encoder` writes, read by constriction; longer than one piece handed to it."""
    chances, bits, values, widths = typical(ans._PIECE + 5000)
    stream = coded(chances, bits, values, widths)
    header = Unpacker(stream)
    count = header.varint()
    words = np.frombuffer(header.take(4 * count), "<u4").astype(np.uint32)
    tail = 3000
    import constriction

    family = constriction.stream.model.Categorical(perfect=False)
    coder = constriction.stream.stack.AnsCoder(words)
    rows = np.stack([(1 << 24) - 1 - chances, chances - 1], 1).astype(np.float32)
    assert np.array_equal(coder.decode(family, rows), bits)
    assert coder.is_empty()
    assert np.array_equal(ans.words_by_twin(((chances << 1) | bits).astype(np.uint32)), words)
    assert read_by_constriction(
        ans.words_by_twin(((chances[:tail] << 1) | bits[:tail]).astype(np.uint32)), chances[:tail]
    )


def test_size_is_the_entropy():
    chances, bits, _, _ = typical(50_000)
    none = np.zeros(len(bits), np.int64)
    ideal = -np.log2(np.where(bits, chances, (1 << 24) - chances) / (1 << 24)).sum()
    assert 8 * len(coded(chances, bits, none, none)) < ideal * 1.0005 + 100


def test_nothing_coded_is_a_byte():
    none = np.empty(0, np.int64)
    stream = coded(none, none, none, none)
    assert stream == b"\0"
    finish_decoder(open_decoder(stream))


@settings(deadline=None)
@given(decisions, st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_room_does_not_matter(pairs, decisions_held, words_held, seed):
    """However small the buffers are, the stream is the same, and so is what was logged."""
    chances, bits, values, widths = arrays(pairs, seed)
    coder = open_encoder(decisions_held, words_held)
    run(coder, chances, bits.copy(), values.copy(), widths)
    log, raw = logged(coder)
    assert np.array_equal(log, (chances << 1) | bits)
    assert len(raw) == widths.sum() // 32
    assert finish_encoder(coder) == coded(chances, bits, values, widths)


def test_a_log_that_finds_no_memory_is_an_error_and_no_short_stream(monkeypatch):
    chances, bits, values, widths = typical(100)
    coder = open_encoder(30)

    class Full(np.ndarray):
        def copy(self, order="C"):
            raise MemoryError("no memory")

    spilled_by = spilled(int(coder.at[6]))
    monkeypatch.setattr(spilled_by, "buffers", tuple(buffer.view(Full) for buffer in spilled_by.buffers))
    run(coder, chances, bits, values, widths)
    with pytest.raises(MemoryError):
        finish_encoder(coder)


def test_what_was_put_by_goes_with_its_encoder():
    before = len(_spilled)
    coder = open_encoder(3)
    chances, bits, values, widths = typical(100)
    run(coder, chances, bits, values, widths)
    assert len(_spilled) == before + 1
    del coder
    assert len(_spilled) == before


def test_streams_share_their_buffers():
    """An encoder of shared buffers gives what any other gives, and what the next one gives does not depend on it."""
    buffers = EncoderBuffers()
    for count in (4, 700, 2):
        chances, bits, values, widths = typical(count, count)
        shared = buffers.open()
        run(shared, chances, bits.copy(), values.copy(), widths)
        assert finish_short(shared) == coded(chances, bits, values, widths)


def test_spent_bits_are_the_size():
    chances, bits, values, widths = typical(20_000)
    coder = open_encoder(999, 77)
    run(coder, chances, bits.copy(), values.copy(), widths)
    assert abs(spent_bits(coder) - 8 * len(coded(chances, bits, values, widths))) < 200


def test_a_stream_is_decoded_whole_or_not():
    chances, bits, values, widths = typical(50)
    stream = coded(chances, bits, values, widths)
    got_bits, got_values = np.zeros_like(bits), np.zeros_like(values)
    decode_stream(stream, run, chances, got_bits, got_values, widths)
    assert np.array_equal(got_bits, bits)
    with pytest.raises(CorruptError):
        decode_stream(stream, run, chances[:-1], got_bits[:-1], got_values[:-1], widths[:-1])


def test_random_words_never_run_out_of_bounds():
    random = np.random.default_rng(3)
    chances, _, _, widths = typical(500)
    for size in (*range(12), 100, 500, 2000):
        for _ in range(20):
            words = random.integers(0, size // 4 + 1)
            stream = bytes([words & 0x7F]) + random.bytes(size)
            try:
                coder, bits, values = decoded(stream, chances, widths)
                assert set(bits.tolist()) <= {0, 1}
                assert values.min() >= 0
                assert values.max() < 8
                finish_decoder(coder)
            except CorruptError:
                continue


def test_every_cut_is_noticed():
    chances, bits, values, widths = typical(300)
    stream = coded(chances, bits, values, widths)
    for size in range(len(stream)):
        with pytest.raises(CorruptError):
            finish_decoder(decoded(stream[:size], chances, widths)[0])


def test_something_after_the_end_is_noticed():
    chances, bits, values, widths = typical(300)
    stream = coded(chances, bits, values, widths)
    for more in (b"\0", b"\0\0\0\0", b"\0\0\0\1"):
        with pytest.raises(CorruptError):
            finish_decoder(decoded(stream + more, chances, widths)[0])


def test_a_claim_of_words_that_are_not_there():
    for stream in (b"\5", b"\2\0\0\0\0", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", b"", b"\x80"):
        with pytest.raises(CorruptError):
            open_decoder(stream)


def test_mode_tells_encoder_from_decoder():
    assert open_encoder().at[MODE] == 0
    assert open_decoder(b"\0").at[MODE] == 1


def test_same_words_without_the_compiler():
    script = "import hashlib\nfrom test_entropy_models import every_model\n"
    script += "print(hashlib.sha256(every_model(400, 5)).hexdigest())"
    assert printed(script, __file__) == printed(script, __file__, NUMBA_DISABLE_JIT="1")


def test_bits_left_over_in_the_last_raw_word_are_noticed():
    """Otherwise one content had many streams."""
    chances, bits = np.full(3, 1 << 23, np.int64), np.array([1, 0, 1], np.int64)
    values, widths = np.array([5, 1, 3], np.int64), np.array([3, 1, 2], np.int64)
    stream = bytearray(coded(chances, bits, values, widths))
    coder, _, back = decoded(bytes(stream), chances, widths)
    finish_decoder(coder)
    assert back.tolist() == values.tolist()
    stream[-1] |= 0x80
    coder, _, back = decoded(bytes(stream), chances, widths)
    assert back.tolist() == values.tolist(), "the bit lies beyond what is asked for"
    with pytest.raises(CorruptError):
        finish_decoder(coder)
