"""Every real file, whole and mutilated, comes back byte for byte."""

from __future__ import annotations

import io

import laspy
import numpy as np
import pytest
from format_files import round_trip

FIELDS = {"nuscenes": 5, "kitti": 4, "kitti_fov": 4, "argoverse": 5, "pandaset": 4, "ouster": 4}
ODD = ("extrabytes", "laspy_simple1_3", "laspy_1_4_w_evlr", "wontcompress3", "utm15")


def mutilations(content: bytes, seed: int):
    """Cuts at any byte, and stray bytes."""
    rng = np.random.default_rng(seed)
    yield content + b"\0"
    yield content + rng.bytes(37)
    for cut in [1, *rng.integers(0, len(content), 5).tolist(), len(content) - 1]:
        yield content[:cut]


@pytest.mark.parametrize("folder", FIELDS)
def test_sweeps(data, folder):
    for seed, path in enumerate(sorted((data / folder).glob("*.bin"))):
        content = path.read_bytes()
        cloud = round_trip(content)
        assert (cloud.format, len(cloud.columns)) == ("bin", FIELDS[folder]), path
        assert len(cloud.layout) == 1
        for mutilated in mutilations(content, seed):
            cloud = round_trip(mutilated)
            assert len(mutilated) < 2000 or len(cloud.columns) == FIELDS[folder], (path, len(mutilated))


@pytest.mark.parametrize("fields", [3, 4, 5, 6])
@pytest.mark.parametrize("folder", FIELDS)
def test_sweeps_of_any_width_and_order(data, folder, fields):
    """Dropped and added fields, shuffled points, few points: the number of fields is still found."""
    rng = np.random.default_rng(fields)
    for path in sorted((data / folder).glob("*.bin"))[:3]:
        points = np.fromfile(path, "<f4").reshape(-1, FIELDS[folder])
        added = rng.integers(0, 32, (len(points), 3)).astype("<f4")
        points = np.hstack([points, added])[:, :fields]
        for version in (
            points,
            rng.permutation(points),
            points[: len(points) // 60 * 60],
            points[np.any(points, axis=1)][:100],
        ):
            assert len(round_trip(version.tobytes()).columns) == fields


def test_las(data):
    for seed, path in enumerate(sorted(data.glob("las*/*.la[sz]"))):
        content = path.read_bytes()
        if path.suffix == ".laz":
            assert round_trip(content).format == "opaque"
            file = io.BytesIO()
            laspy.read(path).write(file, do_compress=False)
            content = file.getvalue()
        assert round_trip(content).format == "las", path
        if len(content) < 1 << 20:
            for mutilated in mutilations(content, seed):
                round_trip(mutilated)


def test_las_columns_are_laspys(data):
    for path in sorted(data.glob("las/*.las")) + [data / "las_odd" / f"{name}.las" for name in ODD]:
        expected = laspy.read(path).points.array
        cloud = round_trip(path.read_bytes())
        for name in expected.dtype.names:
            mine = [cloud.columns[name]] if name in cloud.columns else []
            mine = mine or [cloud.columns[f"{name}_{i}"] for i in range(expected[name].shape[1])]
            assert np.stack(mine, 1).tobytes() == expected[name].tobytes(), (path, name)


def test_others(data):
    formats = {path.name: round_trip(path.read_bytes()).format for path in (data / "other").iterdir()}
    assert formats == {"cloudini.pcd": "pcd", "315966265259836000.feather": "opaque"}
