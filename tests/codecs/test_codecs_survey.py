import io
import zlib
from hashlib import blake2b
from random import Random

import numpy as np
import pytest
from harness import printed

from lizip import container, simulator
from lizip.cloud import Cloud
from lizip.codecs import LEVELS, Options, survey
from lizip.container import Container, Section
from lizip.errors import CorruptError
from lizip.formats.las import FORMAT

SMALL = Options()


def pack(cloud, options=SMALL):
    return container.write(list(survey.CODEC.encode(cloud, options)), 3, 2, 1 << 20, bytes(16), cloud.count)


def unpack(packed, schema, count):
    blocks = list(survey.CODEC.decode(Container(io.BytesIO(packed)), schema, count))
    return {name: np.concatenate([block[name] for block in blocks]) for name, _ in schema}


def assert_round_trip(cloud, options=SMALL):
    packed = pack(cloud, options)
    columns = unpack(packed, cloud.schema, cloud.count)
    for name, column in cloud.columns.items():
        assert columns[name].dtype == column.dtype
        assert columns[name].tobytes() == np.ascontiguousarray(column).tobytes(), name
    return packed


def made(point_format=3, points=700):
    return FORMAT.split(memoryview(simulator.airborne_las(2, point_format, points)))


def strange(count=400):
    """Every odd thing at once: unordered, extremes, NaN times, wide and nameless extra bytes."""
    random = np.random.default_rng(11)

    def integers(code):
        return np.frombuffer(random.bytes(count * np.dtype(code).itemsize), code).copy()

    columns = {axis: integers("<i4") for axis in "XYZ"}
    for name, code in (("intensity", "<u2"), ("bit_fields", "u1"), ("classification_flags", "u1")):
        columns[name] = integers(code)
    columns |= {"classification": integers("u1"), "user_data": integers("u1"), "scan_angle": integers("<i2")}
    columns |= {
        "point_source_id": integers("<u2"),
        "gps_time": random.choice([np.nan, -0.0, 1e300, 5.5, -np.inf], count),
    }
    columns |= {name: integers("<u2") for name in ("red", "green", "blue", "nir")}
    columns |= {"wavepacket_index": integers("u1"), "wavepacket_offset": integers("<u8")}
    columns |= {
        "wavepacket_size": integers("<u4"),
        "x_t": integers("<f4"),
        "extra": integers("<f8"),
        "more": integers("<i8"),
    }
    return Cloud("las", columns=columns)


@pytest.mark.parametrize("point_format", range(4))
def test_simulated_surveys_come_back(point_format):
    assert_round_trip(made(point_format, 3000))


@pytest.mark.parametrize("level", ["fast", "default", "max"])
def test_strange_clouds_come_back(level):
    assert_round_trip(strange(), Options(level=level))


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_few_points(count):
    cloud = strange()
    assert_round_trip(Cloud("las", columns={name: column[:count] for name, column in cloud.columns.items()}))


def test_odd_files_come_back(data):
    for path in sorted((data / "las_odd").glob("*.las")):
        cloud = FORMAT.split(memoryview(path.read_bytes()))
        if cloud is not None and cloud.count:
            assert_round_trip(cloud)


@pytest.mark.parametrize("cloud", [made(0, 900), made(3, 900), strange()], ids=["plain", "coloured", "strange"])
def test_more_effort_is_never_larger(cloud):
    sizes = [sum(len(section.data) for section in survey.CODEC.encode(cloud, Options(level))) for level in LEVELS]
    assert sizes[2] <= sizes[1]


def test_more_effort_is_not_larger_on_real_clouds(data):
    for name in ("4_6_crop", "simple1_4"):
        cloud = FORMAT.split(memoryview((data / "las" / f"{name}.las").read_bytes()))
        sizes = [sum(len(section.data) for section in survey.CODEC.encode(cloud, Options(level))) for level in LEVELS]
        assert sizes[2] <= sizes[1] <= 1.02 * sizes[0]


def test_other_clouds_are_declined():
    assert survey.CODEC.encode(Cloud("ply", columns={"x": np.zeros(3)}), SMALL) is None
    assert survey.CODEC.encode(Cloud("las"), SMALL) is None


def test_chunks_fields_and_bounds(monkeypatch):
    """Parts of a file equal the parts of its columns, and only the sections needed are read."""
    monkeypatch.setattr("lizip.codecs.survey.index.CHUNK", 250)
    cloud = made(3, 1100)
    packed = pack(cloud)
    box = Container(io.BytesIO(packed))
    assert survey.CODEC.describe(box)["chunks"] == round(cloud.count / 250)
    blocks = list(survey.CODEC.decode_part(box, cloud.schema, cloud.count, ["intensity"], 100, 600))
    assert np.array_equal(np.concatenate([block["intensity"] for block in blocks]), cloud.columns["intensity"][100:600])
    far = [1e12, -(2.0**40), -(2.0**40), 2e12, 2.0**40, 2.0**40]
    assert not list(survey.CODEC.decode_part(box, cloud.schema, cloud.count, ["X"], 0, cloud.count, far))
    seen = []
    monkeypatch.setattr(
        Container, "read", lambda self, entry, original=Container.read: seen.append(entry) or original(self, entry)
    )
    list(survey.CODEC.decode_part(box, cloud.schema, cloud.count, ["X"], 0, 10))
    assert len(seen) == 4, "the index, returns, times and axes of the first chunk"


def test_smaller_than_laz(data):
    """What the codec is for, on the smallest of the real files."""
    cloud = FORMAT.split(memoryview((data / "las" / "4_6_crop.las").read_bytes()))
    assert len(assert_round_trip(cloud)) < 0.62 * 110_420


def test_every_cut_and_many_flips_are_noticed():
    """Damage behind the checksums, as a hostile writer would do it: CorruptError or some columns, nothing else."""
    cloud = made(3, 120)
    sections = list(survey.CODEC.encode(cloud, SMALL))
    random = Random(5)
    for trial in range(400):
        victim = trial % len(sections)
        damaged = bytearray(sections[victim].data)
        if trial % 3 == 0:
            del damaged[random.randrange(len(damaged)) :]
        else:
            for _ in range(random.choice([1, 1, 4])):
                damaged[random.randrange(min(len(damaged), random.choice([8, 10**6])))] = random.randrange(256)
        mutated = [*sections[:victim], Section(sections[victim].kind, bytes(damaged)), *sections[victim + 1 :]]
        packed = container.write(mutated, 3, 2, 1 << 20, bytes(16), cloud.count)
        try:
            columns = unpack(packed, cloud.schema, cloud.count)
        except CorruptError:
            continue
        assert all(len(columns[name]) == cloud.count for name, _ in cloud.schema)


def test_impossible_counts_are_refused():
    cloud = made(1, 100)
    packed = pack(cloud)
    for count in (99, 101, 1 << 60):
        with pytest.raises(CorruptError):
            unpack(packed, cloud.schema, count)


def test_without_the_compiler_the_bytes_are_the_same():
    script = (
        "from test_codecs_survey import *\n"
        "print(zlib.crc32(assert_round_trip(strange(40), Options(level='max'))))\n"
        "print(zlib.crc32(assert_round_trip(made(3, 60))))"
    )
    interpreted = printed(script, __file__, NUMBA_DISABLE_JIT="1")
    streams = assert_round_trip(strange(40), Options(level="max")), assert_round_trip(made(3, 60))
    assert interpreted.split() == [str(zlib.crc32(stream)) for stream in streams]


def test_streams_do_not_depend_on_the_run():
    digests = {blake2b(pack(made(3, 500))).hexdigest() for _ in range(2)}
    assert len(digests) == 1
