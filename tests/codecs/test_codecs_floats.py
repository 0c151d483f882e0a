"""The floats codec: every bit pattern of every type comes back, sizes on real sweeps, damaged and hostile streams."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from harness import printed
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.cloud import Cloud
from lizip.codecs import Options
from lizip.codecs.floats import CODEC
from lizip.codecs.floats.plan import Plan
from lizip.codecs.floats.segments import SEGMENT
from lizip.container import CODEC as PLAN
from lizip.container import Container, write
from lizip.errors import CorruptError

TYPES = ("<f4", "<f8", "<f2", "<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8")


def encode(columns) -> tuple:
    return tuple(CODEC.encode(Cloud("test", columns=columns), Options()))


def decode(sections, schema, count):
    container = Container(io.BytesIO(write(sections, CODEC.number, 0, 1 << 20, bytes(16), count)))
    blocks = list(CODEC.decode(container, schema, count))
    return {name: np.concatenate([block[name] for block in blocks]) for name, _ in schema}


def round_trip(columns) -> int:
    """Encode, decode, compare types and bits; returns the bytes needed."""
    cloud = Cloud("test", columns=columns)
    sections = encode(columns)
    got = decode(sections, cloud.schema, cloud.count)
    for name, column in columns.items():
        assert got[name].dtype == column.dtype
        assert got[name].tobytes() == np.ascontiguousarray(column).tobytes(), name
    return sum(len(section.data) for section in sections)


def sweep(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Something like a sweep in firing order: 16 rings, walls, a reflectance in hundredths."""
    random = np.random.default_rng(seed)
    ring = np.arange(count) % 16
    azimuth = np.arange(count) // 16 * 0.02
    distance = 8 + 4 * np.sin(3 * azimuth + ring / 9) + random.normal(0, 0.01, count)
    slope = (ring - 8) * 0.03
    xyz = distance * np.array([np.cos(azimuth), np.sin(azimuth), slope])
    columns = dict(zip("xyz", xyz.astype("<f4"), strict=True))
    columns["reflectance"] = (random.integers(0, 100, count) / 100).astype("<f4")
    columns["ring"] = ring.astype("<f4")
    return columns


def odd(count: int) -> dict[str, np.ndarray]:
    """A sweep with everything that floats can be among it, and integers of every width."""
    columns = sweep(count)
    bits = columns["x"].view("<u4")
    bits[3::50], bits[4::50], bits[5::50], bits[6::50] = 0x7FC00001, 0x7F800001, 0xFF800000, 0x80000000
    columns["y"][3::25], columns["z"][3::25] = np.nan, 3.4e38
    columns["time"] = np.arange(count) * 1e-6 + 1.6e9
    columns["wide"] = np.random.default_rng(6).integers(0, 1 << 64, count, "<u8")
    columns["count"] = np.arange(count, dtype="<i2")
    columns["colour"] = (np.arange(count) % 250 * 257).astype("<u2")
    return columns


def walk(count: int = 20_000) -> np.ndarray:
    """Points (N, 3) int64 that wander by a few steps each."""
    return np.random.default_rng(1).integers(-3, 4, (count, 3)).cumsum(axis=0) + 2000


def coordinates(points: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip("xyz", np.ascontiguousarray(points.astype("<f4").T), strict=True))


