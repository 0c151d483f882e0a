"""What a file needs, inside of it: it comes back where neither predictors nor profiles are installed."""

from __future__ import annotations

import io
import random
import shutil
from contextlib import suppress
from typing import Any

import harness
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import embedded, resources, simulator
from lizip.codecs import opaque
from lizip.codecs.sweep.weights import SUM_LIMIT, Weights, find_weights
from lizip.container import MODELS, PIECES, SMALL, SPLICE, Container, Section, add
from lizip.errors import CorruptError, FormatError, LizipError, ModelMissingError
from lizip.packing import Unpacker, pack_bytes
from lizip.resources import HASHES, Models, Resource
from lizip.sensor.stages.beams import Beams
from lizip.sensor.stages.profile import Rhythm, Shipped, installed


def turns() -> bytes:
    """Two sweeps in one file."""
    return simulator.kitti(1, firings=2100) + simulator.kitti(2, firings=2100)


def recording() -> bytes:
    """A log of clouds of a sensor."""
    sweep = np.frombuffer(harness.sample("kitti_part"), "<f4").reshape(-1, 4)
    return harness.mcap(sweep, sweep[::-1][: len(sweep) // 2][::-1])


FILES = {
    "sweep": lambda: harness.sample("nuscenes_part"),
    "image": lambda: harness.npy(harness.image(20, 90)),
    "small image": lambda: harness.npy(harness.image(8, 40)),
    "log": recording,
}


@pytest.fixture(scope="module", params=FILES)
def file(request) -> tuple[str, bytes, bytes, bytes]:
    """Name, content, and the .lizip files without and with what they need."""
    data = FILES[request.param]()
    return request.param, data, lizip.compress(data), lizip.compress(data, embed=True)


def sections(packed: bytes) -> list[bytes]:
    container = Container(io.BytesIO(packed))
    return [container.read(entry) for entry in container.entries(MODELS)]


def test_it_comes_back_where_nothing_is_installed(file):
    _, data, plain, carrying = file
    with harness.without_models():
        with pytest.raises(ModelMissingError, match="LIZIP_MODELS"):
            lizip.decompress(plain)
        assert lizip.decompress(carrying) == data
        lizip.verify(carrying, data)
    assert lizip.decompress(carrying) == data
    assert embedded.taken_out(carrying)[0] == plain


def test_the_files_are_of_the_kinds_meant(file):
    name, data, plain, carrying = file
    container = Container(io.BytesIO(carrying))
    assert bool(container.entries(SPLICE)) == (name == "log")
    assert (len(data) < SMALL) == (len(container.header.digest) < 16) == (name == "small image")
    assert container.header.entries[-1].kind == MODELS
    assert lizip.info(carrying)["embedded"][0] == f"predictor spinning-1 ({find_weights('spinning-1').digest.hex()})"
    assert "embedded" not in lizip.info(plain)


def test_only_what_is_needed_is_carried():
    with resources.noting() as needed:
        lizip.decompress(lizip.compress(harness.sample("nuscenes_part")))
    carried = embedded.unpack_models(*sections(lizip.compress(harness.sample("nuscenes_part"), embed=True)))
    assert set(carried) == set(needed)
    assert {each.kind for each in carried} == {"predictor", "profile"}
    options: Any
    for data, options in ((harness.sample("text"), {}), (harness.sample("kitti_part"), {"level": "fast"})):
        assert lizip.compress(data, embed=True, **options) == lizip.compress(data, **options)


def test_without_the_check_too():
    data = harness.sample("kitti_part")
    assert lizip.compress(data, embed=True, check=False) == lizip.compress(data, embed=True)


@pytest.mark.slow
def test_pieces_share_one_section(tmp_path):
    (tmp_path / "two.bin").write_bytes(turns())
    packed = lizip.compress_file(tmp_path / "two.bin", embed=True)
    with open(packed, "rb") as source:
        container = Container(source)
        assert len(container.entries(PIECES)) == 2
        assert len(container.entries(MODELS)) == 1
    with harness.without_models():
        lizip.verify(packed, tmp_path / "two.bin")
        assert len(lizip.read(packed, "x", slice(-5, None))["x"]) == 5


def test_where_another_version_is_installed(tmp_path):
    """Predictor and profile of the same names, with other numbers."""
    data = harness.sample("nuscenes_part")
    carrying = lizip.compress(data, embed=True)
    shutil.copytree(resources.models_folder(), tmp_path / "models")
    arrays = [each.copy() for each in find_weights("spinning-1").arrays]
    arrays[1][0] += 1
    Weights("spinning-1", tuple(arrays)).save(tmp_path / "models/predictors")
    path = tmp_path / "models/sensors/hdl32e-nuscenes.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"tick": 0.002', '"tick": 0.004'), encoding="utf-8")
    with harness.without_models(tmp_path / "models"):
        assert installed("hdl32e-nuscenes", None).beams.tick == 0.004
        with pytest.raises(ModelMissingError, match="another version"):
            lizip.decompress(embedded.taken_out(carrying)[0])
        assert lizip.decompress(carrying) == data


def test_what_one_file_carries_is_not_there_for_the_next():
    plain, carrying = (lizip.compress(harness.sample("nuscenes_part"), embed=embed) for embed in (False, True))
    with harness.without_models():
        lizip.decompress(carrying)
        with lizip.open(carrying) as opened:
            opened.read(5)
            with pytest.raises(ModelMissingError):
                lizip.decompress(plain)
        with pytest.raises(ModelMissingError):
            lizip.decompress(plain)


def test_a_pack_carries_it_once(tmp_path):
    sweeps = {f"drive/{i}.bin": simulator.nuscenes(i, firings=100) for i in range(1, 4)}
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        for name, data in sweeps.items():
            pack.add(name, data, embed=True)
    with lizip.PackWriter(tmp_path / "x.lizips", append=True) as pack:
        pack.add_packed("alone.bin", lizip.compress(sweeps["drive/1.bin"], embed=True))
    sweeps["alone.bin"] = sweeps["drive/1.bin"]
    with lizip.PackReader(tmp_path / "x.lizips") as pack:
        assert [each.kind for each in pack.embedded] == ["predictor", "profile"]
        assert list(pack) == list(sweeps)
        assert not any(sections(pack.packed(name)) for name in pack)
    with harness.without_models(), lizip.PackReader(tmp_path / "x.lizips") as pack:
        pack.verify()
        assert {name: pack[name] for name in pack} == sweeps
        alone = pack.alone("alone.bin")
        assert lizip.decompress(alone) == sweeps["alone.bin"]
    assert alone == lizip.compress(sweeps["alone.bin"], embed=True)
    with lizip.PackReader(tmp_path / "x.lizips") as pack:
        followed = pack.alone("drive/2.bin")
    with harness.without_models():
        assert lizip.decompress(followed) == sweeps["drive/2.bin"]


def test_a_pack_without_its_index_has_them_too(tmp_path):
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        pack.add("a.bin", harness.sample("nuscenes_part"), embed=True)
    cut = (tmp_path / "x.lizips").read_bytes()[:-40]
    with harness.without_models(), lizip.PackReader(cut) as pack:
        assert pack["a.bin"] == harness.sample("nuscenes_part")


def test_a_pack_that_carries_something_else_is_said(tmp_path):
    with lizip.PackWriter(tmp_path / "x.lizips") as pack:
        pack.share("lizip.models/predictor/mine/0123456789abcdef", embedded.pack_models({}))
        pack.share("lizip.models/what", b"mine")
        pack.add("a.txt", b"text")
    with lizip.PackReader(tmp_path / "x.lizips") as pack, pytest.raises(CorruptError, match="something else"):
        pack.verify()


def test_damage_is_noticed_by_verify(file):
    """And, where nothing is installed, by everybody."""
    *_, carrying = file
    entry = Container(io.BytesIO(carrying)).entries(MODELS)[0]
    for at in np.linspace(entry.offset, entry.offset + entry.length - 1, 20).astype(int):
        damaged = carrying[:at] + bytes([carrying[at] ^ 8]) + carrying[at + 1 :]
        with pytest.raises(CorruptError):
            lizip.verify(damaged)
        with harness.without_models(), pytest.raises(CorruptError):
            lizip.decompress(damaged)


@pytest.fixture(scope="module")
def plain() -> bytes:
    return lizip.compress(harness.sample("nuscenes_part"))


def forged(plain: bytes, body: bytes) -> bytes:
    """A file with this for a section, its checksums right."""
    file = io.BytesIO(plain)
    add(file, Section(MODELS, opaque.encode_bytes(body)))
    return file.getvalue()


@settings(max_examples=30)
@given(seed=st.integers(0, 1 << 30))
def test_forged_sections_do_no_harm(plain, seed):
    chance, content = random.Random(seed), harness.sample("nuscenes_part")
    with resources.noting() as needed:
        lizip.decompress(plain)
    contents = {each: numbers.content for each, numbers in needed.items()}
    body = bytearray(opaque.decode_bytes(embedded.pack_models(contents), 1 << 20))
    place = chance.choice([0, len(body) - 400])  # the head of the predictor, or the profile
    for _ in range(chance.randrange(1, 4)):
        body[min(place + chance.randrange(400), len(body) - 1)] = chance.randrange(256)
    damaged = forged(plain, bytes(body[: chance.choice([len(body), chance.randrange(len(body))])]))
    with harness.without_models(), suppress(LizipError):
        assert lizip.decompress(damaged) == content


def rehashed(kind: str, content: bytes) -> Resource:
    return Resource(kind, "mine", HASHES[kind](content).hex())


def read(resource: Resource, content: bytes) -> Any:
    """What a reader makes of numbers whose hash is right."""
    readers: dict[str, Any] = {"predictor": Weights.unpack, "profile": Shipped.unpack}
    return Models({resource: content}.get).get(resource, readers[resource.kind])


def test_numbers_that_are_no_predictor():
    good = find_weights("spinning-1").content
    assert read(rehashed("predictor", good), good).digest == HASHES["predictor"](good)
    large = bytearray(good)
    large[:2000] = b"\xff\x7f" * 1000
    for bad in (good[:-1], good + b"\0", b"", bytes(large)):
        with pytest.raises(CorruptError):
            read(rehashed("predictor", bad), bad)
    assert SUM_LIMIT == 1 << 24


def test_numbers_that_are_no_profile():
    profile = installed("hdl32e-nuscenes", None)
    good, beams = profile.content, profile.beams.pack()
    assert read(rehashed("profile", good), good).digest == profile.digest
    assert read(rehashed("profile", beams), beams).rhythm is None
    rhythm = profile.rhythm
    bad = [good[:-1], good + b"\0", b"", beams[:-1]]
    bad += [
        beams + rhythm._replace(**change).pack()
        for change in (
            {"packet": 0},
            {"packet": 1 << 16},
            {"packet": 1.5},
            {"period": 0.0},
            {"period": np.inf},
            {"period": np.nan},
            {"slots": 0},
            {"slots": np.nan},
            {"slot": rhythm.slot - 1},
            {"slot": rhythm.slot + rhythm.slots},
            {"slot": rhythm.slot + 0.5},
        )
    ]
    for each in bad:
        with pytest.raises(CorruptError):
            read(rehashed("profile", each), each)


def test_a_rhythm_comes_back():
    rhythm = installed("hdl32e-nuscenes", None).rhythm
    again = Rhythm.unpack(Unpacker(rhythm.pack()), len(rhythm.slot))
    assert again[:3] == rhythm[:3]
    assert np.array_equal(again.slot, rhythm.slot)
    unpacker = Unpacker(installed("pandar64", None).beams.pack() + b"more")
    assert Beams.read(unpacker).count == 64
    assert unpacker.take(4) == b"more"


def test_numbers_are_not_taken_for_others():
    """Whatever a section, or the name of a record, says of them."""
    good = find_weights("spinning-1").content
    right = rehashed("predictor", good)
    for wrong in (right._replace(hash="00" * 8), right._replace(kind="profile")):
        assert read(wrong, good) is None
    assert list(embedded.unpack_models(embedded.pack_models({right._replace(hash="00" * 8): good}))) == [right]


@pytest.mark.parametrize("row", [(b"tables", b"a", b"b"), (b"predictor", b"n" * 65, b"b"), (b"predictor", b"a")])
def test_sections_that_cannot_be(row):
    with pytest.raises(CorruptError):
        embedded.unpack_models(opaque.encode_bytes(b"".join(map(pack_bytes, row))))


def test_too_much_is_refused(plain):
    hostile = forged(plain, bytes(1 << 21))
    with pytest.raises(CorruptError):
        lizip.verify(hostile)
    assert lizip.decompress(hostile) == harness.sample("nuscenes_part")  # nothing depends on it
    with pytest.raises(FormatError, match="too many"):
        embedded.pack_models({Resource("predictor", "a", ""): bytes(1 << 20)})


def test_two_sections_are_refused(plain):
    file = io.BytesIO(plain)
    for _ in range(2):
        add(file, Section(MODELS, embedded.pack_models({})))
    with pytest.raises(CorruptError, match="more than once"):
        lizip.verify(file)
