"""Files written once by each version: they decode for ever, and this version still writes those of its own format."""

import hashlib
import io
from functools import cache
from pathlib import Path

import harness
import pytest

import lizip
from lizip import codecs
from lizip.codecs.sweep import HEADER, unpack_shapes
from lizip.container import VERSION, Container
from lizip.packing import Unpacker
from lizip.sensor.model import list_stages, unpack_about
from lizip.sensor.stages import STAGES, Row
from lizip.sensor.stages.driver import Driver
from lizip.sensor.stages.driver_arithmetic import DOUBLE_DISTANCE, PLACED_EXACT

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("v*/*.lizip"))


@cache
def stages() -> list[tuple[Row, bytes]]:
    """All stages of all golden files, still packed."""
    found = []
    for path in FILES:
        if lizip.info(path)["codec"] == "sweep":
            box = Container(io.BytesIO(path.read_bytes()))
            unpacker = Unpacker(box.section(HEADER))
            unpack_about(unpacker)
            unpack_shapes(unpacker)
            for _, part in list_stages(unpacker, box.header.count):
                found += part
    return found


@pytest.mark.parametrize("row", STAGES, ids=lambda row: row.name)
def test_every_stage_stands_in_a_file(row):
    """One that is new gets a sample in `harness`, and with it the second reader has to know it."""
    assert row.tag in {each.tag for each, _ in stages()}


def test_every_law_of_drivers_stands_in_a_file():
    laws = [Driver.unpack(data).law for row, data in stages() if row.name == "driver"]
    assert {law.angle for law in laws} == set(range(PLACED_EXACT + 1))
    assert {law.distance for law in laws} == set(range(DOUBLE_DISTANCE + 1))
    assert {law.sine for law in laws} == {0, 1}


def test_every_codec_and_every_sample_stand_in_a_file():
    assert {lizip.info(path)["codec"] for path in FILES} == set(codecs.NAMES)
    assert {f"{name}.lizip" for name in harness.GOLDEN} == {
        path.name for path in FILES if path.parent.name == f"v{VERSION}"
    }
    assert {name.partition(".")[0] for name in harness.GOLDEN} == set(harness.SAMPLES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_files_decode(path):
    """The hash in the file is that of what comes out, so decoding is the proof."""
    lizip.verify(path)
    assert len(lizip.decompress(path.read_bytes())) == lizip.info(path)["bytes"]


@pytest.mark.parametrize("name", harness.GOLDEN)
def test_this_version_writes_the_same(name):
    """Coding the content of a golden file again gives the same bytes of points."""
    assert harness.recoded(FOLDER / f"v{VERSION}" / f"{name}.lizip")


def test_samples_are_what_they_were():
    """The content is made of integers, the same here and on the machine that wrote the file."""
    for name in ("pcd", "ply", "odd"):
        path = FOLDER / f"v{VERSION}" / f"{name}.floats.lizip"
        assert (
            hashlib.sha256(bytes(lizip.decompress(path.read_bytes()))).digest()
            == hashlib.sha256(harness.sample(name)).digest()
        )