def test_what_programs_do_to_decimals_costs_little():
    """Each of these made ordinals of a column, at three times the size."""
    steps = walk()
    plain = round_trip(coordinates(steps / 1000))
    product = coordinates(steps.astype(np.float32) * np.float32(0.001))
    assert round_trip(product) < 1.01 * plain
    touched = steps / 1000
    touched[::500, 1] += 1e-5
    assert round_trip(coordinates(touched)) < 1.03 * plain
    for missing in (np.random.default_rng(2).random(len(steps)) < 0.2, np.arange(len(steps)) // 100 % 5 == 0):
        holes = steps / 1000
        holes[missing] = np.nan
        assert round_trip(coordinates(holes)) < plain


def test_odd_values_in_several_segments():
    columns = coordinates(walk(SEGMENT + 9000) / 100)
    for rows in ([5, 6], [SEGMENT - 1, SEGMENT], [SEGMENT + 8999]):
        columns["y"].view("<u4")[rows] = 0x7F800001
    round_trip(columns)


def test_odd_values_beyond_all_points_are_refused():
    columns = {"a": np.arange(300, dtype="<f4") / 100}
    columns["a"][7] = 1e-14
    head, *streams = encode(columns)
    schema = Cloud("test", columns=columns).schema
    plan = Plan.unpack(head.data, schema)
    (odd,) = plan.odd
    beyond = replace(plan, odd=(replace(odd, rows=odd.rows + 293),)).pack()
    with pytest.raises(CorruptError, match="beyond all points"):
        decode((replace(head, data=beyond), *streams), schema, 300)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_bits_of_any_types(data):
    count = data.draw(st.integers(1, 40))
    names = data.draw(st.permutations(["x", "y", "z", "a", "b"]))
    columns = {}
    for name in names[: data.draw(st.integers(1, 5))]:
        dtype = np.dtype(data.draw(st.sampled_from(TYPES)))
        size = count * dtype.itemsize
        columns[name] = np.frombuffer(data.draw(st.binary(min_size=size, max_size=size)), dtype)
    round_trip(columns)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_float_values(data):
    count = data.draw(st.integers(1, 30))
    width = data.draw(st.sampled_from([16, 32, 64]))
    values = st.one_of(st.floats(width=width), st.sampled_from([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]))
    lists = st.lists(values, min_size=count, max_size=count)
    round_trip({name: np.array(data.draw(lists), f"<f{width // 8}") for name in "xyzw"})


@settings(max_examples=40, deadline=None)
@given(
    integers=st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=30),
    exponent=st.integers(0, 5),
    dtype=st.sampled_from(["<f4", "<f8"]),
    negative_zero=st.booleans(),
)
def test_decimals(integers, exponent, dtype, negative_zero):
    column = (np.array(integers) / 10**exponent).astype(dtype)
    if negative_zero:
        column[column == 0] = -0.0
        column[-1] = -0.0
    round_trip({"x": column, "y": column[::-1], "z": column, "w": column})


@pytest.mark.parametrize("dtype", TYPES)
def test_extremes_next_to_each_other(dtype):
    kind = np.dtype(dtype)
    bits = np.array([0, 1 << (8 * kind.itemsize - 1), (1 << (8 * kind.itemsize)) - 1, 1], f"<u{kind.itemsize}")
    column = np.tile(bits, 20).view(kind)
    round_trip({"x": column, "y": column[::-1], "z": column, "w": column, "v": column[::-1]})


def test_several_segments():
    count = 150_000
    columns = sweep(count)
    columns["time"] = np.arange(count) * 1e-6 + 1.6e9
    columns["index"] = np.arange(count, dtype="<u4")
    columns["same"] = np.full(count, 7, "<u2")
    assert round_trip(columns) < 0.7 * 16 * count


def test_only_constants():
    sections = encode({"a": np.full(70_000, 3.5, "<f4"), "b": np.full(70_000, -0.0)})
    assert sum(len(section.data) for section in sections) < 60
    assert round_trip({"a": np.full(70_000, np.nan, "<f4"), "b": np.full(70_000, -0.0)}) < 60


def test_no_coordinates():
    random = np.random.default_rng(1)
    steps = np.cumsum(random.integers(-3, 4, 9000))
    assert round_trip({"level": steps.astype("<i4"), "double": steps * 0.5}) < 9000 * 1.2


def test_values_beyond_any_prediction():
    """Infinities, NaN and the largest floats among the coordinates."""
    columns = sweep(6000)
    for name in "xyz":
        column = columns[name].copy()
        column[::37], column[5::41], column[7::43] = np.nan, np.inf, np.float32(3.4e38)
        columns[name] = column
    round_trip(columns)


