"""Dataclasses written field after field."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.packed import Packed, counted, rest, signed, three_signed, whole
from lizip.packing import pack_bytes, pack_signed, pack_varint


@dataclass(frozen=True)
class Everything(Packed):
    count: int = whole(300, 2)
    offset: int = signed(1000)
    turn: tuple[int, int, int] = three_signed(70)
    table: bytes = counted()
    body: bytes = rest(default=b"")


@dataclass(frozen=True)
class Nothing(Packed):
    pass


turns = st.tuples(*[st.integers(-70, 70)] * 3)


@given(st.integers(2, 300), st.integers(-1000, 1000), turns, st.binary(), st.binary())
def test_round_trip(count, offset, turn, table, body):
    value = Everything(count, offset, turn, table, body)
    packed = value.pack()
    numbers = pack_varint(count) + b"".join(map(pack_signed, (offset, *turn)))
    assert packed == numbers + pack_bytes(table) + body
    assert Everything.unpack(packed) == value


@pytest.mark.parametrize(
    "bad",
    [
        Everything(1, 0, (0, 0, 0), b""),
        Everything(301, 0, (0, 0, 0), b""),
        Everything(2, -1001, (0, 0, 0), b""),
        Everything(2, 1001, (0, 0, 0), b""),
        Everything(2, 0, (0, 0, -71), b""),
        Everything(2, 0, (71, 0, 0), b""),
    ],
)
def test_numbers_out_of_bounds(bad):
    with pytest.raises(CorruptError, match="impossible numbers of Everything"):
        Everything.unpack(bad.pack())


def test_too_few_and_too_many_bytes():
    whole_thing = Everything(2, 0, (0, 0, 0), b"abc").pack()
    with pytest.raises(CorruptError):
        Everything.unpack(whole_thing[:-1])
    assert Nothing.unpack(b"") == Nothing()
    with pytest.raises(CorruptError):
        Nothing.unpack(b"x")
