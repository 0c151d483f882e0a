"""The devkit reads a compressed data set unchanged. The data set is made up, in the devkit's schema."""

import importlib.util
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import lizip
from lizip import simulator
from lizip.container import SUFFIX
from lizip.integrations import nuscenes as hook

SCRIPT = Path(__file__).parents[2] / "scripts" / "compress_nuscenes.py"
SWEEPS = 2
needs_devkit = pytest.mark.skipif(
    importlib.util.find_spec("nuscenes") is None,
    reason="nuscenes-devkit is not installed (pip install 'lizip[nuscenes]'; it needs numpy < 2)",
)


def a_dataset(root):
    """Write tables of one scene with one sample a sweep; returns the files' bytes by name."""
    (root / "samples" / "LIDAR_TOP").mkdir(parents=True)
    content = {}
    for k in range(SWEEPS):
        name = f"samples/LIDAR_TOP/{k}.pcd.bin"
        content[name] = simulator.nuscenes(k, firings=150)
        (root / name).write_bytes(content[name])
    identity = {"translation": [0.9, 0.0, 1.84], "rotation": [1.0, 0.0, 0.0, 0.0]}
    neighbours = [(str(k - 1) if k else "", str(k + 1) if k + 1 < SWEEPS else "") for k in range(SWEEPS)]
    (root / "map.png").write_bytes(b"")
    tables = {
        "map": [{"token": "m", "log_tokens": ["l"], "category": "semantic_prior", "filename": "map.png"}],
        "log": [{"token": "l", "logfile": "", "vehicle": "", "date_captured": "", "location": ""}],
        "sensor": [{"token": "s", "channel": "LIDAR_TOP", "modality": "lidar"}],
        "calibrated_sensor": [{"token": "c", "sensor_token": "s", "camera_intrinsic": [], **identity}],
        "ego_pose": [{"token": str(k), "timestamp": k * 50000, **identity} for k in range(SWEEPS)],
        "scene": [
            {
                "token": "scene",
                "log_token": "l",
                "name": "made-up",
                "description": "",
                "nbr_samples": SWEEPS,
                "first_sample_token": "0",
                "last_sample_token": str(SWEEPS - 1),
            }
        ],
        "sample": [
            {"token": str(k), "scene_token": "scene", "timestamp": k * 50000, "prev": before, "next": after}
            for k, (before, after) in enumerate(neighbours)
        ],
        "sample_data": [
            {
                "token": str(k),
                "sample_token": str(k),
                "ego_pose_token": str(k),
                "calibrated_sensor_token": "c",
                "filename": f"samples/LIDAR_TOP/{k}.pcd.bin",
                "fileformat": "pcd",
                "is_key_frame": True,
                "timestamp": k * 50000,
                "height": 0,
                "width": 0,
                "prev": before,
                "next": after,
            }
            for k, (before, after) in enumerate(neighbours)
        ],
    }
    empty = ("category", "attribute", "visibility", "instance", "sample_annotation")
    (root / "v1.0-made-up").mkdir()
    for name in (*tables, *empty):
        (root / "v1.0-made-up" / f"{name}.json").write_text(json.dumps(tables.get(name, [])))
    return content


def compressed(root, monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(root), *options])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return ended.value.code


def test_script_compresses_and_the_files_come_back(tmp_path, monkeypatch, capsys):
    content = a_dataset(tmp_path)
    assert compressed(tmp_path, monkeypatch, "--level", "fast") == 0
    for name, data in content.items():
        assert (tmp_path / name).read_bytes() == data
        assert lizip.decompress((tmp_path / (name + SUFFIX)).read_bytes()) == data
        assert len(data) > 5 * (tmp_path / (name + SUFFIX)).stat().st_size
        np.testing.assert_array_equal(
            hook.read_sweep(tmp_path / (name + SUFFIX)), np.frombuffer(data, "<f4").reshape(-1, 5)
        )
    assert "0 named in the tables are missing" in capsys.readouterr().out


def test_script_names_what_is_missing(tmp_path, monkeypatch, capsys):
    a_dataset(tmp_path)
    (tmp_path / "samples/LIDAR_TOP/0.pcd.bin").unlink()
    assert compressed(tmp_path, monkeypatch, "--level", "fast") == 0
    shown = capsys.readouterr()
    assert "1 named in the tables are missing" in shown.out
    assert "samples/LIDAR_TOP/0.pcd.bin" in shown.err


@needs_devkit
@pytest.mark.filterwarnings("ignore")
def test_devkit_reads_a_compressed_dataset(tmp_path, monkeypatch):
    from nuscenes.nuscenes import NuScenes
    from nuscenes.utils.data_classes import LidarPointCloud

    a_dataset(tmp_path)
    original = LidarPointCloud.from_file
    dataset = NuScenes("v1.0-made-up", str(tmp_path), verbose=False)
    paths = [dataset.get_sample_data_path(str(k)) for k in range(SWEEPS)]
    expected = [LidarPointCloud.from_file(path).points for path in paths]
    sample = dataset.sample[-1]
    merged = LidarPointCloud.from_file_multisweep(dataset, sample, "LIDAR_TOP", "LIDAR_TOP", nsweeps=2)
    assert compressed(tmp_path, monkeypatch, "--level", "fast", "--rm") == 0
    assert not any(Path(path).exists() for path in paths)
    for path, points in zip(paths, expected, strict=True):
        np.testing.assert_array_equal(hook.load(path + SUFFIX).points, points)
    with hook.enabled():
        for path, points in zip(paths, expected, strict=True):
            np.testing.assert_array_equal(LidarPointCloud.from_file(path).points, points)
            np.testing.assert_array_equal(LidarPointCloud.from_file(path + SUFFIX).points, points)
        again = LidarPointCloud.from_file_multisweep(dataset, sample, "LIDAR_TOP", "LIDAR_TOP", nsweeps=2)
        for found, wanted in zip(again, merged, strict=True):
            np.testing.assert_array_equal(getattr(found, "points", found), getattr(wanted, "points", wanted))
    assert LidarPointCloud.from_file == original
    with pytest.raises(FileNotFoundError):
        LidarPointCloud.from_file(paths[0])


@needs_devkit
@pytest.mark.filterwarnings("ignore")
def test_devkit_still_reads_plain_files(tmp_path):
    from nuscenes.utils.data_classes import LidarPointCloud

    content = a_dataset(tmp_path)
    name, data = next(iter(content.items()))
    with hook.enabled():
        points = LidarPointCloud.from_file(str(tmp_path / name)).points
    np.testing.assert_array_equal(points, np.frombuffer(data, "<f4").reshape(-1, 5)[:, :4].T)
