"""What the README tells people to type works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import harness
import numpy as np
import pytest

from lizip import simulator

ROOT = Path(__file__).parents[1]


def block(language: str, number: int, page: str = "README.md") -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[number]


def run(lines: str, folder: Path) -> None:
    """Type lines into a shell, but those that need a cloud."""
    lizip = f'lizip() {{ "{sys.executable}" -m lizip "$@"; }}'
    here = [line for line in lines.splitlines() if "s3://" not in line]
    subprocess.run(["bash", "-euc", "\n".join([lizip, *here])], cwd=folder, check=True)


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "scan.bin").write_bytes(simulator.kitti(1, firings=60))
    sweep = np.frombuffer(simulator.kitti(1, firings=60), "<f4").reshape(-1, 4)
    (tmp_path / "run.mcap").write_bytes(harness.mcap(sweep))
    (tmp_path / "tile.las").write_bytes(simulator.airborne_las(1, pulses=300))
    for number, place in enumerate(("logs/one.bin", "logs/deep/two.bin", "old/three.bin")):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(simulator.kitti(number, firings=60))
    return tmp_path


def test_it_opens_with_the_two_commands():
    tests = "pip install '.[test]' && pytest -n 2 --dist worksteal"
    assert block("sh", 0).splitlines() == ["pip install . && lizip demo", tests]


def test_shell(folder):
    run(block("sh", 1), folder)
    assert (folder / "archive/deep/two.bin.lizip").exists()
    assert (folder / "back.bin").read_bytes() == (folder / "scan.bin").read_bytes()
    assert not (folder / "old/three.bin").exists()


def test_further_lines_of_shell(folder):
    run(block("sh", 0, "docs/usage.md"), folder)
    assert (folder / "near.lizip").stat().st_size < (folder / "scan.bin.lizip").stat().st_size
    assert (folder / "logs.html").exists()


def test_python(folder):
    subprocess.run([sys.executable, "-m", "lizip", "compress", "scan.bin", "run.mcap"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-c", block("python", 0)], cwd=folder, check=True)
