import io
import lzma
import random
import tracemalloc

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lizip import container
from lizip.cloud import Cloud
from lizip.codecs import Options, arrangements, opaque
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.packing import pack_varint


def decode(sections, schema, count):
    box = Container(io.BytesIO(container.write(sections, 0, 1, 1 << 20, bytes(16), count)))
    return list(opaque.CODEC.decode(box, schema, count))


def smooth(rows, *types):
    """Columns that grow slowly, as measurements do."""
    random = np.random.default_rng(5)
    steps = random.integers(-3, 9, (len(types), rows)).cumsum(axis=1)
    return {f"c{i}": steps[i].astype(code) for i, code in enumerate(types)}


@given(
    st.binary(max_size=300)
    | st.builds(lambda unit, n: unit * n, st.binary(min_size=1, max_size=9), st.integers(1, 500))
)
@pytest.mark.parametrize("level", ["fast", "default"])
def test_bytes_round_trip(level, data):
    coded = opaque.encode_bytes(data, level)
    assert opaque.decode_bytes(coded, len(data)) == data
    assert len(coded) <= len(data) + 1
    if data:
        with pytest.raises(CorruptError):
            opaque.decode_bytes(coded, len(data) - 1)


def test_bytes_are_no_larger_than_zstd_or_lzma():
    data = b"".join(b"%d %d\n" % (i * i, i % 7) for i in range(5000))
    best = min(len(zstandard.ZstdCompressor(level=19).compress(data)), len(lzma.compress(data, preset=9)))
    assert len(opaque.encode_bytes(data)) <= best


@pytest.mark.parametrize("tag", [opaque.ZSTD, opaque.LZMA])
def test_bombs_are_defused(tag):
    """Sixteen million zeros coded in some hundred bytes, said to be few or of just another length."""
    bomb = bytes(opaque.PIECE)
    coded = opaque.encode_bytes(bomb, "fast") if tag == opaque.ZSTD else None
    if coded is None:
        coded = (
            bytes([tag])
            + pack_varint(len(bomb))
            + lzma.compress(bomb, lzma.FORMAT_RAW, filters=opaque._filters(len(bomb)))
        )
    assert opaque.decode_bytes(coded, opaque.PIECE) == bomb
    payload = coded[1 + len(pack_varint(len(bomb))) :]
    for announced in (10, 70_000, opaque.PIECE - 1, opaque.PIECE + 1, 2**60):
        tracemalloc.start()
        with pytest.raises(CorruptError):
            opaque.decode_bytes(bytes([tag]) + pack_varint(announced) + payload, 2**62)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= 4 * opaque.PIECE


def test_damaged_bytes():
    data = bytes(range(256)) * 20
    chance = random.Random(3)
    for level in ("fast", "default"):
        coded = opaque.encode_bytes(data, level)
        for _ in range(500):
            damaged = bytearray(coded)
            damaged[chance.randrange(len(coded))] ^= 1 << chance.randrange(8)
            try:
                result = opaque.decode_bytes(bytes(damaged), len(data))
            except CorruptError:
                continue
            assert len(result) <= len(data)
        for length in range(len(coded)):
            with pytest.raises(CorruptError):
                opaque.decode_bytes(coded[:length], len(data))


@pytest.mark.parametrize("level", ["fast", "default", "max"])
@pytest.mark.parametrize("types", [("<f4",) * 4, ("<u1", "<i2", "<f8"), ("<i4", "<u8", "<f2"), ("<u1",)])
def test_columns_round_trip(types, level):
    columns = smooth(700, *types)
    cloud = Cloud("bin", columns=columns)
    blocks = decode(opaque.CODEC.encode(cloud, Options(level)), cloud.schema, cloud.count)
    for name, column in columns.items():
        joined = np.concatenate([block[name] for block in blocks])
        assert joined.dtype == column.dtype
        assert joined.tobytes() == column.tobytes()


