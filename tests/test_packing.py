import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint, pack_varints


@given(st.integers(0, 2**64 - 1))
def test_varint_round_trip(value):
    unpack = Unpacker(pack_varint(value))
    assert unpack.varint() == value
    unpack.finish()


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_round_trip(value):
    unpack = Unpacker(pack_signed(value))
    assert unpack.signed() == value
    unpack.finish()


@given(st.lists(st.integers(0, 2**64 - 1)), st.binary())
def test_sequence_round_trip(values, data):
    unpack = Unpacker(pack_varints(values) + pack_bytes(data))
    assert [unpack.varint() for _ in values] == values
    assert unpack.bytes() == data
    unpack.finish()


@given(st.binary(max_size=12))
def test_any_bytes_are_read_or_refused(data):
    """What is read is canonical: it packs to the bytes it came from."""
    unpack = Unpacker(data)
    try:
        value = unpack.varint()
    except CorruptError:
        return
    assert data.startswith(pack_varint(value))


@pytest.mark.parametrize("value", [-1, 2**64])
def test_out_of_range(value):
    with pytest.raises(ValueError, match="out of range"):
        pack_varint(value)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 10, b"\xff" * 9 + b"\x02"])
def test_malformed(data):
    with pytest.raises(CorruptError):
        Unpacker(data).varint()


def test_take_and_finish():
    unpack = Unpacker(b"abc")
    assert unpack.take(2) == b"ab"
    with pytest.raises(CorruptError, match="more than it should"):
        unpack.finish()
    for size in (2, -1, 2**62):
        with pytest.raises(CorruptError, match="ends early"):
            unpack.take(size)
