"""The script that writes samples writes files that lizip takes apart as what they are."""

from __future__ import annotations

import runpy
import zlib
from pathlib import Path

import pytest

from lizip import simulator
from lizip.formats import split

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_samples.py"


def test_samples_of_every_sensor(tmp_path):
    script = runpy.run_path(str(SCRIPT))
    paths = script["write_samples"](tmp_path, 1, 3, True)
    assert [path.parent.name for path in paths] == list(script["SAMPLES"])
    for path in paths:
        cloud = split(path.read_bytes())
        assert cloud.format == ("las" if path.suffix == ".las" else "bin")
        assert cloud.count > 500
        fields = {"nuscenes": 5, "argoverse": 5}.get(path.parent.name, 4)
        assert cloud.format == "las" or len(cloud.columns) == fields


@pytest.mark.parametrize(
    ("make", "crc"),
    [
        (lambda: simulator.kitti(1, firings=30), "c163bbed"),
        (lambda: simulator.nuscenes(1, firings=30), "ed111424"),
        (lambda: simulator.vlp32c_pair(1, packets=2), "e73b86b0"),
        (lambda: simulator.ouster(1, rings=16, columns=512, span=0.1), "5708fbc7"),
        (lambda: simulator.unordered(1, points=300), "227d1b71"),
        (lambda: simulator.airborne_las(1, 1, pulses=200)[375:], "e6de04a5"),
    ],
    ids=["kitti", "nuscenes", "vlp32c", "ouster", "unordered", "airborne"],
)
def test_samples_stay_what_they_are(make, crc):
    """On every machine, with every numpy: golden files and trained weights were made from them."""
    assert f"{zlib.crc32(make()):08x}" == crc
