"""The scripts of examples/ do what they say, on simulated data."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import lizip
from lizip import simulator

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def kitti(tmp_path) -> Path:
    """Two sweeps of a drive, with their times."""
    folder = tmp_path / "kitti/2011_09_26/2011_09_26_drive_0001_sync/velodyne_points"
    (folder / "data").mkdir(parents=True)
    for number in range(2):
        (folder / "data" / f"{number:010}.bin").write_bytes(simulator.kitti(number, firings=60))
    (folder / "timestamps.txt").write_text("2011-09-26 13:02:25.951199337\n2011-09-26 13:02:26.055000000\n")
    return tmp_path / "kitti"


def test_archive_kitti(kitti, tmp_path):
    said = run("archive_kitti.py", kitti, tmp_path / "archive")
    assert re.search(r"drive_0001_sync\.lizips: 2 sweeps, [1-9]\d*\.\d times smaller, all equal", said)
    with lizip.PackReader(tmp_path / "archive/2011_09_26_drive_0001_sync.lizips") as pack:
        assert [entry.time for entry in pack.entries] == [1317042145951199337, 1317042146055000000]
        for file in kitti.rglob("*.bin"):
            assert pack[file.name] == file.read_bytes()


def test_archive_kitti_goes_on_and_notices_changes(kitti, tmp_path):
    last = sorted(kitti.rglob("*.bin"))[-1]
    kept = last.read_bytes()
    last.unlink()
    assert "1 sweeps" in run("archive_kitti.py", kitti, tmp_path)
    last.write_bytes(kept)
    assert "2 sweeps" in run("archive_kitti.py", kitti, tmp_path)
    last.write_bytes(kept[:-16])
    with pytest.raises(AssertionError, match="differs from the file"):
        run("archive_kitti.py", kitti, tmp_path)


def test_train_from_pack(tmp_path):
    pytest.importorskip("torch", exc_type=ImportError)
    with lizip.PackWriter(tmp_path / "a.lizips", every=1) as pack:
        for number in range(3):
            pack.add(f"{number}.bin", simulator.kitti(number, firings=60), fields=4, level="fast")
    errors = re.findall(r"3 sweeps, mean error (\d\.\d+)", run("train_from_pack.py", tmp_path / "a.lizips", 30))
    assert len(errors) == 30
    assert float(errors[-1]) < 0.9 * float(errors[0])


def test_report_sensor(tmp_path):
    (tmp_path / "a.bin").write_bytes(simulator.ouster(1, columns=512, rings=16))
    (tmp_path / "b.bin").write_bytes(simulator.unordered(1, points=400))
    said = run("report_sensor.py", tmp_path / "a.bin", tmp_path / "b.bin")
    assert re.search(r"a\.bin: spinning sensor, 16 rings, 512 firings\n", said)
    assert "tick, um: 1000" in said
    assert re.search(r"b\.bin: no sensor was found", said)
    sizes = re.search(r"(\d+\.\d+) bits a point; (\d+\.\d+) without", said)
    assert float(sizes[1]) < 0.7 * float(sizes[2])
