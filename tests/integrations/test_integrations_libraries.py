"""Each library reads what it reads without lizip too, and gives the same."""

from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lizip
from lizip import simulator

QUICK: dict[str, Any] = {"level": "fast", "codec": "opaque", "fields": 4}
CLOUDS = [np.random.default_rng(i).normal(0, 20, (60 + i, 4)).astype("<f4").round(2) for i in range(4)]


@pytest.fixture
def drive(tmp_path) -> Path:
    """A folder of compressed sweeps."""
    (tmp_path / "drive").mkdir()
    for i, cloud in enumerate(CLOUDS):
        (tmp_path / "drive" / f"{i:010}.bin.lizip").write_bytes(lizip.compress(cloud.tobytes(), **QUICK))
    return tmp_path / "drive"


@pytest.fixture
def pack(tmp_path) -> Path:
    with lizip.PackWriter(tmp_path / "drive.lizips") as writer:
        for i, cloud in enumerate(CLOUDS):
            writer.add(f"{i:010}.bin", cloud.tobytes(), time=1_500_000_000_000_000_000 + i * 10**8, **QUICK)
    return tmp_path / "drive.lizips"


def test_points_of_sweeps_and_of_las(drive):
    laspy = pytest.importorskip("laspy")
    from lizip.integrations.points import read_points

    xyz, columns = read_points(drive / "0000000002.bin.lizip")
    assert xyz.dtype == np.float64
    assert np.array_equal(xyz, CLOUDS[2][:, :3])
    assert np.array_equal(columns["intensity"], CLOUDS[2][:, 3])
    data = simulator.airborne_las(3, 3, 50)
    las = laspy.read(io.BytesIO(data))
    xyz, columns = read_points(lizip.compress(data))
    assert np.array_equal(xyz, las.xyz)
    assert np.array_equal(columns["gps_time"], las.gps_time)
    assert not {"X", "Y", "Z"} & columns.keys()
    with pytest.raises(lizip.FormatError, match="no x, y and z among value"):
        read_points(lizip.compress(np.zeros(9, [("value", "i4")])))


@pytest.mark.filterwarnings("ignore")  # it leaves shards open
def test_webdataset(tmp_path, drive):
    wds = pytest.importorskip("webdataset")
    from lizip.integrations.webdataset import decoder

    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        for path in sorted(drive.iterdir()):
            tar.add(path, f"{path.name.split('.')[0]}.bin.lizip")
        (tmp_path / "label").write_text("7")
        tar.add(tmp_path / "label", "0000000003.cls")
    samples = list(wds.WebDataset(str(tmp_path / "shard.tar"), shardshuffle=False).decode(decoder))
    assert [len(sample["bin.lizip"]["x"]) for sample in samples] == [60, 61, 62, 63]
    assert np.array_equal(samples[1]["bin.lizip"]["z"], CLOUDS[1][:, 2])
    assert samples[3]["cls"] == 7


@pytest.mark.filterwarnings("ignore")
def test_hugging_face_datasets(tmp_path, drive):
    datasets = pytest.importorskip("datasets")
    from lizip.integrations.datasets import Points

    files = [path.read_bytes() for path in sorted(drive.iterdir())]
    features = datasets.Features(sweep=Points(level="fast"))
    dataset = datasets.Dataset.from_dict({"sweep": [files[0], CLOUDS[1], b"text"]}, features=features)
    for k in range(2):
        assert np.array_equal(dataset[k]["sweep"]["x"], CLOUDS[k][:, 0])
    assert lizip.decompress(dataset.cast_column("sweep", Points(decode=False))[2]["sweep"]) == b"text"
    dataset.save_to_disk(tmp_path / "saved")
    again = datasets.load_from_disk(tmp_path / "saved")
    assert again.features == features
    assert np.array_equal(again[1]["sweep"]["intensity"], CLOUDS[1][:, 3])
    plain = datasets.Dataset.from_dict({"sweep": files})
    plain.to_parquet(tmp_path / "files.parquet")
    back = datasets.Dataset.from_parquet(str(tmp_path / "files.parquet"), cache_dir=str(tmp_path / "cache"))
    assert back[3]["sweep"] == files[3]
    back = back.cast_column("sweep", Points())
    assert np.array_equal(back[3]["sweep"]["y"], CLOUDS[3][:, 1])
    assert [len(sweep["x"]) for sweep in back[1:3]["sweep"]] == [61, 62]
    assert back.cast_column("sweep", Points(decode=False))[2]["sweep"] == files[2]


def test_kiss_icp(tmp_path):
    pipeline = pytest.importorskip("kiss_icp.pipeline")
    from lizip.integrations.kiss_icp import LizipDataset

    sweep = simulator.ouster(1, rings=16, columns=512)
    points = np.frombuffer(sweep, "<f4").reshape(-1, 4)
    step = np.array([0.25, 0, 0, 0], np.float32)
    with lizip.PackWriter(tmp_path / "drive.lizips", every=1) as writer:
        for k in range(3):
            writer.add(f"{k}.bin", (points - k * step).tobytes(), **QUICK)
        timed = np.zeros(5, [("x", "f4"), ("y", "f4"), ("z", "f4"), ("t", "u4")])
        timed["t"], timed["x"] = [10, 20, 30, 40, 50], [0, 1, np.nan, 3, 4]
        writer.add("timed", timed, level="fast")
    dataset = LizipDataset(tmp_path / "drive.lizips")
    assert dataset.sequence_id == "drive.lizips"
    xyz, times = dataset[0]
    assert np.array_equal(xyz, points[:, :3])
    assert len(times) == 0
    assert [list(each) for each in dataset[3][1:]] == [[10, 20, 40, 50]]
    odometry = pipeline.OdometryPipeline(dataset=dataset, n_scans=3)
    odometry._run_pipeline()
    assert np.allclose(odometry.poses[2][:3, 3], [0.5, 0, 0], atol=0.1)


