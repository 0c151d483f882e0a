"""Small files for the command line."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def scan(tmp_path) -> Path:
    """Bytes that no format knows: quick to code."""
    path = tmp_path / "scan.bin"
    path.write_bytes(random.Random(1).randbytes(3000) * 2)
    return path


@pytest.fixture
def tree(tmp_path) -> Path:
    """Three small files in folders, none alike."""
    for number, place in enumerate(("a.bin", "one/b.bin", "one/two/c.txt")):
        path = tmp_path / "logs" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(900) * (number + 1))
    return tmp_path / "logs"


@pytest.fixture
def content() -> Callable[[Path], dict[str, bytes]]:
    """Place below a folder -> bytes, of all files there."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
