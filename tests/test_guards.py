"""Each guard of the decoders refuses its own hostile header, in a function that has nothing else to go by.

The forged streams of test_faults.py reach them by chance; here each one stands alone, so that taking it away shows.
"""

import io

import harness
import numpy as np
import pytest

from lizip import container
from lizip.codecs import opaque
from lizip.codecs.floats.numbers import INTEGER, ORDINAL, Numbers
from lizip.codecs.floats.odd import Odd
from lizip.codecs.floats.plan import Plan, Sight
from lizip.codecs.floats.track import HISTORY, HOT
from lizip.codecs.survey.columns import decode_columns
from lizip.codecs.survey.index import MAX_CHUNK, read_index
from lizip.codecs.survey.integers import read_transform
from lizip.codecs.sweep import MOST_POINTS
from lizip.codecs.sweep.grid import MAX_CELLS, decode_grid
from lizip.container import PIECES, REGIONS, WHOLE, Container, Section, content_hash
from lizip.container.parts import MAX_ENTRIES
from lizip.decoder import Decoder
from lizip.entropy.adaptive import fresh_counters
from lizip.entropy.coder import finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError, ModelMissingError, TooLargeError, UnsupportedVersionError
from lizip.formats import las, npy, pcd
from lizip.formats.array import from_bytes
from lizip.formats.records import pack_fields, unpack_fields
from lizip.formats.template import Template
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint, pack_varints
from lizip.sensor.model import unpack_about, unpack_model
from lizip.sensor.stages.exceptions import decode_exceptions
from lizip.sensor.stages.firings import Firings, _code_steps
from lizip.sensor.stages.order import Order
from lizip.sensor.stages.places import decode_places

F4, U1, U2 = np.dtype("<f4"), np.dtype("u1"), np.dtype("<u2")
XYZ = (("x", F4), ("y", F4), ("z", F4))
NOTHING = pack_bytes(b"\0")
"""A stream without a word: it says "no" to every question, as often as it is asked."""


def still():
    """Firings of which each follows the one before in the same column."""
    coder = open_encoder(400, 400)
    _code_steps(coder, fresh_counters(1 << 16), np.zeros(2, np.int64))
    return finish_encoder(coder)


def decoder(sections=(), codec=0, format=1, length=4000, count=0, layout=b"\0\4"):
    data = container.write(sections, codec, format, length, bytes(16), count, layout)
    return Decoder(Container(io.BytesIO(data)))


def packed(sections, codec=0, format=0, length=10, count=0, layout=b""):
    return container.write(sections, codec, format, length, content_hash(bytes(length)), count, layout)


def piece(**options):
    return Section(PIECES, packed([Section(WHOLE, b"\0" + bytes(10))], **options))


def pieces(*arguments, **options):
    return b"".join(decoder(*arguments, **options).pieces())


def grid(*numbers, rest=NOTHING):
    return decode_grid(pack_varints(numbers) + pack_bytes(b"") + rest)


def numbers(flags=2, exponent=0, offset=0, step=1, top=9, values=b"", hole=b""):
    """A column of `floats`; the form is decimals unless said otherwise."""
    head = bytes([flags | 2 << 4, exponent]) + hole + pack_signed(offset) + pack_varint(step) + pack_signed(top)
    return Numbers.unpack(Unpacker(head + values), F4)


def plan(given=(0, 0), flags=0, lags=(1, 1)):
    columns = (Numbers(INTEGER, 1, top=9), Numbers(INTEGER, 1, top=9))
    packed = bytearray(Plan(columns, None, lags, given, False).pack())
    packed[0] |= flags
    return Plan.unpack(bytes(packed), (("a", U1), ("b", U1)))


def sight(**change):
    values = {"columns": (0, 1, 2), "origin": (0.0,) * 3, "drift": (0.0,) * 3, "hot": (1,) * HOT, "window": 8}
    sight = Sight(**{**values, "period": 0, **change})
    return Plan.unpack(Plan((Numbers(ORDINAL, 4),) * 3, sight, (1, 1), (0,) * 3, True).pack(), XYZ)