def test_pykitti(drive, tmp_path):
    pytest.importorskip("pykitti")
    from lizip.integrations import pykitti

    sequence = tmp_path / "sequences" / "00"
    (sequence / "image_0").mkdir(parents=True)
    drive.rename(sequence / "velodyne")
    (sequence / "velodyne" / "0000000001.bin").write_bytes(CLOUDS[2].tobytes())  # goes before the compressed one
    row = "1 0 0 0 0 1 0 0 0 0 1 0"
    (sequence / "calib.txt").write_text("".join(f"{name}: {row}\n" for name in ("P0", "P1", "P2", "P3", "Tr")))
    (sequence / "times.txt").write_text("0\n0.1\n0.2\n0.3\n")
    dataset = pykitti.odometry(str(tmp_path), "00")
    assert [len(points) for points in dataset.velo] == [60, 62, 62, 63]
    assert np.array_equal(dataset.get_velo(3), CLOUDS[3])
    assert np.array_equal(pykitti.odometry(str(tmp_path), "00", frames=[3, 0]).get_velo(0), CLOUDS[3])


def test_points_in_the_terms_of_pdal(drive):
    laspy = pytest.importorskip("laspy")
    from lizip.integrations.pdal import read_array

    data = simulator.airborne_las(3, 7, 50)
    las, array = laspy.read(io.BytesIO(data)), read_array(lizip.compress(data))
    assert np.array_equal(np.stack([array[name] for name in "XYZ"], axis=1), las.xyz)
    assert np.array_equal(array["GpsTime"], las.gps_time)
    assert np.array_equal(array["NumberOfReturns"], las.number_of_returns)
    assert np.allclose(array["ScanAngleRank"], las.scan_angle * 0.006)
    odd = np.array([(1, 2, 3, 0.5, True)], [("x", ">f4"), ("y", ">f4"), ("z", ">f4"), ("half", ">f2"), ("last", "?")])
    array = read_array(lizip.compress(odd))
    assert array.tolist() == [(1.0, 2.0, 3.0, 0.5, 1)]
    assert [array.dtype[name].str for name in ("X", "Half", "Last")] == ["<f8", "<f4", "|u1"]


def test_pdal(drive):
    pdal = pytest.importorskip("pdal")
    from lizip.integrations.pdal import read_array

    pipeline = pdal.Filter.sort(dimension="X").pipeline(read_array(drive / "0000000002.bin.lizip"))
    pipeline.execute()
    order = np.argsort(CLOUDS[2][:, 0], kind="stable")
    assert np.array_equal(pipeline.arrays[0]["X"], CLOUDS[2][order, 0])
    assert np.array_equal(pipeline.arrays[0]["Intensity"], CLOUDS[2][order, 3])


@pytest.mark.skipif(importlib.util.find_spec("open3d") is None, reason="open3d is not installed (large)")
def test_open3d(drive):
    program = (
        "import sys; from lizip.integrations.open3d import read\n"
        "cloud = read(sys.argv[1]); print(cloud.point.positions.numpy().sum(), cloud.point.intensity.numpy().shape)"
    )
    path = str(drive / "0000000001.bin.lizip")
    shown = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True).stdout
    total, shape = shown.split(" ", 1)
    assert float(total) == pytest.approx(CLOUDS[1][:, :3].astype(np.float64).sum())
    assert shape.strip() == "(61, 1)"


@pytest.mark.skipif(importlib.util.find_spec("rerun") is None, reason="rerun-sdk is not installed")
def test_rerun(drive, pack, tmp_path):
    """Rerun finds the importer on PATH and shows what it writes."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "rerun-importer-lizip"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lizip.integrations.rerun "$@"\n')
    script.chmod(0o755)
    program = (
        "import sys, rerun as rr; rr.init('test'); rr.save(sys.argv[2]); rr.log_file_from_path(sys.argv[1])\n"
        "rr.disconnect()"
    )
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    for path, sweeps in ((drive / "0000000001.bin.lizip", 1), (pack, len(CLOUDS))):
        command = [sys.executable, "-c", program, str(path), str(tmp_path / "out.rrd")]
        subprocess.run(command, env=environment, check=True, timeout=120)
        shown = subprocess.run(
            [sys.executable, "-m", "rerun_cli", "rrd", "print", "-v", str(tmp_path / "out.rrd")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert f"with {sweeps} rows" in next(line for line in shown.splitlines() if "Points3D:positions" in line)
    command = [str(script), str(tmp_path / "other.bin")]
    assert subprocess.run(command, check=False).returncode == 66
    (tmp_path / "bad.lizip").write_bytes(b"bad")
    ended = subprocess.run([str(script), str(tmp_path / "bad.lizip")], capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"bad.lizip: not a .lizip file" in ended.stderr


def test_pandas_reads_feather(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = pandas.DataFrame({"x": CLOUDS[0][:, 0], "laser_number": np.arange(60, dtype=np.uint8)})
    table.to_feather(tmp_path / "sweep.feather")
    lizip.compress_file(tmp_path / "sweep.feather")
    assert pandas.read_feather(lizip.open(tmp_path / "sweep.feather.lizip")).equals(table)
