"""Files written once by each version: they decode for ever, and this version still writes those of its own format."""

import hashlib
from pathlib import Path

import harness
import pytest

import lizip
from lizip.container import VERSION

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("v*/*.lizip"))


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
            hashlib.sha256(lizip.decompress(path.read_bytes())).digest()
            == hashlib.sha256(harness.sample(name)).digest()
        )
