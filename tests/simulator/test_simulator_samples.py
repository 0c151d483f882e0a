"""The script that writes samples writes files that lizip takes apart as what they are."""

from __future__ import annotations

import runpy
from pathlib import Path

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