def test_every_arrangement_is_an_inverse():
    columns = smooth(33, "<f4", "<u1", "<i8", "<u2")
    cloud = Cloud("bin", columns=columns)
    records = arrangements.records_of(cloud, slice(None))
    for arrangement in (arrangements.ROWS, arrangements.PLANES, arrangements.DIFFERENCES):
        data = arrangements.arrange(records, arrangement, cloud.schema)
        back = arrangements.disarrange(data, arrangement, cloud.schema)
        assert all(np.array_equal(back[name], column) for name, column in columns.items())


def test_pieces(monkeypatch):
    """More points than a piece holds come back from several sections."""
    monkeypatch.setattr(opaque, "PIECE", 1000)
    cloud = Cloud("bin", columns=smooth(500, "<f4", "<u2"))
    sections = list(opaque.CODEC.encode(cloud, Options("fast")))
    assert len(sections) == 4
    blocks = decode(sections, cloud.schema, 500)
    assert np.array_equal(np.concatenate([block["c0"] for block in blocks]), cloud.columns["c0"])


def test_differences_win_on_slowly_changing_integers():
    cloud = Cloud("bin", columns=smooth(3000, "<i4", "<i4"))
    (section,) = opaque.CODEC.encode(cloud, Options())
    assert section.data[0] == arrangements.DIFFERENCES


@pytest.mark.parametrize("count", [0, 1, 699, 701, 2**60])
def test_wrong_count(count):
    cloud = Cloud("bin", columns=smooth(700, "<f4"))
    with pytest.raises(CorruptError):
        decode(opaque.CODEC.encode(cloud, Options("fast")), cloud.schema, count)


def test_hostile_sections():
    schema = (("x", np.dtype("<f4")),)
    for data in (b"", b"\x00", b"\x00\x00", b"\x00\x00abc", b"\x09\x00abcd", b"\x00\x07abcd", b"\x00\x01\x04"):
        with pytest.raises(CorruptError):
            decode([Section(container.CODEC, data)], schema, 1)


def test_estimate_is_near_the_result():
    cloud = Cloud("bin", columns=smooth(60_000, "<f4", "<f4", "<u1"))
    size = sum(len(section.data) for section in opaque.CODEC.encode(cloud, Options()))
    assert 0.6 < opaque.CODEC.quick_size(cloud) * opaque.CODEC.gain(cloud) / size < 1.5


def test_random_bytes_are_stored_but_not_those_that_come_twice():
    data = random.Random(0).randbytes(3 << 20)
    assert opaque.encode_bytes(data)[0] == opaque.STORED
    assert len(opaque.encode_bytes(data + data, "fast")) < 1.1 * len(data)


@pytest.mark.parametrize("coder", ["lzma", "zstd"])
def test_strong_coders_take_a_little_at_a_time(monkeypatch, coder):
    """Between two steps they can be interrupted; what comes out is what they make of the whole."""
    data = b"".join(b"%d %d\n" % (i * i, i % 7) for i in range(40_000))
    assert len(data) > 3 * opaque._STEP
    sizes = []

    class Counted:
        def __init__(self, compressor):
            self.compressor, self.flush = compressor, compressor.flush

        def compress(self, part):
            sizes.append(len(part))
            return self.compressor.compress(part)

    real = opaque._coded
    monkeypatch.setattr(opaque, "_coded", lambda compressor, data: real(Counted(compressor), data))
    if coder == "lzma":
        coded = opaque._lzma(data)
        assert coded == lzma.compress(data, lzma.FORMAT_RAW, filters=opaque._filters(len(data)))
        assert lzma.decompress(coded, lzma.FORMAT_RAW, filters=opaque._filters(len(data))) == data
    else:
        coded = opaque._zstd(data, 19)
        assert opaque._expand(opaque.ZSTD, coded, len(data)) == data
        assert len(coded) <= len(zstandard.ZstdCompressor(level=19).compress(data)) + 64
    assert sum(sizes) == len(data)
    assert max(sizes) <= opaque._STEP