def recipe(*parts, dtype=U2):
    return read_transform(Unpacker(b"".join(parts)), dtype)


def affine(offset, step, top, kind=1):
    return bytes([kind, 0]) + pack_signed(offset) + pack_varint(step) + pack_varint(top)


def chunk(size, rest=(b"\0\0") * 3 + b"\0"):
    return pack_varint(1) + pack_varint(size) + rest


def fields(*names, code=0):
    return pack_varint(len(names)) + b"".join(bytes([code]) + pack_bytes(name) for name in names)


def template(row, code, notation=bytes(3)):
    return Template.unpack(Unpacker(notation + pack_bytes(row.encode())), (("x", code),))


def zstd_of(data, says=None):
    coded = opaque.encode_bytes(data, "fast")
    inner = Unpacker(coded[1:])
    inner.varint()
    return coded[:1] + pack_varint(len(data) if says is None else says) + inner.take(inner.remaining)


GUARDS = {
    "more points than bytes could hold": lambda: decoder(count=4000 * 128 + 1),
    "a layout that is a bomb": lambda: decoder(layout=opaque.encode_bytes(bytes(1 << 21))),
    "regions without end": lambda: pieces([Section(REGIONS, b"\0" + pack_varint(5000) + bytes(9999))], length=1 << 40),
    "regions larger than the file": lambda: pieces([Section(REGIONS, zstd_of(bytes(1 << 24)))] * 3, length=9),
    "points without fields": lambda: pieces(format=0, count=3, layout=b""),
    "a region too many": lambda: pieces([Section(REGIONS, b"\0" + pack_varints([2, 1, 1]) + b"ab")]),
    "more bytes than announced": lambda: pieces([Section(REGIONS, b"\0" + pack_varints([1, 9]) + bytes(9))], length=8),
    "table of too many sections": lambda: decoder([Section(REGIONS, b"")] * (MAX_ENTRIES + 1)),
    "pieces of more bytes than the file": lambda: pieces([piece(), piece()], format=0, length=19, layout=b""),
    "pieces of fewer bytes than the file": lambda: pieces([piece(), piece()], format=0, length=21, layout=b""),
    "pieces of more points than the file": lambda: list(
        decoder([piece(format=1, count=1, layout=b"\0\4", length=16)], length=16).blocks()
    ),
    "pieces of other fields": lambda: list(
        decoder([piece(format=1, count=1, layout=b"\0\4", length=16)], length=16, count=1, layout=b"\0\3").blocks()
    ),
    "pieces of pieces": lambda: pieces([Section(PIECES, packed([piece()]))], format=0, length=10, layout=b""),
    "a piece that is none": lambda: pieces([Section(PIECES, b"\x93LZP\r\n\x1a\1 and more of it")], length=10),
    "a file that should have been cut": lambda: pieces(
        [Section(REGIONS, zstd_of(bytes(1 << 24)))] * 5, format=0, length=5 << 24, layout=b""
    ),
    "coded bytes of no kind": lambda: opaque.decode_bytes(b"\7\1x", 100),
    "coded bytes above the limit": lambda: opaque.decode_bytes(zstd_of(bytes(500)), 499),
    "stored bytes above the limit": lambda: opaque.decode_bytes(b"\0" + bytes(500), 499),
    "coded bytes that go on": lambda: opaque.decode_bytes(zstd_of(bytes(500), 499), 1000),
    "coded bytes that end early": lambda: opaque.decode_bytes(zstd_of(bytes(500), 501), 1000),
    "records in no arrangement": lambda: pieces([Section(4, b"\3\0" + bytes(16))], count=1, length=16),
    "records without bytes": lambda: pieces([Section(4, b"")], count=1, length=16),
    "a part of a record": lambda: pieces([Section(4, b"\0\0" + bytes(17))], count=1, length=16),
    "too few records": lambda: pieces([Section(4, b"\0\0" + bytes(16))], count=2, length=32),
    "too many records": lambda: pieces([Section(4, b"\0\0" + bytes(32))], count=1, length=16),
    "grid of too many rings": lambda: grid(1, 2049, 40, 0),
    "grid of too many cells": lambda: grid(MAX_CELLS // 64 + 1, 64, 40, 0, rest=NOTHING * 300),
    "grid of rows without rings": lambda: grid(1 << 60, 0, 40, 0),
    "grid of more segments than bytes": lambda: grid(1 << 18, 64, 40, 0, rest=NOTHING * 200),
    "grid with a wide intensity": lambda: grid(10, 4, 40, 34),
    "grid with a far near": lambda: grid(10, 4, (1 << 20) + 1, 0),
    "sweep of too many points": lambda: pieces(codec=2, count=MOST_POINTS + 1, length=1 << 27),
    "sweep of no part": lambda: unpack_model(Unpacker(pack_varints([0])), 9),
    "sweep of too many parts": lambda: unpack_model(Unpacker(pack_varints([65] + [0] * 200)), 9),
    "parts of more points than the file": lambda: unpack_model(Unpacker(pack_varints([2, 10, 0, 0])), 9),
    "too many stages": lambda: unpack_model(Unpacker(pack_varints([1, 65] + [0] * 200)), 9),
    "a stage of no kind": lambda: unpack_model(Unpacker(pack_varints([1, 1, 99, 0])), 9),
    "a stage that no key frame said": lambda: unpack_model(Unpacker(pack_varints([1, 1, 1025])), 9),
    "a sensor of no name": lambda: unpack_about(Unpacker(pack_varints([99, 0]))),
    "a note of no name": lambda: unpack_about(Unpacker(pack_varints([0, 1, 99, 0]))),
    "an order of no kind": lambda: Order.unpack(pack_varints([16, 2, 0, 0])),
    "an order of no ring": lambda: Order.unpack(pack_varints([12, 0, 0])),
    "an order of a ring twice": lambda: Order.unpack(pack_varints([4, 2, 0, 1, 1])),
    "an order that begins beyond": lambda: Order.unpack(pack_varints([12, 2, 1 << 32])),
    "more missing points than points": lambda: decode_places(b"\0", 5, 4),
    "missing points that do not add up": lambda: decode_places(b"\0", 2, 4),
    "exceptions beyond the points": lambda: decode_exceptions(pack_varint(300) + NOTHING, 0, 200),
    "more firings than columns": lambda: Firings(1, 0, 0, 11, True).columns(10),
    "no firings": lambda: Firings(1, 0, 0, 0, True).columns(10),
    "firings from beyond the turn": lambda: Firings(1, 0, 10, 2, False).columns(10),
    "firings that stand still": lambda: Firings(1, 0, 0, 3, False, still()).columns(10),
    "firings of many turns": lambda: Firings.unpack(pack_varints([0, 17, 1, 0, 0])),
    "firings of an unknown form": lambda: Firings.unpack(pack_varints([4, 1, 1, 0, 0])),
    "chunk of no points": lambda: read_index(chunk(0), 0),
    "chunk of too many points": lambda: read_index(chunk(MAX_CHUNK + 1), MAX_CHUNK + 1),
    "chunks that do not add up": lambda: read_index(chunk(10), 11),
    "index of a malformed flag": lambda: read_index(chunk(10, b"\0\0" * 3 + b"\2"), 10),
    "stripped column above its type": lambda: recipe(affine(65000, 1, 536)),
    "stripped column below its type": lambda: recipe(affine(-1, 1, 10)),
    "stripped column of huge steps": lambda: recipe(affine(0, 1 << 63, 10)),
    "stripped column without a step": lambda: recipe(affine(0, 0, 10)),
    "stripped column without a top": lambda: recipe(affine(0, 1, 0)),
    "stripped column in no known way": lambda: recipe(affine(0, 1, 9, kind=7)),
    "stripped column of another type": lambda: recipe(affine(0, 1, 9, kind=3)),
    "stripped column of too few gaps": lambda: recipe(b"\4", affine(0, 1, 200), b"\1" * 20),
    "stripped table above its type": lambda: recipe(b"\4", affine(0, 300, 3), bytes([200, 200, 200])),
    "stripped column split oddly": lambda: recipe(b"\5\3"),
    "mixer of no known width": lambda: decode_columns(affine(0, 1, 9) + b"\5\0", [U2], 4, None),
    "decimals of too many digits": lambda: numbers(exponent=10),
    "decimals without a step": lambda: numbers(step=0),
    "integers in a column of floats": lambda: numbers(flags=0),
    "column with an unknown flag": lambda: numbers(flags=2 | 128),
    "column of huge values": lambda: numbers(flags=2 | 8, values=pack_bytes(pack_varint(1 << 62))),
    "column of more values than symbols": lambda: numbers(flags=2 | 8, values=pack_bytes(b"\1" * 257)),
    "column of holes below nothing": lambda: numbers(exponent=128, top=-1, hole=bytes(4)),
    "column of holes in no decimals": lambda: numbers(flags=1, exponent=128, hole=bytes(4)),
    "quotients by a float32": lambda: numbers(exponent=64 | 2),
    "plan with an unknown flag": lambda: plan(flags=8),
    "plan without its odd values": lambda: plan(flags=4),
    "odd values of no bytes": lambda: Odd.unpack(Unpacker(pack_varints([9, 0])), F4),
    "odd values beyond all points": lambda: Odd.unpack(Unpacker(pack_varints([2, 1 << 63, 1 << 63]) + bytes(8)), F4),
    "helper that comes later": lambda: plan(given=(2, 0)),
    "helper that is the column itself": lambda: plan(given=(0, 2)),
    "helper that is no column": lambda: plan(given=(0, 9)),
    "lag of nothing": lambda: plan(lags=(0, 1)),
    "lag beyond the history": lambda: plan(lags=(1, HISTORY)),
    "sight along one column twice": lambda: sight(columns=(0, 1, 1)),
    "sight along no column": lambda: sight(columns=(0, 1, 3)),
    "sight from very far": lambda: sight(origin=(2e15, 0.0, 0.0)),
    "sight from nowhere": lambda: sight(drift=(float("nan"), 0.0, 0.0)),
    "sight back beyond the history": lambda: sight(hot=(1,) * (HOT - 1) + (HISTORY,)),
    "sight of a wide window": lambda: sight(window=121),
    "sight of a long period": lambda: sight(period=HISTORY),
    "stream of more words than bytes": lambda: open_decoder(pack_varint(3) + bytes(8)),
    "stream of half a word": lambda: open_decoder(pack_varint(1) + bytes(6)),
    "fields of no type": lambda: unpack_fields(Unpacker(fields(b"x", code=11))),
    "fields without end": lambda: unpack_fields(Unpacker(pack_varint(4097) + bytes(1 << 14))),
    "fields of one name": lambda: unpack_fields(Unpacker(fields(b"x", b"x"))),
    "las of no point format": lambda: las.FORMAT.fields(b"\x0b\0"),
    "las of a field twice": lambda: las.FORMAT.fields(b"\0" + fields(b"X")),
    "las of a very long record": lambda: las.FORMAT.fields(b"\0" + fields(*(b"%d" % i for i in range(300)), code=7)),
    "npy of no order": lambda: npy.FORMAT.fields(b"\4" + fields(b"x")),
    "npy without fields": lambda: npy.FORMAT.fields(b"\0" + fields()),
    "pcd of no encoding": lambda: pcd.FORMAT.fields(b"\5" + fields(b"x")),
    "pcd with elements of no field": lambda: pcd.FORMAT.fields(b"\2" + fields(b"x") + pack_varints([1, 2])),
    "text that prints a float as an integer": lambda: template("%d\n", "f4"),
    "text that prints an integer as the shortest float": lambda: template("%r\n", "i4"),
    "text that prints too much": lambda: template("%d %d\n", "i4"),
    "text with a width": lambda: template("%999999999d\n", "i4"),
    "text of an unknown notation": lambda: template("%d\n", "i4", notation=b"\0\0\x09"),
    "text without an end of its lines": lambda: template("%d", "i4"),
    "no array": lambda: from_bytes(b"\x93NUMPY" + bytes(20)),
    "a varint too long": lambda: Unpacker(b"\xff" * 10).varint(),
    "a varint not canonical": lambda: Unpacker(b"\x80\0").varint(),
    "bytes that are not there": lambda: Unpacker(b"\5abc").bytes(),
    "something left over": lambda: Unpacker(b"\0").finish(),
}  # fmt: skip


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_refuses_its_own_hostile_header(name):
    with pytest.raises(CorruptError):
        GUARDS[name]()


def test_the_helpers_here_make_what_is_accepted():
    """Otherwise the tests above would pass for the wrong reason."""
    box = Container(io.BytesIO(packed([piece(), piece()], length=20)))
    assert b"".join(Decoder(box).pieces()) == bytes(20)
    assert plan(given=(0, 1)).given == (0, 1)
    assert sight().sight.hot == (1,) * HOT
    assert numbers().top == 9
    assert numbers(exponent=128 | 2, hole=bytes(4)).hole == bytes(4)
    assert numbers(flags=3, exponent=64 | 2).single
    assert Odd.unpack(Unpacker(pack_varints([2, 5, 0]) + bytes(8)), F4).rows.tolist() == [5, 6]
    assert template("%d\n", "i4").row == "%d\n"
    assert recipe(affine(65000, 1, 535)).tops == (535,)
    assert recipe(b"\4", affine(0, 300, 3), bytes([10, 10, 10])).table.tolist() == [0, 3000, 6000, 9000]
    assert read_index(chunk(10), 10)[0].count == 10
    assert grid(10, 4, 40, 0)[0].shape == (10, 4)
    assert decode_places(b"\0", 0, 4).tolist() == [False] * 4
    assert Firings(1, 0, 8, 3, False).columns(10).fired.tolist() == [8, 9, 0]
    assert Order.unpack(pack_varints([12, 2, 5])).starts.tolist() == [5, 5]
    assert unpack_model(Unpacker(pack_varints([2, 5, 0, 0])), 9).parts[1].count == 4
    assert unpack_about(Unpacker(pack_varints([0, 0]))) == ("spinning sensor", {})
    assert opaque.decode_bytes(zstd_of(bytes(500)), 500) == bytes(500)
    assert unpack_fields(Unpacker(pack_fields((("x", "f4"),)))) == (("x", "f4"),)


def test_the_limit_of_the_caller():
    """Refused by the header alone, in every way of reading."""
    import lizip

    coded = lizip.compress(harness.sample("text"))
    length = len(harness.sample("text"))
    assert lizip.decompress(coded, max_bytes=length) == harness.sample("text")
    for read in (
        lambda: lizip.decompress(coded, max_bytes=length - 1),
        lambda: lizip.open(io.BytesIO(coded), max_bytes=length - 1),
        lambda: lizip.read(io.BytesIO(coded), max_bytes=length - 1),
        lambda: lizip.verify(io.BytesIO(coded), max_bytes=length - 1),
    ):
        with pytest.raises(TooLargeError, match=f"{length} bytes, more than the {length - 1} allowed"):
            read()


@pytest.mark.defective
@pytest.mark.parametrize("error", [IndexError, KeyError, MemoryError, OverflowError, ValueError, TypeError])
def test_the_last_net(monkeypatch, error):
    """What a decoder should not raise becomes CorruptError, and is told; what is no damage passes."""

    def stumble(*_):
        raise error("unexpected")
        yield

    monkeypatch.setattr(opaque.Opaque, "decode", stumble)
    box = decoder([Section(4, b"\0\0" + bytes(16))], count=1, length=16)
    told = pytest.warns(RuntimeWarning, match=f"a decoder stumbled: {error.__name__}: '?unexpected'? at ")
    with told, pytest.raises(CorruptError, match="unexpected"):
        list(box.pieces())
    for harmless in (ModelMissingError, UnsupportedVersionError, OSError, ImportError):
        error = harmless
        with pytest.raises(harmless):
            list(box.pieces())
