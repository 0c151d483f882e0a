"""A path of ours is a path; Argoverse 2's library reads from it what is there, compressed or not."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import lizip
from lizip.integrations.av2 import CompressedPath

TIMES = (315967376859506000, 315967376959702000, 315967377059673000)


@pytest.fixture
def sweeps(tmp_path) -> dict[int, np.ndarray]:
    """A log of three sweeps, x y z as float32; two are compressed only, the last is there both ways."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    folder = tmp_path / "val/log/sensors/lidar"
    folder.mkdir(parents=True)
    random, clouds = np.random.default_rng(1), {}
    for time in TIMES:
        clouds[time] = random.normal(0, 30, (90, 3)).astype(np.float32)
        table = pandas.DataFrame(dict(zip("xyz", clouds[time].T, strict=True)))
        table["intensity"], table["laser_number"] = np.arange(90, dtype=np.uint8), np.uint8(7)
        table["offset_ns"] = np.arange(90, dtype=np.int32)
        table.to_feather(folder / f"{time}.feather")
        lizip.compress_file(folder / f"{time}.feather", level="fast")
        if time != TIMES[-1]:
            (folder / f"{time}.feather").unlink()
    (tmp_path / "val/log/calibration").mkdir()
    poses = {"sensor_name": ["up_lidar", "down_lidar"], "qw": 1.0, "tx_m": [1.3, 1.4], "tz_m": 1.6}
    calibration = pandas.DataFrame(poses | dict.fromkeys(("qx", "qy", "qz", "ty_m"), 0.0))
    calibration.to_feather(tmp_path / "val/log/calibration/egovehicle_SE3_sensor.feather")
    return clouds


def test_paths(tmp_path):
    (tmp_path / "plain").write_bytes(b"as it is")
    (tmp_path / "packed.lizip").write_bytes(lizip.compress(b"what it was"))
    (tmp_path / "both").write_bytes(b"the plain one")
    (tmp_path / "both.lizip").write_bytes(lizip.compress(b"not this one"))
    folder = CompressedPath(tmp_path)
    assert [(folder / name).read_bytes() for name in ("plain", "packed", "both")] == [
        b"as it is",
        b"what it was",
        b"the plain one",
    ]
    assert sorted(path.name for path in folder.glob("p*d")) == ["packed"]
    assert [path.name for path in folder.glob("both")] == ["both"]
    assert {type(path) for path in folder.glob("p*")} == {CompressedPath}
    for path in ((folder / "packed"), pickle.loads(pickle.dumps(folder / "packed"))):
        assert path.exists()
        assert path.is_file()
        assert path == tmp_path / "packed"
    assert not (folder / "none").exists()
    assert not folder.is_file()
    with pytest.raises(FileNotFoundError):
        (folder / "none").open("rb")
    with pytest.raises(FileNotFoundError):  # text is not what is in there
        (folder / "packed").open()
    (folder / "packed").write_bytes(b"anew")
    assert Path(tmp_path / "packed").read_bytes() == (folder / "packed").read_bytes() == b"anew"
    (tmp_path / "bad.lizip").write_bytes(b"bad")
    with pytest.raises(lizip.FormatError, match=r"not a \.lizip file"):
        (folder / "bad").read_bytes()


@pytest.mark.filterwarnings("ignore")  # of what av2 needs
def test_sweeps(tmp_path, sweeps):
    sweep = pytest.importorskip("av2.structures.sweep")
    from av2.utils.io import read_lidar_sweep

    for time, xyz in sweeps.items():
        path = CompressedPath(tmp_path / f"val/log/sensors/lidar/{time}.feather")
        read = sweep.Sweep.from_feather(path)
        assert read.timestamp_ns == time
        assert np.array_equal(read.xyz, xyz)
        assert list(read.intensity) == list(read.offset_ns) == list(range(90))
        assert list(read.ego_SE3_up_lidar.translation) == [1.3, 0.0, 1.6]
        assert np.array_equal(read_lidar_sweep(path), xyz)


@pytest.mark.filterwarnings("ignore")
def test_logs(tmp_path, sweeps):
    loader = pytest.importorskip("av2.datasets.sensor.av2_sensor_dataloader")
    logs = loader.AV2SensorDataLoader(CompressedPath(tmp_path / "val"), tmp_path / "val")
    assert logs.get_log_ids() == ["log"]
    assert logs.get_ordered_log_lidar_timestamps("log") == list(TIMES)
    path = logs.get_lidar_fpath_at_lidar_timestamp("log", TIMES[1])
    assert path == tmp_path / f"val/log/sensors/lidar/{TIMES[1]}.feather"
    assert logs.get_lidar_fpath_at_lidar_timestamp("log", TIMES[1] + 1) is None
