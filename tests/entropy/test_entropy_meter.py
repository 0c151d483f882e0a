"""What a metered decoder says of its stream: each place costs -log2 of what was coded for it, and all of them it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.entropy.coder import (
    code,
    code_raw,
    decode_stream,
    encode_stream,
    mark,
    metered,
    open_encoder,
    spent_bits,
)
from lizip.jit import kernel


@kernel
def _code_places(coder, chances, values):
    """A decision of each chance, and six raw bits where it is a one."""
    for i in range(values.size):
        mark(coder, i)
        bit = code(coder, chances[i], np.int64(values[i] > 0))
        values[i] = 1 + code_raw(coder, values[i] - 1, 6) if bit else np.int64(0)


chances = st.lists(st.tuples(st.integers(1, (1 << 24) - 1), st.integers(0, 64)), min_size=1, max_size=200)


@given(chances)
def test_costs(places):
    chances, values = (np.array(column, np.int64) for column in zip(*places, strict=True))
    stream = encode_stream(_code_places, chances, values.copy())
    decoded = np.zeros_like(values)
    with metered() as meters:
        decode_stream(stream, _code_places, chances, decoded)
    (meter,) = meters
    where, bits = meter.costs()
    chance = chances / 2.0**24
    expected = -np.log2(np.where(values > 0, chance, 1 - chance)) + 6 * (values > 0)
    assert decoded.tolist() == values.tolist()
    assert where.tolist() == list(range(len(values)))
    sure = np.cumsum((expected - 6 * (values > 0))[::-1])[::-1] - expected > 64  # the last words are not full
    assert bits[sure] == pytest.approx(expected[sure], abs=0.01)
    assert abs(bits.sum() - 8 * len(stream)) <= 8 * 9
    coder = open_encoder()
    _code_places(coder, chances, values)
    assert bits.sum() == pytest.approx(spent_bits(coder), abs=64)


def test_a_decoder_that_nobody_meters_keeps_no_marks():
    chances, values = np.full(50, 1 << 23), np.ones(50, np.int64)
    stream = encode_stream(_code_places, chances, values.copy())
    with metered() as meters:
        pass
    decode_stream(stream, _code_places, chances, values)
    assert meters == []
