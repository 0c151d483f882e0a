import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lizip
from lizip import container
from lizip.codecs import opaque
from lizip.container import CODEC, MAGIC, REGIONS, VERSION, Container, Section, content_hash, same_hash, size_of
from lizip.errors import CorruptError, FormatError, UnsupportedVersionError

SECTIONS = (Section(REGIONS, b"\x04"), Section(CODEC, b"points" * 50), Section(CODEC, b"more"), Section(7, b""))


SMALL, LARGE = 100, 100_000
"""Lengths of originals in the two forms."""


def build(sections=SECTIONS, length=LARGE, digest=bytes(16), count=3, layout=b"layout"):
    return container.write(sections, 1, 2, length, digest, count, layout)


def read_all(data):
    box = Container(io.BytesIO(data))
    return [Section(entry.kind, box.read(entry)) for entry in box.header.entries]


@given(
    st.lists(st.builds(Section, st.integers(0, 255), st.binary(max_size=40)), max_size=900),
    st.binary(max_size=300),
    st.integers(0, 255),
    st.integers(0, 5000) | st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)
def test_round_trip(sections, layout, codec, length, count):
    data = container.write(sections, codec, 255 - codec, length, content_hash(b"x"), count, layout)
    box = Container(io.BytesIO(data))
    header = box.header
    assert (header.codec, header.format, header.length, header.count) == (codec, 255 - codec, length, count)
    assert header.layout == layout
    assert same_hash(header.digest, content_hash(b"x"))
    assert not same_hash(header.digest, content_hash(b"y"))
    assert read_all(data) == sections
    assert box.size == len(data)


@given(st.lists(st.builds(Section, st.integers(0, 99), st.binary(max_size=300)), min_size=1, max_size=9), st.binary())
def test_size_of(sections, layout):
    """Of any two ways to say a file, the difference of their sizes."""
    for length in (SMALL, LARGE):
        written = [len(build(each, length, layout=text)) for each, text in ((sections, layout), (sections[:1], b""))]
        sizes = [size_of(each, length, text) for each, text in ((sections, layout), (sections[:1], b""))]
        assert abs((written[0] - sizes[0]) - (written[1] - sizes[1])) <= 2  # the length of the table itself


def test_overhead_on_a_sweep():
    """A sweep of 2 MB in six sections, as those of nuScenes have: 80 bytes that are not content."""
    sections = [Section(4 + i, bytes(length)) for i, length in enumerate((56, 25_703, 66, 197, 253, 1030))]
    data = container.write(sections, 2, 1, 2_000_000, bytes(16), 130_000, b"\0\5")
    content = 1 + sum(len(section.data) for section in sections)  # one byte of the layout says the number of fields
    assert len(data) - content <= 80


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 4095])
def test_overhead_on_a_small_file(size):
    """24 bytes at most, with the three that say how the bytes are coded."""
    for data in (random.Random(size).randbytes(size), b"abcdefgh" * (size // 8)):
        assert len(lizip.compress(data, codec="opaque")) <= len(opaque.encode_bytes(data)) + 18


@given(
    st.lists(st.builds(Section, st.integers(0, 127), st.binary(max_size=40)), max_size=9),
    st.binary(max_size=30),
    st.integers(0, 15),
    st.integers(1, 15),
    st.integers(0, 4095),
)
def test_small_form(sections, layout, codec, format, length):
    data = container.write(sections, codec, format, length, content_hash(b"x"), 7, layout)
    header = Container(io.BytesIO(data)).header
    assert (header.codec, header.format, header.length, header.count) == (codec, format, length, 7)
    assert header.layout == layout
    assert len(header.digest) == 6
    assert read_all(data) == sections
    plain = container.write(sections, codec, 0, length, content_hash(b"x"), 0)
    assert read_all(plain) == sections


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_sections_by_kind(length):
    box = Container(io.BytesIO(build(length=length)))
    assert box.section(REGIONS) == b"\x04"
    assert box.section(99) == b""
    assert list(box.sections(CODEC)) == [b"points" * 50, b"more"]
    with pytest.raises(CorruptError, match="more than once"):
        box.section(CODEC)


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_cut_at_every_byte(length):
    data = build(length=length)
    for cut in range(len(data)):
        with pytest.raises((CorruptError, FormatError)) as error:
            Container(io.BytesIO(data[:cut]))
        assert cut == 0 or error.type is CorruptError, "a file that starts right but ends early is truncated"


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_every_flipped_bit_is_noticed(length):
    data = build(length=length)
    for position in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises((CorruptError, FormatError, UnsupportedVersionError)):
            read_all(damaged)


def test_text_mode_damage_is_named():
    data = build()
    for damaged in (data.replace(b"\r\n", b"\n"), data.replace(b"\n", b"\r\n"), data[:6] + data[7:]):
        with pytest.raises(CorruptError, match="text-mode"):
            Container(io.BytesIO(damaged))


def test_newer_version():
    data = bytearray(build())
    data[len(MAGIC)] = VERSION + 1
    with pytest.raises(UnsupportedVersionError, match="newer lizip"):
        Container(io.BytesIO(data))
    data = bytearray(build(length=SMALL))
    data[3] += 1
    with pytest.raises(UnsupportedVersionError, match="newer lizip"):
        Container(io.BytesIO(data))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"LASF" + bytes(400), b"\x00" * 5000])
def test_other_files(data):
    with pytest.raises(FormatError, match=r"not a \.lizip"):
        Container(io.BytesIO(data))


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_bytes_after_the_end_are_noticed(length):
    for more in (b"\n", bytes(9000)):
        with pytest.raises(CorruptError):
            Container(io.BytesIO(build(length=length) + more))


def test_table_longer_than_the_first_read():
    sections = [Section(CODEC, bytes([i % 256])) for i in range(3000)]
    box = Container(io.BytesIO(build(sections)))
    assert list(box.sections(CODEC)) == [section.data for section in sections]