@pytest.mark.parametrize("empty", [0.0, np.nan])
@pytest.mark.parametrize(("count", "share"), [(3000, 1.25), (20_000, 1.05)])
def test_firings_without_return_cost_little(empty, count, share):
    """A grid with a third of its points missing, as zeros or NaN, is hardly larger than the points alone."""
    columns = sweep(count)
    there = np.random.default_rng(5).random(count // 50 + 1).repeat(50)[:count] > 0.33
    holes = {name: np.where(there, columns[name], np.float32(empty)) for name in "xyz"}
    assert round_trip(holes) < share * round_trip({name: columns[name][there] for name in "xyz"})


def test_float64_that_holds_float32_costs_little_more():
    columns = sweep(6000)
    wide = {name: column.astype("<f8") for name, column in columns.items()}
    assert round_trip(wide) < round_trip(columns) + 100


def test_colours_times_257_cost_a_byte():
    colours = np.random.default_rng(2).integers(0, 256, 5000).astype("<u2") * np.uint16(257)
    assert round_trip({"red": colours}) < 5000 * 1.06


def test_everything_at_once():
    round_trip(odd(10_000))


def test_strided_views():
    records = np.random.default_rng(3).normal(size=(5000, 4)).astype("<f4")
    round_trip({name: records[:, i] for i, name in enumerate("xyzi")})


def test_nothing_to_say_without_numbers():
    assert CODEC.encode(Cloud("opaque"), Options()) is None
    assert CODEC.encode(Cloud("x", columns={"s": np.array([b"ab"])}), Options()) is None


@pytest.mark.parametrize("count", [300, 5000])
def test_mutated_streams_are_noticed_or_decode_to_something(count):
    """CRCs are valid here; the content hash is the pipeline's business. 300 points share a stream, 5000 do not."""
    columns = sweep(count)
    columns["code"] = np.random.default_rng(4).integers(0, 1 << 40, count).astype("<u8")
    sections = encode(columns)
    schema = Cloud("test", columns=columns).schema
    random = np.random.default_rng(count)
    for turn in range(600 if count < 1000 else 150):
        chosen = int(random.integers(len(sections))) if turn % 3 else 0
        data = bytearray(sections[chosen].data)
        for _ in range(random.integers(1, 4)):
            data[random.integers(len(data))] = random.integers(256)
        if turn % 7 == 0:
            data = data[: random.integers(len(data))]
        mutated = [*sections[:chosen], type(sections[0])(sections[chosen].kind, bytes(data)), *sections[chosen + 1 :]]
        try:
            got = decode(mutated, schema, count)
        except CorruptError:
            continue
        assert all(len(column) == count for column in got.values())


@pytest.mark.parametrize("claimed", [0, 299, 301, 1 << 17, 1 << 60])
def test_wrong_count(claimed):
    columns = sweep(300)
    with pytest.raises(CorruptError):
        decode(encode(columns), Cloud("test", columns=columns).schema, claimed)


def test_wrong_schema():
    columns = sweep(300)
    with pytest.raises(CorruptError):
        decode(encode(columns), (("x", np.dtype("<u4")),) * 5, 300)
    with pytest.raises(CorruptError):
        decode(encode(columns), (("x", np.dtype("<f4")),), 300)


def test_describe_accounts_for_every_byte():
    columns = sweep(5000)
    sections = encode(columns)
    container = Container(io.BytesIO(write(sections, CODEC.number, 0, 1 << 20, bytes(16), 5000)))
    streams = CODEC.describe(container)["streams"]
    assert sum(streams.values()) == sum(len(section.data) for section in sections)
    assert streams["plan"] == len(container.section(PLAN))


_SCRIPT = """
import hashlib
from test_codecs_floats import encode, decode, odd
from lizip.cloud import Cloud
columns = odd({count})
sections = encode(columns)
got = decode(sections, Cloud("test", columns=columns).schema, {count})
assert all(got[name].tobytes() == columns[name].tobytes() for name in columns)
print(hashlib.sha256(b"".join(section.data for section in sections)).hexdigest())
"""


def _digest(count: int, **environment: str) -> str:
    return printed(_SCRIPT.format(count=count), __file__, **environment)


def test_same_bytes_without_the_compiler():
    assert _digest(150) == _digest(150, NUMBA_DISABLE_JIT="1")


@pytest.mark.slow
def test_same_bytes_on_a_generic_processor():
    assert _digest(70_000) == _digest(70_000, NUMBA_CPU_NAME="generic")


BOUNDS = {
    "nuscenes/sweep_b.bin": (5, 45),
    "kitti_fov/crop_0.bin": (4, 21),
    "argoverse/sweep_02.bin": (5, 52),
    "pandaset/world_coradite_000040.bin": (4, 52),
    "ouster/os1_128_returns.bin": (4, 44),
}


@pytest.mark.parametrize("file", BOUNDS)
def test_size_of_real_sweeps(data, file):
    fields, bound = BOUNDS[file]
    records = np.fromfile(data / file, "<f4").reshape(-1, fields)
    size = round_trip({f"f{i}": records[:, i] for i in range(fields)})
    assert 8 * size / len(records) < bound
