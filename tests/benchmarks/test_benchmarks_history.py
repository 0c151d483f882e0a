"""The history: a row a level, and rows of later runs behind those of earlier ones."""

import csv

import numpy as np
import pytest

from benchmarks import history


def test_rows_follow_one_another(tmp_path):
    pytest.importorskip("laspy")
    azimuth = np.linspace(0, 2 * np.pi, 2000)
    points = np.stack([20 * np.cos(azimuth), 20 * np.sin(azimuth), 0 * azimuth - 1.7, 0 * azimuth], axis=1)
    path, table = tmp_path / "some.bin", tmp_path / "history.csv"
    path.write_bytes(np.round(points, 3).astype("<f4").tobytes())
    for commit in ("a", "b"):
        rows = history.measure(path, 1)
        history.add([{"date": "today", "commit": commit, "machine": "this", **row} for row in rows], table)
    read = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["commit"], row["level"]) for row in read] == [(c, n) for c in "ab" for n in ("fast", "default")]
    for row in read:
        assert set(row) == set(history.FIELDS)
        assert min(float(row[name]) for name in ("bits_a_point", "encode_of_laszip", "decode_of_laszip")) > 0
